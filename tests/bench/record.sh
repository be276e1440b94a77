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
#   rbmap-E-Nk      rbmap-record, engine E, sub-buffers of N KB
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

tracing=/sys/kernel/tracing
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${RBMAP_BIN:-$source_dir/build/release/cli}
output_dir=${TMPDIR:-/var/tmp}
rounds=5
calls=4000000
buffer_kb=16384
only=
json=
work=
measure=
recorder=
instances=()
candidates=()
failed=' '
status=0
shim=()
# shellcheck source=tests/bench/common.bash
source "$source_dir/tests/bench/common.bash"
# shellcheck source=tests/bench/recorders.bash
source "$source_dir/tests/bench/recorders.bash"

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --rounds | --calls | --buffer-size | -b | --bin | --output-dir | --only | --json)
      [ $# -gt 1 ] || usage_error "$1 needs a value" ;;
    *) usage_error "'$1': unknown" ;;
    esac
    case $1 in
    --rounds) need_number "$1" "$2"; rounds=$2 ;;
    --calls) need_number "$1" "$2"; calls=$2 ;;
    --buffer-size | -b) need_number "$1" "$2"; buffer_kb=$2 ;;
    --bin) bin=$2 ;;
    --output-dir) output_dir=$2 ;;
    --only) only=$2 ;;
    --json) json=$2 ;;
    esac
    shift 2
  done
}

check_needs() {
  local tool
  for tool in jq awk cc df; do
    [ -n "$(command -v "$tool")" ] || missing "$tool is not installed"
  done
  [ "$(id -u)" = 0 ] || missing 'root is needed (run: sudo tests/bench/record.sh)'
  [ "$(stat -f -c %T "$tracing" 2>/dev/null)" = tracefs ] ||
    missing "tracefs is not mounted at $tracing (mount -t tracefs nodev $tracing)"
  [ -e "$tracing/events/raw_syscalls" ] ||
    missing 'the kernel has no raw_syscalls events'
  [ -e "$tracing/set_event_notrace_pid" ] ||
    missing 'the kernel has no set_event_notrace_pid: recorders would record themselves'
  [ "$(nproc --all)" -ge 2 ] || missing 'at least two CPUs are needed'
  [ -x "$bin/rbmap-record" ] ||
    missing "$bin/rbmap-record is not there: build the release preset, or say --bin DIR"
  ! ldd "$bin/rbmap-record" 2>/dev/null | grep -qE 'lib[at]san' ||
    missing "$bin/rbmap-record has sanitizers in it: build the release preset"
  [ -d "$output_dir" ] || missing "$output_dir is not a directory"
  check_space
  check_memory
}

run_load() {
  load_seconds=$("$work/syscall-load" "$load_cpu" "$calls") ||
    fail "the load failed on CPU $load_cpu"
}

start_rbmap() {
  local _ engine size direct
  IFS=- read -r _ engine size direct <<<"$1"
  start 'rbmap-record-%' "$bin/rbmap-record" -q -e raw_syscalls -b "$buffer_kb" \
    --subbuf-size "${size%k}" --engine "$engine" ${direct:+--direct} -o "$out/trace.dat" \
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
  jq --arg kernel "$(uname -r)" --arg machine "$(uname -m)" \
    --arg processor "$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)" \
    --arg rbmap "$("$bin/rbmap-record" --version 2>/dev/null | head -n 1)" \
    --arg shim "${shim[*]:+yes}" --argjson cpus "$(nproc --all)" \
    --argjson cpu "$load_cpu" --argjson calls "$calls" --argjson buffer "$buffer_kb" \
    '{kernel: $kernel, machine: $machine, processor: $processor, cpus: $cpus,
      rbmap_record: $rbmap, trace_cmd_needs_shim: ($shim == "yes"),
      load: {calls: $calls, cpu: $cpu, events: (2 * $calls)}, buffer_kb: $buffer,
      candidates: .}' "$work/results"
}

tell_table() {
  echo "rounds: $rounds; $calls getppid() calls on CPU $load_cpu of $(nproc --all)," \
    "$buffer_kb KB for each CPU; medians"
  jq -r '.[] | .median as $m | [.name, $m.cpu_seconds, $m.user_seconds,
    $m.system_seconds, .fixed_cpu_seconds, $m.cpu_per_million, $m.net_cpu_per_million,
    $m.load_seconds, $m.load_to_untraced, $m.load_to_unread, $m.stop_seconds,
    (if $m.written then $m.written / 1e6 else null end), $m.lost, .error] | @tsv' \
    "$work/results" | awk -F '\t' -f "$source_dir/tests/bench/record-table.awk"
  [ -z "${shim[*]}" ] ||
    echo 'trace-cmd ran with peer-shim.c: this kernel refuses function tracing.'
}

run_all() {
  local round
  for ((round = 1; round <= rounds; round++)); do
    note "round $round of $rounds"
    run_round "$round"
  done
  collect >"$work/results" || fail 'the results could not be computed'
  [ "$json" = - ] || tell_table
  case $json in
  '') ;;
  -) tell_json ;;
  *) tell_json >"$json" || fail "$json: could not be written" ;;
  esac
}

parse "$@"
check_needs
online=$(cat /sys/devices/system/cpu/online)
load_cpu=${online##*[-,]}
limit_files
trap clean_up EXIT
trap 'exit 1' INT TERM HUP
work=$(mktemp -d "$output_dir/rbmap-bench.XXXXXX") || fail "$output_dir: not writable"
out=$work/out
build_programs
choose_candidates
tell_noise
look_at_candidates
run_all
exit "$status"
