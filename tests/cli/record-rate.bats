#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# As fast as the kernel writes: eight million events with the default settings into a file,
# some hundred thousand as lines; fewer on a machine that is slow.

load helpers

setup() {
  prepare
  need trace-cmd jq
  # What users run: a sanitizer costs more than a recorder has time for.
  record=${RBMAP_BIN_RELEASE:-$RBMAP_BIN}/rbmap-record
  be_alone
  come_first
}

need_speed() {
  ! ldd "$record" | grep -qE 'lib[atu]+bsan|libasan|libtsan' ||
    skip "needs a build without sanitizers: RBMAP_BIN_RELEASE"
  [ "$(df --output=avail -k . | tail -n 1)" -gt "$(scaled 1500000)" ] ||
    skip "needs 1.5 GB of disk"
  need_two_cpus
}

teardown() {
  [ -z "${busy-}" ] || kill "$busy" 2>/dev/null || true
  rm -f t.dat lines
  clear_up
}

# record_calls CALLS: of so many system calls, each is in the file.
record_calls() {
  local load cpu calls size=()
  load=$(support syscall-load)
  cpu=$(cpus | tail -n 1)
  ulimit -f 4000000
  calls=$(scaled "$1")
  # An emulated CPU may stand still for longer than it takes to fill a ring.
  [ "$slowdown" = 1 ] || size=(-b 64M)
  run -0 record -e raw_syscalls "${size[@]}" -o t.dat --summary s.json -- \
    "${as_usual[@]}" "$load" "$cpu" "$calls"
  echo "$output"
  jq -e --argjson calls "$calls" '.total |
    .lost == 0 and .written == .delivered and .delivered >= 2 * $calls' s.json
}

@test "4,000,000 system calls: every event is in the file, none lost" {
  need_speed
  record_calls 4000000
  # Its first line says how many CPUs there are.
  [ "$(($(trace-cmd report t.dat 2>/dev/null | wc -l) - 1))" = "$(jq .total.delivered s.json)" ]
}

# The recorder runs on the CPU of the load then: it finds nothing new at many looks, and
# rests, although the next event comes at once.
@test "3,000,000 system calls beside a busy process of another session: none lost" {
  need_speed
  "${as_usual[@]}" setsid sh -c 'while :; do :; done' 3>&- &
  busy=$!
  record_calls 3000000
}

# live FORMAT [OPTION]...: system calls as lines, to the file lines.
live() {
  local load cpu
  load=$(support syscall-load)
  cpu=$(cpus | tail -n 1)
  ulimit -f 4000000
  record -q -e raw_syscalls --format "$1" --summary s.json "${@:2}" -- \
    "${as_usual[@]}" sh -c '"$0" "$@" >/dev/null' "$load" "$cpu" "$(scaled 100000)"
}

# "EVENTS LOST UNKNOWN" of the lines: how many events, how many told as lost, and how often
# without a number.
count_text() {
  awk '/^CPU:[0-9]+ \[[0-9]+ EVENTS DROPPED\]$/ { sub(/.*\[/, ""); lost += $1; next }
    /^CPU:[0-9]+ \[EVENTS DROPPED\]$/ { unknown++; next }
    / \[[0-9]+\] +[0-9]+\.[0-9]+: sys_(enter|exit): +NR / { events++; next }
    { print; exit }
    END { print events + 0, lost + 0, unknown + 0 }' lines
}

count_json() {
  jq -nr 'reduce inputs as $line ([0, 0, 0];
    if ($line | has("lost")) then
      if $line.lost == null then .[2] += 1 else .[1] += $line.lost end
    elif $line.system == "raw_syscalls" and ($line.fields | has("id")) then .[0] += 1
    else error("no event: \($line)") end) | map(tostring) | join(" ")' lines
}

# all_told FORMAT: the lines and the summary say the same.
all_told() {
  local events lost unknown
  read -r events lost unknown < <("count_$1")
  echo "$1: $events events, $lost lost, $unknown times an unknown number: $(jq -c .total s.json)"
  jq -e --argjson events "$events" --argjson lost "$lost" --argjson unknown "$unknown" \
    --argjson calls "$(scaled 100000)" '.total |
    .delivered == $events and .written == .delivered + .lost and
    .written >= 2 * $calls and
    (.lost == $lost or ($unknown > 0 and .lost > $lost))' s.json
}

@test "live, to a file and to a pipe: a line for each event, and what is lost is told" {
  local format
  for format in text json; do
    live "$format" -o lines
    all_told "$format"
    live "$format" | cat >lines
    [ "${PIPESTATUS[0]}" = 0 ]
    all_told "$format"
  done
}

@test "live, from a ring that is too small: what is lost is told" {
  local format
  # One that comes first keeps up even so.
  ahead=()
  as_usual=()
  for format in text json; do
    live "$format" -b 16 -o lines
    all_told "$format"
    [ "$(jq .total.lost s.json)" -gt 0 ]
  done
}
