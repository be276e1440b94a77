#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Control characters in the names and strings of events, in what reaches a terminal.

load helpers
load report-helpers

setup() {
  prepare_report
  tail=$RBMAP_BIN/rbmap-tail
}

teardown() {
  clear_up
}

# The print formats of slow and stack are left to libtraceevent.
control_file() {
  make_trace control.dat <<'END'
task 100 \x1b[31mred
function ffffffff81000100 first_function
function ffffffff81000200 second_function
event test e_str 330
field 8 48 1 char s[48]
print "s=%s", REC->s
event test slow 331
field 8 48 1 char s[48]
field 56 4 1 int a
print "s=%s a=%.*d", REC->s, 1, REC->a
event ftrace kernel_stack 4
field 8 4 1 int size
field 16 64 0 unsigned long caller[8]
print "\t=> %ps\n", (void *)REC->caller[0]
record 1000000000 330 0 0 100 48"\x1b]0;title\x07"
record 1000001000 330 0 0 100 48"x\n          root-1     [000]     9.0: forged: y"
record 1000002000 331 0 0 100 48"x\n\t\x7f\xc2\x9b\x9b\xc3\xa4\xe2\x82\xac\xff" 4:7
record 1000003000 4 0 0 100 4:1 4:0 8:0xffffffff81000104
END
}

escaped_lines() {
  cat <<'END'
cpus=1
        \x1b[31mred-100   [000]     1.000000: e_str:                s=\x1b]0;title\x07
        \x1b[31mred-100   [000]     1.000001: e_str:                s=x\n          root-1     [000]     9.0: forged: y
        \x1b[31mred-100   [000]     1.000002: slow:                 s=x\n\t\x7f\xc2\x9b\x9bä€\xff a=7
        \x1b[31mred-100   [000]     1.000003: kernel_stack:         <stack trace >
=> first_function (ffffffff81000104)
END
}

# on_terminal FILE COMMAND [ARG]...: with a terminal as its standard output, to FILE.
on_terminal() {
  local command
  printf -v command '%q ' "${@:2}"
  timeout $((60 * slowdown)) script -qec "$command" typescript </dev/null >/dev/null
  sed -e '1{/^Script started/d}' -e '${/^Script done/d}' typescript | sed -e '$ { /^$/d }' | tr -d '\r' >"$1"
}

@test "rbmap-report: escaped with --escape and on a terminal, as it is elsewhere" {
  control_file
  show --escape control.dat | diff - <(escaped_lines)
  show --escape -j 2 control.dat | diff - <(escaped_lines)
  show control.dat >lines
  grep -q $'\e]0;title\a$' lines
  grep -q '^          root-1     \[000\]     9.0: forged: y$' lines
  need script
  on_terminal lines "$report" control.dat
  diff lines <(escaped_lines)
}

@test "rbmap-report --escape --stat: strings of the file" {
  make_trace names.dat <<'END'
option 4 [local]
option 5 on\x1b[31m
option 9 by\x07
event test e 330
field 8 4 1 int a
print "%d", REC->a
record 1000000000 330 0 0 100 4:7
END
  show --escape --stat names.dat >stat
  grep -F 'written by by\x07' stat
  grep -F 'on on\x1b[31m' stat
  run -1 grep '[[:cntrl:]]' stat
}

# marks: writes one marker, in one piece, that is to look like two lines, to the ring of the recorder.
marks() {
  env printf 'one\n\033[31mtwo\n' >"$(live_ring)/trace_marker"
}

@test "live: escaped with --escape and on a terminal" {
  need script
  start_record -q "${silent[@]}" --format text --escape -o text
  marks
  stop_record 0
  grep -F ': one\n\x1b[31mtwo' text
  start_record -q "${silent[@]}" --format text -o text
  marks
  stop_record 0
  grep $'^\e\[31mtwo$' text
  can_map || skip "the kernel cannot map ring buffers"
  mkdir "$ring"
  marks
  "$tail" --escape -B "$instance" | grep -F ': one\n\x1b[31mtwo'
  "$tail" -B "$instance" | grep $'^\e\[31mtwo$'
  on_terminal text "$tail" -B "$instance"
  grep -F ': one\n\x1b[31mtwo' text
  # shellcheck disable=SC2016
  on_terminal text "$record" -q -B "$instance" "${silent[@]}" --format text \
    bash -c 'env printf "one\n\033[31mtwo\n" >"$0/trace_marker"' "$ring"
  grep -F ': one\n\x1b[31mtwo' text
}

@test "messages have no control characters either, not even those of 8 bits" {
  run -1 --separate-stderr "$report" $'a\x1bb\xc2\x9bc\x9bd\xc3\xa4'
  [ "$stderr" = $'rbmap-report: a?b??c?d\xc3\xa4: No such file or directory' ]
}
