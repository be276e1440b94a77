# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# What the tests of rbmap-tail share.

# For setup().
prepare_tail() {
  prepare
  need jq
  tail=$RBMAP_BIN/rbmap-tail
  tails=()
  second=
  ignore_leaks_of_others
}

# For teardown().
clear_up_tails() {
  local pid
  for pid in "${tails[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  clear_up
  [ -z "$second" ] || rmdir "$second"
}

need_ring() {
  can_map || skip "the kernel cannot map ring buffers"
  mkdir "$ring"
}

show() {
  timeout -k 10 $((60 * slowdown)) "$tail" -B "$instance" "$@"
}

# start_tail NAME [OPTION]...: in the background; its output is in NAME.out, its errors
# in NAME.err, its process in the file NAME.pid.
start_tail() {
  local name=$1
  shift
  bash -c "$starting_with" "$name.pid" "$tail" -B "$instance" "$@" \
    >"$name.out" 2>"$name.err" 3>&- 4>&- &
  tails+=($!)
  wait_until 20 has_mapped "$name" || { cat "$name.err" >&2; return 1; }
}

has_mapped() {
  [ -s "$1.pid" ] && grep -q trace_pipe_raw "/proc/$(cat "$1.pid")/maps" 2>/dev/null
}

# stop_tail NAME [SIGNAL]: it has to end with 0.
stop_tail() {
  local pid status=0
  pid=$(cat "$1.pid")
  kill -"${2:-INT}" "$pid"
  wait "$pid" || status=$?
  [ $status = 0 ] || { echo "status $status"; cat "$1.err"; return 1; } >&2
  [ ! -s "$1.err" ] || { cat "$1.err"; return 1; } >&2
}

has_lines() {
  [ "$(wc -l <"$1")" -ge "$2" ]
}

# One mark on CPU 0.
mark() {
  taskset -c 0 sh -c 'echo "$1" >"$2/trace_marker"' - "$1" "$ring"
}

# in_order FILE: lines of text, by their times.
in_order() {
  sed -E 's/^.*\] +([0-9.]+): .*/\1/' "$1" | sort -C -n
}

# The counters, but for the time.
counters() {
  local cpu
  for cpu in $(cpus); do
    grep -v '^now ts' "$ring/per_cpu/cpu$cpu/stats"
  done
}

# gives STATUS PATTERN [OPTION]...: one line that matches, and a hint for usage errors.
gives() {
  local expected=$1 pattern=$2
  shift 2
  run --separate-stderr "-$expected" timeout $((20 * slowdown)) "$tail" "$@" ||
    { echo "status $status: $*"; echo "$stderr"; return 1; }
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" = "$expected" ] || { echo "$stderr"; return 1; }
  [[ ${stderr_lines[0]} == "rbmap-tail: "*"$pattern"* ]] || { echo "$stderr"; return 1; }
  [ "$expected" = 1 ] || [ "${stderr_lines[1]}" = "Try 'rbmap-tail --help'." ]
}
