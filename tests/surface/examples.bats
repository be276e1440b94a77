# SPDX-License-Identifier: GPL-2.0-only
# The installed examples are compiled against the installed library, and what they print is
# compared with the commands, the kernel's counters, or what is known before.

load common

tracing=/sys/kernel/tracing

setup_file() {
  local example flags sanitizers=()
  install_rbmap
  EXAMPLES=$PREFIX/share/doc/rbmap/examples
  export EXAMPLES
  read -ra flags < <(pkg-config --cflags --libs librbmap)
  mkdir "$BATS_FILE_TMPDIR/bin"
  # What is copied into programs has no leaks and no errors; slower by far.
  [ "${RBMAP_TEST_LEVEL-}" != all ] || sanitizers=('-fsanitize=address,undefined')
  for example in "$EXAMPLES"/*.c; do
    example=$(basename "$example" .c)
    "${CC:-cc}" -Wall -Wextra -Wno-unused-parameter -Werror "$EXAMPLES/$example.c" \
      "${sanitizers[@]}" -o "$BATS_FILE_TMPDIR/bin/$example" "${flags[@]}" 2>&1 || return
  done
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  bin=$BATS_FILE_TMPDIR/bin
  own=$tracing/instances/rbmap-test-$$-$BATS_TEST_NUMBER
  example=
  ulimit -f 1000000
  echo 'leak:libtraceevent.so' >leaks-of-others
  export LSAN_OPTIONS=suppressions=$PWD/leaks-of-others:print_suppressions=0
}

teardown() {
  [ -z "$example" ] || kill -KILL "$example" 2>/dev/null || true
  [ ! -d "$own" ] || rmdir "$own"
}

need_tracefs() {
  [ "$(id -u)" = 0 ] || skip "needs root"
  [ -d $tracing/instances ] || skip "needs tracefs at $tracing"
}

wait_for() {
  local end=$((SECONDS + 60))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return
    sleep 0.05
  done
}

# start INSTANCE EXAMPLE [ARG]...: until the end of the test no other run has its instance.
# With the example recording, $1 is enabled there.
start() {
  local program
  exec {lock}<"$tracing/instances"
  flock "$lock"
  program=("$bin/$2")
  [[ $2 != *.py ]] || program=(/usr/bin/python3 "$EXAMPLES/$2")
  "${program[@]}" "${@:3}" >output 2>errors {lock}<&- &
  example=$!
  wait_for is_on "$tracing/instances/$1/enable" || { cat errors; return 1; }
}

# An event's file, or a system's of which some events are on.
is_on() {
  [[ $(cat "$1" 2>/dev/null) == [1X] ]]
}

# stop: as Ctrl-C does; nothing is left of its instances.
stop() {
  kill -INT "$example"
  wait "$example" || { cat errors; return 1; }
  example=
  cat errors
  [ ! -s errors ]
}

# Lines to print are made as long as that takes.
ended_under_load() {
  true | cat
  [ -s status ]
}

gone() {
  local name
  for name; do
    [ ! -e "$tracing/instances/$name" ] || { echo "left: $name"; return 1; }
  done
}

# file_with_switches: of a load of some hundred switches and wake-ups.
file_with_switches() {
  need_tracefs
  [ -e "$BATS_FILE_TMPDIR/trace.dat" ] ||
    "$RBMAP_BIN/rbmap-record" -q -e sched:sched_switch -e sched:sched_waking \
      -o "$BATS_FILE_TMPDIR/trace.dat" -- bash -c 'for i in {1..100}; do true | cat; done'
  "$RBMAP_BIN/rbmap-report" --format json "$BATS_FILE_TMPDIR/trace.dat" >records
  [ -s records ]
}

@test "the installed examples are those of the README, and each says what it does" {
  local name
  same examples README.md \
    "$(cd "$EXAMPLES" && printf '%s\n' *.c *.py | grep -v '\*' | sort)" \
    "$(sed -nE 's/^\| `([^`]+)`.*/\1/p' "$EXAMPLES/README.md" | sort)"
  for name in "$bin"/*; do
    [ -x "$name" ]
  done
}

@test "who-ran: the sums of a file" {
  command -v jq >/dev/null || skip "no jq"
  file_with_switches
  "$bin/who-ran" "$BATS_FILE_TMPDIR/trace.dat" >output
  [ "$(tail -n 1 output)" = 'events were lost 0 times' ]
  jq -rs '
    map(select(.event == "sched_switch"))
    | reduce .[] as $e ({since: {}, ns: {}};
        ($e.cpu | tostring) as $cpu | ($e.fields.prev_pid | tostring) as $pid
        | if .since[$cpu] and $pid != "0" then .ns[$pid] += $e.ts - .since[$cpu]
            | .name[$pid] = $e.fields.prev_comm else . end
        | .since[$cpu] = $e.ts)
    | .name as $name | .ns | to_entries[] | "\($name[.key])-\(.key) \(.value)"' records | sort >wanted
  [ "$(wc -l <wanted)" -gt 2 ]
  sed '$d' output | sed 's/ ms  /\t/' | awk -F '\t' '{ printf "%s %.0f\n", $2, $1 * 1e6 }' |
    sort >seen
  same jq who-ran "$(cat wanted)" "$(cat seen)"
}

@test "who-ran: live, a task that runs is in it" {
  need_tracefs
  start rbmap-who-ran/events/sched/sched_switch who-ran
  bash -c 'for i in {1..50000}; do :; done; sleep 0.01'
  stop
  gone rbmap-who-ran
  awk '$1 > 0 && / ms  bash-[0-9]+$/ { found = 1 } END { exit !found }' output
}

# need_python IMPORTS: of the system, for which Debian has numpy.
need_python() {
  /usr/bin/python3 -c "import sys$1; sys.exit(sys.version_info < (3, 9))" 2>/dev/null ||
    skip "needs Python 3.9${1:+ and numpy} in /usr/bin"
  export PYTHONPATH=$RBMAP_SOURCE/packaging/python PYTHONDONTWRITEBYTECODE=1
}

@test "who-ran.py: the same as who-ran" {
  need_python ''
  file_with_switches
  "$bin/who-ran" "$BATS_FILE_TMPDIR/trace.dat" >wanted
  /usr/bin/python3 "$EXAMPLES/who-ran.py" "$BATS_FILE_TMPDIR/trace.dat" >output
  [ "$(wc -l <output)" -gt 2 ]
  same who-ran.c who-ran.py "$(cat wanted)" "$(cat output)"
}

@test "who-ran.py: live" {
  need_python ''
  need_tracefs
  start rbmap-who-ran/events/sched/sched_switch who-ran.py
  bash -c 'for i in {1..50000}; do :; done; sleep 0.01'
  stop
  gone rbmap-who-ran
  awk '$1 > 0 && / ms  bash-[0-9]+$/ { found = 1 } END { exit !found }' output
}

@test "latency.py: the same as latency" {
  need_python ', numpy'
  file_with_switches
  "$bin/latency" "$BATS_FILE_TMPDIR/trace.dat" | sed 's/; events were lost 0 times$//' >wanted
  /usr/bin/python3 "$EXAMPLES/latency.py" "$BATS_FILE_TMPDIR/trace.dat" >output
  [ "$(wc -l <output)" -gt 2 ]
  same latency.c latency.py "$(cat wanted)" "$(cat output)"
}

@test "latency: the pairs of a file" {
  command -v jq >/dev/null || skip "no jq"
  file_with_switches
  "$bin/latency" "$BATS_FILE_TMPDIR/trace.dat" >output
  jq -rs '
    reduce .[] as $e ({woken: {}, pairs: 0, ns: 0};
      if $e.event == "sched_waking" then .woken[$e.fields.pid | tostring] = $e.ts
      else ($e.fields.next_pid | tostring) as $pid
        | if .woken[$pid] then .pairs += 1 | .ns += $e.ts - .woken[$pid]
            | .woken[$pid] = null else . end
      end) | "\(.pairs) \(.ns / .pairs / 1e3)"' records >wanted
  awk 'NR == 1 { printf "%d wake-ups, mean %.3f us; events were lost 0 times\n", $1, $2 }' \
    wanted >line
  same jq latency "$(cat line)" "$(tail -n 1 output)"
  # The histogram has all of them.
  [ "$(sed '$d' output | awk '{ sum += $NF } END { print sum }')" = "$(cut -d ' ' -f 1 wanted)" ]
}

@test "latency: live" {
  need_tracefs
  start rbmap-latency/events/sched/sched_switch latency
  bash -c 'for i in {1..50}; do true | cat; done'
  stop
  gone rbmap-latency
  [[ $(tail -n 1 output) =~ ^[1-9][0-9]*' wake-ups, mean ' ]]
}

@test "two-instances: numbered markers of both, in one order" {
  local i names=(rare frequent)
  need_tracefs
  start rbmap-frequent/events/sched/sched_switch two-instances
  for i in {1..200}; do
    echo "number $i" >"$tracing/instances/rbmap-${names[i % 2]}/trace_marker"
  done
  stop
  gone rbmap-rare rbmap-frequent
  same written printed \
    "$(for i in {1..200}; do echo "rbmap-${names[i % 2]} $i"; done)" \
    "$(sed -nE 's/^(rbmap-[a-z]+):.* number ([0-9]+)$/\1 \2/p' output)"
}

@test "two-instances: its reader has gone away" {
  need_tracefs
  exec {lock}<"$tracing/instances"
  flock "$lock"
    # The status is that of the example, not of head.
  {
    code=0
    "$bin/two-instances" {lock}<&- 2>errors || code=$?
    echo "$code" >status
  } | head -n 3 >output &
  wait_for ended_under_load
  wait
  [ "$(cat status)" = 1 ]
  [ "$(wc -l <output)" = 3 ]
  gone rbmap-rare rbmap-frequent
}

@test "recorder: each numbered marker is in the file, once and in order" {
  local i
  need_tracefs
  start rbmap-recorder/events/sched recorder trace.dat
  for i in {1..300}; do
    echo "number $i" >$tracing/instances/rbmap-recorder/trace_marker
  done
  stop
  gone rbmap-recorder
  [ ! -s output ]
  "$RBMAP_BIN/rbmap-report" --check trace.dat
  same written recorded "$(printf 'number %d\n' {1..300})" \
    "$("$RBMAP_BIN/rbmap-report" trace.dat | grep -oE 'number [0-9]+$')"
  # What the kernel counted, and the file's own copy of its counters.
  [ "$("$RBMAP_BIN/rbmap-report" --format json trace.dat | wc -l)" = \
    "$("$RBMAP_BIN/rbmap-report" --stat trace.dat |
      awk '/^(entries|overrun|read events):/ { sum += $NF } END { print sum }')" ]
}

@test "recorder: an output that cannot be written" {
  need_tracefs
  exec {lock}<"$tracing/instances"
  flock "$lock"
  run "$bin/recorder" /dev/full
  [ "$status" = 1 ]
  echo "$output"
  gone rbmap-recorder
}

@test "ring-watcher: counts what is written, and consumes nothing" {
  need_tracefs
  mkdir "$own"
  for i in {1..100}; do echo "$i" >"$own/trace_marker"; done
  "$bin/ring-watcher" "${own##*/}" >output 2>errors &
  example=$!
  if ! wait_for grep -qx '100 events, 0 lost, 0 gaps of unknown size' output; then
    ! grep -q 'not supported' errors || skip "$(cat errors)"
    cat errors
    false
  fi
  for i in {1..50}; do echo "$i" >"$own/trace_marker"; done
  stop
  [ "$(tail -n 1 output)" = 'total: 150 events, 0 lost, 0 gaps of unknown size' ]
  [ "$(cat "$own"/per_cpu/cpu*/stats | awk '/^entries:/ { sum += $2 } END { print sum }')" = 150 ]
}

@test "ring-watcher: an instance that is not there" {
  need_tracefs
  run "$bin/ring-watcher" rbmap-no-such-instance
  [ "$status" = 1 ]
  [ "$output" = 'rbmap-no-such-instance: No such file or directory' ]
}

@test "file-stat: the counts of a file" {
  command -v jq >/dev/null || skip "no jq"
  file_with_switches
  "$bin/file-stat" "$BATS_FILE_TMPDIR/trace.dat" >output
  same jq file-stat \
    "$(jq -r '"\(.system):\(.event)"' records | sort | uniq -c | awk '{ print $1, $2 }' | sort)" \
    "$(awk '$2 ~ /:/ { print $1, $2 }' output | sort)"
  [ "$(awk '/ in all,/ { print $1 }' output)" = "$(wc -l <records)" ]
  grep -qx ' *0 lost, and 0 gaps of unknown size' output
}

@test "file-stat: a broken file, and none" {
  file_with_switches
  head -c 100000 "$BATS_FILE_TMPDIR/trace.dat" >short.dat
  run "$bin/file-stat" short.dat
  echo "$output"
  [ "$status" = 1 ]
  run "$bin/file-stat" /dev/null
  [ "$status" = 1 ]
  [[ $output == /dev/null:* ]]
}

@test "probe: each call with its argument" {
  need_tracefs
  [ -e $tracing/uprobe_events ] || skip "the kernel has no uprobes"
  [[ $(uname -m) == x86_64 || $(uname -m) == aarch64 ]] || skip "a register is named"
  exec {lock}<"$tracing/instances"
  flock "$lock"
  run "$bin/probe"
  [ "$output" = '1000 calls, sum 500500' ]
  gone rbmap-probe
  run grep rbmap_example $tracing/uprobe_events
  [ "$status" = 1 ]
}
