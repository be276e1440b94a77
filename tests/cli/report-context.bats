#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# In which context an event was written: rbmap-report -l, and JSON.

load helpers
load report-helpers

setup() {
  prepare_report
}

teardown() {
  clear_up
}

# Of a kernel with PREEMPT_RT.
context_file() {
  make_trace rt.dat <<'END'
task 100 worker
task 101 a-very-long-name
task 1234567 x
common 8 1 0 unsigned char common_migrate_disable
common 9 1 0 unsigned char common_preempt_lazy_count
event test wake_rt 310
field 12 16 1 char comm[16]
field 28 4 1 pid_t pid
print "comm=%s pid=%d", REC->comm, REC->pid
event test slow 311
field 12 4 1 int a
print "a=%hhhd", REC->a
record 1000000000 310 0x15 0x12 100 1:1 1:2 2:0 16"rtworker" 4:555
record 1000001000 310 0x00 0x00 101 1:0 1:0 2:0 16"rtworker" 4:555
record 1000002000 310 0x08 0x0a 1234567 1:12 1:0 2:0 16"rtworker" 4:555
record 1000003000 311 0x1a 0xff 0 1:255 1:0 2:0 4:5
record 1000004000 311 0xe0 0xa0 100 1:0 1:0 2:0 4:5
record 1000005000 312 0x00 0x00 100 1:0 1:0 2:0 4:5
END
}

@test "JSON has every common field" {
  need jq
  context_file
  show --format json rt.dat >json
  [ "$(head -n 1 json)" = '{"ts":1000000000,"cpu":0,"comm":"worker","pid":100,"event":"wake_rt","system":"test","type":310,"flags":21,"preempt_count":18,"migrate_disable":1,"preempt_lazy_count":2,"fields":{"comm":"rtworker","pid":555}}' ]
  [ "$(jq -c '[.type, .preempt_count, .migrate_disable]' json | sed -n 2,5p | tr '\n' ' ')" = \
    '[310,0,0] [310,10,12] [311,255,255] [311,160,0] ' ]
}
