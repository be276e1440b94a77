#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-report --ts and --ns, and the clock anchors that they need.

load helpers
load report-helpers

setup() {
  prepare_report
  export TZ=UTC
}

teardown() {
  clear_up
}

# record_marker CLOCK FILE [OPTION]...: one on each CPU; sets before and after, of
# CLOCK_REALTIME.
record_marker() {
  start_record -q "${silent[@]}" -C "$1" -o "$2" "${@:3}"
  before=$(date +%s%N)
  mono_before=$(monotonic)
  markers 1 1
  mono_after=$(monotonic)
  after=$(date +%s%N)
  stop_record 0
}

# CLOCK_MONOTONIC in nanoseconds, or 0 where the kernel does not tell.
monotonic() {
  sed -n 's/^now at \([0-9]*\) nsecs$/\1/p' /proc/timer_list 2>/dev/null | grep . || echo 0
}

# nanoseconds_of DATE TIME: since the Epoch, of nine digits.
nanoseconds_of() {
  date -d "$1 $2" +%s%N
}

# times_of FILE [OPTION]...: what stands before each event.
times_of() {
  show "${@:2}" "$1" | sed -nE 's/^.{16}-[0-9]+ +\[[0-9]+\] *([^:]+(:[0-9][0-9]:[0-9.]+)?): .*/\1/p'
}

# lies_between FROM TIME TO
lies_between() {
  [ "$1" -le "$2" ] && [ "$2" -le "$3" ] || { echo "$2 is not in $1 to $3"; return 1; } >&2
}

@test "realtime and mono are what the clocks of user space show" {
  need
  local clock day time of
  for clock in local global perf mono mono_raw boot tai; do
    grep -qw -- "$clock" $tracing/trace_clock || continue
    record_marker "$clock" "$clock.dat"
    times_of "$clock.dat" --ts realtime --ns >stamps
    [ "$(wc -l <stamps)" = "$(cpus | wc -l)" ]
    while read -r day time; do
      lies_between "$before" "$(nanoseconds_of "$day" "$time")" "$after"
    done <stamps
    [ "$mono_before" != 0 ] || continue
    times_of "$clock.dat" --ts mono --ns >stamps
    [ "$(wc -l <stamps)" = "$(cpus | wc -l)" ]
    while read -r time; do
      of=${time/./}
      lies_between "$mono_before" "$((10#$of))" "$mono_after"
    done <stamps
  done
}

@test "the formats: six digits or nine, local time, seconds" {
  need
  record_marker local x.dat
  run -0 times_of x.dat --ts realtime
  [[ ${lines[0]} =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}\ [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}$ ]]
  run -0 times_of x.dat --ts mono
  [[ ${lines[0]} =~ ^[0-9]+\.[0-9]{6}$ ]]
  run -0 times_of x.dat --ns
  [[ ${lines[0]} =~ ^[0-9]+\.[0-9]{9}$ ]]
  cmp <(show x.dat) <(show --ts trace x.dat)
  # Three hours east.
  paste <(times_of x.dat --ts realtime --ns) <(TZ=XST-3 times_of x.dat --ts realtime --ns) >both
  local day time there hour
  while read -r day time there hour; do
    [ $(($(nanoseconds_of "$there" "$hour") - $(nanoseconds_of "$day" "$time"))) = 10800000000000 ]
  done <both
}

@test "--ns as trace-cmd report -t has it" {
  need trace-cmd
  record_some -e 'sched:sched_process_*' x.dat
  report -t x.dat | without_early_names >peer
  show --ns x.dat | without_early_names >ours
  same_lines peer ours 30
}

@test "delta is the difference to the line before" {
  need
  record_some -e 'sched:sched_process_*' x.dat
  times_of x.dat --ns | tr -d . | awk '{ printf "%d\n", NR == 1 ? 0 : $1 - last; last = $1 }' >expected
  times_of x.dat --ts delta --ns | tr -d . | awk '{ printf "%d\n", $1 }' >got
  [ "$(wc -l <got)" -gt 30 ]
  cmp expected got
  # Only of what is printed.
  times_of x.dat -e sched_process_fork --ns | tr -d . |
    awk '{ printf "%d\n", NR == 1 ? 0 : $1 - last; last = $1 }' >expected
  times_of x.dat -e sched_process_fork --ts delta --ns | tr -d . | awk '{ printf "%d\n", $1 }' |
    cmp expected -
  # The clock boot is printed as a number.
  record_some -C boot -e 'sched:sched_process_*' boot.dat
  times_of boot.dat | awk '{ printf "%d\n", NR == 1 ? 0 : $1 - last; last = $1 }' >expected
  times_of boot.dat --ts delta | cmp expected -
}

@test "--format json: ts stays, the other time is a further member" {
  need jq
  record_loss x.dat -e raw_syscalls
  show --format json x.dat >trace
  show --format json --ns x.dat | cmp trace -
  show --format json --ts realtime x.dat >realtime
  show --format json --ts mono x.dat >mono
  local what
  for what in realtime mono; do
    jq -c "del(.$what)" "$what" >without
    jq -c . trace | cmp - without
  done
  grep -q '"lost":' realtime
  jq -r 'select(.event) | .realtime' realtime >got
  times_of x.dat --ts realtime --ns | sed 's/ /T/; s/$/Z/' | cmp - got
  grep '"event"' mono | grep -o '"mono":[0-9]*}$' | tr -dc '0-9\n' >got
  times_of x.dat --ts mono --ns | tr -d . | cmp - got
}

@test "events are chosen by the trace clock, however times are printed" {
  need
  record_some -e 'sched:sched_process_*' x.dat
  local from
  from=$(times_of x.dat --ns | sed -n 20p)
  [ "$(show --from "$from" x.dat | wc -l)" -gt 20 ]
  [ "$(show --from "$from" --ts realtime x.dat | wc -l)" = "$(show --from "$from" x.dat | wc -l)" ]
}

@test "--stat shows the anchors and the drift" {
  need jq
  record_marker local x.dat
  run -0 show --stat x.dat
  [ "$(grep -cE '^clock anchor [0-9.]+: 20[0-9-]+ [0-9:.]+, within [0-9.]+ us$' <<<"$output")" = 2 ]
  grep -qE '^realtime (lost|gained|and the trace clock drifted|was set) ' <<<"$output"
  # They are none of the kernel's counters.
  run ! grep -q 'Clock anchor' <<<"$output"
  show --stat --format json x.dat >json
  jq -e '(.anchors | length) == 2 and .anchors[0].trace < .anchors[1].trace and
    all(.anchors[]; .uncertainty > 0 and (.realtime | test("^20.*Z$")) and .monotonic > 0) and
    all(.cpu_stats[]; startswith("CPU: "))' json
  run -0 show --stat --ts realtime --ns x.dat
  [[ $output =~ \ 20[0-9]{2}-[0-9-]+\ [0-9:]+\.[0-9]{9}\  ]]
}

@test "a recorder that is killed leaves the anchor of the begin" {
  need jq
  local version day time
  for version in 6 7; do
    start_record -q "${silent[@]}" --file-version "$version" -o x.dat
    before=$(date +%s%N)
    markers 1 1
    after=$(date +%s%N)
    has_markers() {
      [ "$(show x.dat | grep -c ' print: ')" = "$(cpus | wc -l)" ]
    }
    wait_until 20 has_markers
    kill -KILL "$recorder"
    wait "$recorder" || true
    recorder=
    show --stat --format json x.dat | jq -e '(.anchors | length) == 1'
    while read -r day time; do
      lies_between "$before" "$(nanoseconds_of "$day" "$time")" "$after"
    done < <(times_of x.dat --ts realtime --ns)
  done
}

@test "without anchors: what to do" {
  need trace-cmd
  local clock ts
  for clock in x86-tsc counter; do
    grep -qw -- "$clock" $tracing/trace_clock || continue
    record_some -C "$clock" -e sched:sched_switch x.dat
    for ts in realtime mono; do
      run -1 --separate-stderr show --ts "$ts" x.dat
      [ -z "$output" ]
      [ "${#stderr_lines[@]}" = 1 ]
      [[ $stderr == "rbmap-report: x.dat: the file has no clock anchors for --ts $ts (clock $clock); record with"* ]]
      run -1 show --ts "$ts" --format json x.dat
      run -1 show --ts "$ts" --stat x.dat
    done
    show --ts delta x.dat >/dev/null
  done
}

@test "files of trace-cmd: by the clock mono, and by --date" {
  need trace-cmd jq
  export -f some_load cpus
  peer_record -C mono -e sched:sched_switch -B "$instance" -C mono -e sched:sched_waking \
    -o x.dat bash -c some_load
  cmp <(show x.dat) <(show --ts mono x.dat)
  run -1 show --ts realtime x.dat
  show --format json --ts mono x.dat >json
  jq -ne --arg name "$instance" '[inputs | select(.event)] |
    all(.[]; .mono == .ts) and any(.[]; .buffer == $name)' json
  before=$(date +%s%N)
  peer_record --date -e sched:sched_switch -o date.dat bash -c some_load
  after=$(date +%s%N)
  run -1 show --ts mono date.dat
  local day time
  while read -r day time; do
    lies_between "$before" "$(nanoseconds_of "$day" "$time")" "$after"
  done < <(times_of date.dat --ts realtime --ns | sed -n '1p;$p')
}

@test "trace-cmd shows the anchors, and has nothing to say against them" {
  need trace-cmd
  local version
  for version in 6 7; do
    record_marker local x.dat --file-version "$version"
    trace-cmd report --debug x.dat >out 2>&1
    run ! grep -i 'unknown option' out
    run -0 bash -c 'trace-cmd report --stat x.dat 2>&1'
    [ "$(grep -c '^Clock anchor (ns): trace [0-9]* realtime [0-9]* ' <<<"$output")" = 2 ]
  done
}

@test "bad input is told" {
  run -2 --separate-stderr show --ts now x.dat
  [[ $stderr == *"--ts 'now': unknown; choose trace, realtime, mono or delta"* ]]
  run -2 --separate-stderr show --ts delta --format json x.dat
  [[ $stderr == *"--ts delta: not with --format json"* ]]
  run -2 --separate-stderr show --ts delta --stat x.dat
  [[ $stderr == *"--ts delta: not with --stat or --check"* ]]
}
