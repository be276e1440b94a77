#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast a recorded trace is printed: rbmap-report as text and as JSON, trace-cmd
# report, and perf script, each on one core, into /dev/null.
#
# Three traces are recorded: raw_syscalls of getppid(2) calls, sched of two processes
# that wake each other, and several systems of the latter at once. rbmap-report and
# trace-cmd report read the same file; perf script reads one that perf record made of the
# same events of the same load, on the CPU of the load. Each round prints each file with
# each candidate once, so other activity of the machine affects all of them. The medians
# over the rounds are reported.
#
# Columns:
#   events    millions in the file
#   CPU       seconds, user and system, from start to end
#   events/s  thousands per CPU second
#   ratio     events/s, relative to trace-cmd report
#   memory    peak in MB; then the same with a file of a quarter of the size
set -u

usage() {
  cat <<'TEXT'
usage: sudo tests/bench/report.sh [options]

  --rounds N         run each candidate N times and report medians (default 5)
  --calls N          call getppid(2) N times, two events each (default 4000000); the load
                     of sched makes N / 16 rounds of some ten events each, and the load
                     of several systems N / 32
  --bin DIR          directory of rbmap-record and rbmap-report (default $RBMAP_BIN or
                     build/release/cli)
  --output-dir DIR   write the traces to DIR, and remove them at the end (default $TMPDIR
                     or /var/tmp)
  --only REGEX       run only the candidates that match: text, json, trace-cmd, perf
  --help             show this text

Exit status: 0 success, 1 failure, 2 usage error, 77 a requirement is missing.
TEXT
}

# shellcheck source=tests/bench/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
# shellcheck disable=SC2034 # parse() uses it
options=(--rounds --calls --bin --output-dir --only)
calls=4000000
work=
child=
traces=(raw_syscalls sched mixed)
mixed=(sched raw_syscalls irq timer kmem)
candidates=()

check_needs() {
  check_tools jq awk cc df taskset
  check_tracing
  check_programs rbmap-record rbmap-report
  check_space $((calls * 480 / 1024))
}

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  local pid
  trap '' INT TERM HUP
  if [ -n "$child" ]; then
    read -r pid 2>/dev/null <"$work/pid" && kill -TERM -- "-$pid" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  [ -z "$work" ] || rm -rf "$work"
}

# measured COMMAND [ARG]...: sets cpu_seconds and peak_kb. In the background, so that a
# signal ends it as well.
measured() {
  local user system result
  rm -f "$work/pid" "$work/usage"
  "$work/measure" "$work/pid" "$work/usage" "$@" </dev/null >/dev/null 2>"$work/log" &
  child=$!
  wait "$child"
  child=
  read -r user system result peak_kb _ <"$work/usage" || fail "$1: no usage"
  [ "$result" = 0 ] || fail "$1: $(tail -n 1 "$work/log")"
  cpu_seconds=$(awk "BEGIN { print $user + $system }")
}

# Sets load to what makes the events of a trace, and systems to what they are of.
describe() {
  case $1 in
  raw_syscalls)
    systems=(raw_syscalls)
    load=("$work/syscall-load" "$load_cpu" "$((calls / ${2:-1}))") ;;
  sched)
    systems=(sched)
    load=("$work/switch-load" "$load_cpu" "$((calls / 16 / ${2:-1}))") ;;
  mixed)
    systems=("${mixed[@]}")
    load=("$work/switch-load" "$load_cpu" "$((calls / 32 / ${2:-1}))") ;;
  esac
}

# record TRACE [PART]: a file with the PARTth part of the events, sparse files collapsed.
record() {
  local systems load options=() system
  describe "$@"
  for system in "${systems[@]}"; do
    options+=(-e "$system")
  done
  measured "$bin/rbmap-record" -q "${options[@]}" -b 65536 --summary "$work/summary" \
    -o "$work/$1-${2:-1}.dat" -- "${load[@]}"
  jq '.total.written - .total.lost' "$work/summary" >"$work/$1-${2:-1}.events" ||
    fail "$1: how many events were recorded is not known"
}

record_by_perf() {
  local systems load options=() system
  describe "$1"
  for system in "${systems[@]}"; do
    options+=(-e "$system:*")
  done
  measured perf record -q -c 1 -m 16M -C "$load_cpu" "${options[@]}" \
    -o "$work/$1.perf-data" -- "${load[@]}"
  perf report --stats -i "$work/$1.perf-data" 2>/dev/null |
    awk '$1 == "SAMPLE" && !n { n = $3 } END { print n + 0 }' >"$work/$1.perf-events"
}

record_all() {
  local trace
  for trace in "${traces[@]}"; do
    note "recording $trace"
    record "$trace"
    record "$trace" 4
    [[ " ${candidates[*]} " != *' perf '* ]] || record_by_perf "$trace"
  done
}

choose_candidates() {
  local name
  for name in text json trace-cmd perf; do
    [[ $name =~ $only ]] || continue
    case $name in
    trace-cmd | perf)
      if [ -z "$(command -v "$name")" ]; then
        note "$name is not installed"
        continue
      fi ;;
    esac
    candidates+=("$name")
  done
  [ "${#candidates[@]}" -gt 0 ] || usage_error "--only '$only': no candidate matches"
}

# print CANDIDATE TRACE PART
print() {
  local file=$work/$2-$3.dat
  case $1 in
  text | json)
    measured taskset -c "$report_cpu" "$bin/rbmap-report" --format "$1" "$file" ;;
  trace-cmd) measured taskset -c "$report_cpu" trace-cmd report "$file" ;;
  perf) measured taskset -c "$report_cpu" perf script -i "$work/$2.perf-data" ;;
  esac
}

run_all() {
  local round trace name
  for ((round = 1; round <= rounds; round++)); do
    note "round $round of $rounds"
    for trace in "${traces[@]}"; do
      for name in "${candidates[@]}"; do
        print "$name" "$trace" 1
        echo "$cpu_seconds $peak_kb" >>"$work/$trace.$name.runs"
      done
    done
  done
}

median() {
  cut -d ' ' -f "$2" "$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# The memory with a quarter of the events; perf has no such file.
quarter_memory() {
  if [ "$1" = perf ]; then
    echo -
  else
    print "$1" "$2" 4
    awk "BEGIN { printf \"%.1f\", $peak_kb / 1024 }"
  fi
}

tell_row() {
  local events_file=$work/$1-1.events peer=-
  [ "$2" != perf ] || events_file=$work/$1.perf-events
  [ ! -s "$work/$1.trace-cmd.runs" ] || peer=$(median "$work/$1.trace-cmd.runs" 1)
  awk -v trace="$1" -v name="$2" -v n="$(cat "$events_file")" \
    -v peer_n="$(cat "$work/$1-1.events")" -v cpu="$(median "$work/$1.$2.runs" 1)" \
    -v kb="$(median "$work/$1.$2.runs" 2)" -v peer="$peer" \
    -v quarter="$(quarter_memory "$2" "$1")" 'BEGIN {
      ratio = peer == "-" ? "-" : sprintf("%.1f", n / cpu / (peer_n / peer))
      printf "%-14s %-10s %8.2f %8.2f %10.0f %7s %9.1f %9s\n", trace, name, n / 1e6, cpu,
        n / cpu / 1e3, ratio, kb / 1024, quarter
    }'
}

tell() {
  local trace name
  echo "rounds: $rounds; CPU $report_cpu of $(nproc --all); medians; mixed: ${mixed[*]}"
  printf '%-14s %-10s %8s %8s %10s %7s %9s %9s\n' trace '' events CPU events/s ratio \
    memory 'of 1/4'
  for trace in "${traces[@]}"; do
    for name in "${candidates[@]}"; do
      tell_row "$trace" "$name"
    done
  done
}

parse "$@"
check_needs
online=$(cat /sys/devices/system/cpu/online)
load_cpu=${online##*[-,]}
report_cpu=$load_cpu
choose_candidates
# So that a recorder that records itself does not fill the disk.
ulimit -f "$((4000000 + calls * 480 / 1024))" 2>/dev/null ||
  note 'the limit of file sizes (ulimit -f) stays as it is'
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d "$output_dir/rbmap-bench.XXXXXX") || fail "$output_dir: not writable"
# Under sudo rbmap-record runs the load as the user.
chmod 711 "$work"
build measure syscall-load switch-load
tell_load_average
record_all
run_all
tell
