# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
#
# Sourced, after common.bash, by the scripts that compare recorders: rounds in which each
# candidate records the same load once. A script sets candidates, load and load_events, and
# has start_candidate(), which returns once events are recorded, and count_events(), which
# sets written and lost.
buffer_kb=16384
json=
work=
out=
measure=
recorder=
load_pid=
instances=()
candidates=()
failed=' '
status=0
shim=()
# What is recorded.
systems=(raw_syscalls)
# The command that is recorded, which prints the seconds that it takes, and about how many
# events it makes.
load=()
load_events=0

check_recording() {
  check_tools jq awk cc df
  check_tracing
  [ -e "$tracing/set_event_notrace_pid" ] ||
    missing 'the kernel has no set_event_notrace_pid: recorders would record themselves'
  [ "$(nproc --all)" -ge 2 ] || missing 'at least two CPUs are needed'
  check_programs rbmap-record
  # Some 60 bytes an event, twice: trace-cmd has a copy at the end.
  check_space $((load_events * 120 / 1024))
  check_memory
}

check_memory() {
  local need=$((buffer_kb * $(nproc --all) * 2)) have
  have=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
  [ "$have" -gt "$need" ] ||
    missing "memory: the ring buffers would take too much of $have KB; try a smaller -b"
}

# So that a recorder that records itself does not fill the disk. A sparse file has as
# much for each CPU.
limit_files() {
  local need=$((load_events * 120 * $(nproc --all) / 1024)) have want
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
  build measure syscall-load "$@"
  cc -std=gnu11 -O2 -shared -fPIC -o "$work/peer-shim.so" \
    "$source_dir/tests/bench/peer-shim.c" -ldl || fail 'peer-shim.c could not be built'
}

make_work() {
  limit_files
  trap clean_up EXIT
  trap 'exit 1' INT TERM HUP
  work=$(mktemp -d "$output_dir/rbmap-bench.XXXXXX") || fail "$output_dir: not writable"
  out=$work/out
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
  [ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null
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
  local on system
  for system in "${systems[@]}"; do
    read -r on <"$tracing/instances/$1/events/$system/enable" && [ "$on" = 1 ] || return
  done
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

# In the background, so that a signal ends it as well.
run_load() {
  "${load[@]}" >"$work/load-output" 2>&1 &
  load_pid=$!
  wait "$load_pid" || fail "the load failed: $(tail -n 1 "$work/load-output")"
  load_pid=
  load_seconds=$(grep -oE '[0-9]+\.[0-9]+' "$work/load-output" | tail -n 1)
  [ -n "$load_seconds" ] || fail 'the load printed no seconds'
}

# launch COMMAND [ARG]...: under measure; sets recorder, its process id.
launch() {
  rm -f "$work/pid" "$work/usage" "$work/summary"
  recorder=
  (
    # In an instance that is there already the recorder does not exclude itself.
    [ ! -d "$tracing/instances/$instance" ] ||
      set_tracing "$instance" set_event_notrace_pid "$BASHPID"
    exec "$work/measure" "$work/pid" "$work/usage" "$@"
  ) </dev/null >"$work/log" 2>&1 &
  measure=$!
  until read -r recorder <"$work/pid"; do
    kill -0 "$measure" || return
    sleep 0.01
  done 2>/dev/null
}

# start INSTANCE COMMAND [ARG]...: until it records. % in INSTANCE is its process id.
start() {
  instance=$1
  launch "${@:2}" || return
  instance=${1//%/$recorder}
  instances+=("$instance")
  wait_until_recording "$instance"
}

# Sets event_options: -e SYSTEM for each of the systems.
list_events() {
  local system
  event_options=()
  for system in "${systems[@]}"; do
    event_options+=(-e "$system")
  done
}

# It takes an instance that is there already, and removes it in the end. What is in
# set_event_notrace_pid passes that on to its children, with event-fork.
start_trace_cmd() {
  local name=rbmap-bench-$$-trace-cmd compression=()
  [ "$1" = trace-cmd ] || compression=(--compression none)
  list_events
  make_instance "$name"
  set_tracing "$name" options/event-fork 1
  start "$name" "${shim[@]}" trace-cmd record -B "$name" "${event_options[@]}" \
    -b "$buffer_kb" "${compression[@]}" -o "$out/trace.dat"
}

# Sets user_seconds, system_seconds, peak_kb and stop_seconds. A recorder that SIGINT ends
# says so in stopped_status.
stop() {
  local result before=${EPOCHREALTIME/,/.}
  kill -INT "$recorder" 2>/dev/null
  wait "$measure"
  stop_seconds=$(awk -v from="$before" -v to="${EPOCHREALTIME/,/.}" 'BEGIN { print to - from }')
  measure=
  recorder=
  read -r user_seconds system_seconds result peak_kb _ <"$work/usage" &&
    [ "$result" = "$stopped_status" ]
} 2>/dev/null

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
# The first file to be written takes memory that a virtual machine may have to get from
# its host, which costs its writer as much as to fill it: no candidate is to be the first.
warm_page_cache() {
  head -c $((load_events * 50)) /dev/zero >"$out/warm"
  rm -f "$out/warm"
}

attempt() {
  load_seconds=0
  stopped_status=0
  rm -rf "$out"
  mkdir "$out" || fail "$out: could not be made"
  [ "$2" = 0 ] || warm_page_cache
  if ! start_candidate "$1"; then
    stop_recorder
    wait "$measure"
    measure=
    remove_instance "$instance"
    return 1
  fi
  [ "$2" = 0 ] || run_load
  stop && count_events "$1" || return
  put_run "$1" "$2" load_seconds "$load_seconds" user_seconds "$user_seconds" \
    system_seconds "$system_seconds" stop_seconds "$stop_seconds" written "$written" lost "$lost" \
    peak_kb "$peak_kb" bytes "$(stat -c %s "$out"/* | awk '{ sum += $1 } END { print sum + 0 }')"
}

run_untraced() {
  run_load
  put_run untraced "$1" load_seconds "$load_seconds"
}

run_unread() {
  local name=rbmap-bench-$$-unread system
  make_instance "$name"
  set_tracing "$name" buffer_size_kb "$buffer_kb"
  set_tracing "$name" set_event_notrace_pid $$
  for system in "${systems[@]}"; do
    set_tracing "$name" "events/$system/enable" 1
  done
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

# Prints what a candidate needs that this machine or this rbmap-record does not have.
lacks() {
  case $1 in
  rbmap-raw-direct) has_option --direct || echo 'rbmap-record has no --direct' ;;
  rbmap*-raw | rbmap-fast) has_option --compress || echo 'rbmap-record has no --compress' ;;
  rbmap*-v6) has_option --file-version || echo 'rbmap-record has no --file-version' ;;
  trace-cmd*) [ -n "$(command -v trace-cmd)" ] || echo 'trace-cmd is not installed' ;;
  perf) [ -n "$(command -v perf)" ] || echo 'perf is not installed' ;;
  esac
}

has_option() {
  "$bin/rbmap-record" --help | grep -qE -- "[ ,]$1([^a-z-]|$)"
}

# What is not to be had here is told in its row; it is no failure of the bench.
look_at_candidate() {
  local reason
  reason=$(lacks "$1")
  if [ -n "$reason" ]; then
    put_failure "$1" "$reason"
    return
  fi
  attempt "$1" 0 && return
  case $1 in
  trace-cmd*)
    # Where the kernel refuses the files of function tracing.
    shim=(env LD_PRELOAD="$work/peer-shim.so")
    attempt "$1" 0 && return
    ;;
  esac
  put_failure "$1"
}

look_at_candidates() {
  local name
  for name in "${candidates[@]}"; do
    [[ $name == untraced || $name == unread ]] || look_at_candidate "$name"
  done
  [[ " ${candidates[*]}" == *' rbmap'* ]] || return
  for name in "${candidates[@]}"; do
    [[ $name != rbmap* || $failed == *" $name "* ]] || return
  done
  status=1
}

tell_noise() {
  local others system
  for system in "${systems[@]}"; do
    others=$(grep -lE '^[1X]' "$tracing"/{,instances/*/}events/"$system"/enable 2>/dev/null)
    [ -z "$others" ] || note "events are on elsewhere, which slows the load:" \
      "${others//$'\n'/ }"
  done
  tell_load_average
}

collect() {
  jq -s -f "$source_dir/tests/bench/record.jq" --args "${candidates[@]}" <"$work/runs"
}

# The machine and the programs; a script adds its load and the results.
describe_machine() {
  jq -n --arg kernel "$(uname -r)" --arg machine "$(uname -m)" \
    --arg processor "$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)" \
    --arg rbmap "$("$bin/rbmap-record" --version 2>/dev/null | head -n 1)" \
    --arg perf "$(perf --version 2>/dev/null)" \
    --arg trace_cmd "$(trace-cmd --version 2>/dev/null | grep -m 1 version)" \
    --arg shim "${shim[*]:+yes}" --argjson cpus "$(nproc --all)" --argjson buffer "$buffer_kb" \
    '{kernel: $kernel, machine: $machine, processor: $processor, cpus: $cpus,
      rbmap_record: $rbmap, trace_cmd: $trace_cmd, trace_cmd_needs_shim: ($shim == "yes"),
      perf: $perf, buffer_kb: $buffer}'
}

# Leaves what came of them in $work/results.
run_rounds() {
  local round
  for ((round = 1; round <= rounds; round++)); do
    note "round $round of $rounds"
    run_round "$round"
  done
  collect >"$work/results" || fail 'the results could not be computed'
}

# The script has tell_table() and tell_json().
tell_results() {
  [ "$json" = - ] || tell_table
  [ -z "${shim[*]}" ] || [ "$json" = - ] ||
    echo 'trace-cmd ran with peer-shim.c: this kernel refuses function tracing.'
  case $json in
  '') ;;
  -) tell_json ;;
  *) tell_json >"$json" || fail "$json: could not be written" ;;
  esac
}
