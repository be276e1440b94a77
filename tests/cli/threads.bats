#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2154
# Threads that cannot be had: each of a command in turn, and all from there on.

load helpers

setup() {
  prepare
  need
  shim=$(support thread-shim.so)
  # Under an address sanitizer, the shim comes first all the same.
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
}

teardown() {
  clear_up
}

# Three numbers, into the instance of the recorder that is its parent.
numbers=(sh -c 'unset LD_PRELOAD && cd /sys/kernel/tracing/instances/rbmap-record-$PPID* &&
  for i in 1 2 3; do echo "number $i" >trace_marker; done')

# attempt NUMBER COMMAND [ARG]...: without that thread.
attempt() {
  rm -rf failed t.dat* out err pid
  status=0
  THREAD_SHIM_AT=$1 THREAD_SHIM_REPORT=$PWD/failed LD_PRELOAD=$shim \
    timeout -k 5 $((60 * slowdown)) bash -c "$starting_with" pid "${@:2}" >out 2>err 3>&- 4>&- ||
    status=$?
  sed -i '/^rbmap-record: removed the tracing instance .*, left by a killed run$/d' err
}

# each_thread LEAST RESULT [OPTION]...: a recording that has at least so many threads is
# whole, or there is one line and nothing else.
each_thread() {
  local at=0 least=$1 result=$2
  shift 2
  while attempt $((++at)) "$record" -q "${silent[@]}" "$@" -- "${numbers[@]}" && [ -e failed ]; do
    is_whole_or_one_line || { echo "thread $at: status $status" && cat err; return 1; } >&2
    left_nothing
  done
  [ $status = 0 ]
  [ "$("$result")" = "1 2 3" ]
  [ $at -gt "$least" ]
}

is_whole_or_one_line() {
  if [ $status = 0 ]; then
    [ "$("$result")" = "1 2 3" ] && [ ! -s err ]
  else
    [ $status = 1 ] && [ "$(wc -l <err)" = 1 ] && [ ! -s t.dat ] && [ ! -s out ] &&
      grep -qx 'rbmap-record: a thread could not be started: .*' err
  fi
}

in_file() {
  "$RBMAP_BIN/rbmap-report" t.dat >text && in_text <text
}

printed() {
  in_text <out
}

in_text() {
  sed -nE 's/.*number ([0-9]+).*/\1/p' | paste -sd ' '
}

@test "rbmap-record without one of its threads: a whole recording, or one line" {
  each_thread 3 in_file -o t.dat
  each_thread 2 printed --format text
}

@test "rbmap-record --rotate without the second thread that writes: one line" {
  # The first reads symbols, the second writes.
  attempt 3 "$record" -q "${silent[@]}" --rotate 1h -o t.dat -- "${numbers[@]}"
  [ $status = 1 ]
  is_whole_or_one_line
  run ! compgen -G 't.dat*'
  left_nothing
}

@test "rbmap-record without any thread from one on: a whole recording, or one line" {
  export THREAD_SHIM_ON=1
  each_thread 3 in_file -o t.dat
}

@test "rbmap-record with fewer threads than it asks for says so" {
  [ "$(cpus | wc -l)" -gt 1 ] || skip "needs two CPUs"
  # The first reads symbols, the second writes, the third completes the file, the fourth
  # drains all rings.
  THREAD_SHIM_ON=1 attempt 5 "$record" "${silent[@]}" -o t.dat -- "${numbers[@]}"
  [ $status = 0 ]
  grep -qE '^rbmap-record: only 1 of [0-9]+ threads could be started: ' err
  [ "$(in_file)" = "1 2 3" ]
}

@test "rbmap-report --jobs with fewer threads: the same text, and one line" {
  local at
  "$record" -q -e raw_syscalls -o x.dat --file-version 6 -- \
    dd if=/dev/zero of=/dev/null bs=1 count="$(scaled 20000)" status=none
  "$RBMAP_BIN/rbmap-report" x.dat >expected
  for at in 1 2 3; do
    THREAD_SHIM_ON=1 attempt $at "$RBMAP_BIN/rbmap-report" --jobs 4 x.dat
    [ $status = 0 ]
    cmp out expected
    [ "$(wc -l <err)" = 1 ]
    grep -q "^rbmap-report: --jobs 4: only $at of 4 threads could be started: " err
  done
}
