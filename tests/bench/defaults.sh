#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Measurements for the defaults of rbmap-record: the size of the ring buffer, the size of
# a sub-buffer, and how full a ring is when the kernel wakes the recorder.
#
# Every CPU makes getppid(2) calls as fast as it can, so that the recorder has to wait
# for its turn; raw_syscalls:* are recorded. One of the three is changed at a time, in
# turn within each round. The medians over the rounds are reported.
#
# Columns: the CPU seconds of the recorder per million events, the lost events (the
# median and the worst run), and the recorder's system calls per million events.
set -u

usage() {
  cat <<'TEXT'
usage: sudo tests/bench/defaults.sh [--rounds N] [--calls N] [--bin DIR]

  --rounds N   measure each value N times and report medians (default 5)
  --calls N    call getppid(2) N times on each CPU (default 2000000)
  --bin DIR    directory of rbmap-record (default $RBMAP_BIN or build/release/cli)
TEXT
}

tracing=/sys/kernel/tracing
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${RBMAP_BIN:-$source_dir/build/release/cli}
rounds=5
calls=2000000
name=rbmap-bench-defaults-$$
ring=$tracing/instances/$name
# "KB of the ring, KB of a sub-buffer, buffer_percent"
default='32768 64 50'
candidates=(
  "$default"
  '4096 64 50' '8192 64 50' '16384 64 50' '65536 64 50'
  '32768 4 50' '32768 16 50' '32768 32 50' '32768 128 50'
  '32768 64 10' '32768 64 25' '32768 64 75'
)

missing() {
  echo "SKIP: $*"
  exit 77
}

tidy_up() {
  [ ! -d "$ring" ] || rmdir "$ring"
  [ -z "${work-}" ] || rm -rf "$work"
}

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=$2 && shift ;;
    --calls) calls=$2 && shift ;;
    --bin) bin=$2 && shift ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
  done
}

# measure BUFFER_KB SUBBUF_KB PERCENT: adds a line to the candidate's results.
measure() {
  mkdir "$ring" || exit 1
  echo "$3" >"$ring/buffer_percent"
  "$bin/rbmap-record" -q -B "$name" -e raw_syscalls -b "$1" --subbuf-size "$2" \
    -o "$work/trace.dat" --summary "$work/summary" \
    "$work/syscall-load" all "$calls" >/dev/null || exit 1
  rmdir "$ring" || exit 1
  jq -r '[.recorder.cpu_seconds, .total.written, .total.lost, .recorder.syscalls] | @tsv' \
    "$work/summary" >>"$work/$1-$2-$3"
}

tell() {
  printf '%8s %8s %8s | %8s %10s %10s %10s\n' ring/KB subbuf/KB percent CPU/M \
    lost worst calls/M
  local candidate
  for candidate in "${candidates[@]}"; do
    # shellcheck disable=SC2086
    printf '%8s %8s %8s |' $candidate
    jq -rRs --argjson n "$rounds" '
      def median: sort | .[length / 2 | floor];
      [split("\n")[] | select(. != "") | split("\t") | map(tonumber)] |
      "\(map(.[0] / .[1] * 1e6) | median) \(map(.[2]) | median) \(map(.[2]) | max
       ) \(map(.[3] / .[1] * 1e6) | median)"' "$work/${candidate// /-}" |
      awk '{ printf " %8.4f %10d %10d %10d\n", $1, $2, $3, $4 }'
  done
}

parse "$@"
[ "$(id -u)" = 0 ] || missing 'needs root'
[ -w "$tracing/instances" ] || missing "no tracefs at $tracing"
[ -x "$bin/rbmap-record" ] || missing "no rbmap-record in $bin"
command -v jq >/dev/null || missing 'jq is not installed'
work=$(mktemp -d "${TMPDIR:-/var/tmp}/rbmap-bench.XXXXXX") || exit 1
trap tidy_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
ulimit -f 8000000
cc -O2 -o "$work/syscall-load" "$source_dir/tests/bench/syscall-load.c" || exit 1
for ((round = 1; round <= rounds; round++)); do
  echo "defaults.sh: round $round of $rounds" >&2
  for candidate in "${candidates[@]}"; do
    # shellcheck disable=SC2086
    measure $candidate
  done
done
tell
