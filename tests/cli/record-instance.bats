#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# The instance that is recorded: its own, which goes away, or one of -B, as it was.

load helpers

setup() {
  prepare
  need trace-cmd jq
}

teardown() {
  [ -z "${other:-}" ] || kill "$other" 2>/dev/null || true
  clear_up
}

# An instance that somebody has set up for himself.
make_used_ring() {
  make_ring
  echo 300 >"$ring/buffer_size_kb"
  echo mono >"$ring/trace_clock"
  echo 1 >"$ring/tracing_cpumask"
  echo 1 >"$ring/set_event_notrace_pid"
  echo 'common_pid == 1' >"$ring/events/sched/sched_switch/filter"
  echo 'stacktrace:5' >"$ring/events/sched/sched_waking/trigger"
  echo 1 >"$ring/events/sched/sched_process_exec/enable"
}

# Everything that an option can change, changed.
many_options() {
  everything=(-q -B "$instance" -C global -b 500 -M 0 -P 1 -c -o t.dat
    -e sched:sched_switch -f 'common_pid != 3' -R 'traceoff:1 if prev_pid == -5')
  [ ! -e "$ring/buffer_subbuf_size_kb" ] || everything+=(--subbuf-size 8)
}

as_before() {
  instance_state "$ring" >after
  diff before after
}

# restored COMMAND...
restored() {
  instance_state "$ring" >before
  "$@"
  as_before
}

@test "-B: an instance that was never touched is as before" {
  make_ring
  restored record -q -B "$instance" -e sched -e raw_syscalls -b 400 -C mono -o t.dat -- true
}

@test "-B: everything is as before behind a normal end" {
  make_used_ring
  many_options
  restored record "${everything[@]}" -- true
}

@test "-B: tracing that was on stays on" {
  make_ring
  echo 1 >"$ring/tracing_on"
  restored record -q -B "$instance" -e sched -o t.dat -- true
  [ "$(cat "$ring/tracing_on")" = 1 ]
}

@test "-B: everything is as before behind SIGINT, SIGTERM, SIGHUP" {
  local signal
  make_used_ring
  many_options
  instance_state "$ring" >before
  for signal in INT TERM HUP; do
    start_record "${everything[@]}"
    [ "$(cat "$ring/trace_clock")" != "$(sed -n 's/^trace_clock: //p' before)" ]
    stop_record 0 $signal
    as_before
  done
}

@test "-B: everything is as before behind bad input and a command that fails" {
  make_used_ring
  many_options
  instance_state "$ring" >before
  run -2 record "${everything[@]}" -e sched:sched_wakeup -f 'nonsense > 3' -- true
  as_before
  run -127 record "${everything[@]}" -- ./not-there
  as_before
  run -7 record "${everything[@]}" -- sh -c 'exit 7'
  as_before
}

@test "-B: rings of different sizes are as before" {
  need_two_cpus
  make_ring
  echo 100 >"$ring/per_cpu/cpu0/buffer_size_kb"
  echo 200 >"$ring/per_cpu/cpu1/buffer_size_kb"
  restored record -q -B "$instance" -e sched:sched_switch -b 500 -o t.dat -- true
}

@test "-B: the recorder is not in the trace of an instance without notrace pids" {
  make_ring
  start_record -q -B "$instance" -e raw_syscalls --format json
  markers 1 100
  stop_record 0
  [ "$(jq --argjson pid "$(cat pid)" 'select(.pid == $pid)' out | wc -l)" = 0 ]
}

@test "-B: a second recorder in the instance is refused, and the first has every event" {
  local first
  make_ring
  instance_state "$ring" >before
  start_record "${silent[@]}" -q -B "$instance" -o t.dat
  markers 1 100
  first=$(cat pid)
  run -1 --separate-stderr record -q "${silent[@]}" -B "$instance" -C mono -o u.dat -- touch ran
  one_line
  [[ $stderr == *"-B $instance: another rbmap-record is recording in this instance; "* ]]
  [ ! -e ran ] && [ ! -e u.dat ]
  echo "$first" >pid
  markers 101 200
  stop_record 0
  marker_list t.dat | each_once 1 200
  as_before
  run -0 record -q "${silent[@]}" -B "$instance" -o t.dat -- true
}

@test "-B: what another program changes during the recording stays" {
  make_used_ring
  instance_state "$ring" >before
  start_record -q -B "$instance" -C global -b 500 -o t.dat -e sched:sched_switch -f 'common_pid != 3'
  echo mono_raw >"$ring/trace_clock"
  echo 'common_pid == 2' >"$ring/events/sched/sched_switch/filter"
  echo 2 >>"$ring/set_event_notrace_pid"
  stop_record 0
  [ "$(grep -c 'not restored' err)" = 2 ]
  grep -q "trace_clock: not restored to 'mono', since another program has changed it" err
  grep -q "sched_switch/filter: not restored to 'common_pid == 1', since another" err
  instance_state "$ring" >after
  run diff before after
  [ "$(grep '^>' <<<"$output" | grep -oE '\[mono_raw\]|notrace_pid: 2|filter:common_pid == 2')" = \
    $'[mono_raw]\nnotrace_pid: 2\nfilter:common_pid == 2' ]
  [ "$(grep -c '^[<>]' <<<"$output")" = 5 ]
}

@test "-B: threads that another program adds stay on the list, descendants of -c do not" {
  make_ring
  start_record "${silent[@]}" -q -B "$instance" -P 1 -o t.dat
  echo 2 >>"$ring/set_event_pid"
  stop_record 0
  [ "$(cat "$ring/set_event_pid")" = 2 ]
  echo >"$ring/set_event_pid"
  start_record "${silent[@]}" -q -B "$instance" -P $$ -c -o t.dat
  sleep 100 3>&- 4>&- &
  other=$!
  wait_until 5 grep -qx $other "$ring/set_event_pid"
  stop_record 0
  [ -z "$(cat "$ring/set_event_pid")" ]
}

@test "-B: tracing that another program switches off stays off" {
  make_ring
  echo 1 >"$ring/tracing_on"
  start_record "${silent[@]}" -q -B "$instance" -o t.dat
  # It was on before: only what is consumed shows that it records.
  markers 1 1
  wait_until 20 all_consumed
  echo 0 >"$ring/tracing_on"
  stop_record 0
  [ "$(cat "$ring/tracing_on")" = 0 ]
}

@test "-B: tracing that a trigger of the recording switches off goes on afterwards" {
  make_ring
  echo 1 >"$ring/tracing_on"
  run -0 record -q -B "$instance" -e sched:sched_process_exec -R traceoff -o t.dat -- true
  [ "$(cat "$ring/tracing_on")" = 1 ]
}

# A read(2) that meets a writer may say end of file.
consume_cpu0() {
  trap 'kill $!; exit 0' TERM
  while :; do
    cat "$ring/per_cpu/cpu0/trace_pipe_raw" >>raw &
    wait $!
  done
}

each_goes_to_one() {
  local last
  need_two_cpus
  need_engine "$1"
  last=$(scaled 30000)
  make_ring
  echo "$(scaled 256)" >"$ring/buffer_size_kb"
  start_record "${silent[@]}" -q -B "$instance" --engine "$1" -o t.dat --summary s.json
  consume_cpu0 3>&- 4>&- &
  other=$!
  markers 1 "$last" "$(scaled 2000)"
  wait_until 20 all_consumed
  kill $other
  wait $other || true
  stop_record 0
  marker_list t.dat >stored
  none_twice <stored
  # The other CPU was all the recorder's.
  [ "$(grep -c '^1 ' stored)" = "$last" ]
  { awk '$1 == 0 { print $2 }' stored
    grep -aoE '[0-9]+ cpu0' raw | cut -d ' ' -f 1; } | sort -n >list
  [ -z "$(uniq -d list)" ] || { echo "twice: $(uniq -d list | wc -l)"; return 1; }
  jq -e --argjson stored "$(grep -c '^0 ' stored)" --argjson last "$last" '.cpus[0] |
    .delivered == $stored and .delivered + .others == $last' s.json
}

@test "-B: what somebody else consumes meanwhile is there once: read(2)" {
  each_goes_to_one read
}

@test "-B: what somebody else consumes meanwhile is there once: as it comes" {
  each_goes_to_one auto
  jq -e '.engine == "read"' s.json
}

@test "-B: to map a ring that others use is told" {
  need_engine mapped
  make_ring
  run -0 --separate-stderr record -e sched -B "$instance" --engine mapped -o t.dat true
  [[ ${stderr_lines[0]} == *"-B $instance: while its ring is mapped, others can "* ]]
}

@test "-B: a reset while it is recorded" {
  local engine
  make_ring
  for engine in $(engines); do
    start_record "${silent[@]}" -q -B "$instance" --engine $engine -o t.dat --summary s.json
    markers 1 1000
    wait_until 20 all_consumed
    echo >"$ring/trace"
    markers 1001 2000
    stop_record 0
    marker_list t.dat >list
    none_twice <list
    each_once 1001 2000 < <(awk '$2 > 1000' list)
    each_once 1 1000 < <(awk '$2 <= 1000' list)
    grep -q 'was reset during the recording' err
    jq -e '.cpus | all(.reset)' s.json
  done
}

@test "-B: a reset of what was not read yet" {
  local engine
  make_ring
  for engine in $(engines); do
    start_record "${silent[@]}" -q -B "$instance" --engine $engine -o t.dat
    markers 1 10
    wait_until 20 all_consumed
    pause_record
    markers 11 3000
    echo >"$ring/trace"
    markers 3001 3500
    kill -CONT "$recorder"
    wait_until 20 all_consumed
    stop_record 0
    marker_list t.dat >list
    none_twice <list
    each_once 3001 3500 < <(awk '$2 > 3000' list)
    [ "$(awk '$2 > 10 && $2 <= 3000' list | wc -l)" = 0 ]
  done
}

@test "its own instance is gone behind SIGINT, SIGTERM, SIGHUP, SIGQUIT" {
  local signal
  for signal in INT TERM HUP QUIT; do
    start_record "${silent[@]}" -q -o t.dat
    stop_record 0 $signal
    left_nothing
    [ -s t.dat ]
  done
}

@test "SIGINT is passed on: the command ends, the recording is whole" {
  start_record -q -e sched:sched_process_exec -o t.dat -- sleep 100
  stop_record 130 INT
  left_nothing
  grep -q 'sleep: ended by signal 2' err
  report t.dat | grep -q 'filename=.*sleep'
}

@test "a killed run's instance is removed by the next one, which says so" {
  next_one_removes 1 start_record "${silent[@]}" -q -o t.dat
}

@test "a live recorder's instance is left alone" {
  start_record "${silent[@]}" -q -o t.dat
  local live
  live=$(own_ring)
  (recorder='' && run -0 record -q "${silent[@]}" -o u.dat -- true)
  [ -d "$live" ]
  "$(support marker-writer)" "$live" 1 100
  local status=0
  kill "$recorder"
  wait "$recorder" || status=$?
  recorder=
  [ $status = 0 ]
  marker_list t.dat | each_once 1 100
  [ ! -e "$live" ]
}

@test "an instance that is not locked yet is left alone: its recorder only starts" {
  local made
  start_held '?mkdir,mkdirat' -- "$record" "${silent[@]}" -q -o t.dat
  made=$tracing/instances/rbmap-record-$(cat pid)
  [ -d "$made" ]
  run -0 --separate-stderr "$record" -q "${silent[@]}" -o u.dat -- true
  [[ $stderr != *"${made##*/}"* ]]
  kill -CONT "$recorder"
  wait_until 20 is_recording
  [ "$(own_rings)" = "$made" ]
  stop_record 0
  left_nothing
}

# A name like that of this process, which lives: one that is not set up is left alone.
leftover_replaced_meanwhile() {
  local dir=$tracing/instances/$1
  shift
  mkdir "$dir"
  echo 0 >"$dir/tracing_on"
  start_held flock -P "$dir" -- "$@"
  rmdir "$dir"
  mkdir "$dir"
  kill -CONT "$recorder"
  wait_until 20 is_over
  wait "$recorder"
  recorder=
  rmdir "$dir"
}

@test "an instance that has taken the name of a leftover meanwhile is left alone" {
  leftover_replaced_meanwhile "rbmap-record-$$.7" "$record" "${silent[@]}" -q -o t.dat -- true
  run ! grep -q "rbmap-record-$$.7" err
}

@test "a probe leaves an instance alone that has taken the name of a leftover meanwhile" {
  local dir lock
  start_held flock -- bash -c 'mkdir "$1/rbmap-probe-$$" && exec "$2" --features' - \
    $tracing/instances "$RBMAP_BIN/rbmap-stat"
  dir=$tracing/instances/rbmap-probe-$(cat pid)
  rmdir "$dir"
  mkdir "$dir"
  exec {lock}<"$dir"
  flock $lock
  kill -CONT "$recorder"
  wait_until 20 is_over
  rmdir "$dir"
  exec {lock}<&-
}

# Killed when it is about to remove it; LeakSanitizer cannot work below a tracer.
killed_probe() {
  run ! env ASAN_OPTIONS=detect_leaks=0 bash -c 'echo $$ >probe.pid; exec "$@"' - \
    strace -D -o log -e trace=unlinkat -e inject=unlinkat:error=EBUSY:signal=KILL \
    "$RBMAP_BIN/rbmap-stat" --features
  grep -q 'unlinkat(.*rbmap-probe-' log
  probe=rbmap-probe-$(cat probe.pid)
}

@test "a probe's instance is removed by the next recorder if the probe was killed" {
  need strace
  local probe
  # A recorder of another test may be the first to come across it.
  for _ in {1..3}; do
    killed_probe
    run -0 --separate-stderr record -q "${silent[@]}" -o t.dat -- true
    wait_until 5 is_gone "$tracing/instances/$probe"
    [[ $stderr != *"removed the tracing instance $probe, left by a killed run"* ]] || return 0
  done
  return 1
}

@test "a probe's instance is left alone while the probe has its lock" {
  local dir=$tracing/instances/rbmap-probe-$$.99 lock
  mkdir "$dir"
  exec {lock}<"$dir"
  flock "$lock"
  (run -0 record -q "${silent[@]}" -o t.dat -- true)
  [ -d "$dir" ]
  rmdir "$dir"
  exec {lock}<&-
}

@test "an instance with such a name that is no leftover is left alone" {
  local name
  be_alone
  for name in rbmap-record-x rbmap-record- rbmap-recorder-1 rbmap-probe-x; do
    mkdir -p "$tracing/instances/$name"
  done
  run -0 record -q "${silent[@]}" -o t.dat -- true
  for name in rbmap-record-x rbmap-record- rbmap-recorder-1 rbmap-probe-x; do
    rmdir "$tracing/instances/$name"
  done
}

@test "only tracing files that it needs are opened, none outside its instance is written" {
  need strace
  # LeakSanitizer cannot work below a tracer.
  ASAN_OPTIONS=detect_leaks=0 timeout $((120 * slowdown)) \
    strace -f -e trace=openat,open,creat -o log \
    "$record" -q -e sched -P 1 -c -M 0 -C mono -o t.dat -- true
  run ! grep -E 'ftrace_enabled|set_ftrace|set_graph|current_tracer|trace_options' log
  run ! grep -E "$tracing/[^i][^\"]*\", O_(WRONLY|RDWR)" log
  run ! grep -E "$tracing/instances/rbmap-record-[^/]*/(trace|trace_pipe)\"" log
}

# traced_calls CALLS ARG...: "PID CALL(...)" for each of CALLS of a recording, in log.
traced_calls() {
  need strace
  ASAN_OPTIONS=detect_leaks=0 timeout $((120 * slowdown)) strace -f -e trace="$1" -o log \
    "$record" -q "${silent[@]}" -o t.dat "${@:2}" -- true
}

@test "the list of its threads is emptied while the file is completed" {
  local emptied='set_event_notrace_pid", O_WRONLY|O_TRUNC'
  traced_calls openat,open,rmdir
  grep -F "$emptied" log
  grep -F "$emptied" -A 999 log | grep -q 'rmdir('
  # One more wait, not one less.
  traced_calls openat,open,rmdir -P 1
  run ! grep -F "$emptied" log
  left_nothing
}

@test "a system all of whose events are recorded is enabled at once, of its own instance's list" {
  need strace
  ASAN_OPTIONS=detect_leaks=0 timeout $((120 * slowdown)) strace -f -e trace=openat,newfstatat,stat -o log \
    "$record" -q -e sched -o t.dat -- true
  [ "$(grep -c 'events/sched/enable", O_WRONLY' log)" = 1 ]
  run ! grep -E 'events/sched/[^/]+/enable' log
  run ! grep -F "$tracing/events/sched" log
}

@test "the names of functions are read once, beside the set-up where nobody could trace that" {
  local reads='openat.*"/proc/kallsyms"'
  traced_calls openat
  [ "$(grep -c "$reads" log)" = 1 ]
  [ "$(grep "$reads" log | awk '{ print $1 }')" != "$(awk 'NR == 1 { print $1 }' log)" ]
  make_ring
  traced_calls openat -B "$instance"
  [ "$(grep -c "$reads" log)" = 1 ]
  [ "$(grep "$reads" log | awk '{ print $1 }')" = "$(awk 'NR == 1 { print $1 }' log)" ]
}

@test "the names of functions are those of the kernel" {
  run -0 record -q "${silent[@]}" -o t.dat -- true
  trace-cmd dump --kallsyms t.dat | grep ' T ' >dumped
  grep ' T ' /proc/kallsyms | diff - dumped
}
