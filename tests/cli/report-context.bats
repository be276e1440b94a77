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
print "a=%.*d", 1, REC->a
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

@test "-l: the columns of trace-cmd report -l" {
  context_file
  show -l rt.dat >lines
  show -l -j 2 rt.dat | cmp - lines
  cmp lines - <<'END'
cpus=1
  worker-100     0dNs211     1.000000: wake_rt:              comm=rtworker pid=555
a-very-l-101     0.....0     1.000001: wake_rt:              comm=rtworker pid=555
       x-1234567   0..ha.12     1.000002: wake_rt:              comm=rtworker pid=555
  <idle>-0       0X.Hff255     1.000003: slow:                 a=5
  worker-100     0....a0     1.000004: slow:                 a=5
[UNKNOWN EVENT][UNKNOWN EVENT][UNKNOWN EVENT] (NULL):               [UNKNOWN EVENT]
END
}

# same_columns FILE [OPTION]...
same_columns() {
  trace-cmd report -l "${@:2}" "$1" 2>/dev/null >peer
  show -l "$1" "${@:2}" >ours
  cmp peer ours || { diff peer ours | head -n 20 >&2; return 1; }
}

@test "-l: line by line as trace-cmd report -l prints it" {
  need trace-cmd
  context_file
  same_columns rt.dat
  record_some -e sched -e irq -e raw_syscalls -e preemptirq x.dat || record_some -e sched -e irq x.dat
  show -l x.dat >ours
  without_early_names <ours >ours.names
  trace-cmd report -l x.dat 2>/dev/null | without_early_names >peer.names
  [ "$(wc -l <peer.names)" -gt 100 ]
  cmp peer.names ours.names || { diff peer.names ours.names | head -n 20 >&2; return 1; }
}

@test "-l goes only with text" {
  context_file
  run -2 --separate-stderr show -l --format json rt.dat
  [[ $stderr == *'--latency: not with --format json'* ]]
  run -2 --separate-stderr show --latency --stat rt.dat
  [[ $stderr == *'--latency: not with --stat or --check'* ]]
}
