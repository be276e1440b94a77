#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The cost of recording, for rbmap-record and other recorders: CPU seconds of the
# recorder, slowdown of the load, lost events.
#
# The load calls getppid(2) on the last CPU as fast as it can, with raw_syscalls:* of
# all CPUs recorded: two events per call. Each round runs each candidate once, so other
# activity of the machine affects all of them. The medians over the rounds are reported.
#
# Candidates:
#   untraced        the load alone
#   unread          tracing into a ring that is not read
#   rbmap-E-Nk      rbmap-record, engine E, sub-buffers of N KB, not compressed
#   rbmap-E-Nk-direct  the same with --direct
#   trace-cmd       trace-cmd record with its defaults; since 3.0 it compresses at the end
#   trace-cmd-raw   the same with --compression none
#   plain-M-Nk      plain.c: poll(2), and read(2) and write(2), or splice(2)
#
# Columns:
#   CPU, user, sys  seconds of the recorder and all its children, from start to end,
#                   without the load and the kernel's writeback
#   fixed           the part of it that an empty recording takes (one run): formats,
#                   symbols...
#   CPU/M, net/M    seconds per million recorded events; net: without the fixed part
#   load            seconds that the load took; then the ratio to the untraced load, and
#                   to the load with the unread ring
#   stop            seconds from SIGINT to the end of the recorder
#   events, lost    millions written to the ring meanwhile; lost, by the kernel's counters
#
# The following is the same for all: the size of the ring buffer; the output directory; no
# events of the recorder's own processes (set_event_notrace_pid, which trace-cmd does not
# set itself), and the check for them also in the unread ring; a load that starts once
# events are enabled.
set -u

usage() {
  cat <<'TEXT'
usage: sudo tests/bench/record.sh [options]

  --rounds N         run each candidate N times and report medians (default 5)
  --calls N          let the load call getppid(2) N times (default 4000000)
  -b, --buffer-size KB  size of the ring buffer of each CPU (default 16384)
  --bin DIR          directory of rbmap-record (default $RBMAP_BIN or build/release/cli)
  --output-dir DIR   write each trace to DIR and remove it (default $TMPDIR or /var/tmp)
  --only REGEX       run only the candidates that match, and untraced and unread
  --json FILE        write the numbers of each run and the medians as JSON ('-': to
                     standard output, instead of the table)
  --help             show this text

Exit status: 0 success, 1 a candidate failed or no rbmap-record could run, 2 usage error,
77 a requirement is missing.
TEXT
}

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/bench/common.bash
source "$here/common.bash"
# shellcheck source=tests/bench/recorders.bash
source "$here/recorders.bash"
# shellcheck disable=SC2034 # parse() uses it
options=(--rounds --calls --buffer-size -b --bin --output-dir --only --json)
calls=4000000

start_rbmap() {
  local _ engine size direct
  IFS=- read -r _ engine size direct <<<"$1"
  start 'rbmap-record-%' "$bin/rbmap-record" -q -e raw_syscalls -b "$buffer_kb" \
    --subbuf-size "${size%k}" --engine "$engine" --compress=none ${direct:+--direct} \
    -o "$out/trace.dat" \
    --summary "$work/summary"
}

start_plain() {
  local _ mode size name=rbmap-bench-$$-$1
  IFS=- read -r _ mode size <<<"$1"
  start "$name" "$work/plain" "$mode" "$tracing/instances/$name" "$buffer_kb" \
    "${size%k}" "$out/trace" "$work/summary"
}

start_candidate() {
  case $1 in
  rbmap-*) start_rbmap "$1" ;;
  trace-cmd*) start_trace_cmd "$1" ;;
  plain-*) start_plain "$1" ;;
  esac
}

# Sets written and lost, as the recorder has them from the kernel.
count_events() {
  case $1 in
  rbmap-*) jq -r '"\(.total.written) \(.total.lost)"' "$work/summary" ;;
  plain-*) jq -r '"\(.written) \(.lost)"' "$work/summary" ;;
  trace-cmd*) trace-cmd report --stat "$out/trace.dat" 2>/dev/null | add_counters ;;
  esac >"$work/events" && read -r written lost <"$work/events"
}

choose_candidates() {
  local name
  candidates=(untraced unread)
  for name in rbmap-{observe,mapped,read}-{4,64}k rbmap-observe-64k-direct trace-cmd trace-cmd-raw \
    plain-{read,splice}-{4,64}k; do
    [[ ! $name =~ $only ]] || candidates+=("$name")
  done
}

# Everything, as one document.
tell_json() {
  describe_machine | jq --argjson cpu "$load_cpu" --argjson calls "$calls" \
    --slurpfile results "$work/results" \
    '.load = {calls: $calls, cpu: $cpu, events: (2 * $calls)} | .candidates = $results[0]'
}

tell_table() {
  echo "rounds: $rounds; $calls getppid() calls on CPU $load_cpu of $(nproc --all)," \
    "$buffer_kb KB for each CPU; medians"
  jq -r '.[] | .median as $m | [.name, $m.cpu_seconds, $m.user_seconds,
    $m.system_seconds, .fixed_cpu_seconds, $m.cpu_per_million, $m.net_cpu_per_million,
    $m.load_seconds, $m.load_to_untraced, $m.load_to_unread, $m.stop_seconds,
    (if $m.written then $m.written / 1e6 else null end), $m.lost, .error] | @tsv' \
    "$work/results" | awk -F '\t' -f "$source_dir/tests/bench/record-table.awk"
}

parse "$@"
online=$(cat /sys/devices/system/cpu/online)
load_cpu=${online##*[-,]}
load_events=$((2 * calls))
check_recording
make_work
build_programs plain
load=("$work/syscall-load" "$load_cpu" "$calls")
choose_candidates
tell_noise
look_at_candidates
run_rounds
tell_results
exit "$status"
