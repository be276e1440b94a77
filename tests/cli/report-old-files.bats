#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# rbmap-report on files as old recorders wrote them, on old kernels.

load helpers
load report-helpers

setup() {
  prepare_report
}

teardown() {
  clear_up
}

# clock_file [LINE]...: old.dat, as trace-cmd 2.2 to 2.9.6 wrote it: option 4 is empty and only says that
# the clocks follow the table of the CPUs.
clock_file() {
  make_trace old.dat < <(
    printf '%s\n' "$@" 'option 4' 'task 100 worker' 'event test e_i 330' 'field 8 4 1 int a' \
      'print "a=%d", REC->a' 'record 1234567890123 330 0 0 100 4:7')
}

# shows_time TIME CLOCK RATE: old.dat; trace-cmd report, too, if there is one. RATE: "-" where the clock
# counts no time.
shows_time() {
  show old.dat >lines
  tail -n 1 lines | grep -F "          worker-100   [000]$1: e_i:                  a=7"
  show --stat old.dat >stat
  grep -x "clock $2" stat
  ! command -v trace-cmd >/dev/null || trace-cmd report old.dat 2>/dev/null | cmp - lines
}

@test "the clock of a file of an old trace-cmd" {
  clock_file 'clock [local] global counter'
  shows_time '  1234.567890' local
  clock_file 'clock local global [mono] boot'
  shows_time '  1234.567890' mono
  clock_file long4 'clock [local] global'
  shows_time '  1234.567890' local
  clock_file big 'clock [local] global'
  shows_time '  1234.567890' local
  clock_file 'clock local global [counter]'
  shows_time 1234567890123 counter
}

@test "the clock of a file that names none" {
  clock_file 'clock '
  shows_time '  1234.567890' local
}

# Kernels before about 5.8 describe the rest of a record as a field of size 0 that is no array.
marker_file() {
  make_trace old.dat <<'END'
task 100 worker
function ffffffff81000100 first_function
function ffffffff81000200 second_function
function ffffffff81000300 third_function
string ffffffff82000010 a=%d b=%d\n
event ftrace print 5
field 8 8 0 unsigned long ip
field 16 0 0 char buf
print "%ps: %s", (void *)REC->ip, REC->buf
event ftrace kernel_stack 4
field 8 4 1 int size
field 16 0 0 unsigned long caller
print "\t=> (%p)\n", REC->caller
event ftrace bprint 6
field 8 8 0 unsigned long ip
field 16 8 0 const char * fmt
field 24 0 0 u32 buf
print "%ps: %s", (void *)REC->ip, REC->fmt
record 1000000000 5 0 0 100 8:0xffffffff81000104 "frame 1 begin\n\x00"
record 1000001000 4 0 0 100 4:2 4:0 8:0xffffffff81000104 8:0xffffffff81000208
record 1000002000 6 0 0 100 8:0xffffffff81000104 8:0xffffffff82000010 4:7 4:4000000000
record 1000003000 5 0 0 100 8:0xffffffff81000104 "frame 2 begin\n\x00"
END
}

# field_of EVENT NAME: of old.dat, each record's.
field_of() {
  show --format json old.dat | jq -c "select(.event == \"$1\").fields.$2"
}

@test "JSON has the text of markers, and stacks, of old kernels" {
  need jq
  marker_file
  [ "$(field_of print buf)" = $'"frame 1 begin\\n"\n"frame 2 begin\\n"' ]
  show --format json old.dat | grep -F '"caller":[18446744071578845444,18446744071578845704]'
  [ "$(field_of bprint buf)" = '[7,4000000000]' ]
}

@test "filters take the text of markers of old kernels" {
  marker_file
  show -e ftrace:print -F 'buf ~ "*2 begin*"' old.dat >lines
  [ "$(wc -l <lines)" = 2 ]
  [[ $(tail -n 1 lines) == *' print:                first_function: frame 2 begin' ]]
  run -2 --separate-stderr show -e ftrace:kernel_stack -F 'caller == 1' old.dat
  [[ $stderr == *'the field is an array'* ]]
}
