#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# Every event that a zoo of programs makes this kernel fire, beside trace-cmd report.

load helpers
load report-helpers

setup() {
  prepare_report
  # Whatever a recording of all events does, it does not fill the disk.
  ulimit -f 4000000
}

teardown() {
  clear_up
}

# How many events of the kernel's are in x.dat.
kinds() {
  show --stat x.dat | awk '$2 == "all" { print $1 }' | sort -u
}

@test "all events at once: the lines of trace-cmd report" {
  need trace-cmd
  choose_all
  zoo "${all_events[@]}"
  same_as_peer x.dat 1000
  show --check x.dat
  kinds >all
  echo "# $(wc -l <all) kinds of events of $(wc -l <$tracing/available_events)" >&3
  [ "$(wc -l <all)" -ge 100 ]
}

@test "all events at once: JSON, each line an object of its event" {
  need jq
  choose_all
  zoo "${all_events[@]}"
  show --format json x.dat >json
  [ "$(grep -vc '"cpu":[0-9]*,"lost":' json)" = "$(show x.dat | tail -n +2 | grep -cE '^ .* \[[0-9]{3,}\] +[0-9]+\.')" ]
  run -0 jq -nr '[inputs | select(has("lost") | not)] |
    map(select(((.ts | type) == "number" and (.cpu | type) == "number" and
      (.pid | type) == "number" and (.comm | type) == "string" and
      (.fields | type) == "object") | not)) | length' json
  [ "$output" = 0 ]
  kinds >all
  jq -r 'select(.event) | .system + ":" + .event' json | sort -u | cmp - all
}

@test "stacks of the kernel: the lines of trace-cmd report" {
  need trace-cmd
  make_ring
  [ -e "$ring/options/stacktrace" ] || skip "no stacks on this kernel"
  echo 1 >"$ring/options/stacktrace"
  zoo -B "$instance" -e sched:sched_switch -e sched:sched_process_exec
  echo 0 >"$ring/options/stacktrace"
  same_as_peer x.dat 100
  grep -q 'kernel_stack: ' x.dat.ours
}
