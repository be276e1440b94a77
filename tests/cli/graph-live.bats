#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
# The function graph tracer's lines, live. Few kernels have it, so its events are those of
# the instance's markers, read by other formats: a marker is an entry of the function that
# writes it, a raw marker the exit of the function that it names.

load helpers
load tail-helpers

setup() {
  prepare_tail
  need unshare
  [ "$(uname -m)" = x86_64 ] || skip "needs a little-endian kernel of 64 bits"
  [ -e $tracing/trace_marker_raw ] || skip "the kernel has no raw markers"
  need_ring
  find_function
  make_formats
  # With these formats.
  ahead+=(unshare --mount bash -c 'mount --bind formats "$0/events/ftrace" && exec "$@"' "$ring")
}

teardown() {
  clear_up_tails
}

# Sets $function to the address of what writes markers.
find_function() {
  echo here >"$ring/trace_marker"
  function=$(show --format json | grep -o '"ip":[0-9]*' | grep -m 1 -o '[0-9]*$')
  [ -n "$function" ]
  echo >"$ring/trace"
}

# format NAME EVENT FIELD...
format() {
  local event=$2 field
  mkdir -p "formats/$1"
  exec 5>"formats/$1/format"
  echo "name: $1" >&5
  sed -n '/^ID/,/^$/p' "$ring/events/ftrace/$event/format" >&5
  for field in "${@:3}"; do
    printf '\tfield:%s;\toffset:%d;\tsize:%d;\tsigned:0;\n' "${field%%:*}" "${field#*:}" 8 >&5
  done
  printf '\nprint fmt: "%s"\n' "$1" >&5
  exec 5>&-
}

make_formats() {
  local func='unsigned long func:8' depth='unsigned long depth:16'
  format funcgraph_entry print "$func" "$depth"
  format funcgraph_exit raw_data "$func" "$depth" 'unsigned long long calltime:24' \
    'unsigned long long rettime:32'
}

# bytes NUMBER...: each as eight, as printf wants them.
bytes() {
  local number i
  for number; do
    for i in {0..7}; do
      printf '\\x%02x' $((number >> 8 * i & 255))
    done
  done
}

# calls: two functions on CPU 0, which the first calls; each writes with one system call.
calls() {
  local outer inner
  outer=$(bytes 0) inner=$(bytes 1)
  taskset -c 0 bash -c '
    printf "$1" >trace_marker && printf "$2" >trace_marker &&
      printf "$3" >trace_marker_raw && printf "$2" >trace_marker &&
      printf "$4" >trace_marker_raw && printf "$5" >trace_marker_raw' - "$outer" "$inner" \
    "$(bytes "$function" 1 1000 2500)" "$(bytes "$function" 1 0 15000)" \
    "$(bytes "$function" 0 0 20500)"
}

# The name of the function is the kernel's.
lines() {
  sed -E 's/^.*\] +[0-9.]+: //; s/[A-Za-z_0-9.]+\(/name(/' "$1" | cmp - <(cat <<'EOT'
funcgraph_entry:                   |  name() {
funcgraph_entry:        1.500 us   |    name();
funcgraph_entry:      + 15.000 us  |    name();
funcgraph_exit:       + 20.500 us  |  }
EOT
  )
}

@test "function graph: rbmap-record --format text has a function that calls none on one line" {
  start_record "${silent[@]}" -q -B "$instance" --format text
  pause_record
  (cd "$ring" && calls)
  kill -CONT "$recorder"
  stop_record 0
  lines out
}

@test "function graph: rbmap-tail has a function that calls none on one line" {
  (cd "$ring" && calls)
  "${ahead[@]}" "$tail" -B "$instance" -n 20 >out
  lines out
}

@test "function graph: rbmap-tail -f follows with the same lines, and without an exit at once" {
  local pid
  "${ahead[@]}" bash -c "$starting_with" t.pid "$tail" -B "$instance" -f -n 0 >t.out 2>t.err 3>&- 4>&- &
  tails+=($!)
  wait_until 20 has_mapped t
  pid=$(cat t.pid)
  kill -STOP "$pid"
  (cd "$ring" && calls)
  kill -CONT "$pid"
  wait_until 20 has_lines t.out 4
  lines t.out
  taskset -c 0 bash -c 'printf "$1" >"$2/trace_marker"' - "$(bytes 0)" "$ring"
  wait_until 20 has_lines t.out 5
  [[ $(tail -n 1 t.out) == *"() {" ]]
  stop_tail t
}

@test "function graph: what -e chooses of the past is a line for each event" {
  (cd "$ring" && calls)
  "${ahead[@]}" "$tail" -B "$instance" -n 20 -e 'ftrace:funcgraph*' >out
  [ "$(wc -l <out)" = 6 ]
  [ "$(grep -c '}$' out)" = 3 ]
}
