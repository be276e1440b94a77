#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-record killed with SIGKILL at any moment: what it leaves. RBMAP_KILLS is how often;
# RBMAP_KILLS_PEER names a Debian, such as trixie, whose trace-cmd is to read it as well.

load helpers
load report-helpers
load report-peers

setup() {
  prepare
  need trace-cmd jq
  peer=
  [ -z "${RBMAP_KILLS_PEER-}" ] || find_peer "$RBMAP_KILLS_PEER"
}

teardown() {
  stop_writing
  clear_up
}

# Numbers on every CPU without end, in a session of their own: 64 a millisecond at most, so
# that the rings hold several seconds of them whatever else the machine does.
start_writing() {
  setsid "$(support marker-writer)" "$(live_ring)" 1 100000000 0 1000 >/dev/null 2>&1 3>&- 4>&- &
  writing=$!
}

stop_writing() {
  [ -n "${writing-}" ] || return 0
  kill -- -"$writing"
  wait "$writing" || true
  writing=
}

# Each number follows the one before, from 1 on every CPU.
without_a_hole() {
  awk '$2 != latest[$1] + 1 { print "CPU", $1 ":", $2, "behind", latest[$1]
      bad = 1 } { latest[$1] = $2 } END { exit bad }'
}

# A clock in nanoseconds that the trace and the shell can both read.
monotonic() {
  awk '$1 == "now" && $2 == "at" { print $3; exit }' /proc/timer_list
}

# is_whole FILE: for both programs; adds its markers to the file list.
is_whole() {
  "$RBMAP_BIN/rbmap-report" --check "$1" >check || { echo "$1:"; cat check; return 1; } >&2
  trace-cmd report -t "$1" >raw 2>complaints || { cat complaints; return 1; } >&2
  without_flags <raw >text
  ! grep -v '^trace-cmd: No such file' complaints >&2 || return
  ! grep DROPPED text >&2 || return
  text_marker_list <text >markers
  [ -z "$peer" ] || peer_reads "$1" || return
  cat markers >>list
}

# peer_reads FILE: the same markers.
peer_reads() {
  its report -t "$1" 2>complaints | without_flags | text_marker_list | cmp - markers ||
    { cat complaints; return 1; } >&2
}

# up_to NANOSECONDS: the list has what was written until then, but for the last two seconds;
# one would do for a recorder that need not wait for a CPU.
up_to() {
  local last
  last=$(awk '$3 > last { last = $3 } END { printf "%.0f", last }' list)
  [ $(($1 - last)) -lt $((2000000000 * slowdown)) ] ||
    { echo "the last event is $(($1 - last)) ns before the end"; return 1; } >&2
}

is_written_to() {
  [ "$(kernel_says "$(cpus | head -n 1)" entries)" != 0 ]
}

# killed OPTION...: at a random moment of the first 2.5 s.
killed() {
  local before file pause
  pause=$((RANDOM % 2500))
  start_record "${silent[@]}" -C mono -b 16384 "$@" -o t.dat || return
  start_writing
  wait_until 20 is_written_to || return
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  before=$(monotonic)
  kill -KILL "$recorder"
  wait "$recorder" || true
  recorder=
  stop_writing
  : >list
  for file in $(compgen -G 't.dat*' | sort -t. -k3n); do
    is_whole "$file" || return
  done
  sort -s -n -k1,1 list | without_a_hole >&2 || return
  [ "$pause" -lt 2000 ] || up_to "$before" || return
  rm -f t.dat t.dat.*
  remove_own_rings
}

@test "killed at any moment: every file is whole, up to the last second" {
  local i options
  options=('' '--rotate 300K' '--compress=none' '--rotate 1s --file-version=6' '--rotate 1s'
    '--file-version=6' '--rotate 1M --compress=none')
  for ((i = 0; i < ${RBMAP_KILLS:-5}; i++)); do
    killed ${options[i % ${#options[@]}]} || { echo "run $i: ${options[i % ${#options[@]}]}"; return 1; } >&2
  done
}
