#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# Numbered markers on every CPU: what rbmap-record stored, and what it says was lost.

load helpers

setup() {
  prepare
  need trace-cmd jq
}

teardown() {
  clear_up
}

# The ring is passed several times while it is recorded, and never overrun.
every_number_once() {
  local last
  need_engine "$1"
  last=$(scaled 40000)
  start_record "${silent[@]}" -q --engine "$1" -b "$(scaled 512)" -o t.dat \
    --summary s.json "${@:2}"
  markers 1 "$last" "$(scaled 4000)"
  stop_record 0
  marker_list t.dat | each_once 1 "$last"
  jq -e --arg engine "$1" --argjson last "$last" '.engine == $engine and
    .total.lost == 0 and .lost == [] and .total.written == .total.delivered and
    ([.cpus[].delivered == $last] | all)' s.json
  left_nothing
}

# bursts NUMBER SIZE SEEN: where nothing is consumed, only the output tells what was taken.
# Sets $last to the last number; "SEEN LAST" is to succeed when the output has all.
bursts() {
  local burst
  for ((burst = 0; burst < $1; burst++)); do
    last=$(($2 * (burst + 1)))
    markers $(($2 * burst + 1)) $last
    wait_until 20 "$3" $last || return
  done
}

# Much sooner told than which ones.
holds_events() {
  [[ $("$RBMAP_BIN/rbmap-report" --check t.dat) == *": $(($1 * $(cpus | wc -l))) events in "* ]]
}

every_number_observed() {
  local last
  need_engine observe
  start_record "${silent[@]}" -q --engine observe -b "$(scaled 2048)" -o t.dat \
    --summary s.json "$@"
  bursts 6 "$(scaled 8000)" holds_events
  stop_record 0
  marker_list t.dat | each_once 1 "$last"
  jq -e --argjson last "$last" '.engine == "observe" and .total.lost == 0 and
    .lost == [] and .total.written == .total.delivered and .total.torn == 0 and
    .recorder.get_readers == 0 and .recorder.reads == 0 and
    ([.cpus[].delivered == $last] | all)' s.json
  left_nothing
}

# The CPU, the stamps around each hole and how many numbers it swallowed.
holes() {
  awk '$2 != latest[$1] + 1 {
      print $1, (latest[$1] ? stamp[$1] : "null"), $3, $2 - latest[$1] - 1 }
    { latest[$1] = $2; stamp[$1] = $3 }'
}

# A burst of markers while the recorder is stopped, until every CPU lost some.
overrun_it() {
  local cpu before=()
  for cpu in $(cpus); do before[cpu]=$(kernel_says "$cpu" overrun); done
  pause_record
  markers "$@"
  for cpu in $(cpus); do
    [ "$(kernel_says "$cpu" overrun)" -gt "${before[cpu]}" ]
  done
  kill -CONT "$recorder"
  wait_until 20 all_consumed
}

lost_where_the_gaps_are() {
  need_engine "$1"
  start_record "${silent[@]}" -q --engine "$1" -b 64 -o t.dat --summary s.json
  markers 1 500 300
  # A ring of 64 KB has room for 2,000.
  overrun_it 501 4000
  markers 4001 5000 300
  overrun_it 5001 8500
  markers 8501 8600
  stop_record 0
  marker_list t.dat >list
  none_twice <list
  # Recorded and lost are what was written.
  local cpu recorded
  for cpu in $(cpus); do
    recorded=$(grep -c "^$cpu " list)
    jq -e --argjson cpu "$cpu" --argjson recorded "$recorded" '.cpus[] |
      select(.cpu == $cpu) | .written == 8600 and .delivered == $recorded and
      .delivered + .overrun == 8600 and .dropped == 0 and .others == 0 and
      .unread == 0' s.json
  done
  sort -s -n -k1,1 -k2,2 list | holes >gaps
  # A sub-buffer without room behind its data has no count of what was lost before it.
  jq -r '.lost | sort_by([.cpu, .before])[] | "\(.cpu) \(.after) \(.before) \(.events)"' \
    s.json | paste -d ' ' - gaps >places
  cat places
  awk 'NF != 8 || $1 != $5 || $2 != $6 || $3 != $7 || ($4 != $8 && $4 != "null") {
    exit bad = 1 } END { exit bad || NR < 2 * cpus }' cpus="$(cpus | wc -l)" places
  jq -e --argjson lost "$(awk '{ lost += $4 } END { print lost }' gaps)" \
    '.total.lost == $lost and .total.overrun == $lost' s.json
  left_nothing
}

@test "every number once and in order: the mapping" {
  every_number_once mapped
}

@test "every number once and in order: read(2)" {
  every_number_once read
}

@test "every number once and in order: observed" {
  every_number_observed
}

@test "every number once and in order: observed, sub-buffers of 4, 8, 16 and 64 KB" {
  [ -e $tracing/buffer_subbuf_size_kb ] || skip "the kernel has one size of sub-buffers"
  local size
  for size in 4 8 16 64; do
    every_number_observed --subbuf-size "$size"
  done
}

@test "every number once and in order: sub-buffers of 4, 8, 16 and 64 KB" {
  [ -e $tracing/buffer_subbuf_size_kb ] || skip "the kernel has one size of sub-buffers"
  local size
  for size in 4 8 16 64; do
    every_number_once mapped --subbuf-size "$size"
  done
}

@test "every number once and in order: read(2) and sub-buffers of 8 and 64 KB" {
  [ -e $tracing/buffer_subbuf_size_kb ] || skip "the kernel has one size of sub-buffers"
  every_number_once read --subbuf-size 8
  every_number_once read --subbuf-size 64
}

@test "a stopped recorder: lost are the numbers that are missing, there: the mapping" {
  lost_where_the_gaps_are mapped
}

@test "a stopped recorder: lost are the numbers that are missing, there: read(2)" {
  lost_where_the_gaps_are read
}

# The kernel does not know what an observer missed: the file has to say it all.
@test "a stopped recorder: lost are the numbers that are missing, there: observed" {
  need_engine observe
  start_record "${silent[@]}" -q --engine observe -b 64 -o t.dat --summary s.json
  markers 1 500
  wait_until 20 holds_markers 500
  pause_record
  markers 501 4000
  kill -CONT "$recorder"
  wait_until 20 holds_the_last 4000
  markers 4001 4100
  stop_record 0
  marker_list t.dat >list
  none_twice <list
  local cpu recorded
  for cpu in $(cpus); do
    recorded=$(grep -c "^$cpu " list)
    [ "$recorded" -lt 4100 ]
    jq -e --argjson cpu "$cpu" --argjson recorded "$recorded" '.cpus[] |
      select(.cpu == $cpu) | .written == 4100 and .delivered == $recorded and
      .delivered + .torn == 4100 and .overrun == 0 and .unread == 0' s.json
  done
  # One stretch a CPU, so its number is known by the others.
  sort -s -n -k1,1 -k2,2 list | holes >gaps
  jq -r '.lost | sort_by([.cpu, .before])[] | "\(.cpu) \(.after) \(.before) \(.events)"' \
    s.json | diff - gaps
  # And trace-cmd tells of it at the same place.
  [ "$(trace-cmd report t.dat 2>/dev/null | grep -c 'EVENTS DROPPED')" = "$(cpus | wc -l)" ]
  left_nothing
}

holds_the_last() {
  local cpu
  marker_list t.dat >all
  for cpu in $(cpus); do
    grep -q "^$cpu $1 " all || return
  done
}

@test "what is printed was never overwritten: live lines of an observer" {
  need_engine observe
  start_record "${silent[@]}" -q --engine observe --format text -b 64 --summary s.json
  markers 1 20000
  stop_record 0
  text_marker_list <out >list
  none_twice <list
  sort -c -s -n -k3,3 list
  jq -e --argjson printed "$(wc -l <list)" '.total.delivered == $printed' s.json
}

@test "events that a full ring refuses are lost and counted" {
  make_ring
  echo 0 >"$ring/options/overwrite"
  echo 64 >"$ring/buffer_size_kb"
  start_record "${silent[@]}" -q -B "$instance" -o t.dat --summary s.json
  markers 1 500 300
  pause_record
  markers 501 4000
  kill -CONT "$recorder"
  wait_until 20 all_consumed
  markers 4001 4100
  stop_record 0
  marker_list t.dat >list
  none_twice <list
  jq -e --argjson recorded "$(wc -l <list)" --argjson all "$((4100 * $(nproc)))" '.total |
    .delivered == $recorded and .written == $all and .dropped == .lost and
    .delivered + .dropped == $all and .dropped > 0' s.json
}

@test "text, live: every number once, in time order over the CPUs" {
  local last
  start_record "${silent[@]}" -q --format text -b "$(scaled 1024)"
  bursts 2 "$(scaled 6000)" prints
  stop_record 0
  text_marker_list <out >list
  each_once 1 "$last" <list
  sort -c -s -n -k3,3 list
  [ "$(grep -vc 'print: ' out)" = 0 ]
}

@test "json, live: every number once, in time order over the CPUs" {
  local last
  start_record "${silent[@]}" -q --format json -b "$(scaled 1024)"
  bursts 2 "$(scaled 6000)" prints_json
  stop_record 0
  json_marker_list <out >list
  each_once 1 "$last" <list
  sort -c -s -n -k3,3 list
  jq -es 'all(.event == "print" and .system == "ftrace")' out
}

@test "live lines are in time order where one full ring wakes the recorder" {
  local cpu load
  need_two_cpus
  load=$(support syscall-load)
  make_ring
  echo 2048 >"$ring/buffer_size_kb"
  echo 1 >"$ring/buffer_percent"
  start_record -q -B "$instance" -C mono --format json -e raw_syscalls \
    -f 'id == '"$("$load" number)"
  for cpu in $(cpus | head -n 2); do
    "$load" "$cpu" "$(scaled 20000)" >/dev/null &
    loads[cpu]=$!
  done
  wait "${loads[@]}"
  stop_record 0
  [ "$(grep -c '"event":"sys_enter"' out)" -ge "$(scaled 20000)" ]
  jq -r .ts out | sort -c -n
}

# Before the end an observer does not know how many.
@test "live output says where events were lost" {
  local engine
  for engine in $(engines) auto; do
    start_record "${silent[@]}" -q --engine "$engine" --format json -b 64 --summary s.json
    pause_record
    markers 1 4000
    kill -CONT "$recorder"
    wait_until 20 prints_the_last 4000
    stop_record 0
    jq -se --slurpfile summary s.json '$summary[0] as $all |
      ([.[] | select(has("lost")) | [.cpu, .ts]] | sort) ==
        ([$all.lost[] | [.cpu, .before]] | sort) and $all.total.lost > 0 and
      ([.[] | select(has("lost")).lost] | if $all.engine == "observe" then all(. == null)
        else add == $all.total.lost end)' out
  done
}

@test "a marker below the watermark is printed while nothing else comes" {
  start_record "${silent[@]}" -q --format text
  markers 1 1
  wait_until 5 prints 1
  markers 2 2
  wait_until 5 prints 2
  stop_record 0
  text_marker_list <out | each_once 1 2
}

prints() {
  text_marker_list <out | each_once 1 "$1" >/dev/null
}

# Of whole lines: the last one may still be on its way.
json_marker_list() {
  grep '}$' | jq -r 'select(.fields) |
    "\(.cpu) \(.fields.buf | rtrimstr("\n") | split(" ")[0]) \(.ts)"'
}

prints_json() {
  json_marker_list <out | each_once 1 "$1" >/dev/null
}

prints_the_last() {
  local cpu
  json_marker_list <out >all
  for cpu in $(cpus); do
    grep -q "^$cpu $1 " all || return
  done
}

@test "a marker below the watermark is in the file while nothing else comes" {
  start_record "${silent[@]}" -q -o t.dat
  markers 1 3
  wait_until 10 holds_markers 3
  stop_record 0
}

holds_markers() {
  marker_list t.dat | each_once 1 "$1" >/dev/null
}

@test "killed: the file holds what was stored, and trace-cmd reads it" {
  local first last
  start_record "${silent[@]}" -q -b "$(scaled 512)" -o t.dat
  bursts 4 "$(scaled 8000)" holds_events
  first=$last
  markers $((first + 1)) $((first + $(scaled 8000)))
  kill -KILL "$recorder"
  wait "$recorder" || true
  recorder=
  marker_list t.dat >list
  none_twice <list
  awk -v first="$first" '$2 == ++due[$1] { next } { exit 1 }
    END { for (cpu in due) if (due[cpu] < first) exit 1 }' list
}
