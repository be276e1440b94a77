#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# rbmap-report --format csv.

load helpers
load report-helpers

setup() {
  prepare_report
}

teardown() {
  clear_up
}

# refuses TEXT OPTION...: a usage error of one line, and how to get help.
refuses() {
  run -2 --separate-stderr show --format csv "${@:2}"
  [[ ${stderr_lines[0]} == "rbmap-report: $1" ]] || { echo "$stderr"; return 1; }
  [ "${#stderr_lines[@]}" -le 2 ]
  [ -z "$output" ]
}

every_kind() {
  make_trace x.dat <<'END'
task 100 worker
task 101 com,ma
task 102 "quo"ted"
event test every 400
field 8 1 0 bool flag
field 9 1 1 s8 tiny
field 10 2 0 u16 small
field 12 4 1 int number
field 16 8 0 u64 large
field 24 4 0 u8 mac[4]
field 28 4 0 __data_loc u32[] list
field 32 4 0 __data_loc char[] name
field 36 3 0 struct odd odd
print "%d", REC->number
event test other 401
field 8 4 1 int number
print "%d", REC->number
record 1000 400 0 0 100 1:1 1:-128 2:65535 4:-2147483648 8:18446744073709551615 1:1 1:2 1:3 1:255 4:524328 4:327728 3"abc" 1"" 4:7 4:4294967295 "plain"
record 2000 401 0 0 100 4:1
record 3000 400 0 0 101 1:0 1:0 2:0 4:0 8:0 1:0 1:0 1:0 1:0 4:0 4:524328 3"" 1"" "a \x22b\x22,\n"
record 4000 400 0 0 102 1:0 1:0 2:0 4:0 8:0 1:0 1:0 1:0 1:0 4:0 4:327720 3"" 1"" "\x1b[2Jx"
record 5000 400 0 0 0 1:0 1:0 2:0
END
}

@test "--format csv: a header, numbers with all digits, text in quotes where it must be" {
  every_kind
  show --format csv -e every x.dat | sed $'s/\x1b/ESC/' >csv
  diff - csv <<END
common_timestamp,common_cpu,common_pid,common_comm,common_lost,flag,tiny,small,number,large,mac,list,name,odd
1000,0,100,worker,0,1,-128,65535,-2147483648,18446744073709551615,"[1,2,3,255]","[7,4294967295]",plain,"[97,98,99]"
3000,0,101,"com,ma",0,0,0,0,0,0,"[0,0,0,0]","[]","a ""b"",
","[0,0,0]"
4000,0,102,"""quo""ted""",0,0,0,0,0,0,"[0,0,0,0]","[]",ESC[2Jx,"[0,0,0]"
5000,0,0,<idle>,0,0,0,0,,,,,,
END
  show --format csv --escape -e every x.dat | grep -xF \
    '4000,0,102,"""quo""ted""",0,0,0,0,0,0,"[0,0,0,0]","[]",\x1b[2Jx,"[0,0,0]"'
}

@test "--format csv: one event, chosen as otherwise" {
  every_kind
  show --format csv -e 'test:eve*' -F 'number < 0' x.dat | cut -d , -f 1 >csv
  diff - csv <<<$'common_timestamp\n1000'
  show --format csv -e every --from 3000 --to 4000 -j 2 x.dat | grep -c '^[34]000,' | diff - <(echo 2)
  refuses '--format csv: choose one event, as in -e sched:sched_switch' x.dat
  refuses '--format csv: -e chooses 2 events; choose one, as in -e sched:sched_switch' -e test x.dat
  refuses '--format csv: not with --stat or --check' --stat x.dat
  refuses '--ts delta: not with --format csv' --ts delta -e every x.dat
  refuses '--latency: not with --format csv' -l -e every x.dat
}

@test "--format csv: the values of JSON, of a recording" {
  need jq
  record -q -e sched:sched_switch -o x.dat bash -c 'for i in 1 2 3; do /bin/true; done'
  show --format csv --ts mono -e sched_switch x.dat | tr -d '"' >csv
  show --format json --ts mono -e sched_switch x.dat | jq -r 'select(.event) |
    [.ts, .mono, .cpu, .pid, .comm, .fields[]] | map(tostring) | join(",")' | tr -d '"' >json
  [ "$(wc -l <json)" -gt 10 ]
  [[ $(head -n 1 csv) == common_timestamp,common_mono,common_cpu,common_pid,common_comm,common_lost,prev_comm,* ]]
  diff json <(tail -n +2 csv | sed -E 's/^(([^,]*,){5})[0-9]*,/\1/')
}

@test "--format csv: the buffer where there are several, and losses" {
  local made=${RBMAP_BUILD:-}/tests/made-files
  [ -x "$made" ] || skip "made-files was not built"
  "$made" .
  show --format csv -e number 7-little-64-zstd.dat >csv
  [ "$(head -n 1 csv)" = common_timestamp,common_buffer,common_cpu,common_pid,common_comm,common_lost,number ]
  [ "$(grep -c ',other,' csv)" = 24 ]
  [ "$(grep -c ',"",' csv)" = 24 ]
  [ "$(grep -c ',3,4$' csv)" = 2 ]
  # A loss before what is not shown comes with the next row of its CPU.
  show --format csv -e number -F 'number == 6' 7-little-64-zstd.dat | grep -c '^1062,.*,1,5,.*,3,6$' | diff - <(echo 2)
}

@test "--format csv: damage is told, and what is intact is printed" {
  every_kind
  head -c -10 x.dat >y.dat
  run -1 --separate-stderr show --format csv -e every y.dat
  [[ ${lines[1]} == 1000,0,100,* ]]
  [[ $stderr == *'y.dat: at byte '* ]]
}
