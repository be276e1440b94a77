#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Recording while every CPU is busy: which events are lost, and the cost, for rbmap-record
# and other recorders, raw and compressed.
#
# Each round runs each candidate once, so other activity of the machine affects all of
# them. The medians over the rounds are reported.
#
# Loads (a fixed amount of work):
#   syscalls  getppid(2) on every CPU at once, as fast as it goes, raw_syscalls:* recorded:
#             two events a call
#   one       the same on the last CPU alone
#   mixed     messages between many threads (perf bench sched messaging, or hackbench of
#             rt-tests), with sched, irq, timer, kmem and syscalls recorded
#
# Candidates:
#   untraced         the load alone
#   unread           tracing into a ring that is not read
#   rbmap            rbmap-record with its defaults
#   rbmap-E          the same with --engine E
#   rbmap-fast       with --compress=-1
#   rbmap...-raw     with --compress=none
#   rbmap-raw-direct with --direct as well
#   rbmap-v6         with --file-version=6
#   trace-cmd        trace-cmd record with its defaults; since 3.0 it compresses at the end
#   trace-cmd-raw    the same with --compression none
#   perf             perf record -a, with buffers of the size of the rings
#
# Columns:
#   lost, worst     lost events: the median and the largest number of all rounds, by the
#                   kernel's counters
#   of events       the median in per cent of the events
#   CPU             seconds of the recorder and all its children, from start to end,
#                   without the load and the kernel's writeback
#   load            seconds until all of the load was done; then the ratio to the untraced
#                   load, and to the load with the unread ring
#   stop            seconds from SIGINT to the end of the recorder
#   file            size in MB
#   memory          peak of the largest process of the recorder in MB, mapped rings included
#   events          millions written to the ring meanwhile
#
# In the end rbmap-record with its defaults is compared with trace-cmd with its defaults,
# and both without compression, and each result with the goal that the project has set: by
# the recorded event, since one that loses events has less to do. A ratio of the loads counts
# as 1 within its noise, the median absolute deviation of the ratios of the rounds. A missed
# goal does not change the exit status.
#
# The following is the same for all: the size of the ring buffer; the output directory; no
# events of the recorder's own processes; a load that starts once events are enabled.
set -u

usage() {
  cat <<'TEXT'
usage: sudo tests/bench/saturate.sh [options]

  --load LOAD        syscalls (default), one or mixed
  --rounds N         run each candidate N times and report medians (default 5)
  --calls N          call getppid(2) N times on each CPU (default 4000000)
  --loops N          mixed: let each sender send N messages to each receiver (default 2000)
  -b, --buffer-size KB  size of the ring buffer of each CPU (default 16384)
  --bin DIR          directory of rbmap-record (default $RBMAP_BIN or build/release/cli)
  --output-dir DIR   write each trace to DIR and remove it (default $TMPDIR or /var/tmp)
  --only REGEX       run only the candidates that match, and untraced and unread
  --json FILE        write the numbers of each run, the medians and the comparison as JSON
                     ('-': to standard output, instead of the table)
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
options=(--load --rounds --calls --loops --buffer-size -b --bin --output-dir --only --json)
load_name=syscalls
calls=4000000
loops=2000
# Of 20 senders and 20 receivers each.
groups=2

# Before $work is there.
choose_load() {
  case $load_name in
  syscalls) load_events=$((2 * calls * $(nproc))) ;;
  one) load_events=$((2 * calls)) ;;
  mixed)
    choose_systems
    [ -n "$(command -v perf || command -v hackbench)" ] ||
      missing 'neither perf nor hackbench is installed'
    # Some 16 events a message.
    load_events=$((16 * groups * 400 * loops))
    ;;
  *) usage_error "--load '$load_name': syscalls, one or mixed" ;;
  esac
}

choose_systems() {
  local system
  systems=()
  for system in sched irq timer kmem syscalls; do
    if [ -e "$tracing/events/$system" ]; then
      systems+=("$system")
    else
      note "left out, since the kernel does not have them: events of $system"
    fi
  done
}

# Threads, since they end together with their process.
make_load() {
  local online
  online=$(cat /sys/devices/system/cpu/online)
  case $load_name in
  syscalls) load=("$work/syscall-load" all "$calls") ;;
  one) load=("$work/syscall-load" "${online##*[-,]}" "$calls") ;;
  mixed)
    load=(perf bench -f simple sched messaging -t -g "$groups" -l "$loops")
    [ -n "$(command -v perf)" ] || load=(hackbench -T -g "$groups" -l "$loops") ;;
  esac
}

start_rbmap() {
  local word how=()
  for word in ${1//-/ }; do
    case $word in
    mapped | read | observe) how+=(--engine "$word") ;;
    raw) how+=(--compress=none) ;;
    v6) how+=(--file-version=6) ;;
    fast) how+=(--compress=-1) ;;
    direct) how+=(--direct) ;;
    esac
  done
  list_events
  start 'rbmap-record-%' "$bin/rbmap-record" -q "${event_options[@]}" -b "$buffer_kb" \
    "${how[@]}" -o "$out/trace.dat" --summary "$work/summary"
}

# It has no instance; it says when it is ready.
start_perf() {
  local system answer events=()
  for system in "${systems[@]}"; do
    events+=(-e "$system:*")
  done
  rm -f "$work/control" "$work/ready"
  mkfifo "$work/control" "$work/ready" || fail 'no FIFO could be made'
  # perf ends with the status of the signal that stopped it.
  stopped_status=130
  instance=none-of-perf
  launch perf record -q -a -m "${buffer_kb}K" "${events[@]}" --exclude-perf -D -1 \
    --control "fifo:$work/control,$work/ready" -o "$out/perf.data" || return
  exec {control}<>"$work/control" {ready}<>"$work/ready"
  echo enable >&"$control"
  until read -r -t 0.2 answer <&"$ready"; do
    kill -0 "$recorder" || break
  done 2>/dev/null
  exec {control}>&- {ready}>&-
  [ "$answer" = ack ]
}

start_candidate() {
  case $1 in
  rbmap*) start_rbmap "$1" ;;
  trace-cmd*) start_trace_cmd "$1" ;;
  perf) start_perf ;;
  esac
}

# "WRITTEN LOST" by what perf found in its file. Before 6.0 it does not know how many were
# lost.
count_perf_events() {
  perf report --stats -i "$out/perf.data" 2>/dev/null | awk '
    / stats:$/ { part++; next }
    part == 1 && $1 == "SAMPLE" { recorded = $3 }
    part == 1 && $1 == "LOST" { places = $3 }
    part > 1 && $1 == "LOST_SAMPLES" { lost += $3 }
    END { if (part && (lost || !places)) printf "%.0f %.0f\n", recorded + lost, lost }'
}

# Sets written and lost, as the recorder has them from the kernel.
# shellcheck disable=SC2034 # attempt() uses them
count_events() {
  case $1 in
  rbmap*) jq -r '"\(.total.written) \(.total.lost)"' "$work/summary" ;;
  trace-cmd*) trace-cmd report --stat "$out/trace.dat" 2>/dev/null | add_counters ;;
  perf) count_perf_events ;;
  esac >"$work/events" && read -r written lost <"$work/events"
}

choose_candidates() {
  local name
  candidates=(untraced unread)
  for name in rbmap rbmap-{fast,raw,raw-direct,v6} rbmap-{mapped,read,observe}{,-raw} \
    trace-cmd{,-raw} perf; do
    [[ ! $name =~ $only ]] || candidates+=("$name")
  done
}

# Everything, as one document.
tell_json() {
  describe_machine | jq --arg load "$load_name" --arg command "${load[*]##*/}" \
    --arg systems "${systems[*]}" --slurpfile results "$work/results" \
    --slurpfile goals "$work/goals" \
    '.load = {name: $load, command: $command, systems: ($systems / " ")}
    | .candidates = $results[0] | .goals = $goals[0]'
}

tell_goals() {
  echo
  echo 'rbmap-record, relative to trace-cmd record:'
  jq -r '.[] | [.what, (.value | if . == null then "-" else . * 1000 | round / 1000 end),
    (if .goal == 0 then "0" else "at most \(.goal)" end),
    (if .noise then "noise \(.noise * 1000 | round / 1000)" else "" end),
    (if .met == null then "not measured" elif .met then "met" else "missed" end)] | @tsv' \
    "$work/goals" | awk -F '\t' '{
      printf "  %-48s %7s  goal: %-11s %s%s\n", $1, $2, $3, $5, $4 == "" ? "" : " (" $4 ")"
    }'
}

tell_table() {
  echo "load: $load_name, ${load[*]##*/}; events: ${systems[*]}"
  echo "rounds: $rounds; $(nproc) CPUs, $buffer_kb KB for each; medians"
  jq -r '.[] | .median as $m | [.name, $m.lost,
    ([.rounds[].lost | select(. != null)] | max),
    (if ($m.written // 0) > 0 then 100 * $m.lost / $m.written else null end),
    $m.cpu_seconds, $m.load_seconds, $m.load_to_untraced, $m.load_to_unread,
    $m.stop_seconds, (if $m.bytes then $m.bytes / 1e6 else null end),
    (if $m.peak_kb then $m.peak_kb / 1e3 else null end),
    (if $m.written then $m.written / 1e6 else null end), .error] | @tsv' \
    "$work/results" | awk -F '\t' -f "$here/saturate-table.awk"
  tell_goals
}

parse "$@"
choose_load
check_recording
make_work
# shellcheck disable=SC2119 # no more than those of all scripts
build_programs
make_load
choose_candidates
tell_noise
look_at_candidates
run_rounds
jq -f "$here/saturate-goals.jq" "$work/results" >"$work/goals" ||
  fail 'the comparison could not be computed'
tell_results
exit "$status"
