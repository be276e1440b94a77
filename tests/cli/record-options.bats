#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# What rbmap-record's options choose, as the file shows it.

load helpers

setup() {
  prepare
  need trace-cmd jq
  load=$(support syscall-load)
  getppid=$("$load" number)
  # By this name a filter knows it from those of other tests.
  mine=load-$$-$BATS_TEST_NUMBER
  mine=${mine:0:15}
  ln -s "$load" "$mine"
}

teardown() {
  clear_up
}

count() {
  report t.dat | grep -c "$1"
}

# Whose events they are, each once.
pids() {
  jq -s -c '[.[].pid] | unique' "$1"
}

# waiting_load CPU CALLS...: a shell that runs those loads one after the other once
# go is called; its id is in $waiting.
waiting_load() {
  local script='read -r _ <go'
  [ -p go ] || mkfifo go
  while [ $# -gt 0 ]; do
    script+="; '$load' $1 $2"
    shift 2
  done
  bash -c "$script; exit 0" 3>&- 4>&- &
  waiting=$!
}

go() {
  echo >go
  wait "$waiting"
}

@test "--help and --version" {
  run -0 --separate-stderr "$record" --help
  [[ $output == "Usage: rbmap-record "* ]]
  [ -z "$stderr" ]
  run -0 "$record" --version
  [[ $output =~ ^rbmap-record\ \(rbmap\)\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "-f: only what the filter takes" {
  run -0 record -q -e raw_syscalls:sys_enter -f "id == $getppid && comm == \"$mine\"" \
    -o t.dat --summary s.json -- "./$mine" 0 1000
  [ "$(count "sys_enter: *NR $getppid ")" = 1000 ]
  [ "$(jq .total.delivered s.json)" = 1000 ]
  left_nothing
}

@test "-f counts for the -e before it alone, and the last -e that names an event" {
  run -0 record -q -e raw_syscalls -f 'id == -7' -e 'raw_syscalls:sys_ex*' \
    -f "id == $getppid && comm == \"$mine\"" -o t.dat --summary s.json -- "./$mine" 0 100
  [ "$(count "sys_exit: *NR $getppid ")" = 100 ]
  [ "$(jq .total.delivered s.json)" = 100 ]
}

@test "-R: the trigger fires" {
  local ours="id == $getppid && comm == \"$mine\""
  # The event's filter is not the trigger's, which others would fire before tracing is on.
  run -0 record -q -e raw_syscalls:sys_enter -f "$ours" -R "stacktrace:3 if $ours" -o t.dat \
    --summary s.json -- "./$mine" 0 10
  [ "$(count 'kernel_stack:')" = 3 ]
  [ "$(jq .total.delivered s.json)" = 13 ]
}

@test "-e: a system, a glob, an event by its name alone, a list in several" {
  run -0 record -q -e sched -o t.dat -- true
  [ "$(count 'sched_process_exec:')" -ge 1 ]
  run -0 record -q -e 'sched:sched_process_ex*' -o t.dat -- true
  [ "$(count 'sched_process_exec:')" -ge 1 ]
  [ "$(count 'sched_switch:')" = 0 ]
  run -0 record -q -e sched_process_exec -e sched:sched_process_exit -o t.dat -- true
  [ "$(count 'sched_process_exec:')" -ge 1 ]
  [ "$(count 'sched_process_exit:')" -ge 1 ]
}

@test "-e all" {
  run -0 record -q -e all -M 0 -b 2048 -o t.dat --summary s.json -- taskset -c 0 true
  [ "$(jq .total.delivered s.json)" -gt 0 ]
  [ "$(report t.dat | wc -l)" -gt 1 ]
  left_nothing
}

@test "-P: only these threads" {
  waiting_load 0 100
  local first=$waiting
  mkfifo go2
  bash -c "read -r _ <go2; '$load' 0 100; exit 0" 3>&- 4>&- &
  local second=$!
  start_record -q -e raw_syscalls -P "$first,$second" --format json
  echo >go
  echo >go2
  wait "$first" "$second"
  stop_record 0
  [ "$(pids out)" = "$(jq -nc '$ARGS.positional | map(tonumber) | sort' --args "$first" "$second")" ]
}

@test "-P -c: their children too, and no one else" {
  waiting_load 0 100 0 50
  start_record -q -e raw_syscalls -P "$waiting" -c --format json
  go
  stop_record 0
  [ "$(jq -s --argjson nr "$getppid" '[.[] | select(.event == "sys_enter" and .fields.id == $nr)]
    | length' out)" = 150 ]
  [ "$(pids out | jq length)" = 3 ]
  jq -es --argjson pid "$(cat pid)" 'all(.pid != $pid)' out
}

@test "-M: only that CPU, and its numbers whole" {
  need_two_cpus
  start_record "${silent[@]}" -q -M 1 -o t.dat --summary s.json
  run -0 markers 1 500
  [[ $output == *"cpu0 refused 500"* ]]
  [[ $output == *"cpu1 refused 0"* ]]
  stop_record 0
  marker_list t.dat >list
  [ "$(cut -d ' ' -f 1 list | uniq -c | tr -s ' ')" = " 500 1" ]
  [ "$(jq -c '[.cpus[].cpu]' s.json)" = '[1]' ]
}

@test "-C: the clock is in the summary and in the file" {
  run -0 record -q -e sched:sched_process_exec -C mono -o t.dat --summary s.json -- true
  [ "$(jq -r .clock s.json)" = mono ]
  # CLOCK_MONOTONIC is what /proc/uptime counts, but for time asleep.
  local now stamp
  stamp=$(report t.dat | sed -nE '2s/.*\] +([0-9]+)\..*/\1/p')
  now=$(cut -d . -f 1 /proc/uptime)
  [ "$stamp" -le $((now + 1)) ]
  [ "$stamp" -ge $((now - 30 * slowdown)) ]
}

@test "-C: clocks that are no time" {
  run -0 record -q -e sched:sched_process_exec -C counter -o t.dat --summary s.json -- true
  [ "$(jq -r .clock s.json)" = counter ]
  [ "$(count 'sched_process_exec:')" -ge 1 ]
}

@test "-b and --subbuf-size are those of the ring" {
  local size=$tracing/buffer_subbuf_size_kb
  start_record "${silent[@]}" -q -b 777 -o t.dat
  [ "$(cat "$(own_ring)/buffer_size_kb")" -ge 777 ]
  # Rounded up by a sub-buffer, at the most an eighth of it.
  [ "$(cat "$(own_ring)/buffer_size_kb")" -lt 900 ]
  stop_record 0
  [ -e "$size" ] || skip "the kernel has one size of sub-buffers"
  start_record "${silent[@]}" -q -b 1M --subbuf-size 32 -o t.dat
  [ "$(cat "$(own_ring)/buffer_subbuf_size_kb")" = 32 ]
  [ "$(cat "$(own_ring)/buffer_size_kb")" -ge 1024 ]
  stop_record 0
}

@test "--duration ends it" {
  run -0 record -q "${silent[@]}" --duration 300ms -o t.dat --summary s.json
  jq -e '.duration_seconds >= 0.3 and .duration_seconds < 5 * $slowdown' \
    --argjson slowdown "$slowdown" s.json
  left_nothing
}

@test "--duration: the command goes on, and its status counts" {
  run -5 record -q "${silent[@]}" --duration 50ms -o t.dat --summary s.json -- \
    bash -c 'until [ -s s.json ]; do sleep 0.02; done; exit 5'
  left_nothing
}

@test "--fail-on-loss" {
  local status=0
  run -0 record -q "${silent[@]}" --fail-on-loss -o t.dat -- true
  start_record "${silent[@]}" -b 64 --fail-on-loss -o t.dat
  pause_record
  markers 1 8000
  kill -CONT "$recorder"
  stop_record 3
  grep -qE '^LOST [0-9,]* events: (overrun|torn) [0-9,]*, dropped 0, commit overrun 0' err
  left_nothing
}

@test "a CPU that comes online meanwhile: what it wrote is told" {
  need_two_cpus
  # To this process it is offline, and writes all the same.
  echo 0 >online
  run -3 --separate-stderr unshare -m sh -c '
    mount --bind online /sys/devices/system/cpu/online && shift && exec "$@"' - - \
    "$record" -e sched --fail-on-loss -o t.dat --summary s.json -- taskset -c 1 true
  [[ $stderr == *"CPU 1: came online during the recording; "*" of its events were not recorded"* ]]
  [[ $stderr != *"nothing lost"* ]]
  jq -e '.not_recorded > 0 and (.cpus | length) == 1' s.json
}

@test "the summary for people: events, size, time, engine, what was lost" {
  run -0 --separate-stderr record "${silent[@]}" -o t.dat -- true
  forget_notice
  [[ ${stderr_lines[0]} =~ ^t\.dat:\ 0\ events,\ [^,]+,\ [^,]+,\ [0-9]+\ CPUs,\ engine\ [a-z]+ ]]
  [ "${stderr_lines[1]}" = "nothing lost" ]
  run -0 --separate-stderr record -q "${silent[@]}" -o t.dat -- true
  forget_notice
  [ "${#stderr_lines[@]}" = 0 ]
}

@test "the engine that this kernel is known to have is the one that is used" {
  [ -n "${RBMAP_TEST_ENGINE:-}" ] || skip "RBMAP_TEST_ENGINE does not name it"
  run -0 --separate-stderr record -e sched -o t.dat --summary s.json -- true
  [ "$(jq -r .engine s.json)" = "$RBMAP_TEST_ENGINE" ]
  [[ $stderr == *", engine $RBMAP_TEST_ENGINE"* ]]
  # It is told where it is not the better one.
  if [ "$RBMAP_TEST_ENGINE" = read ]; then
    [[ ${stderr_lines[0]} == *"cannot be mapped"*"; using read(2)" ]]
  else
    [[ $stderr != *"cannot be mapped"* ]]
  fi
}

@test "as it comes: observed where that is reliable, and the reason is told" {
  can_map || skip "the kernel cannot map ring buffers"
  [[ $(uname -m) == *86* ]] || skip "only x86 CPUs are known to be observable"
  run -0 --separate-stderr record -v -e sched -o t.dat --summary s.json -- true
  jq -e '.engine == "observe"' s.json
  [[ $stderr == *"engine observe: "* ]]
  # The rest costs a measurement, whose instance is gone when it is done.
  run -0 --separate-stderr record -v -e sched -C uptime -o t.dat --summary s.json -- true
  jq -e '.engine == "read" or .engine == "mapped"' s.json
  [[ $stderr == *"engine "*": "*GET_READER*"cannot be observed: the trace clock uptime"* ]]
  left_nothing
  [ ! -e "$tracing/instances/rbmap-probe-$(cat pid)" ]
  # Not worth a word to those who did not ask.
  run -0 --separate-stderr record -e sched -C uptime -o t.dat -- true
  [[ $stderr != *"cannot be observed"* ]]
}

# Ten a second would be 40 here.
@test "an observer that has nothing to do wakes up about once a second" {
  can_map || skip "the kernel cannot map ring buffers"
  run -0 record -q "${silent[@]}" --engine observe --duration 4s -o t.dat --summary s.json
  jq -e '.recorder.waits < 20' s.json
}

# The threads that drain the rings have no capability to read files of other users, to whom
# tracefs may be mounted.
@test "an observer that has nothing to do rests, whoever owns tracefs" {
  can_map || skip "the kernel cannot map ring buffers"
  start_record "${silent[@]}" -q --engine observe --duration 4s -o t.dat --summary s.json
  chown 65534:65534 "$(own_ring)/buffer_percent"
  chmod 600 "$(own_ring)/buffer_percent"
  # It was at rest already: only from now on it has to look whether it can be again.
  markers 1 1
  stop_record 0 0
  jq -e '.recorder.waits < 20' s.json
}

@test "the recorder's own work is in the summary" {
  run -0 record -q -e sched --engine read -o t.dat --summary s.json -- true
  jq -e '.engine == "read" and .recorder.reads > 0 and .recorder.get_readers == 0 and
    .recorder.syscalls >= .recorder.reads + .recorder.writes and
    .recorder.cpu_seconds > 0 and .recorder.threads >= 1 and .bytes > 0' s.json
  can_map || return 0
  run -0 record -q -e sched --engine mapped -o t.dat --summary s.json -- true
  jq -e '.engine == "mapped" and .recorder.get_readers > 0 and .recorder.reads == 0' s.json
}

@test "the recorder's own threads are not in the trace" {
  local format engine threads
  for engine in read auto; do
    for format in text json; do
      rm -f "$format"
      start_record -q -e raw_syscalls --engine $engine --format $format -o "$format"
      threads=$(cd "/proc/$(cat pid)/task" && echo *)
      threads=${threads// /|}
      [[ $threads == *"|"* ]]
      "$load" 0 1000
      stop_record 0
      grep -q "$getppid" "$format"
      run ! grep -qE -- "-($threads) +\[|\"pid\":($threads),\"event" "$format"
      [ "$(stat -c %s "$format")" -lt 500000000 ]
    done
  done
  rm -f text json
  left_nothing
}

form() {
  sed -E 's/^.* \[/[/; s/\(.*//; s/[0-9]+/N/g; s/ +/ /g' <<<"$1"
}

@test "a line of text is what trace-cmd report prints" {
  local events=(-q -e raw_syscalls -e sched -M 0 -b 4096)
  make_ring
  echo 4096 >"$ring/buffer_size_kb"
  start_record "${events[@]:0:5}" -B "$instance" --format text
  taskset -c 0 "$load" 0 200
  stop_record 0
  [ "$(grep -c "sys_enter: *NR $getppid " out)" -ge 200 ]
  # The form of a line is that of trace-cmd, but for how wide the numbers are.
  run -0 record "${events[@]}" -o t.dat -- "$load" 0 200
  local mine theirs
  mine=$(grep 'sys_enter: *NR '"$getppid" out | head -n 1)
  theirs=$(report t.dat |
    grep 'sys_enter: *NR '"$getppid" | head -n 1)
  [ "$(form "$mine")" = "$(form "$theirs")" ]
}

@test "the summary says which engine, and why" {
  run -0 record -q "${silent[@]}" --engine read -o t.dat --summary s.json -- true
  jq -e '.engine == "read" and .engine_reason == "chosen by the caller" and
    .recorder.faster_bytes == 0 and .recorder.stored_bytes == 0' s.json
  run -0 record -q "${silent[@]}" -o t.dat --summary s.json -- true
  jq -e '.engine != "auto" and (.engine_reason | length) > 20' s.json
}
