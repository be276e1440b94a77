#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# JSON has names and strings beside the addresses in events.

load helpers
load report-helpers

setup() {
  prepare_report
}

teardown() {
  clear_up
}

names_file() {
  make_trace names.dat <<'END'
task 100 worker
function ffffffff81000100 first_function
function ffffffff81000200 second_function
function ffffffff81000300 third_function
string ffffffff82000010 queue
string ffffffff82000030 myevent: a=%d s=%s\n
string ffffffff82000040 just \"text\"\n
event test vidc 320
field 8 8 0 const char * event_type
field 16 4 0 u32 addr
print "%s addr=0x%x", REC->event_type, REC->addr
event test alloc 321
field 8 8 0 unsigned long call_site
field 16 8 0 const void * ptr
field 24 4 0 int gfp
print "call_site=%pS ptr=%p gfp=%*d", (void *)REC->call_site, REC->ptr, REC->gfp, REC->gfp
event ftrace bprint 6
field 8 8 0 unsigned long ip
field 16 8 0 const char * fmt
field 24 0 0 u32 buf[]
print "%ps: %s", (void *)REC->ip, REC->fmt
event ftrace bputs 14
field 8 8 0 unsigned long ip
field 16 8 0 const char * str
print "%ps: %s", (void *)REC->ip, REC->str
event ftrace kernel_stack 4
field 8 4 1 int size
field 16 64 0 unsigned long caller[8]
print "\t=> %ps\n", (void *)REC->caller[0]
event ftrace user_stack 12
field 8 4 0 unsigned int tgid
field 16 64 0 unsigned long caller[8]
print "\t=> %ps\n", (void *)REC->caller[0]
record 1000000000 320 0 0 100 8:0xffffffff82000010 4:16
record 1000001000 320 0 0 100 8:0xffffffff82000011 4:16
record 1000002000 321 0 0 100 8:0xffffffff81000104 8:0xffffffff81000204 4:1
record 1000003000 6 0 0 100 8:0xffffffff81000104 8:0xffffffff82000030 4:7 "str\x00"
record 1000004000 14 0 0 100 8:0xffffffff81000104 8:0xffffffff82000040
record 1000005000 4 0 0 100 4:3 4:0 8:0xffffffff81000104 8:5 8:0xffffffff81000208
record 1000006000 12 0 0 100 4:3 4:0 8:0xffffffff81000104
record 1000007000 6 0 0 100 8:5 8:0xffffffff82000031 4:7
END
}

@test "text of trace_printk(), strings of the kernel and names of functions" {
  need jq
  names_file
  show --format json names.dat >json
  show --format json -j 3 names.dat | cmp - json
  jq -c '[.event, .functions, .strings, .text]' json | diff - <(cat <<'END'
["vidc",null,{"event_type":"queue"},null]
["vidc",null,null,null]
["alloc",{"call_site":"first_function"},null,null]
["bprint",{"ip":"first_function"},{"fmt":"myevent: a=%d s=%s"},"myevent: a=7 s=str"]
["bputs",{"ip":"first_function"},{"str":"just \"text\""},"just \"text\""]
["kernel_stack",{"caller":["first_function",null,"second_function"]},null,null]
["user_stack",null,null,null]
["bprint",null,null,null]
END
)
  # The addresses stay as they are, with all digits.
  grep -F '"fields":{"event_type":18446744071595622416,"addr":16},"strings":{"event_type":"queue"}}' json
  grep -F '"fields":{"ip":18446744071578845444,"fmt":18446744071595622448,"buf":[7,0,0,0,115,116,114,0]}' json
}

@test "live JSON has names of functions" {
  need jq
  start_record -q "${silent[@]}" --format json -o json
  markers 1 3
  stop_record 0
  [ "$(jq -r 'select(.event == "print").functions.ip' json | sort -u)" = tracing_mark_write ]
}
