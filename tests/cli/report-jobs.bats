#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-report on several cores: to the byte what it prints on one.

load helpers
load report-helpers

setup() {
  prepare_report
  second=$instance-b
  printer=
}

teardown() {
  [ -z "$printer" ] || kill -KILL "$printer" 2>/dev/null || true
  clear_up
  [ ! -d "$ring-b" ] || wait_until 5 rmdir "$ring-b"
}

# all_the_same STATUS [OPTION]... FILE: whatever it prints, also as errors.
all_the_same() {
  local expected=$1 format jobs status
  shift
  for format in text json; do
    for jobs in 1 2 3 7; do
      status=0
      show --format "$format" --jobs "$jobs" "$@" >"out.$jobs" 2>"err.$jobs" || status=$?
      [ "$status" = "$expected" ] || { echo "status $status"; cat "err.$jobs"; return 1; } >&2
      cmp out.1 "out.$jobs"
      cmp err.1 "err.$jobs"
    done
  done
}

# Of the last all_the_same: as many lines that there is something for several threads.
has_lines() {
  local nr
  nr=$(wc -l <out.1)
  [ "$nr" -ge "$1" ] || { echo "only $nr lines" >&2; return 1; }
}

# Many events of many kinds.
many_events() {
  some_load
  "$1" 0 "$2" >/dev/null
}

record_many() {
  export -f many_events some_load cpus
  record -q --file-version 6 -b "$(scaled 16384)" -e sched -e raw_syscalls -e irq -e timer -e kmem -o x.dat \
    bash -c 'many_events "$@"' - "$(support syscall-load)" "$(scaled 20000)"
}

@test "the scheduler, system calls, interrupts, timers, memory" {
  need
  record_many
  all_the_same 0 x.dat
  has_lines "$(scaled 40000)"
  grep -q '"event":"sched_switch"' out.1
}

@test "events that libtraceevent prints, among others" {
  need
  record_many
  # A flag that does not compile; of the same length, as all else stays in its place.
  LC_ALL=C sed 's/NR %ld (/NR%#ld (/' x.dat >slow.dat
  run -0 --separate-stderr show --stat -v slow.dat
  grep -qE '^raw_syscalls:sys_enter .*a '"'#'"' flag for a decimal number$' <<<"$output"
  grep -qE '^raw_syscalls:sys_exit ' <<<"$output"
  run ! grep -E '^raw_syscalls:sys_exit .*a '"'#'"' flag' <<<"$output"
  all_the_same 0 slow.dat
  has_lines "$(scaled 40000)"
}

@test "several buffers, in compressed files too" {
  need trace-cmd
  export -f some_load cpus
  local how
  for how in '--file-version 6' '--compression zstd'; do
    peer_record $how -e sched:sched_switch -B "$instance" -e raw_syscalls -B "$second" \
      -e sched -o x.dat bash -c some_load
    all_the_same 0 x.dat
    has_lines 1000
    grep -q "\"buffer\":\"$instance\"" out.1
  done
}

@test "made by hand: other orders of bytes, other longs, zlib" {
  local made=${RBMAP_BUILD:-}/tests/made-files file
  [ -x "$made" ] || skip "made-files was not built"
  mkdir files
  "$made" files
  for file in files/*.dat; do
    all_the_same 0 "$file"
    has_lines 50
  done
}

@test "lost events" {
  need
  record_loss x.dat -e raw_syscalls -e sched
  all_the_same 0 x.dat
  has_lines 1000
  grep -q '"lost":[1-9]' out.1
  all_the_same 0 -F 'common_pid == 0' x.dat
}

@test "-e, -F, -M, --from and --to" {
  need
  record_many
  show x.dat | grep -oE '[0-9]+\.[0-9]{6}' | sed -n "1000p;$(scaled 20000)p" >stamps
  [ "$(wc -l <stamps)" = 2 ]
  all_the_same 0 -e sched -e 'raw_syscalls:*exit' x.dat
  has_lines 1000
  all_the_same 0 -e sys_enter -F 'id > 2' -e sched x.dat
  has_lines 1000
  all_the_same 0 -M 0 x.dat
  all_the_same 0 --from "$(head -n 1 stamps)" --to "$(tail -n 1 stamps)" x.dat
  has_lines 1000
  # No record at all.
  all_the_same 0 -F 'common_pid == -1' x.dat
  [ ! -s out.1 ]
}

@test "--ts and --ns, over all batches" {
  need
  record_many
  local options jobs
  for options in '--ts realtime' '--ts mono --ns' '--ts delta --ns' \
    '--ts realtime --format json' '--ts mono --format json'; do
    for jobs in 1 2 5; do
      show $options --jobs "$jobs" x.dat >"out.$jobs"
      cmp out.1 "out.$jobs"
    done
    has_lines "$(scaled 40000)"
  done
}

@test "cut off and broken files: the same lines, the same message" {
  need
  record_many
  local size subbuf at
  size=$(stat -c %s x.dat)
  for at in 1000 $((size / 2)) $((size - 5000)); do
    head -c "$at" x.dat >cut.dat
    all_the_same 1 cut.dat
    grep -q '^rbmap-report: cut.dat: at byte ' err.1
  done
  has_lines 1000
  # Records that are none, in the middle.
  subbuf=$(first_subbuf x.dat)
  for at in 10 20 4117 409616; do
    poke x.dat $((subbuf + at)) 177
  done
  all_the_same 1 x.dat
  has_lines 1000
  grep -q '^rbmap-report: x.dat: at byte ' err.1
}

# peak_mb OPTION...: its memory.
peak_mb() {
  "$(support measure)" pid usage "$report" "$@" >/dev/null
  cut -d ' ' -f 4 usage | awk '{ print int($1 / 1024) }'
}

@test "memory is bounded, however much text a record makes" {
  need
  record -q --file-version 6 -b "$(scaled 16384)" -e raw_syscalls:sys_enter -o x.dat \
    "$(support syscall-load)" 0 "$(scaled 10000)"
  # Of the same length, as all else stays in its place: lines of 20 KB.
  LC_ALL=C sed 's/NR %ld (%lx, %lx, %lx, %lx, %lx, %lx)/%4096d%4096x%4096x%4096x%4096x%x%xxyz/' \
    x.dat >wide.dat
  [ "$(show wide.dat | head -n 101 | wc -c)" -gt 2000000 ]
  [ "$(peak_mb --jobs 2 wide.dat)" -lt 150 ]
  cmp <(show wide.dat) <(show --jobs 2 wide.dat)
}

@test "a closed pipe ends it quietly" {
  need
  record_many
  local format
  for format in text json; do
    run -0 --separate-stderr bash -c \
      '"$1" --jobs 3 --format $2 x.dat | head -n 3; echo "${PIPESTATUS[0]}"' - "$report" "$format"
    [ "${#lines[@]}" = 4 ]
    [ "${lines[3]}" = 0 ]
    [ -z "$stderr" ]
  done
}

@test "a full disk is a failure" {
  need
  [ -w /dev/full ] || skip "/dev/full is missing"
  record_many
  local jobs
  for jobs in 1 2 7; do
    run -1 --separate-stderr bash -c '"$1" --jobs $2 x.dat >/dev/full' - "$report" $jobs
    [ "$stderr" = "rbmap-report: standard output: No space left on device" ]
  done
}

# start_into_pipe JOBS FILE: nobody reads what it prints, so that it stays.
start_into_pipe() {
  "$report" --jobs "$@" >pipe 5>&- 3>&- 4>&- &
  printer=$!
}

end_printer() {
  kill -KILL "$printer"
  wait "$printer" || true
  printer=
}

# The process that reads the file and prints: the command's only child.
printing() {
  pgrep -P "$printer"
}

has_threads() {
  [ "$(find "/proc/$(printing)/task" -mindepth 1 -maxdepth 1 | wc -l)" = "$1" ]
}

# It has come to print.
is_writing() {
  local pid
  pid=$(printing) && grep -q pipe_write "/proc/$pid/stack"
}

@test "as many threads as jobs, and none for a small file" {
  need pgrep
  record_many
  record_some -e sched:sched_process_exec small.dat
  mkfifo pipe
  exec 5<>pipe
  local jobs
  for jobs in 1 2 3 7; do
    start_into_pipe $jobs x.dat
    wait_until 20 is_writing
    wait_until 20 has_threads $jobs
    end_printer
  done
  # Until nothing goes in any more.
  dd if=x.dat of=pipe oflag=nonblock bs=4096 status=none 2>/dev/null || true
  start_into_pipe 3 small.dat
  wait_until 20 is_writing
  has_threads 1
  end_printer
  exec 5>&-
}

@test "bad values are told" {
  local value
  for value in 0 257 -1 2x 1.5 ''; do
    run -2 --separate-stderr "$report" --jobs "$value" x.dat
    [ "$stderr" = "rbmap-report: --jobs '$value': not a number from 1 to 256
Try 'rbmap-report --help'." ]
  done
  run -2 --separate-stderr "$report" --jobs
  [ "${stderr_lines[0]}" = "rbmap-report: --jobs: needs a value" ]
}
