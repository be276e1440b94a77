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

fail() {
  echo "record.sh: $*" >&2
  exit 1
}

# run.sh and CTest take the last line for the reason.
missing() {
  echo "SKIP: $*"
  exit 77
}

note() {
  echo "record.sh: $*" >&2
}

usage_error() {
  echo "record.sh: $*; try --help" >&2
  exit 2
}

need_number() {
  [[ $2 =~ ^[1-9][0-9]{0,9}$ ]] || usage_error "$1 '$2': not a number above 0"
}

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

check_space() {
  # Some 60 bytes an event, twice: trace-cmd has a copy at the end.
  local need=$((calls * 240 / 1024)) have
  have=$(df -Pk "$output_dir" | awk 'NR == 2 { print $4 }')
  [ "${have:-0}" -gt "$need" ] ||
    missing "$output_dir: $need KB of free space are needed, there are ${have:-0}"
}

check_memory() {
  local need=$((buffer_kb * $(nproc --all) * 2)) have
  have=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
  [ "$have" -gt "$need" ] ||
    missing "memory: the ring buffers would take too much of $have KB; try a smaller -b"
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

# So that a recorder that records itself does not fill the disk. A sparse file has as
# much for each CPU.
limit_files() {
  local need=$((calls * 240 * $(nproc --all) / 1024)) have want
  want=$((4000000 + need))
  have=$(ulimit -Hf)
  if [ "$have" = unlimited ] || [ "$have" -ge "$want" ]; then
    ulimit -f "$want"
  elif [ "$have" -ge "$need" ]; then
    ulimit -Sf "$have"
  else
    missing "files of $need KB are needed, the limit (ulimit -f) is $have"
  fi
}

build_programs() {
  local name
  for name in measure plain syscall-load; do
    cc -std=gnu11 -O2 -D_FILE_OFFSET_BITS=64 -o "$work/$name" \
      "$source_dir/tests/bench/$name.c" || fail "$name.c could not be built"
  done
  cc -std=gnu11 -O2 -shared -fPIC -o "$work/peer-shim.so" \
    "$source_dir/tests/bench/peer-shim.c" -ldl || fail 'peer-shim.c could not be built'
}

remove_instance() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [ -d "$tracing/instances/$1" ] || return 0
    rmdir "$tracing/instances/$1" 2>/dev/null && return
    sleep 0.05
  done
  note "$tracing/instances/$1: could not be removed"
}

# The whole process group: trace-cmd has a process for each CPU.
stop_recorder() {
  local tries
  [ -n "$recorder" ] || return
  kill -TERM -- "-$recorder" 2>/dev/null
  for ((tries = 0; tries < 40; tries++)); do
    kill -0 -- "-$recorder" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL -- "-$recorder" 2>/dev/null
  recorder=
}

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  local name
  trap '' INT TERM HUP
  stop_recorder
  [ -z "$measure" ] || wait "$measure" 2>/dev/null
  for name in "${instances[@]}"; do
    remove_instance "$name"
  done
  [ -z "$work" ] || rm -rf "$work"
}

set_tracing() {
  echo "$3" >"$tracing/instances/$1/$2" || fail "$1/$2: '$3' was refused"
}

make_instance() {
  instances+=("$1")
  mkdir "$tracing/instances/$1" ||
    fail "no instance could be made in $tracing/instances"
}

# "WRITTEN LOST" of the kernel's counters, as in per_cpu/cpu*/stats.
add_counters() {
  awk -F ': ' '
    $1 ~ /^(overrun|commit overrun|dropped events)$/ { lost += $2; written += $2 }
    $1 ~ /^(entries|read events)$/ { written += $2 }
    END { printf "%.0f %.0f\n", written, lost }
  ' "$@"
}

is_recording() {
  local on
  read -r on <"$tracing/instances/$1/events/raw_syscalls/enable" && [ "$on" = 1 ] &&
    read -r on <"$tracing/instances/$1/tracing_on" && [ "$on" = 1 ]
} 2>/dev/null

wait_until_recording() {
  local end=$((SECONDS + 30))
  until is_recording "$1"; do
    kill -0 "$recorder" 2>/dev/null || return
    [ "$SECONDS" -lt "$end" ] || return
    sleep 0.01
  done
}

run_load() {
  load_seconds=$("$work/syscall-load" "$load_cpu" "$calls") ||
    fail "the load failed on CPU $load_cpu"
}

# start INSTANCE COMMAND [ARG]...: until it records. % in INSTANCE is its process id.
start() {
  rm -f "$work/pid" "$work/usage" "$work/summary"
  recorder=
  (
    # In an instance that is there already the recorder does not exclude itself.
    [ ! -d "$tracing/instances/$1" ] ||
      set_tracing "$1" set_event_notrace_pid "$BASHPID"
    exec "$work/measure" "$work/pid" "$work/usage" "${@:2}"
  ) </dev/null >"$work/log" 2>&1 &
  measure=$!
  until read -r recorder <"$work/pid"; do
    kill -0 "$measure" || return
    sleep 0.01
  done 2>/dev/null
  instance=${1//%/$recorder}
  instances+=("$instance")
  wait_until_recording "$instance"
}

start_rbmap() {
  local _ engine size direct
  IFS=- read -r _ engine size direct <<<"$1"
  start 'rbmap-record-%' "$bin/rbmap-record" -q -e raw_syscalls -b "$buffer_kb" \
    --subbuf-size "${size%k}" --engine "$engine" ${direct:+--direct} -o "$out/trace.dat" \
    --summary "$work/summary"
}

# It takes an instance that is there already, and removes it in the end. What is in
# set_event_notrace_pid passes that on to its children, with event-fork.
start_trace_cmd() {
  local name=rbmap-bench-$$-trace-cmd options=()
  [ "$1" = trace-cmd ] || options=(--compression none)
  make_instance "$name"
  set_tracing "$name" options/event-fork 1
  start "$name" "${shim[@]}" trace-cmd record -B "$name" -e raw_syscalls \
    -b "$buffer_kb" "${options[@]}" -o "$out/trace.dat"
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

# Sets user_seconds, system_seconds and stop_seconds.
stop() {
  local result before=${EPOCHREALTIME/,/.}
  kill -INT "$recorder" 2>/dev/null
  wait "$measure"
  stop_seconds=$(awk -v from="$before" -v to="${EPOCHREALTIME/,/.}" 'BEGIN { print to - from }')
  measure=
  recorder=
  read -r user_seconds system_seconds result _ <"$work/usage" && [ "$result" = 0 ]
} 2>/dev/null

# Sets written and lost, as the recorder has them from the kernel.
count_events() {
  case $1 in
  rbmap-*) jq -r '"\(.total.written) \(.total.lost)"' "$work/summary" ;;
  plain-*) jq -r '"\(.written) \(.lost)"' "$work/summary" ;;
  trace-cmd*) trace-cmd report --stat "$out/trace.dat" 2>/dev/null | add_counters ;;
  esac >"$work/events" && read -r written lost <"$work/events"
}

# put_run NAME ROUND [KEY NUMBER]...
put_run() {
  jq -nc '[$ARGS.positional | _nwise(2)] | {name: .[0][0], round: (.[0][1] | tonumber)}
    + ([.[1:][] | {(.[0]): (.[1] | tonumber)}] | add)' --args "$@" >>"$work/runs"
}

put_failure() {
  local reason
  reason=$(tail -n 1 "$work/log" 2>/dev/null)
  failed+="$1 "
  jq -nc '{name: $ARGS.positional[0], error: $ARGS.positional[1]}' \
    --args "$1" "${2:-${reason:-it failed}}" >>"$work/runs"
}

# attempt NAME ROUND; round 0 is without the load.
attempt() {
  load_seconds=0
  rm -rf "$out"
  mkdir "$out" || fail "$out: could not be made"
  if ! start_candidate "$1"; then
    stop_recorder
    wait "$measure"
    measure=
    remove_instance "${instances[-1]}"
    return 1
  fi
  [ "$2" = 0 ] || run_load
  stop && count_events "$1" || return
  put_run "$1" "$2" load_seconds "$load_seconds" user_seconds "$user_seconds" \
    system_seconds "$system_seconds" stop_seconds "$stop_seconds" written "$written" lost "$lost" \
    bytes "$(cat "$out"/* | wc -c)"
}

run_untraced() {
  run_load
  put_run untraced "$1" load_seconds "$load_seconds"
}

run_unread() {
  local name=rbmap-bench-$$-unread
  make_instance "$name"
  set_tracing "$name" buffer_size_kb "$buffer_kb"
  set_tracing "$name" set_event_notrace_pid $$
  set_tracing "$name" events/raw_syscalls/enable 1
  run_load
  set_tracing "$name" tracing_on 0
  read -r written lost < <(add_counters "$tracing/instances/$name"/per_cpu/cpu*/stats)
  put_run unread "$1" load_seconds "$load_seconds" written "$written" lost "$lost"
  remove_instance "$name"
}

run_round() {
  local name
  for name in "${candidates[@]}"; do
    [[ $failed != *" $name "* ]] || continue
    case $name in
    untraced) run_untraced "$1" ;;
    unread) run_unread "$1" ;;
    *)
      attempt "$name" "$1" && continue
      put_failure "$name"
      note "$name: failed: $(tail -n 1 "$work/log")"
      status=1
      ;;
    esac
  done
}

choose_candidates() {
  local name
  candidates=(untraced unread)
  for name in rbmap-{observe,mapped,read}-{4,64}k rbmap-observe-64k-direct trace-cmd trace-cmd-raw \
    plain-{read,splice}-{4,64}k; do
    [[ ! $name =~ $only ]] || candidates+=("$name")
  done
}

# What is not to be had here is told in its row; it is no failure of the bench.
look_at_candidate() {
  case $1 in
  trace-cmd*)
    if [ -z "$(command -v trace-cmd)" ]; then
      put_failure "$1" 'trace-cmd is not installed'
      return
    fi
    attempt "$1" 0 && return
    # Where the kernel refuses the files of function tracing.
    shim=(env LD_PRELOAD="$work/peer-shim.so")
    ;;
  esac
  attempt "$1" 0 || put_failure "$1"
}

look_at_candidates() {
  local name
  for name in "${candidates[@]:2}"; do
    look_at_candidate "$name"
  done
  [[ " ${candidates[*]}" == *' rbmap-'* ]] || return
  for name in "${candidates[@]}"; do
    [[ $name != rbmap-* || $failed == *" $name "* ]] || return
  done
  status=1
}

tell_noise() {
  local others
  others=$(grep -lx 1 "$tracing"/{,instances/*/}events/raw_syscalls/enable 2>/dev/null)
  [ -z "$others" ] || note "raw_syscalls are on elsewhere, which slows the load:" \
    "${others//$'\n'/ }"
  awk '$1 > 0.7 { print "record.sh: the machine is busy (load average " $1 \
    "): expect noise" }' /proc/loadavg >&2
}

collect() {
  jq -s -f "$source_dir/tests/bench/record.jq" --args "${candidates[@]}" <"$work/runs"
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
