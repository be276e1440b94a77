#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The columns of events beside their JSON objects, value by value.

load helpers
load report-helpers

setup() {
  prepare_report
  # Whatever a recording of all events does, it does not fill the disk.
  ulimit -f 4000000
}

teardown() {
  clear_up
}

# same_values FILE EVENTS RECORDS: there are at least that many of them.
same_values() {
  run -0 timeout -k 10 $((300 * slowdown)) "$(support columns-json)" "$1"
  read -r _ events _ records <<<"$output"
  echo "# $output" >&3
  [ "$events" -ge "$2" ]
  [ "$records" -ge "$3" ]
}

@test "columns of all events at once" {
  choose_all
  zoo "${all_events[@]}"
  same_values x.dat 100 1000
}

@test "columns of a file of the other byte order, with 4-byte longs" {
  for order in '' big; do
    make_trace x.dat <<END
$order
long4
task 100 wor\xffker
event test every 400
field 8 1 0 bool flag
field 9 1 1 char letter
field 10 2 1 short below
field 12 4 0 unsigned long address
field 16 8 1 s64 wide
field 24 8 0 u16 four[4]
field 32 4 0 __data_loc u32[] list
field 36 4 0 __data_loc char[] name
field 40 3 0 struct odd odd
print "%d", REC->below
record 1000 400 0 0 100 1:1 1:65 2:-3 4:0xffff0001 8:-9 2:1 2:2 2:3 2:65535 4:$((44 + (8 << 16))) 4:$((52 + (6 << 16))) 3"ab" 1"" 4:7 4:0x80000000 "h\xffllo\x00xx"
record 2000 400 0 0 101 1:0 1:0 2:0 4:0 8:0 2:0 2:0 2:0 2:0 4:$((44 + (0 << 16))) 4:$((44 + (2 << 16))) 4""
record 3000 400 0 0 0 1:0 1:0
END
    same_values x.dat 1 3
  done
}
