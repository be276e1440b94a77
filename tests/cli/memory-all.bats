#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Memory that cannot be had: the other ways of each command, and none from a place on.

load helpers
load memory-helpers

setup() {
  prepare_memory
  need jq
}

teardown() {
  clear_up
}

@test "rbmap-report as JSON, with choices, with jobs, and --check without memory" {
  need_all
  make_input
  each_place printed "$bin/rbmap-report" --format json "$input"
  each_place printed "$bin/rbmap-report" -e kmalloc -F 'bytes_req > 64' --ts realtime "$input"
  each_place printed "$bin/rbmap-report" -j 2 "$input"
  each_place printed "$bin/rbmap-report" --check "$input"
  each_place printed "$bin/rbmap-report" --stat --format json "$input"
}

@test "rbmap-report of version 6 without memory" {
  make_input --file-version=6
  each_place printed "$bin/rbmap-report" "$input"
}

@test "rbmap-report and rbmap-stat with no memory any more" {
  make_input
  each_place -on printed "$bin/rbmap-report" "$input"
  each_place -on printed "$bin/rbmap-report" --stat "$input"
  each_place -on words "$bin/rbmap-stat" --features
}

@test "rbmap-tail of all events, as JSON with a filter, without memory" {
  need_all
  need_engine mapped
  make_quiet_ring
  each_place lines "$bin/rbmap-tail" -B "$instance" -n all
  each_place lines "$bin/rbmap-tail" -B "$instance" --format json -e sched_process_exec \
    -F 'pid > 1'
  each_place -on lines "$bin/rbmap-tail" -B "$instance" -n all
}

@test "rbmap-stat as JSON, and what the kernel can do, without memory" {
  make_quiet_ring
  each_place words "$bin/rbmap-stat" -B "$instance" --json
  each_place words "$bin/rbmap-stat" --features
}

@test "rbmap-record with a summary without memory" {
  each_place numbers_and_summary "$bin/rbmap-record" -q "${silent[@]}" --summary s.json \
    -o t.dat -- "${three_numbers[@]}"
}

# A number in the summary is one in the file, whatever else has failed.
counts_what_is_there() {
  [ $status -le 1 ] || is_excused || return
  [ ! -s s.json ] || [ "$(jq .total.delivered s.json)" = "$(numbers_in_file 2>&1 | wc -l)" ]
}

# From the first data on the disk is full, so nothing of them is to be counted.
# shellcheck disable=SC2016,SC2034
@test "rbmap-record without memory and with a full disk: no more is counted than is there" {
  local on=() result=numbers_in_file expected=/dev/null
  shim="$shim $(support disk-shim.so)"
  is_as_it_should() { counts_what_is_there; }
  export DISK_SHIM=.
  share_places "$bin/rbmap-record" -q "${silent[@]}" --compress=none \
    --summary s.json -o t.dat -- sh -c 'touch fail &&
      cd /sys/kernel/tracing/instances/rbmap-record-$PPID* &&
      for i in $(seq 300); do
        echo "number $i, in a line that is longer than it has to be" >trace_marker
      done'
  [ "$(cat [1-4]/complaints | wc -l)" = 0 ]
  [ "$(cat [1-4]/judged | wc -l)" -gt 100 ]
}

@test "rbmap-record of version 6 without memory" {
  each_place numbers_in_file "$bin/rbmap-record" -q "${silent[@]}" --file-version=6 \
    -o t.dat -- "${three_numbers[@]}"
}

@test "rbmap-record of text without memory" {
  each_place numbers_printed "$bin/rbmap-record" -q "${silent[@]}" --format text -- \
    "${three_numbers[@]}"
}

@test "rbmap-record with no memory any more" {
  each_place -on numbers_in_file "$bin/rbmap-record" -q "${silent[@]}" -o t.dat -- \
    "${three_numbers[@]}"
}
