#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How long it takes to record a command that does nothing: the time to start and to end of
# rbmap-record and of trace-cmd record.
#
# Each round runs each candidate once, so other activity of the machine affects all of
# them. The medians over the rounds are reported.
#
# Candidates:
#   rbmap          rbmap-record -e sched true
#   rbmap-raw      the same with --compress=none
#   trace-cmd      trace-cmd record -e sched true, in an instance that is there already
#   trace-cmd-raw  the same with --compression none
#
# Columns:
#   wall    milliseconds from start to end
#   CPU     milliseconds of the recorder and all its children
#   file    size in KB
#   memory  peak of the largest process of the recorder in MB
#
# Then the ratio to trace-cmd, and to trace-cmd-raw for a raw recording.
set -u

usage() {
  cat <<'TEXT'
usage: sudo tests/bench/start.sh [options]

  --rounds N         run each candidate N times and report medians (default 20)
  --bin DIR          directory of rbmap-record (default $RBMAP_BIN or build/release/cli)
  --output-dir DIR   write each trace to DIR and remove it (default $TMPDIR or /var/tmp)
  --only REGEX       run only the candidates that match
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
options=(--rounds --bin --output-dir --only --json)
rounds=20

launch_rbmap() {
  local how=()
  [ "$1" = rbmap ] || how=(--compress=none)
  instance=none-before
  launch "$bin/rbmap-record" -q -e sched "${how[@]}" -o "$out/trace.dat" -- true
}

launch_trace_cmd() {
  local how=()
  [ "$1" = trace-cmd ] || how=(--compression none)
  instance=rbmap-bench-$$-trace-cmd
  make_instance "$instance"
  launch "${shim[@]}" trace-cmd record -q -B "$instance" -e sched "${how[@]}" \
    -o "$out/trace.dat" true
}

# In the place of that of recorders.bash: there is no load, and no signal to stop.
attempt() {
  local user system result peak_kb wall
  rm -rf "$out"
  mkdir "$out" || fail "$out: could not be made"
  case $1 in
  rbmap*) launch_rbmap "$1" ;;
  trace-cmd*) launch_trace_cmd "$1" ;;
  esac
  wait "$measure"
  measure=
  recorder=
  remove_instance "$instance"
  read -r user system result peak_kb wall <"$work/usage" && [ "$result" = 0 ] || return
  put_run "$1" "$2" user_seconds "$user" system_seconds "$system" wall_seconds "$wall" \
    peak_kb "$peak_kb" bytes "$(stat -c %s "$out/trace.dat")"
}

choose_candidates() {
  local name
  candidates=()
  for name in {rbmap,trace-cmd}{,-raw}; do
    [[ ! $name =~ $only ]] || candidates+=("$name")
  done
}

# Everything, as one document, without the columns of other scripts.
tell_json() {
  describe_machine | jq --slurpfile results "$work/results" \
    'del(.buffer_kb) | .candidates = $results[0]
    | walk(if type == "object" then with_entries(select(.value != null)) else . end)'
}

tell_table() {
  echo "rounds: $rounds; medians"
  jq -r '
    def row($name): map(select(.name == $name)) | .[0].median;
    def ratio($of): if . == null or ($of // 0) == 0 then null else . / $of end;
    . as $all | .[] | .median as $m
    | (if .name | endswith("-raw") then "trace-cmd-raw" else "trace-cmd" end) as $name
    | ($all | row($name)) as $peer
    | [.name, $m.wall_seconds, $m.cpu_seconds, $m.bytes, $m.peak_kb,
      ($m.wall_seconds | ratio($peer.wall_seconds)), ($m.cpu_seconds | ratio($peer.cpu_seconds)),
      ($m.bytes | ratio($peer.bytes)), .error] | @tsv' "$work/results" | awk -F '\t' '
    function ratio(text) { return text == "" ? "-" : sprintf("%.2f", text) }
    BEGIN {
      row = "%-14s %7s %7s %8s %7s | %6s %6s %6s\n"
      printf row, "", "wall", "CPU", "file", "memory", "wall", "CPU", "file"
    }
    $9 != "" { printf "%-14s %s\n", $1, $9; next }
    {
      printf row, $1, sprintf("%.1f", $2 * 1e3), sprintf("%.1f", $3 * 1e3),
        sprintf("%.0f", $4 / 1e3), sprintf("%.1f", $5 / 1e3), ratio($6), ratio($7), ratio($8)
    }'
}

parse "$@"
load_events=100000
check_recording
make_work
# shellcheck disable=SC2119 # no more than those of all scripts
build_programs
choose_candidates
tell_load_average
look_at_candidates
run_rounds
tell_results
exit "$status"
