#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# rbmap-report on files that claim much, or change while they are read.

load helpers
load report-helpers

# As the man page says, with what a program takes without any file.
budget_kb=$(((512 + 32) * 1024))

setup() {
  prepare_report
}

teardown() {
  clear_up
}

# A sanitizer takes memory of its own for each allocation.
choose_build() {
  report=${RBMAP_BIN_RELEASE:-$RBMAP_BIN}/rbmap-report
  [ -n "${RBMAP_BIN_RELEASE:-}" ] || budget_kb=$((2 * budget_kb))
}

# Into the directory made.
make_hostile() {
  local program=${RBMAP_BUILD:-}/tests/hostile-files
  [ -x "$program" ] || skip "hostile-files was not built"
  mkdir made
  "$program" made "$@"
}

# refuses FILE TEXT: within the budget, with one line that has this.
refuses() {
  local status=0 peak
  ASAN_OPTIONS=quarantine_size_mb=0:${ASAN_OPTIONS-} timeout -k 10 $((60 * slowdown)) \
    "$(support measure)" pid usage "$report" --check "made/$1.dat" >out 2>err || status=$?
  read -r _ _ status peak _ <usage
  echo "$1: status $status, $peak KB: $(head -n 3 err)"
  [ "$status" = 1 ]
  [ "$peak" -le "$budget_kb" ]
  [ "$(grep -cF "$2" err)" = "${3:-1}" ]
}

@test "memory is bounded: data" {
  choose_build
  make_hostile chunks own-chunks own-subbufs large-subbufs
  refuses chunks 'its data lies within that of another CPU' 9
  refuses own-chunks 'the file would take more than 512 MB of memory; choose fewer CPUs'
  refuses own-subbufs 'the file would take more than 512 MB of memory; choose fewer CPUs'
  refuses large-subbufs 'its data lies within that of another CPU' 1000
  # What was refused is had with fewer CPUs.
  show -M 3500-3509 made/own-subbufs.dat 2>err >out || [ $? = 1 ]
  run ! grep -F 'of memory' err
}

@test "memory is bounded: CPUs and buffers" {
  choose_build
  make_hostile cpus twice buffers name cpu-count
  refuses cpus '15000000 CPUs are too many'
  refuses twice 'CPU 0: not read: the file has other data for this CPU'
  refuses buffers 'the CPUs of a buffer: not read: the file would take more than 512 MB'
  refuses name 'the name of a buffer is too long'
  refuses cpu-count 'option CPUCOUNT: 4294967295 CPUs are too many'
}

@test "memory is bounded: texts and options" {
  choose_build
  make_hostile texts cmdlines printk kallsyms options arguments
  refuses texts 'command lines: not read: the file would take more than 512 MB of memory'
  refuses cmdlines 'command lines: not read: the file would take more than 512 MB of memory'
  refuses printk 'formats of trace_printk(): not read: the file would take more than 512 MB'
  refuses kallsyms 'kallsyms: not read: the file would take more than 512 MB of memory'
  refuses options 'options: not read: the file would take more than 512 MB of memory'
  refuses arguments 'event formats: not read: the file would take more than 512 MB of memory'
}

# Ten times as many take ten times as long, and not a hundred times.
@test "formats are read in linear time" {
  choose_build
  make_hostile same-events many-events
  show --check made/same-events.dat
  refuses many-events 'too many events'
}

# many_names: a description for write-dat.
many_names() {
  awk 'BEGIN {
    for (i = 0; i < 1000000; i++)
      printf "symbol %x symbol_%d\n", 0x10000 + 16 * i, i
    for (id = 300; id < 360; id++) {
      printf "event made e%d %d\nfield int a;8;4;1\nprint \"", id, id
      for (i = 0; i < 250; i++)
        printf "%%d"
      printf "\""
      for (i = 0; i < 250; i++)
        printf ", %c%c", 97 + i / 26, 97 + i % 26
      printf "\n"
    }
    for (id = 300; id < 360; id++)
      printf "record 0 %d %d 1 4:1\n", id, id
  }'
}

# Not each name times each symbol, which would take minutes.
@test "names in print formats are looked up in linear time" {
  choose_build
  many_names | "$(support write-dat)" made.dat
  show made.dat >out
  [ "$(grep -c ' e3[0-9][0-9]: *0*$' out)" = 60 ]
}

@test "option CPUCOUNT of version 6: not against the head of the file" {
  local made=${RBMAP_BUILD:-}/tests/made-files
  [ -x "$made" ] || skip "made-files was not built"
  mkdir files
  "$made" files
  # The option that is not known becomes number 8, and its text a number of CPUs.
  local at
  at=$(grep -abo 'not known here' files/6-little-64.dat | cut -d : -f 1)
  poke_all files/6-little-64.dat "$at" -6 010 0 220 1 001 2 000 3 000
  run -1 --separate-stderr show files/6-little-64.dat
  [[ $stderr == *'option CPUCOUNT: 400 CPUs, but the file has 2'* ]]
  [ "${lines[0]}" = cpus=2 ]
  [ "${#lines[@]}" = 51 ]
  run -2 --separate-stderr show -M 399 files/6-little-64.dat
}

@test "a file without formats has no events to select" {
  choose_build
  make_hostile cpu-count
  run -1 --separate-stderr show -F 'common_pid == 1' made/cpu-count.dat
  [[ $stderr == *'there are no event formats: -e and -F cannot select events'* ]]
}

# read_cut FILE [OPTION]...: the file is truncated once the first line was printed.
read_cut() {
  local file=$1 status=0 line
  shift
  rm -f lines && mkfifo lines
  show "$@" "$file" >lines 2>err 3>&- &
  exec 5<lines
  read -r line <&5
  truncate -s 100000 "$file"
  cat <&5 >rest
  exec 5<&-
  wait $! || status=$?
  echo "status $status: $(head -n 3 err)"
  [ "$status" = 1 ]
  [ -s rest ]
  grep -qE ": at byte 100000: the file ends here since it was truncated while" err
}

@test "a file that is truncated while it is read" {
  need
  local how mine=load-$$
  ln -s "$(support syscall-load)" $mine
  for how in '--file-version 6' --compress=none --compress=1; do
    # shellcheck disable=SC2086
    record -q -e raw_syscalls $how -b 32768 -o x.dat ./$mine 0 40000
    for options in '' '--jobs 2' '--format json'; do
      cp x.dat y.dat
      # shellcheck disable=SC2086
      read_cut y.dat $options
    done
  done
}

@test "a file whose recorder ends while it is read" {
  need
  local how status line mine=load-$$
  ln -s "$(support syscall-load)" $mine
  for how in '--file-version 6' --compress=none --compress=1; do
    # shellcheck disable=SC2086
    start_record -q -e raw_syscalls $how -b 32768 -o x.dat "${silent[@]}"
    ./$mine 0 40000
    wait_until 20 has_events x.dat
    rm -f lines && mkfifo lines
    show x.dat >lines 2>err 3>&- &
    reader=$!
    exec 5<lines
    read -r line <&5
    stop_record 0
    cat <&5 >rest
    exec 5<&-
    status=0
    wait $reader || status=$?
    echo "$how: status $status: $(head -n 3 err)"
    [ "$status" -le 1 ]
    [ "$status" = 0 ] || grep -q ': at byte ' err
  done
}

has_events() {
  [ "$(show "$1" 2>/dev/null | head -n 40000 | wc -l)" = 40000 ]
}
