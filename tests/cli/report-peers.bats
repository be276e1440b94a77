#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2094,SC2154
# rbmap-report on what trace-cmd of later Debians writes, beside its own report.

load helpers
load report-helpers
load report-peers
load report-formats

setup() {
  prepare_report
  need jq unshare dpkg-deb flock
  second=$instance-b
  ulimit -f 4000000
}

teardown() {
  clear_up
  [ ! -d "$ring-b" ] || wait_until 5 rmdir "$ring-b"
}

# record_and_compare OPTION...
record_and_compare() {
  its_record "$@" x.dat
  same_as_its x.dat
  is_whole x.dat
}

versions() {
  local how
  for how in '--file-version 6' '--compression none' '--compression zlib' \
    '--compression zstd'; do
    record_and_compare $how -e sched:sched_switch -B "$instance" -e raw_syscalls \
      -B "$second" -e sched
    grep -q "^ *$instance: " x.dat.ours
    run -0 show --stat x.dat
    [[ $output == *"buffer $second"* ]]
  done
  show --format json x.dat | jq -c 'select(.ts and .event and .fields)' | wc -l >json
  grep -cE -- '-[0-9]+ +\[[0-9]{3,}\] +[0-9]+\.[0-9]+: ' x.dat.ours | cmp - json
}

# has OPTIONS: of those that not every kernel has.
has() {
  case $1 in
  *'-C '*) grep -qw -- "${1##*-C }" $tracing/trace_clock ;;
  *--subbuf-size*) [ -e $tracing/buffer_subbuf_size_kb ] ;;
  *-T*) [ -e $tracing/options/stacktrace ] ;;
  esac
}

options() {
  local how
  for how in '--file-version 6 -C mono' '-C x86-tsc' '--file-version 6 --date' --date \
    '--file-version 6 -T' '-s 100000 -M 1' '-m 20 -b 64' '--file-version 6 --subbuf-size 16' \
    '--subbuf-size 16'; do
    has "$how" || continue
    record_and_compare $how -e sched
  done
}

# loses VERSION: where its recorder keeps up, there is nothing to see; once more then.
loses() {
  at_top_level its record --file-version "$1" -b 8 -e raw_syscalls -o x.dat \
    taskset -c 0 dd if=/dev/zero of=/dev/null bs=1 "count=$(scaled 50000)"
  show --check x.dat >/dev/null && its report x.dat 2>/dev/null | grep -q 'EVENTS DROPPED'
}

losses() {
  local version
  for version in 6 7; do
    wait_until 60 loses $version
    same_as_its x.dat 100
    is_whole x.dat
  done
}

# Compiled formats, beside its libtraceevent and plugins.
everything() {
  choose_all
  zoo "${all_events[@]}"
  same_as_its x.dat 100
}

# Formats of other kernels; of those that its library prints as the kernel does, all lines.
formats() {
  calls
  same_as_its x.dat
  characters x.dat
  ours_with_its x.dat >x.dat.all
  grep -q ': mark_char: *B|4711|frame|42$' x.dat.all
  grep -q ': plus: *delta +5 end 7$' x.dat.all
  grep -q ': quote: *Y 9$' x.dat.all
  its report x.dat 2>/dev/null | without_flags >x.dat.its
  grep -q ': mark_char: *B' x.dat.its || sed -i '/: \(mark_char\|plus\|quote\): /d' x.dat.its x.dat.all
  same_lines x.dat.its x.dat.all 2
}

# The unit tests of formats; all records of each event are tried beside the machine's own.
suites() {
  local program dir
  dir=$(dirname "${RBMAP_BIN_RELEASE:-$RBMAP_BIN}")/tests/unit
  [ -x "$dir/test-format" ] || skip "the unit tests were not built"
  # Beside the machine's own they run anyway.
  ! ldd "$dir/test-format" | grep -o '/[^ ]*/libtraceevent[^ ]*' |
    xargs cmp -s "$peer_lib/libtraceevent.so.1" || return 0
  for program in "$dir"/test-format*; do
    RBMAP_TEST_SLOWDOWN=10 ASAN_OPTIONS=detect_leaks=0 with_peer "$program" >log 2>&1 || { cat log; return 1; } >&2
    grep -q '^100%' log
  done
}

# What it makes of its own files.
others() {
  local version
  for version in 6 7; do
    its_record --file-version $version -e sched -B "$instance" -e raw_syscalls x.dat
    its split -i x.dat -o split.dat -e 50
    same_as_its split.dat
    is_whole split.dat
    its convert -i x.dat -o convert.dat --file-version $((13 - version))
    same_as_its convert.dat
    show x.dat | cmp - <(show convert.dat)
    is_whole convert.dat
  done
}

@test "Debian 13: both versions, each compression, several buffers" {
  find_peer trixie
  versions
}

@test "Debian 13: clocks, dates, sizes, stacks" {
  find_peer trixie
  options
}

@test "Debian 13: lost events" {
  find_peer trixie
  losses
}

@test "Debian 13: all events at once, with its libraries" {
  find_peer trixie
  everything
}

@test "Debian 13: formats of other kernels, and the unit tests of formats, with its libraries" {
  find_peer trixie
  formats
  suites
}

@test "Debian 12: formats of other kernels, and the unit tests of formats, with its libraries" {
  find_peer bookworm
  formats
  suites
}

@test "Debian 13: split and converted files" {
  find_peer trixie
  others
}

@test "Debian testing: both versions, each compression, several buffers" {
  need_ci
  find_peer forky
  versions
}

@test "Debian testing: clocks, dates, sizes, stacks" {
  need_ci
  find_peer forky
  options
}

@test "Debian testing: lost events" {
  need_ci
  find_peer forky
  losses
}

@test "Debian testing: all events at once, with its libraries" {
  need_ci
  find_peer forky
  everything
}

@test "Debian testing: split and converted files" {
  need_ci
  find_peer forky
  others
}
