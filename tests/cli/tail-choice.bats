#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# Which events rbmap-tail shows, and what it refuses.

load helpers
load tail-helpers

setup() {
  prepare_tail
}

teardown() {
  clear_up_tails
}

@test "bad input is one line and a hint" {
  need_ring
  gives 2 "-n 'x': not a number of events" -n x
  gives 2 "-n '-1': not a number of events" -n -1
  gives 2 "--format 'dat': unknown; choose text or json" --format dat
  gives 2 "-e: the name of the event is empty" -e ''
  gives 2 "a filter is already given" -e sched -F 'pid == 1' -F 'pid == 2'
  gives 2 "precedes the first -e" -F 'pid == 1' -e sched
  gives 2 "'operand': unexpected argument" operand
  gives 2 "-M 'x': not a CPU list" -B "$instance" -M x
  gives 2 "-B '../x': not a valid instance name" -B ../x
  gives 2 "--nope: no such option" --nope
  gives 2 "-n: needs a value" -n
  gives 2 "-e 'nothing': no such event" -B "$instance" -e sched -e nothing
  gives 2 "-e 'sched:nothing': no such event" -B "$instance" -e sched:nothing
  gives 1 "/instances/rbmap-test-nothing: no such instance" -B rbmap-test-nothing
}

@test "a bad filter: what is wrong with it, and where" {
  need_ring
  local filter what switch=(-B "$instance" -e sched:sched_switch)
  while IFS=@ read -r filter what; do
    gives 2 "accepts this filter: $what" "${switch[@]}" -F "$filter"
  done <<'END'
nonsense > 3@no such field, at character 1
prev_pid == 1 && nonsense > 3@no such field, at character 18
prev_pid ==@a number is missing, at character 12
prev_pid@an operator is missing, at character 9
prev_pid = 1@an operator is missing
prev_pid == x@a number is missing, at character 13
prev_pid == 1x@this is not a number
prev_pid == 99999999999999999999@the number is too large
prev_pid ~ 1@~ applies only to strings
prev_comm == sh@a quoted string is missing
prev_comm == "sh@the string is not terminated
prev_comm > "sh"@strings are compared with
(prev_pid == 1@&&, || or ) is missing, at character 15
prev_pid == 1)@&& or || is missing, at character 14
prev_pid == 1 && @a field is missing
common_flags == -1@the field is never negative
prev_comm.ustring == "x"@only the kernel can evaluate this
@a field is missing, at character 1
END
  for filter in '(' '!'; do
    run -2 "$tail" "${switch[@]}" -F "$(printf '%100000s' '' | tr ' ' "$filter")"
    [[ $output == *"Try 'rbmap-tail --help'." ]]
  done
  gives 2 "no event accepts this filter: no such field" -B "$instance" -F 'nonsense == 1'
}

@test "-M: only these CPUs" {
  need_ring
  need_two_cpus
  markers 1 50
  show -n all -M 1 | text_marker_list >list
  [ "$(cut -d ' ' -f 1 list | uniq -c | tr -s ' ')" = " 50 1" ]
}

@test "-e: a system, an event, a glob; the last that names an event counts" {
  local one two
  need_ring
  echo $BASHPID >"$ring/set_event_pid"
  echo 1 >"$ring/options/event-fork"
  echo 1 >"$ring/events/sched/enable"
  sh -c 'true; /bin/true; /bin/true'
  echo 0 >"$ring/events/sched/enable"
  mark here
  events() { show -n all --format json "$@" | jq -r .event | sort -u | paste -sd ' '; }
  [ "$(events -e sched:sched_process_exec)" = sched_process_exec ]
  [ "$(events -e sched_process_exec)" = sched_process_exec ]
  [ "$(events -e 'sched:sched_process_ex*')" = 'sched_process_exec sched_process_exit' ]
  [ "$(events -e '*_process_exec' -e print)" = 'print sched_process_exec' ]
  [ "$(events -e ftrace)" = print ]
  [ "$(events -e power)" = '' ]
  one=$(events -e sched)
  [[ " $one " == *' sched_switch '* && $one != *print* ]]
  [ "$(events -e all)" = "$(events)" ]
  [ "$(events -e sched -F 'common_type == 0' -e sched_process_exec)" = sched_process_exec ]
  [ "$(show -n 1 -e sched_process_exec | grep -c exec:)" = 1 ]
}

# Not with a glob that is only the end of a string of fixed size: the kernel compares that
# with the end of the field.
@test "-F takes what the kernel's filter takes" {
  local filter event
  need_ring
  second=$ring-filtered
  mkdir "$second"
  while IFS=@ read -r event filter; do
    for dir in "$ring" "$second"; do
      echo >"$dir/trace"
      echo $BASHPID >"$dir/set_event_pid"
      echo 1 >"$dir/options/event-fork"
    done
    echo "$filter" >"$second/events/$event/filter"
    echo 1 >"$second/events/$event/enable"
    echo 1 >"$ring/events/$event/enable"
    sh -c '/bin/true; /bin/false; /bin/ls / >ls; exit 0'
    echo 0 >"$ring/events/$event/enable"
    echo 0 >"$second/events/$event/enable"
    show -n all --format json -e "${event/\//:}" -F "$filter" | jq -c '[.pid, .fields]' >mine
    timeout 20 "$tail" -B "${second##*/}" -n all --format json | jq -c '[.pid, .fields]' >kernel
    [ -s kernel ] || { echo "the kernel has none: $filter"; return 1; }
    # Those of this shell differ: it enables one behind the other.
    diff <(jq -c "select(.[0] != $BASHPID)" mine) <(jq -c "select(.[0] != $BASHPID)" kernel) ||
      { echo "$filter"; return 1; }
  done <<'END'
sched/sched_process_exec@filename == "/bin/true"
sched/sched_process_exec@filename != '/bin/true'
sched/sched_process_exec@filename ~ "*true" || filename ~ "/bin/l*"
sched/sched_process_exec@!(filename ~ "*f?lse") && common_pid > 0x1
sched/sched_process_exit@comm == "true" || comm ~ "l*s" && prio >= 0
sched/sched_process_exit@comm ~ "[tl]*" && !(prio < 100)
sched/sched_process_exit@pid & 1 || common_pid != -1 && cpu >= 0
sched/sched_process_fork@parent_comm ~ "*s*" && (child_pid > 1 && child_pid <= 4194304)
END
}

@test "-F without -e: of the events that have the fields" {
  need_ring
  markers 1 100
  show -n all -F 'buf ~ "*9 cpu0?" && cpu == 0' | text_marker_list >list
  [ "$(wc -l <list)" = 10 ]
  [ "$(awk '$1 != 0 || $2 % 10 != 9' list)" = '' ]
  # The name of a command is known of those that live. Of those that do not, the kernel may
  # say the name of somebody who had the pid before: nobody ever had this one.
  printf %s "alive-$BASHPID" >/proc/self/comm
  echo alive >"$ring/trace_marker"
  show -n all -F "comm == 'alive-$BASHPID'" >list
  grep -q 'alive$' list || { show -n 3; cat list; return 1; }
  [ "$(wc -l <list)" = 1 ]
}
