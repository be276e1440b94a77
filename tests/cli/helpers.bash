# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2015
# What the tests of rbmap-record share.

bats_require_minimum_version 1.5.0

: "${RBMAP_BIN:?names the directory of the commands}"

tracing=/sys/kernel/tracing
# shellcheck disable=SC2034
record=$RBMAP_BIN/rbmap-record
# How many times slower than hardware this machine is, such as an emulator.
slowdown=${RBMAP_TEST_SLOWDOWN:-1}
# An event that nothing fires, for those who only want markers.
# shellcheck disable=SC2034
silent=(-e sched:sched_process_exec -f 'pid == -1')

# For setup(). The name and the directory of an instance for -B; not made yet.
prepare() {
  cd "$BATS_TEST_TMPDIR" || return
  instance=rbmap-test-$$-$BATS_TEST_NUMBER
  ring=$tracing/instances/$instance
  recorder=
  ahead=()
  # shellcheck disable=SC2034
  as_usual=()
  enabled_before=$(cat $tracing/events/enable 2>/dev/null) || true
}

# alone_with DIRECTORY COMMAND [ARG]...: while no other test of this machine, also of
# another run, has the directory.
alone_with() {
  (flock 9 && shift && "$@" 9>&-) 9<"$1"
}

# trace-cmd records the top level, which all have in common.
at_top_level() {
  alone_with $tracing/events "$@"
}

# For the rest of the test: what it shows, it shows of a machine that has time for it. Such
# tests of other runs wait; what else the machine does goes on.
be_alone() {
  local lock
  exec {lock}<$tracing/instances && flock "$lock"
}

# The recorder comes before all else that the machine has to do; a load that it starts with
# "${as_usual[@]}" does not.
come_first() {
  [ "$slowdown" != 1 ] || ! chrt --rr 1 true 2>/dev/null || {
    ahead=(chrt --rr 1)
    # shellcheck disable=SC2034
    as_usual=(chrt --other 0)
  }
}

# For teardown().
clear_up() {
  if [ -n "$recorder" ]; then
    kill -KILL "$recorder" 2>/dev/null
    wait "$recorder" 2>/dev/null
  fi
  [ ! -d "$ring" ] || wait_until 5 rmdir "$ring" 2>/dev/null
  [ ! -s pid ] || remove_own_rings
}

# A recorder that starts meanwhile removes those of a killed one, too.
remove_own_rings() {
  local left
  for left in $(own_rings); do
    wait_until 5 is_removed "$left"
  done
}

is_removed() {
  [ ! -d "$1" ] || rmdir "$1" 2>/dev/null || [ ! -d "$1" ]
}

need() {
  local program
  [ "$(id -u)" = 0 ] || skip "needs root"
  [ -w $tracing/instances ] || skip "no tracefs on $tracing"
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "$program is missing"
  done
}

# need_ci: a test that the default run has no time for; by hand it runs.
need_ci() {
  [[ ${RBMAP_TEST_LEVEL-ci} != @(quick|default) ]] || skip "takes long: tests/run.sh --ci"
}

# need_all: likewise, one that CI has no time for.
need_all() {
  [ "${RBMAP_TEST_LEVEL-all}" = all ] || skip "takes long: tests/run.sh --all"
}

need_engine() {
  [ "$1" = read ] || can_map || skip "the kernel cannot map ring buffers"
}

can_map() {
  "$RBMAP_BIN/rbmap-stat" --features | grep -q '^mapping  *yes '
}

# A format that libtraceevent cannot parse costs it two bytes.
ignore_leaks_of_others() {
  # rbmap-report reads it as nobody.
  chmod a+x "$BATS_RUN_TMPDIR"
  echo 'leak:libtraceevent.so' >"$BATS_TEST_TMPDIR/leaks-of-others"
  LSAN_OPTIONS=suppressions=$BATS_TEST_TMPDIR/leaks-of-others:print_suppressions=0
  export LSAN_OPTIONS
}

# Those that this kernel has.
engines() {
  ! can_map || echo mapped
  echo read
}

need_two_cpus() {
  [ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
}

# support NAME: the path of a program of these tests or of the benchmarks, or of what is
# preloaded into one (NAME.so), built where CMake has not.
support() {
  local built=${RBMAP_BUILD:-}/tests/$1 source how=()
  if [ ! -x "$built" ]; then
    built=$BATS_RUN_TMPDIR/$1
    source=$BATS_TEST_DIRNAME/${1%.so}.c
    [ -e "$source" ] || source=$BATS_TEST_DIRNAME/../bench/${1%.so}.c
    [[ $1 != *.so ]] || how=(-shared -fPIC)
    [ -x "$built" ] || ${CC:-cc} -O2 "${how[@]}" -o "$built" "$source" || return
  fi
  echo "$built"
}

cpus() {
  local range
  for range in $(tr , ' ' </sys/devices/system/cpu/online); do
    seq "${range%-*}" "${range#*-}"
  done
}

# scaled AMOUNT: of work, or of memory that it has to pass; never what is asserted of it.
scaled() {
  echo $(($1 / slowdown))
}

# wait_until SECONDS COMMAND [ARG]...: the seconds only bound a failure.
wait_until() {
  local end=$((SECONDS + $1 * slowdown))
  shift
  until "$@"; do
    if [ $SECONDS -ge $end ]; then
      echo "waited in vain for: $*" >&2
      return 1
    fi
    sleep 0.02
  done
}

# starting_with PID_FILE COMMAND [ARG]...: notes the process before it becomes COMMAND. In
# the background of a script SIGINT would be ignored, and so by the traced command.
# shellcheck disable=SC2016
starting_with='echo $$ >"$0.new" && mv "$0.new" "$0" &&
  exec env --default-signal=INT,QUIT "$@"'

# record [OPTION]... [-- COMMAND...]: waits for its end; to be used with run.
record() {
  timeout -k 10 $((60 * slowdown)) "${ahead[@]}" bash -c "$starting_with" pid "$record" "$@" 3>&- 4>&-
}

# start_record [OPTION]...: in the background, until it records. Its standard error goes
# to the file err, the standard output to the file out.
start_record() {
  rm -f pid
  "${ahead[@]}" bash -c "$starting_with" pid "$record" "$@" >out 2>err 3>&- 4>&- &
  recorder=$!
  wait_until 20 is_recording || { cat err >&2; return 1; }
}

is_recording() {
  [ -s pid ] && { is_on "$ring" || is_on "$(own_ring)"; }
}

# start_held CALL [OPTION]... -- COMMAND...: in the background, stopped behind the first
# such call. LeakSanitizer cannot work below a tracer.
start_held() {
  local call=$1 options=()
  need strace
  shift
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  rm -f pid
  ASAN_OPTIONS=detect_leaks=0 bash -c "$starting_with" pid strace -D -o log "${options[@]}" \
    -e trace="$call" -e inject="$call":signal=STOP:when=1 "${@:2}" >out 2>err 3>&- 4>&- &
  recorder=$!
  wait_until 20 grep -qs 'stopped by SIGSTOP' log
}

# An instance is born with tracing on; the recorder leaves the trace behind all else.
is_on() {
  local state
  { read -r state <"$1/set_event_notrace_pid" && read -r state <"$1/tracing_on"; } \
    2>/dev/null && [ "$state" = 1 ]
}

# The instance for -B, not tracing yet.
make_ring() {
  mkdir "$ring" && echo 0 >"$ring/tracing_on"
}

# The instances that the recorder in the file pid made for itself. Its number alone is the
# name of the first, unless another recorder that starts took that one for a leftover.
own_rings() {
  local name
  name=$tracing/instances/rbmap-record-$(cat pid 2>/dev/null)
  { compgen -G "$name"; compgen -G "$name.*"; } | sort -V | grep . || echo "$name"
}

own_ring() {
  own_rings | sed -n 1p
}

# The one that is recorded.
live_ring() {
  if [ -d "$ring" ]; then echo "$ring"; else own_ring; fi
}

# stop_record STATUS [SIGNAL]: it has to end with that status.
stop_record() {
  local status=0
  kill -"${2:-INT}" "$recorder" 2>/dev/null
  wait_until 60 is_over || return
  wait "$recorder" || status=$?
  recorder=
  [ "$status" = "$1" ] || { echo "status $status"; cat err; return 1; } >&2
}

# A child that has ended and was not waited for yet is over.
is_over() {
  local state
  ! state=$(process_state) || [ "$state" = Z ]
}

is_stopped() {
  [ "$(process_state)" = T ]
}

process_state() {
  sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$recorder/status" 2>/dev/null |
    grep .
}

# next_one_removes NUMBER COMMAND...: kills what COMMAND starts, which has so many
# instances; the next recorder removes them and says so. Another one that starts meanwhile
# may be the first to come across one of them.
next_one_removes() {
  local killed name number
  for _ in {1..3}; do
    "${@:2}"
    killed=$(own_rings)
    [ "$(wc -l <<<"$killed")" = "$1" ]
    kill -KILL "$recorder"
    wait "$recorder" || true
    recorder=
    run -0 --separate-stderr record -q "${silent[@]}" -o t.dat -- true
    number=0
    for name in $killed; do
      wait_until 5 is_gone "$name"
      [[ $stderr != *"removed the tracing instance ${name##*/}, left by a killed run"* ]] ||
        number=$((number + 1))
    done
    [ $number != "$1" ] || return 0
  done
  echo "not said: $killed" >&2
  return 1
}

is_gone() {
  [ ! -e "$1" ]
}

pause_record() {
  kill -STOP "$recorder"
  wait_until 10 is_stopped
}

# kernel_says CPU COUNTER: of the ring that is recorded.
kernel_says() {
  sed -n "s/^$2: *//p" "$(live_ring)/per_cpu/cpu$1/stats"
}

all_consumed() {
  local cpu
  for cpu in $(cpus); do
    [ "$(kernel_says "$cpu" entries)" = 0 ] || return
  done
}

# markers FIRST LAST [MOST_UNREAD]: on every CPU, into the ring that is recorded.
markers() {
  timeout $((60 * slowdown)) "$(support marker-writer)" "$(live_ring)" "$@"
}

# Lines of trace-cmd report in the form of 3.1. Later versions put the flags of the
# context, such as "d..2.", before the time.
without_flags() {
  sed -E 's/^(.{0,40}-[0-9]+ +\[[0-9]{3,}\]) [^ :0-9][^ :]{3,4}( *[0-9.]+: )/\1\2/'
}

# report [OPTION]... FILE: what trace-cmd prints of a trace.dat.
report() {
  trace-cmd report "$@" 2>/dev/null | without_flags
}

# marker_list FILE: "CPU NUMBER NANOSECONDS" of each marker in a trace.dat.
marker_list() {
  report -t "$1" | text_marker_list
}

text_marker_list() {
  sed -nE 's/^.* \[([0-9]+)\] +([0-9]+)\.([0-9]+): print: .*: ([0-9]+) cpu([0-9]+)$/\5 \4 \2\3 \1/p' |
    awk '{ if ($4 + 0 != $1) print "CPU", $4, "has a marker of CPU", $1; print $1, $2, $3 }'
}

# each_once FIRST LAST: of a marker list on standard input, on every CPU and in order.
each_once() {
  awk -v first="$1" -v last="$2" -v cpus="$(cpus | tr '\n' ' ')" '
    BEGIN { n = split(cpus, list, " "); for (i = 1; i <= n; i++) next_one[list[i]] = first }
    NF != 3 { print; bad = 1; next }
    $2 != next_one[$1] && !told[$1]++ {
      print "CPU", $1 ": number", $2, "where", next_one[$1], "is due"; bad = 1 }
    { next_one[$1] = $2 + 1 }
    END {
      for (cpu in next_one) if (next_one[cpu] != last + 1) {
        print "CPU", cpu, "ends before", next_one[cpu]; bad = 1 }
      exit bad
    }'
}

# none_twice: of a marker list; numbers may be missing, but each is larger than before.
none_twice() {
  awk '$2 <= latest[$1] { print "CPU", $1 ": number", $2, "behind", latest[$1]; bad = 1 }
    { latest[$1] = $2 } END { exit bad }'
}

# Nothing of a run is left in tracefs; of the one that the file pid names.
left_nothing() {
  [ ! -s pid ] || [ ! -d "$(own_ring)" ] || return
  wait_until 20 top_level_is_as_before
}

# Another program, such as trace-cmd, may be recording it meanwhile.
top_level_is_as_before() {
  local now
  now=$(cat $tracing/events/enable)
  [ "$now" = "$enabled_before" ] || [ "$now" = 0 ]
}

# All that can be written in an instance and says what it was written.
instance_state() {
  local file
  for file in buffer_size_kb buffer_subbuf_size_kb buffer_percent trace_clock tracing_on \
    tracing_cpumask set_event set_event_pid set_event_notrace_pid current_tracer; do
    # That a ring gets its size with the first event cannot be put back.
    [ ! -e "$1/$file" ] || sed "s,^,$file: ,; s, (expanded: .*,," "$1/$file"
  done
  grep -r '' "$1/options" "$1"/per_cpu/cpu*/buffer_size_kb
  grep -r '' "$1/events" --include=enable --include=filter --include=trigger
}

# Another test has killed its recorder meanwhile.
forget_killed() {
  local line kept=()
  for line in "${stderr_lines[@]}"; do
    [[ $line == *": removed the tracing instance rbmap-record-"*", left by a killed run" ]] ||
      kept+=("$line")
  done
  stderr_lines=("${kept[@]}")
}

# Where rings cannot be mapped the first line says so.
forget_notice() {
  forget_killed
  [[ ${stderr_lines[0]-} == *"cannot be mapped"*"; using read(2)" ]] || return 0
  ! can_map || { echo "not mapped: $stderr"; return 1; } >&2
  stderr_lines=("${stderr_lines[@]:1}")
}

# One line of what failed, on standard error (run --separate-stderr), and no file.
# shellcheck disable=SC2154
one_line() {
  forget_notice || return
  [ "${#stderr_lines[@]}" = 1 ] && [[ ${stderr_lines[0]} == "rbmap-record: "* ]] ||
    { printf 'not one line:\n%s\n' "$stderr"; return 1; } >&2
}

usage_lines() {
  forget_notice || return
  [ "${#stderr_lines[@]}" = 2 ] && [[ ${stderr_lines[0]} == "rbmap-record: "* ]] &&
    [ "${stderr_lines[1]}" = "Try 'rbmap-record --help'." ] ||
    { printf 'not a line and a hint:\n%s\n' "$stderr"; return 1; } >&2
}
