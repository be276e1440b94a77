#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-record --flight --dump-on: dumps when an event fires.

load helpers

setup() {
  prepare
  need trace-cmd
  need_engine observe
}

teardown() {
  [ -z "${loading-}" ] || kill "$loading" 2>/dev/null || true
  clear_up
}

exec_of='sched:sched_process_exec:filename ~'

# The small instance beside the one that is recorded.
watch_ring() {
  own_rings | sed -n '$p'
}

# start_flight [OPTION]...: until it watches as well.
start_flight() {
  start_record --flight -o t.dat "$@"
  wait_until 20 is_watching
}

is_watching() {
  is_on "$(watch_ring)" && { [ -d "$ring" ] || [ "$(own_rings | wc -l)" = 2 ]; }
}

# fire NAME: runs a program of that name, which ends with a number that no other run of
# these tests has.
fire() {
  ln -sf "$(type -P true)" "$1.$$"
  "./$1.$$"
}

# dumped NUMBER WHY: waits for the message.
dumped() {
  wait_until 60 grep -qE "^t\.dat\.$1: [0-9,]+ events, [0-9.]+ [KMG]?B, $2\$" err
}

has() {
  report "$1" | grep -q "sched_process_exec: .*filename=\./$2\.$$ "
}

nothing_waits() {
  local stats
  for stats in "$(watch_ring)"/per_cpu/cpu*/stats; do
    grep -qx 'entries: 0' "$stats" || return
  done
}

@test "an event that fires is dumped, one that the filter refuses is not" {
  start_flight -e sched:sched_process_exec --dump-on "$exec_of \"*fire.$$\""
  fire other
  kill -USR1 "$recorder"
  dumped 1 'on SIGUSR1'
  fire fire
  dumped 2 'on sched:sched_process_exec'
  wait_until 10 nothing_waits
  stop_record 0
  dumped 3 'at the end'
  [ "$(echo t.dat*)" = "t.dat.1 t.dat.2 t.dat.3" ]
  has t.dat.1 other
  run ! has t.dat.1 fire
  has t.dat.2 fire
  left_nothing
}

@test "several events, and one that is not recorded" {
  start_flight "${silent[@]}" --dump-on "$exec_of \"*fire.$$\"" \
    --dump-on sched:sched_process_exit:"comm == \"go:it.$$\""
  fire go:it
  dumped 1 'on sched:sched_process_exit'
  fire fire
  dumped 2 'on sched:sched_process_exec'
  stop_record 0
}

@test "a filter without a system, and one with a colon" {
  start_flight -e sched:sched_process_exec \
    --dump-on "sched_process_exec:filename == \"./fire:it.$$\""
  fire fire:it
  dumped 1 'on sched:sched_process_exec'
  stop_record 0
  has t.dat.1 fire:it
}

@test "each dump has what called for it, and the last ten are kept" {
  local i number
  number=12
  start_flight -e "sched:sched_process_*" --dump-on "$exec_of \"*fire*.$$\""
  for i in $(seq "$number"); do
    fire "fire$i"
    dumped "$i" 'on sched:sched_process_exec'
    has "t.dat.$i" "fire$i" || { echo "t.dat.$i lacks it"; return 1; }
  done
  stop_record 0
  [ "$(find . -name 't.dat.*' | wc -l)" = 10 ]
  [ -e "t.dat.$((number + 1))" ] && [ ! -e "t.dat.$((number - 9))" ]
}

@test "--keep" {
  local i
  start_flight --keep 2 -e sched:sched_process_exec --dump-on "$exec_of \"*fire.$$\""
  for i in 1 2 3; do
    fire fire
    dumped $i 'on sched:sched_process_exec'
  done
  stop_record 0
  [ "$(echo t.dat.*)" = "t.dat.3 t.dat.4" ]
}

@test "an event that never ceases: a dump a second at the most" {
  local i times
  start_flight --keep all -b 1024 -e sched:sched_process_exec --dump-on raw_syscalls:sys_enter
  "$(support syscall-load)" 0 2000000000 3>&- 4>&- &
  loading=$!
  dumped 4 'on raw_syscalls:sys_enter'
  kill "$loading"
  wait "$loading" || true
  stop_record 0
  mapfile -t times < <(stat -c %.3Y t.dat.1 t.dat.2 t.dat.3 t.dat.4)
  for i in 1 2 3; do
    # File systems round time stamps down, to a tick of the kernel.
    awk -v a="${times[i - 1]}" -v b="${times[i]}" 'BEGIN { exit b - a < 0.98 }'
  done
}

@test "what fires in the pause is answered with one dump, and --last counts from it" {
  local i
  start_flight --last 300ms -e sched:sched_process_exec --dump-on "$exec_of \"*fire*.$$\""
  fire fire
  dumped 1 'on sched:sched_process_exec'
  for i in 1 2 3 4 5; do
    fire "fire$i"
  done
  dumped 2 'on sched:sched_process_exec'
  wait_until 10 nothing_waits
  stop_record 0
  dumped 3 'at the end'
  for i in 1 2 3 4 5; do
    has t.dat.2 "fire$i"
  done
  [ ! -e t.dat.4 ]
}

@test "-P: only what these threads do calls for a dump" {
  # One of whose threads nothing else is: it fires when it is told to.
  ln -sf "$(type -P true)" "fire.$$"
  mkfifo go
  bash -c 'read -r _ <go; exec "./fire.$0"' $$ 3>&- 4>&- &
  loading=$!
  start_flight -P "$loading" -e sched:sched_process_exec --dump-on "$exec_of \"*fire.$$\""
  [ "$(cat "$(watch_ring)/set_event_pid")" = "$loading" ]
  [ "$(cat "$(watch_ring)/set_event_notrace_pid")" = "$recorder" ]
  fire fire
  kill -USR1 "$recorder"
  dumped 1 'on SIGUSR1'
  echo >go
  dumped 2 'on sched:sched_process_exec'
  stop_record 0
}

@test "-B, -M and the clock hold for what is watched, too" {
  local before
  make_ring
  echo mono >"$ring/trace_clock"
  echo 1 >"$ring/set_event_pid"
  before=$(instance_state "$ring")
  start_flight -q -B "$instance" -M 0 -e sched:sched_process_exec --dump-on "$exec_of \"*fire.$$\""
  grep -q '\[mono\]' "$(watch_ring)/trace_clock"
  [ "$(cat "$(watch_ring)/set_event_pid")" = 1 ]
  [ "$(cat "$(watch_ring)/tracing_cpumask")" = "$(cat "$ring/tracing_cpumask")" ]
  stop_record 0
  [ "$(instance_state "$ring")" = "$before" ]
  left_nothing
}

@test "a run that was killed: the next one removes both instances" {
  flight() { start_flight -e sched --dump-on "$exec_of \"*fire.$$\""; }
  next_one_removes 2 flight
  left_nothing
}

# refused PATTERN OPTION...: a usage error, and nothing is left.
refused() {
  local pattern=$1
  shift
  run -2 --separate-stderr record -e sched -o t.dat "$@"
  usage_lines
  [[ ${stderr_lines[0]} == *"$pattern"* ]] || { echo "$stderr"; return 1; }
  left_nothing
  [ -z "$(find . -name 't.dat*')" ]
}

@test "bad input" {
  refused "--dump-on: requires --flight" --dump-on sched
  refused "--dump-on: the name of the event is empty" --flight --dump-on ''
  refused "--dump-on: the name of the event is empty" --flight --dump-on ':prev_pid == 1'
  refused "--dump-on 'sched:sched_switch:': the filter is empty" --flight \
    --dump-on sched:sched_switch:
  refused "--dump-on 'sched:nothing': no such event" --flight --dump-on sched:nothing
  refused "--dump-on 'nonsense > 3': not a valid filter for sched:sched_switch: Field not found" \
    --flight --dump-on 'sched:sched_switch:nonsense > 3'
  refused "--dump-on 'sched': sched:sched_switch is named twice" --flight \
    --dump-on sched:sched_switch:'prev_pid == 1' --dump-on sched
  refused "--keep 'x': not a number of files" --flight --keep x
}
