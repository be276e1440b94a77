#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an event costs a tool that is built on a library: CPU time of two tools, each on
# librbmap, libtracefs and libtracecmd, and with each way to read a field.
#
# latency reads three fields of sched_waking and of sched_switch, pairs the two and keeps a
# histogram; who-ran reads one field of sched_switch and adds up the time of each thread.
# The programs are in library/; fields.h has the ways to read a field.
#
# Live, the load is two processes on the last CPU that wake each other, and the tool runs
# on the first; each has an instance of its own, in which tracing starts before the load.
# The files' tools all read the same file, which rbmap-record made of the same load, without
# compression; those in Python one that has sched_switch alone. Each round runs each candidate once, so other activity of the machine
# affects all of them. The medians over the rounds are reported.
#
# Candidates, TOOL.SOURCE.FIELDS, and python.WAY:
#   session        librbmap, live: rbmap_session(3) and rbmap_record(3)
#   follow         librbmap, live, in order of time: rbmap_follow(3)
#   read-buf       libtracefs, live: tracefs_cpu_read_buf(), since 1.8
#   read           libtracefs, live: tracefs_cpu_read()
#   iterate        libtracefs, live, in order of time: tracefs_iterate_raw_events()
#   follow-event   the same with tracefs_follow_event()
#   reader         librbmap, a file: rbmap_tracedat_reader_next()
#   follow-file    librbmap, a file: rbmap_follow(3)
#   tracecmd       libtracecmd, a file: tracecmd_iterate_events()
#   ....name       fields by name: rbmap_field(3), or tep_get_field_val()
#   ....cached     tep_read_number_field() of a field that was looked up before
#   ....raw        a load at an offset that was looked up before
#   columns        Python, a file: five columns of sched_switch as arrays of numpy, batch by
#                  batch, by rbmap.open(FILE).columns()
#   all-columns    the same with every field
#   json           Python: the same five, out of the lines of rbmap-report --format json
#   text           Python: likewise, of trace-cmd report, by a regular expression
# A candidate whose library is not installed says so in its row. For a
# libtracefs and a libtraceevent in another place, set PKG_CONFIG_PATH, and LDFLAGS for what
# the linker needs to find them there.
#
# Columns:
#   ns/event   CPU time, user and system, from the start of tracing (of a file: from its
#              first event) to the last event
#   user, sys  the two parts of it
#   lost       events, by the kernel's counters; the largest number of all rounds
#   events     millions
#   found      of latency, wake-ups with a switch, of who-ran, stretches of time, of
#              Python, events; per event
#   mean       their duration in microseconds. What a tool finds in a file is the same for
#              all
#
# In the end librbmap is compared with itself and with the others, and each result with the
# goal that the project has set. A missed goal does not change the exit status.
set -u

usage() {
  cat <<'TEXT'
usage: sudo tests/bench/library.sh [options]

  --rounds N         run each candidate N times and report medians (default 5)
  --loops N          let the two processes wake each other N times (default 500000), which
                     makes some three events of latency each time, and two of who-ran
  -b, --buffer-size KB  size of the ring buffer of each CPU (default 65536)
  --bin DIR          directory of rbmap-record (default $RBMAP_BIN or build/release/cli);
                     librbmap is that in DIR/../lib, or the installed one
  --output-dir DIR   write the file to DIR, and remove it at the end (default $TMPDIR or
                     /var/tmp)
  --only REGEX       run only the candidates that match
  --json FILE        write the numbers of each run, the medians and the comparison as JSON
                     ('-': to standard output, instead of the table)
  --help             show this text

Exit status: 0 success, 1 a candidate failed, 2 usage error, 77 a requirement is missing.
TEXT
}

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/bench/common.bash
source "$here/common.bash"
# shellcheck source=tests/bench/recorders.bash
source "$here/recorders.bash"
# shellcheck disable=SC2034 # parse() uses it
options=(--rounds --loops --buffer-size -b --bin --output-dir --only --json)
loops=500000
buffer_kb=65536
systems=(sched)
live=({session,follow}.{name,raw} read-buf.{name,cached,raw} read.cached
  iterate.{name,cached,raw} follow-event.cached)
files=({reader,follow-file}.{name,raw} tracecmd.{name,cached})

# Sets the parts of a candidate: tool, way, source (a file in library/), defines.
describe() {
  local fields
  IFS=. read -r tool way fields <<<"$1"
  defines=("-DTOOL_$(tr a-z- A-Z_ <<<"$tool")" "-DFIELDS_${fields^^}")
  source=$way
  case $way in
  session | follow | reader) defines+=(-DRECORDS_RBMAP) ;;
  follow-file) source=follow defines+=(-DRECORDS_RBMAP) ;;
  read-buf) source=cpu defines+=(-DCPU_READ_BUF) ;;
  read) source=cpu ;;
  follow-event) source=iterate defines+=(-DITERATE_FOLLOW) ;;
  esac
}

is_of_file() {
  [[ $1 =~ \.(reader|follow-file|tracecmd)\.|python\. ]]
}

choose_candidates() {
  local tool way
  candidates=()
  for tool in latency who-ran; do
    for way in "${live[@]}" "${files[@]}"; do
      [[ ! $tool.$way =~ $only ]] || candidates+=("$tool.$way")
    done
  done
  for way in columns all-columns json text; do
    [[ ! python.$way =~ $only ]] || candidates+=("python.$way")
  done
  [ "${#candidates[@]}" -gt 0 ] || usage_error "--only '$only': no candidate matches"
}

# Sets librbmap to the compiler's options: of the build that the commands are from.
find_librbmap() {
  local directory
  directory=$(realpath -m "$bin/../lib")
  if [ -e "$directory/librbmap.so" ]; then
    export LD_LIBRARY_PATH=$directory
    librbmap=(-I "$source_dir/include" -L "$directory" "-Wl,-rpath,$directory" -lrbmap)
  else
    read -ra librbmap < <(pkg-config --cflags --libs librbmap) ||
      missing "no librbmap.so in $directory, and none is installed"
  fi
}

# compile CANDIDATE
compile() {
  [[ $1 != python.* ]] || return 0
  local tool way source defines main='live' libraries=(libtracefs libtraceevent)
  local flags linker
  describe "$1"
  ! is_of_file "$1" || main='file'
  [ "$way" != tracecmd ] || libraries=(libtracecmd "${libraries[@]}")
  read -ra flags < <(pkg-config --cflags --libs "${libraries[@]}")
  read -ra linker <<<"${LDFLAGS-}"
  cc -std=gnu11 -O2 -Wall -Werror=implicit-function-declaration "${defines[@]}" \
    -o "$work/$1" "$here/library"/{"$main",tool,fields,"$source"}.c "${librbmap[@]}" \
    "${flags[@]}" "${linker[@]}" >"$work/log" 2>&1
}

has_read_buf() {
  local flags
  read -ra flags < <(pkg-config --cflags libtracefs)
  printf '#include <tracefs.h>\nvoid *p = tracefs_cpu_read_buf;\n' |
    cc "${flags[@]}" -x c -fsyntax-only - 2>/dev/null
}

# What does not compile is no longer the library's interface: that is a failure.
compile_all() {
  local name
  for name in "${candidates[@]}"; do
    [ -z "$(lacks "$name")" ] || continue
    compile "$name" || fail "$name: $(grep -m 1 -E 'error|undefined' "$work/log")"
  done
}

# In the place of that of recorders.bash.
lacks() {
  case $1 in
  python.*)
    if ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
      echo 'the system'"'"'s Python has no numpy'
    elif [ "$1" = python.text ] && [ -z "$(command -v trace-cmd)" ]; then
      echo 'trace-cmd is not installed'
    fi ;;
  *.tracecmd.*)
    pkg-config --exists libtracecmd || echo 'libtracecmd is not installed' ;;
  *.read-buf.*)
    has_read_buf || echo 'libtracefs has no tracefs_cpu_read_buf(), which is new in 1.8' ;;
  esac
}

record_files() {
  note 'recording the files'
  record_file trace.dat -e sched:sched_switch -e sched:sched_waking
  record_file switches.dat -e sched:sched_switch
}

# record_file NAME OPTION...
record_file() {
  "$bin/rbmap-record" -q "${@:2}" -b "$buffer_kb" --compress=none -o "$work/$1" \
    -- "${load[@]}" || fail 'a file could not be recorded'
}

wait_until_ready() {
  local end=$((SECONDS + 30))
  until grep -qx ready "$work/log" 2>/dev/null; do
    kill -0 "$recorder" 2>/dev/null && [ "$SECONDS" -lt "$end" ] || return
    sleep 0.01
  done
}

run_switch_load() {
  "${load[@]}" >"$work/load-output" 2>&1 &
  load_pid=$!
  wait "$load_pid" || fail "the load failed: $(tail -n 1 "$work/load-output")"
  load_pid=
}

# attempt_live CANDIDATE ROUND
attempt_live() {
  instance=rbmap-bench-$$-library
  instances+=("$instance")
  launch taskset -c "$tool_cpu" "$work/$1" "$instance" "$buffer_kb" &&
    wait_until_ready || return
  [ "$2" = 0 ] || run_switch_load
  stop
}

attempt_file() {
  local command=("$work/$1" "$work/trace.dat")
  [[ $1 != python.* ]] || command=(env PYTHONPATH="$source_dir/packaging/python"
    /usr/bin/python3 "$here/library/columns.py" "${1#python.}" "$work/switches.dat")
  case $1 in
  *.json) command+=("$bin/rbmap-report" --format json) ;;
  *.text) command+=(trace-cmd report -t) ;;
  esac
  instance=none
  launch taskset -c "$tool_cpu" "${command[@]}" || return
  wait "$measure"
  measure=
  recorder=
  read -r _ _ result _ <"$work/usage" && [ "$result" = 0 ]
}

# attempt CANDIDATE ROUND, in the place of that of recorders.bash; round 0 is without the
# load.
attempt() {
  local user system events written results ns
  stopped_status=0
  if is_of_file "$1"; then
    attempt_file "$1"
  else
    attempt_live "$@"
  fi || { give_up; return 1; }
  read -r user system events written results ns < <(tail -n 1 "$work/log") &&
    [ -n "$ns" ] || return
  put_run "$1" "$2" user_seconds "$user" system_seconds "$system" written "$written" \
    lost "$((written - events))" results "$results" ns "$ns"
}

give_up() {
  stop_recorder
  [ -z "$measure" ] || wait "$measure"
  measure=
  remove_instance "$instance"
}

tell_goals() {
  echo
  echo 'CPU time of an event, librbmap relative to others, and in nanoseconds:'
  jq -r '.[] | [.what, (.value | if . == null then "-" else . * 1000 | round / 1000 end),
    "at most \(.goal)",
    (if .met == null then "not measured" elif .met then "met" else "missed" end)] | @tsv' \
    "$work/goals" | awk -F '\t' '{ printf "  %-58s %7s  goal: %-12s %s\n", $1, $2, $3, $4 }'
}

tell_table() {
  echo "rounds: $rounds; load: ${load[*]##*/}; $buffer_kb KB for each CPU; medians"
  jq -r '.[] | .median as $m | (($m.written // 0) - ($m.lost // 0)) as $events
    | def per($value): if $value == null or $events == 0 then null
        else $value * 1e9 / $events end;
      [.name, per($m.cpu_seconds), per($m.user_seconds), per($m.system_seconds),
      ([.rounds[].lost | select(. != null)] | max), $events / 1e6,
      (if $events == 0 then null else $m.results / $events end),
      (if ($m.results // 0) == 0 then null else $m.ns / $m.results / 1e3 end),
      .error] | @tsv' "$work/results" | awk -F '\t' -f "$here/library-table.awk"
  tell_goals
}

# Everything, as one document.
tell_json() {
  describe_machine | jq --arg load "${load[*]##*/}" --slurpfile results "$work/results" \
    --arg libtracefs "$(pkg-config --modversion libtracefs)" \
    --arg libtraceevent "$(pkg-config --modversion libtraceevent)" \
    --arg libtracecmd "$(pkg-config --modversion libtracecmd 2>/dev/null)" \
    --slurpfile goals "$work/goals" 'del(.perf)
    | .libraries = {libtracefs: $libtracefs, libtraceevent: $libtraceevent,
        libtracecmd: $libtracecmd}
    | .load = $load | .candidates = $results[0] | .goals = $goals[0]
    | walk(if type == "object" then with_entries(select(.value != null)) else . end)'
}

parse "$@"
# Some three a loop, and what others do meanwhile.
load_events=$((loops * 8))
check_tools taskset pkg-config
check_recording
find_librbmap
choose_candidates
make_work
build_programs switch-load
online=$(cat /sys/devices/system/cpu/online)
tool_cpu=${online%%[-,]*}
load=("$work/switch-load" "${online##*[-,]}" "$loops")
compile_all
tell_noise
! is_of_file "${candidates[*]}" || record_files
look_at_candidates
run_rounds
jq -f "$here/library-goals.jq" "$work/results" >"$work/goals" ||
  fail 'the comparison could not be computed'
tell_results
exit "$status"
