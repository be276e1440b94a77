# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Files with events of other kernels, made out of descriptions.

# made FILE: out of the description on standard input, see write-dat.c; with symbols.
made() {
  { printf 'symbol 0xffffffff81000%s00 %s\n' 0 _stext 1 first_function 2 second_function \
      3 third_function
    cat
  } | "$(support write-dat)" "$1"
}

# prints FILE: what rbmap-report prints is standard input, and what trace-cmd report prints.
# What stands before an event's own text is left out.
prints() {
  show "$1" | sed -E 's/^.*\] +[0-9]+\.[0-9]+: //' >"$1.lines"
  diff - "$1.lines"
  ! command -v trace-cmd >/dev/null || same_as_peer "$1" 1
}

# graph FILE: of a description with the events of the function graph tracer; more follows on
# standard input, where enter is "11" and exit "10".
graph() {
  {
    cat <<'EOT'
cpus 2
event ftrace funcgraph_entry 11
field unsigned long func;8;8;0
field int depth;16;4;1
print "--> %ps (%d)", (void *)REC->func, REC->depth
event ftrace funcgraph_exit 10
field unsigned long func;8;8;0
field unsigned long long calltime;16;8;0
field unsigned long long rettime;24;8;0
field unsigned long overrun;32;8;0
field int depth;40;4;1
print "<-- %ps (%d) (start: %llx  end: %llx) over: %d", (void *)REC->func, REC->depth, REC->calltime, REC->rettime, REC->overrun
EOT
    cat
  } | made "$1"
}

# Of two CPUs and two tasks.
calls() {
  graph x.dat <<'EOT'
record 0 1000000000 11 100 8:0xffffffff81000100 4:0
record 0 1000001000 11 100 8:0xffffffff81000200 4:1
record 0 1000003000 10 100 8:0xffffffff81000200 8:1000 8:2500 8:0 4:1
record 0 1000004000 11 100 8:0x1234 4:1
record 0 1000020000 10 100 8:0x1234 8:4000 8:19000 8:0 4:1
record 0 1000021000 10 100 8:0xffffffff81000100 8:0 8:20500 8:0 4:0
record 0 1000030000 11 100 8:0xffffffff81000200 4:0
record 1 1000030500 11 101 8:0xffffffff81000100 4:0
record 0 1000031000 10 100 8:0xffffffff81000200 8:30000 8:30900 8:0 4:0
record 1 1000032000 10 101 8:0xffffffff81000100 8:30500 8:31900 8:0 4:0
record 1 1000033000 11 101 8:0x1234 4:0
record 1 1000034000 10 101 8:0x1235 8:33000 8:34000 8:0 4:0
EOT
}

# characters FILE: conversions that libtraceevent learnt between 1.7.1 and 1.8.4.
characters() {
  made "$1" <<'EOT'
event test mark_char 300
field char kind;8;1;0
field int pid;12;4;1
field __data_loc char[] name;16;4;0
field int value;20;4;1
print "%c|%d|%s|%d", REC->kind, REC->pid, __get_str(name), REC->value
event test plus 301
field int d;8;4;1
print "delta %+d end %d", REC->d, 7
event test quote 302
field unsigned char on;8;1;0
field int v;12;4;1
print "%c %d", REC->on ? 'Y' : 'N', REC->v
event test array 303
field u8 a[4];8;4;0
print "a=%s", __print_array(REC->a, 4, 1)
event test array_dyn 304
field __data_loc u32[] a;8;4;0
print "a=%s", __print_array(__get_dynamic_array(a), __get_dynamic_array_len(a) / 4, 4)
record 0 1000000000 300 100 1:66 z3 4:4711 4:0x60018 4:42 sframe z3
record 0 1000001000 301 100 4:5
record 0 1000002000 302 100 1:1 z3 4:9
record 0 1000003000 303 100 1:1 1:2 1:10 1:255
record 0 1000004000 304 100 4:0x8000c 4:7 4:256
EOT
}
