# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154

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
