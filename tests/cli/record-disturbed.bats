#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2086,SC2154
# Other programs empty, read or change the instance that rbmap-record made for itself.

load helpers

setup() {
  prepare
  need trace-cmd jq
}

teardown() {
  [ -z "${other:-}" ] || kill "$other" 2>/dev/null || true
  clear_up
}

nr_cpus() {
  cpus | wc -l
}

# stored_is JQ: of each CPU.
stored_is() {
  jq -e --argjson cpus "$(nr_cpus)" "(.cpus | length == \$cpus) and (.cpus | all($1))" s.json
}

holds_markers() {
  marker_list t.dat | each_once 1 "$1" >/dev/null
}

# known_on_both_sides ENGINE COMMAND: resets the ring behind 1,000 markers of 1,500.
known_on_both_sides() {
  need_engine "$1"
  start_record "${silent[@]}" -q --engine "$1" -o t.dat --summary s.json
  markers 1 1000
  wait_until 20 holds_markers 1000
  "$2"
  markers 1001 1500
  stop_record 0
  marker_list t.dat | each_once 1 1500
  grep -q "was reset during the recording, on $(nr_cpus) of $(nr_cpus) CPUs: " err
  run ! grep 'please report' err
  stored_is '.reset and .delivered == 1500 and .before_reset == 1000 and .written == 1500'
}

empty() {
  echo >"$(own_ring)/trace"
}

change_clock() {
  echo mono >"$(own_ring)/trace_clock"
}

@test "a ring that is emptied: what is known before and since: observed" {
  known_on_both_sides observe empty
}

@test "a ring that is emptied: what is known before and since: the mapping" {
  known_on_both_sides mapped empty
}

@test "a ring that is emptied: what is known before and since: read(2)" {
  known_on_both_sides read empty
}

@test "a clock that is changed: what is known before and since, and the clocks" {
  known_on_both_sides observe change_clock
  grep -q ': trace_clock: another program has changed it from local to mono during' err
  jq -e '.changed == ["trace_clock"]' s.json
}

@test "a ring that is emptied before anything was read" {
  start_record "${silent[@]}" --fail-on-loss -o t.dat --summary s.json
  pause_record
  markers 1 500
  empty
  markers 501 600
  kill -CONT "$recorder"
  stop_record 3
  marker_list t.dat | each_once 501 600
  grep -q 'was reset during the recording' err
  run ! grep 'nothing lost' err
  stored_is '.reset and .delivered == 100 and .before_reset == 0'
}

# Until there is no more.
consume_all() {
  local cpu
  for cpu in $(cpus); do
    dd "if=$(own_ring)/per_cpu/cpu$cpu/trace_pipe_raw" of=/dev/null bs=64k iflag=nonblock \
      status=none 2>/dev/null || true
  done
}

taken_away() {
  start_record "${silent[@]}" --engine read -o t.dat --summary s.json "$@"
  pause_record
  markers 1 1000
  consume_all
  markers 1001 1100
  kill -CONT "$recorder"
}

@test "what another program consumes of its own instance is no bug" {
  taken_away
  stop_record 0
  marker_list t.dat | each_once 1001 1100
  grep -q ' events were not stored: another reader consumed them' err
  run ! grep 'please report\|nothing lost' err
  stored_is '.written == 1100 and .delivered == 100 and .others == 1000'
}

@test "--fail-on-loss: what another program consumes of its own instance is lost" {
  taken_away --fail-on-loss
  stop_record 3
}

@test "a ring that cannot be read any more: nothing else is to blame" {
  local status=0
  need strace
  start_record "${silent[@]}" --engine read -o t.dat
  strace -f -q -o log -p "$(cat pid)" -e trace=read -e inject=read:error=EIO \
    -P "$(own_ring)/per_cpu/cpu0/trace_pipe_raw" 3>&- 4>&- &
  other=$!
  wait_until 10 is_traced
  markers 1 1000
  wait_until 20 is_over
  wait "$recorder" || status=$?
  recorder=
  [ $status = 1 ]
  grep -q 'the ring buffer could not be read: Input/output error' err
  run ! grep 'please report\|left behind\|nothing lost' err
}

# All of its threads.
is_traced() {
  run ! grep -q '^TracerPid:[[:space:]]*0$' "/proc/$(cat pid)"/task/*/status
}

# changed COMMAND FILE: what COMMAND does while it is recorded is reported as a change of FILE.
changed() {
  start_record -e 'sched:sched_process_ex*' -f 'pid == -1' \
    --fail-on-loss -o t.dat --summary s.json
  "$1"
  stop_record 3
  run ! grep 'nothing lost' err
  jq -e --arg file "$2" '.changed == [$file]' s.json
}

switch_off() {
  echo 0 >"$(own_ring)/tracing_on"
}

disable_exit() {
  echo 0 >"$(own_ring)/events/sched/sched_process_exit/enable"
}

disable_all() {
  echo 0 >"$(own_ring)/events/sched/enable"
}

narrow() {
  echo 1 >"$(own_ring)/tracing_cpumask"
}

@test "tracing that another program switches off" {
  changed switch_off tracing_on
  grep -q ': tracing_on: tracing was switched off during the recording, by another program' err
}

@test "an event that another program disables" {
  changed disable_exit set_event
  grep -q ': sched:sched_process_exit: another program has disabled the event during' err
}

@test "events that another program disables" {
  changed disable_all set_event
  grep -q ': sched:sched_process_exec: another program has disabled it .* 1 more of 2 events' err
}

@test "CPUs that another program takes out" {
  need_two_cpus
  changed narrow tracing_cpumask
  grep -qE ': tracing_cpumask: another program has changed it from [0-9a-f,]+ to 0*1 during' err
}

@test "tracing that a trigger of the recording switches off is not another program's" {
  run -0 --separate-stderr record -q -e sched:sched_process_exec -R traceoff -o t.dat \
    --summary s.json -- true
  forget_notice
  [ "${#stderr_lines[@]}" = 0 ]
  jq -e '.changed == []' s.json
}
