#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# What drains the rings gets a CPU before others do; the traced command does not.

load helpers

setup() {
  prepare
  need chrt jq
}

teardown() {
  rm -f t.dat
  clear_up
}

need_realtime() {
  chrt --fifo 1 true 2>/dev/null || skip "real-time priorities are not permitted"
}

# Of the threads that wait for the command and make the files, those that drain the rings,
# the command: what PROGRAM says of it. How many drain depends on the CPUs.
of_each() {
  local recorder command thread
  recorder=$(cat pid)
  command=$(cat "/proc/$recorder/task/$recorder/children")
  {
    for thread in $(cd "/proc/$recorder/task" && echo *); do
      ! is_for_others "$thread" || "$@" "$thread"
    done | sort -u
    for thread in $(cd "/proc/$recorder/task" && echo *); do
      is_for_others "$thread" || "$@" "$thread"
    done | sort -u
    "$@" $command
  } | paste -sd ' '
}

is_for_others() {
  [ "$1" = "$(cat pid)" ] || [ "$(cat "/proc/$1/comm")" = rbmap-files ]
}

# while_recording PROGRAM OPTION...
while_recording() {
  start_record -q "${silent[@]}" "${@:2}" -- sh -c 'touch begun && exec sleep 1000'
  wait_until 20 test -e begun
  of_each "$1"
  stop_record 130
  rm begun
}

nice_value() {
  sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 17
}

@test "what drains into a file comes before the command; a priority that was chosen stays" {
  [ "$(nice)" = 0 ] || skip "needs to run at nice 0"
  [ "$(nice -n -20 nice 2>/dev/null)" = -20 ] || skip "the priority cannot be raised"
  [ "$(while_recording nice_value -o t.dat)" = '0 -20 0' ]
  [ "$(while_recording nice_value --format text)" = '0 0 0' ]
  ahead=(nice -n 5)
  [ "$(while_recording nice_value -o t.dat)" = '5 5 5' ]
}

# 0 is SCHED_OTHER, 1 is SCHED_FIFO; proc(5).
policy() {
  sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 38,39 | tr ' ' :
}

@test "--rt-priority: of what drains the rings alone" {
  need_realtime
  [ "$(while_recording policy --rt-priority 7 -o t.dat)" = '0:0 7:1 0:0' ]
  [ "$(while_recording policy --rt-priority 99 --format text)" = '0:0 99:1 0:0' ]
}

@test "--rt-priority: one line where it is not permitted" {
  need setpriv prlimit
  need_realtime
  ahead=(prlimit --rtprio=0 setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice)
  ! "${ahead[@]}" chrt --fifo 1 true 2>/dev/null || skip "cannot be forbidden"
  run -1 --separate-stderr record -q "${silent[@]}" --rt-priority 2 -o t.dat -- true
  one_line
  [[ $stderr == *"--rt-priority 2: not permitted; "* ]]
  [ ! -e t.dat ]
  left_nothing
}

@test "--rt-priority: a limit of the user permits it" {
  need setpriv prlimit
  ahead=(prlimit --rtprio=2 setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice)
  "${ahead[@]}" chrt --fifo 2 true 2>/dev/null || skip "the limit cannot be raised"
  [ "$(while_recording policy --rt-priority 2 -o t.dat)" = '0:0 2:1 0:0' ]
}

allowed_cpus() {
  sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$1/status"
}

@test "--drain-cpus: of what drains the rings alone" {
  need_two_cpus
  local all last
  all=$(allowed_cpus $$)
  last=$(cpus | tail -n 1)
  [ "$(while_recording allowed_cpus --drain-cpus "$last" -o t.dat)" = "$all $last $all" ]
}

# hogged OPTION...: a load that leaves its CPU to nobody fills the ring, of which its CPU is
# to drain it as well. While the recorder has the CPU, the load stands still.
hogged() {
  local load cpu
  load=$(support syscall-load)
  cpu=$(cpus | tail -n 1)
  ulimit -f 4000000
  run -0 record -q -e raw_syscalls -M "$cpu" -b 32M --drain-cpus "$cpu" -o t.dat \
    --summary s.json "$@" -- chrt --fifo 50 "$load" "$cpu" "$(scaled 2000000)"
  echo "$*: $(jq -c .total s.json)"
  jq -e --argjson calls "$(scaled 2000000)" '.total | .written >= 2 * $calls and
    .written == .delivered + .lost and .others == 0 and .unread == 0' s.json
}

@test "a real-time load on the CPU that drains: what is lost is told; --rt-priority loses nothing" {
  need_realtime
  local engine
  for engine in $(engines); do
    hogged --engine "$engine"
    [ "$(jq .total.lost s.json)" -gt 0 ]
    hogged --engine "$engine" --rt-priority 60
    [ "$(jq .total.lost s.json)" = 0 ]
  done
}
