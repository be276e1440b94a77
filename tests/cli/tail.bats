#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-tail on the live kernel: what it shows, and that nobody notices it.

load helpers
load tail-helpers

setup() {
  prepare_tail
}

teardown() {
  umount "$ring/buffer_size_kb" 2>/dev/null || true
  clear_up_tails
}

@test "--help and --version" {
  run -0 --separate-stderr "$tail" --help
  [[ $output == "Usage: rbmap-tail "* ]]
  [ -z "$stderr" ]
  run -0 "$tail" -V
  [[ $output =~ ^rbmap-tail\ \(rbmap\)\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "where the ring cannot be observed: why, and what can be done" {
  need_ring
  echo uptime >"$ring/trace_clock"
  gives 1 "the trace clock uptime does not give a reliable order, choose local or mono; to consume it instead, use rbmap-record -B $instance -e EVENT --format text" -B "$instance"
  gives 1 "the trace clock uptime does not give a reliable order, choose local or mono; to consume it instead, use rbmap-record -B $instance -e EVENT" -q -f -B "$instance"
  echo local >"$ring/trace_clock"
  echo 0 >"$ring/options/overwrite"
  gives 1 "overwrite off; to consume it instead, use rbmap-record -B $instance -e EVENT --format text" -B "$instance"
  # What it says can be done.
  run -0 "$RBMAP_BIN/rbmap-record" -q -B "$instance" -e sched:sched_switch --format text true
}

@test "the last events, in the order of time over all CPUs" {
  need_ring
  markers 1 1000
  show -n all >all
  text_marker_list <all | each_once 1 1000
  in_order all
  show -n 123 >some
  diff some <(tail -n 123 all)
  show >ten
  diff ten <(tail -n 10 all)
  [ -z "$(show -n 0)" ]
  show -n 99999999999999 | cmp - all
}

@test "the last events of a ring that was lapped" {
  need_ring
  echo 32 >"$ring/buffer_size_kb"
  markers 1 20000
  show -n all >all
  text_marker_list <all >list
  none_twice <list
  [ "$(awk '$2 == 20000' list | wc -l)" = "$(cpus | wc -l)" ]
  in_order all
  # What was overwritten before it began was not missed.
  run ! grep DROPPED all
}

@test "an empty ring: nothing, and no failure" {
  need_ring
  [ -z "$(show)" ]
}

@test "-f: what follows, each once and in order" {
  local signal from=1
  need_ring
  echo 8192 >"$ring/buffer_size_kb"
  markers 1 300
  for signal in INT TERM HUP; do
    start_tail a -f -n all
    markers $((from + 300)) $((from + 2999))
    wait_until 20 has_lines a.out $(((from + 2999) * $(cpus | wc -l)))
    stop_tail a $signal
    text_marker_list <a.out | each_once 1 $((from + 2999))
    # An emulator stops a CPU between time stamp and commit, for as long as it likes.
    [ "$slowdown" -gt 1 ] || in_order a.out
    markers $((from + 3000)) $((from + 3299))
    from=$((from + 3000))
  done
}

@test "-n 0 -f: only what is new" {
  need_ring
  markers 1 300
  start_tail a -f -n 0
  # It is known to follow once something comes.
  wait_until 20 eval 'mark news && has_lines a.out 1'
  markers 301 400
  # What was written before the signal is shown.
  stop_tail a
  grep -q ': 400 cpu0$' a.out
  grep -v news a.out | text_marker_list | awk '$2 <= 300' >old
  [ ! -s old ]
}

@test "nothing is consumed and nothing is changed" {
  need_ring
  markers 1 500
  counters >before
  instance_state "$ring" >state
  show -n all >/dev/null
  start_tail a -f
  start_tail b -f -n all
  wait_until 20 has_lines a.out 10
  wait_until 20 has_lines b.out 500
  counters | diff before -
  stop_tail a
  stop_tail b
  counters | diff before -
  instance_state "$ring" | diff state -
  # Who reads it afterwards gets all of it.
  run -0 record "${silent[@]}" -q -B "$instance" --format text -o after --duration 100ms
  text_marker_list <after | each_once 1 500
}

# several_at_once ENGINE: of the recorder beside them.
several_at_once() {
  local name last lines
  need_ring
  last=$(scaled 5000)
  lines=$((last * $(cpus | wc -l)))
  echo 8192 >"$ring/buffer_size_kb"
  for name in a b c; do
    start_tail $name -f -n all
  done
  start_record "${silent[@]}" -q -B "$instance" --engine "$1" --format text
  markers 1 "$last"
  for name in a b c; do
    wait_until 30 has_lines $name.out "$lines"
    stop_tail $name
    text_marker_list <$name.out | each_once 1 "$last"
  done
  wait_until 30 has_lines out "$lines"
  stop_record 0
  text_marker_list <out | each_once 1 "$last"
}

@test "several at once, and a recorder: each has every event" {
  several_at_once observe
}

# What is consumed is seen only by who looks before the sub-buffer is given back.
@test "several at once, and a recorder that consumes" {
  [ "$slowdown" = 1 ] || skip "too slow to see what a consumer takes"
  several_at_once mapped
}

@test "--format json: an object a line" {
  need_ring
  markers 1 200
  show -n all --format json >json
  jq -es 'all(.event == "print" and (.ts | type) == "number" and (.fields.buf | type) == "string")
    and (map(.ts) | . == sort)' json
  diff <(jq -r '.fields.buf | rtrimstr("\n")' json) \
    <(show -n all | sed -E 's/.*: ([0-9]+ cpu[0-9]+)$/\1/')
}

# gap FORMAT: what is in a.out of a tail that was stopped while the ring was lapped.
make_gap() {
  need_ring
  echo 64 >"$ring/buffer_size_kb"
  markers 1 100
  start_tail a -f -n all --format "$1"
  wait_until 20 has_lines a.out $((100 * $(cpus | wc -l)))
  recorder=$(cat a.pid)
  pause_record
  markers 101 20000
  kill -CONT "$recorder"
  recorder=
  # Not a number that a time happens to hold.
  wait_until 20 eval '[ $(grep -cE "[ \"]20000 cpu[0-9]" a.out) = $(cpus | wc -l) ]'
  stop_tail a
}

@test "a gap: how much time was missed, on which CPU" {
  make_gap json
  jq -es 'map(select(.event)) | (map(.ts) | . == sort)' a.out
  # From the last one before it to the first one behind, and so says its own time.
  jq -es 'group_by(.cpu) | all([range(1; length) as $i | select(.[$i] | has("lost")) |
    .[$i].lost == null and .[$i].ts == .[$i + 1].ts and
    .[$i].missed == .[$i + 1].ts - .[$i - 1].ts and .[$i].missed > 0] | length > 0 and all)' a.out
}

@test "a gap in text" {
  local cpu
  make_gap text
  for cpu in $(cpus); do
    grep -Eq "^CPU:$cpu \[EVENTS DROPPED\] missed: [0-9]+\.[0-9]{6} s$" a.out
  done
  text_marker_list <a.out >list
  none_twice <list
}

@test "a closed pipe ends it quietly, also while nothing is written" {
  need_ring
  markers 1 10
  run -0 bash -c 'timeout -k 5 "$3" "$1" -B "$2" -f | head -n 1 >line; echo "${PIPESTATUS[0]}"' - \
    "$tail" "$instance" $((20 * slowdown))
  [ "$output" = 0 ]
  [ -s line ]
  run -0 bash -c 'timeout -k 5 "$3" "$1" -B "$2" -n all | true; echo "${PIPESTATUS[0]}"' - \
    "$tail" "$instance" $((20 * slowdown))
  [ "$output" = 0 ]
}

@test "a reader that takes nothing does not keep it from ending" {
  need_ring
  markers 1 3000
  mkfifo a.out
  exec 5<>a.out
  start_tail a -f -n all
  # The FIFO is full: it waits in poll(2), with output to write.
  wait_until 20 eval '[ "$(cat "/proc/$(cat a.pid)/wchan")" != 0 ] && is_full'
  stop_tail a TERM
  exec 5<&-
}

@test "a reader of messages that takes nothing does not keep it from ending" {
  need_ring
  mkfifo a.err
  exec 5<>a.err
  dd if=/dev/zero of=a.err bs=4096 count=16 oflag=nonblock status=none
  # A message of the session that it has opened.
  start_tail a -f -v
  stop_tail a TERM
  exec 5<&-
}

is_full() {
  ! timeout 0.2 dd if=/dev/zero of=a.out bs=4096 count=1 oflag=nonblock status=none 2>/dev/null
}

@test "a full disk is a failure" {
  need_ring
  [ -w /dev/full ] || skip "/dev/full is missing"
  markers 1 10
  run -1 --separate-stderr bash -c '"$1" -B "$2" >/dev/full' - "$tail" "$instance"
  [ "$stderr" = "rbmap-tail: standard output: No space left on device" ]
}

@test "what it does itself is left out" {
  need_ring
  start_tail a -f -n 0
  cat a.pid >"$ring/set_event_pid"
  echo 1 >"$ring/events/raw_syscalls/sys_enter/enable"
  # Events of it are in the ring, and by the time this is shown it has seen them.
  wait_until 20 eval '[ "$(kernel_says 0 entries)" != 0 ] || [ "$(kernel_says 1 entries)" != 0 ]'
  wait_until 20 eval 'mark news && has_lines a.out 1'
  [ "$(grep -vc news a.out)" = 0 ]
  echo 0 >"$ring/events/raw_syscalls/sys_enter/enable"
  stop_tail a
  show -n all >a.text
  grep -q "rbmap-tail-$(cat a.pid) .* sys_enter:" a.text
  [ -z "$(show -n 10 -e raw_syscalls -F "common_pid != $(cat a.pid)")" ]
}

@test "--self shows that too" {
  need_ring
  start_tail a -f -n 0 --self
  cat a.pid >"$ring/set_event_pid"
  echo 1 >"$ring/events/raw_syscalls/sys_enter/enable"
  wait_until 20 grep -q "rbmap-tail-$(cat a.pid) .* sys_enter:" a.out
  echo 0 >"$ring/events/raw_syscalls/sys_enter/enable"
  stop_tail a
}

@test "it has no capabilities once it shows something" {
  need_ring
  mark here
  start_tail a -f
  wait_until 20 has_lines a.out 1
  grep -q '^CapEff:[[:space:]]*0*$' "/proc/$(cat a.pid)/status"
  grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$(cat a.pid)/status"
  stop_tail a
}

@test "no tracing file is opened for writing" {
  need strace
  need_ring
  markers 1 10
  # LeakSanitizer cannot work below a tracer.
  ASAN_OPTIONS=detect_leaks=0 timeout $((60 * slowdown)) \
    strace -f -e trace=openat,open,creat,ioctl -o log "$tail" -B "$instance" -n all >/dev/null
  grep -q "$ring/" log
  run ! grep -E "$tracing.*O_(WRONLY|RDWR|CREAT|TRUNC)" log
  run ! grep -E '0x5220|/trace_pipe"|/trace"' log
}

# So it is of each ring behind a boot, until an event is enabled.
without_its_size() {
  need_ring
  echo '7 (expanded: 1408)' >size
  mount --bind size "$ring/buffer_size_kb" || skip "nothing can be mounted there"
}

@test "a ring that has not got its size yet: what is in it" {
  without_its_size
  [ -z "$(show)" ]
  gives 2 "-M 'x': not a CPU list" -B "$instance" -M x
  gives 2 "-e 'nothing': no such event" -B "$instance" -e nothing
  markers 1 20
  show -n all | text_marker_list | each_once 1 20
}

@test "a ring that has not got its size yet is not mapped for long" {
  without_its_size
  markers 1 1
  gives 1 "enable events first" -B "$instance" -f
}

@test "without -B it is the top-level ring" {
  need_ring
  run -0 at_top_level timeout $((20 * slowdown)) "$tail" -n 0
  [ -z "$output" ]
}
