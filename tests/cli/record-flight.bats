#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-record --flight: dumps of the last seconds, while the rings run.

bats_require_minimum_version 1.5.0
load helpers

setup() {
  prepare
  need trace-cmd jq
  need_engine observe
}

teardown() {
  stop_writing
  umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || true
  clear_up
}

# In a session of their own, as each CPU has a writer of its own.
start_writing() {
  setsid "$(support marker-writer)" "$(live_ring)" 1 100000000 >/dev/null 2>&1 3>&- 4>&- &
  writing=$!
}

stop_writing() {
  [ -n "${writing-}" ] || return 0
  kill -- -"$writing"
  wait "$writing" || true
  writing=
}

# dump NUMBER: asks for it and waits until it is there.
dump() {
  kill -USR1 "$recorder"
  wait_until 30 grep -q "^t\.dat\.$1: " err
}

# Of a marker list: each number follows the one before, on every CPU.
without_a_hole() {
  awk '$1 in latest && $2 != latest[$1] + 1 { print "CPU", $1 ":", $2, "behind", latest[$1]
      bad = 1 } { latest[$1] = $2 } END { exit bad || NR == 0 }'
}

@test "a dump on SIGUSR1 and one at the end; the rings go on" {
  start_record "${silent[@]}" --flight -o t.dat
  markers 1 100
  dump 1
  [ "$(cat "$(own_ring)/tracing_on")" = 1 ]
  markers 101 200
  dump 2
  markers 201 300
  stop_record 0
  marker_list t.dat.1 | each_once 1 100
  marker_list t.dat.2 | each_once 1 200
  marker_list t.dat.3 | each_once 1 300
  [ ! -e t.dat ] && [ ! -e t.dat.4 ]
  [ "$(stat -c %a t.dat.1)" = 600 ]
  grep -qE '^t\.dat\.1: [0-9]+ events, ' err
  left_nothing
}

@test "dumps under full load: no hole on any CPU, oldest to newest" {
  local cpu i dumps
  dumps=$(scaled 5)
  [ "$dumps" -gt 1 ] || dumps=2
  start_record "${silent[@]}" --flight -b 512 -o t.dat
  start_writing
  for i in $(seq "$dumps"); do
    for cpu in $(cpus); do
      wait_until 30 overruns_again "$cpu"
    done
    dump $i
  done
  [ "$(cat "$(own_ring)/tracing_on")" = 1 ]
  stop_writing
  stop_record 0
  for i in $(seq $((dumps + 1))); do
    report -t t.dat.$i >text
    text_marker_list <text >list
    without_a_hole <list
    for cpu in $(cpus); do
      [ "$(grep -c "^$cpu " list)" -gt 10 ]
    done
    run ! grep DROPPED text
  done
  # The last is of rings that stand still: all that fits into them.
  for cpu in $(cpus); do
    [ "$(grep -c "^$cpu " list)" -gt 5000 ]
  done
}

# More than it had at the dump before.
overruns_again() {
  local before now
  before=$(cat "overrun.$1" 2>/dev/null || echo 0)
  now=$(kernel_says "$1" overrun)
  [ "$now" -gt "$before" ] && echo "$now" >"overrun.$1"
}

@test "--keep: a file that has taken the name of a dump is not removed" {
  mkdir dir
  start_record "${silent[@]}" --flight --keep 1 -o dir/t.dat
  kill -USR1 "$recorder"
  wait_until 30 grep -q '^dir/t\.dat\.1: ' err
  mv dir away
  mkdir dir
  echo theirs >dir/t.dat.1
  stop_record 0
  [ "$(cat dir/t.dat.1)" = theirs ]
  [ -s away/t.dat.1 ] && [ -s dir/t.dat.2 ]
  grep -q 'dir/t.dat.1: is another file by now, and not removed' err
}

@test "--keep: the last dumps" {
  local i
  start_record "${silent[@]}" --flight --keep 2 -o t.dat
  for i in 1 2 3; do
    markers $i $i
    dump $i
  done
  stop_record 0
  [ "$(echo t.dat.*)" = "t.dat.3 t.dat.4" ]
  marker_list t.dat.4 | each_once 1 3
}

@test "--last: the same reach-back on every CPU, to the event" {
  local now since
  start_record "${silent[@]}" --flight --last 500ms -C mono -o t.dat
  markers 1 50
  # Both in one sub-buffer: it is cut in its middle.
  since=$(kernel_now)
  wait_until 10 is_past $((since + 600000000))
  markers 51 60
  dump 1
  now=$(kernel_now)
  stop_record 0
  marker_list t.dat.1 >list
  each_once 51 60 <list
  awk -v now="$now" '$3 > now { exit 1 }' list
}

# In nanoseconds, by the clock of the ring.
kernel_now() {
  kernel_says 0 'now ts' | awk -F . '{ printf "%d%06d000\n", $1, $2 }'
}

is_past() {
  [ "$(kernel_now)" -gt "$1" ]
}

@test "a dump that cannot be written is told at the begin" {
  run -1 --separate-stderr record --flight -e sched -o nowhere/t.dat true
  one_line
  [[ $stderr == *"nowhere/t.dat.1: No such file or directory"* ]]
  mkdir t.dat.1
  run -1 --separate-stderr record --flight -e sched -o t.dat true
  [[ $stderr == *"t.dat.1: is a directory"* ]]
}

@test "a dump that fails is not the last" {
  start_record "${silent[@]}" --flight -o t.dat
  mkdir t.dat.1
  markers 1 5
  kill -USR1 "$recorder"
  wait_until 20 grep -q 't\.dat\.1: is a directory' err
  dump 2
  stop_record 1
  marker_list t.dat.2 | each_once 1 5
  marker_list t.dat.3 | each_once 1 5
}

@test "with a command: the dump is of what it did" {
  run -0 --separate-stderr record --flight -q -e sched:sched_process_exec -o t.dat -- true
  report t.dat.1 | grep -q 'sched_process_exec: .*filename=.*true'
}

@test "a dump to a full disk: told, and what fits can be read" {
  mkdir disk
  mount -t tmpfs -o size=8m nodev disk || skip "no tmpfs can be mounted"
  run -1 --separate-stderr record -q --compress=none --flight -b 16384 -e raw_syscalls \
    -o disk/t.dat -- "$(support syscall-load)" 0 200000
  one_line
  [[ $stderr == *"disk/t.dat.1: "*"No space left on device"* ]]
  trace-cmd report disk/t.dat.1 2>/dev/null | grep -q 'sys_e[nx]'
  left_nothing
}
