#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-record killed with SIGKILL at any moment: what it leaves. RBMAP_KILLS is how often.

load helpers

setup() {
  prepare
  need trace-cmd jq
}

teardown() {
  stop_writing
  clear_up
}

# Numbers on every CPU without end, in a session of their own.
start_writing() {
  setsid "$(support marker-writer)" "$(live_ring)" 1 100000000 >/dev/null 2>&1 3>&- 4>&- &
  writing=$!
}

stop_writing() {
  [ -n "${writing-}" ] || return 0
  kill -- -"$writing"
  wait "$writing" || true
  writing=
}

# Each number follows the one before, on every CPU.
without_a_hole() {
  awk '$1 in latest && $2 != latest[$1] + 1 { print "CPU", $1 ":", $2, "behind", latest[$1]
      bad = 1 } { latest[$1] = $2 } END { exit bad }'
}

# A clock in nanoseconds that the trace and the shell can both read.
monotonic() {
  awk '$1 == "now" && $2 == "at" { print $3; exit }' /proc/timer_list
}

# The time of the last event in the file, in nanoseconds.
last_time() {
  "$RBMAP_BIN/rbmap-report" --ns "$1" | sed -nE 's/^.* ([0-9]+)\.([0-9]{9}): .*/\1\2/p' | sort -n | tail -1
}

# killed OPTION...: at a random moment, while the rings are flooded.
killed() {
  local before file files pause
  pause=$((RANDOM % 2500 + 100))
  start_record "${silent[@]}" -C mono -b "$(scaled 16384)" "$@" -o t.dat
  start_writing
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  before=$(monotonic)
  kill -KILL "$recorder"
  wait "$recorder" || true
  recorder=
  stop_writing
  files=$(ls t.dat t.dat.* 2>/dev/null | sort -t. -k3n)
  for file in $files; do
    "$RBMAP_BIN/rbmap-report" --check "$file" >check || { echo "$*:"; cat check; return 1; } >&2
    trace-cmd report -t "$file" >text 2>complaints || { cat complaints; return 1; } >&2
    ! grep -v '^trace-cmd: No such file' complaints | grep . || return 1
  done
  for file in $files; do marker_list "$file"; done | sort -s -n -k1,1 | without_a_hole
  # Two seconds are for a machine that is busy.
  [ "$pause" -lt 1500 ] ||
    [ $((before - $(for file in $files; do last_time "$file"; done | sort -n | tail -1))) -lt $((2000000000 * slowdown)) ]
  rm -f t.dat t.dat.*
  remove_own_rings
}

@test "killed at any moment: every file is whole, up to the last second" {
  local i options
  options=('' '--compress=none' '--file-version=6' '--rotate 1s' '--rotate 300K'
    '--rotate 1M --compress=none' '--rotate 1s --file-version=6')
  for ((i = 0; i < ${RBMAP_KILLS:-7}; i++)); do
    killed ${options[i % ${#options[@]}]} || { echo "run $i: ${options[i % ${#options[@]}]}"; return 1; } >&2
  done
}
