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
