#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# rbmap-report on events of other kernels, made by hand; beside trace-cmd report.

load helpers
load report-helpers

setup() {
  prepare_report
}

teardown() {
  clear_up
}

@test "names in a print format are symbols, however the event is printed" {
  made x.dat <<'EOT'
event preemptirq irq_disable 310
field u32 caller_offs;8;4;0
field u32 parent_offs;12;4;0
print "caller=%pS parent=%pS", (void *)((unsigned long)(_stext) + REC->caller_offs), (void *)((unsigned long)(_stext) + REC->parent_offs)
event test slow 311
field u32 offset;8;4;0
field char comm[4];12;4;0
print "%ls%pS %lx", REC->comm, (void *)((unsigned long)(_stext) + REC->offset), (unsigned long)(second_function)
event test unknown 312
field u32 offset;8;4;0
print "%d %s", REC->offset + no_function, REC->offset ? "_stext" : "first_function"
record 0 1000000000 310 100 4:0x104 4:0x208
record 0 1000001000 311 100 4:0x208 4:0
record 0 1000002000 312 100 4:5
EOT
  prints x.dat <<'EOT'
cpus=1
irq_disable:          caller=first_function+0x4 parent=second_function+0x8
slow:                 second_function+0x8 ffffffff81000200
unknown:              5 _stext
EOT
  # libtraceevent, which prints what is not compiled, knows the symbols as well.
  show --stat -v x.dat | sed '1,/WHY/d' >stat
  [[ $(cat stat) == test:slow\ *" a string of wide characters" ]]
}
