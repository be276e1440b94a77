#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# A disk that takes nothing for a while: what waits in the queue is not lost, what it has no
# room for is counted. And one that is full.

load helpers

setup() {
  prepare
  need jq
  # What users run: a sanitizer costs more than a recorder has time for.
  record=${RBMAP_BIN_RELEASE:-$RBMAP_BIN}/rbmap-record
  load=$(support syscall-load)
  shim=$(support disk-shim.so)
  export DISK_SHIM=$BATS_TEST_TMPDIR load
  ulimit -f 4000000
}

teardown() {
  rm -f t.dat hold
  clear_up
}

# slow_record [OPTION]...: in the background, every CPU busy with system calls until the file
# "over" is there; the disk is held from the first bytes of an event on.
slow_record() {
  touch hold
  rm -f pid held over
  ASAN_OPTIONS=verify_asan_link_order=0 "${ahead[@]}" bash -c "$starting_with" pid \
    env LD_PRELOAD="$shim" DISK_SHIM_AFTER=6500000 "$record" -e raw_syscalls --summary s.json \
    -o t.dat "$@" -- \
    env -u LD_PRELOAD "${as_usual[@]}" sh -c 'while [ ! -e over ]; do "$load" all 100000; done' \
    >out 2>err 3>&- 4>&- &
  recorder=$!
  wait_until 60 test -e held || { cat err; return 1; }
}

end_slow_record() {
  local status=0
  wait_until 60 is_over
  wait "$recorder" || status=$?
  recorder=
  cat err
  [ "$status" = "$1" ]
}

# All that was recorded is in the file, and all that was written is accounted for.
adds_up() {
  jq -c .total s.json
  jq -e '[.total, .cpus[]] | all(.written == .delivered + .overrun + .dropped +
    .commit_overrun + .torn + .others + .unread)' s.json
  run -0 "$RBMAP_BIN/rbmap-report" --check t.dat
  echo "$output"
  [[ $output == *": $(jq .total.delivered s.json) events in "*": intact" ]]
}

# A stall of two seconds at full rate; 500 MB or so, which have to fit.
two_seconds() {
  ! ldd "$record" | grep -qE 'libasan|libtsan' ||
    skip "needs a build without sanitizers: RBMAP_BIN_RELEASE"
  need_two_cpus
  [ "$slowdown" = 1 ] || skip "an emulated CPU stands still for longer"
  [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 16000000 ] ||
    skip "needs 16 GB of memory"
  [ "$(df --output=avail -k . | tail -n 1)" -gt 3000000 ] || skip "needs 3 GB of disk"
  # What is asked is what the disk costs: neither what else keeps the CPUs busy nor that a
  # virtual CPU stands still, for which rings of the default size have room for 100 ms.
  be_alone
  come_first
  # What the stall costs it costs each time; what else is going on, not three times.
  for _ in 1 2 3; do
    slow_record -b 64M "$@"
    sleep 2
    rm hold
    # And once more as much as the rings hold.
    sleep 1
    touch over
    end_slow_record 0
    adds_up
    jq -e '.recorder.queue_full_seconds == 0' s.json
    ! grep -x "nothing lost" err || break
  done
  jq -e '.total.lost == 0' s.json
}

@test "a disk that stalls for two seconds: nothing is lost" {
  two_seconds
}

@test "a disk that stalls for two seconds, not compressed: nothing is lost" {
  two_seconds --compress=none
}

@test "a disk that stalls for two seconds, --direct: nothing is lost" {
  two_seconds --direct
}

# full [OPTION]...: the rings overflow while the disk is held. That they also do where the
# recorder is slow, so it has to be seen to wait.
full() {
  slow_record -b 1M --queue-size 1M "$@"
  looks=0 blocked=
  wait_until 60 waits_for_the_queue
  wait_until 60 rings_overflow
  rm hold
  touch over
  end_slow_record 0
  adds_up
  jq -e '.total.lost > 0 and (.lost | length) > 0 and .recorder.queue_full_seconds > 0' s.json
  grep "queue full for" err
}

# A thread that waits for another one, ten looks long: the one that writes waits for the disk,
# and the others never wait that long for anything but a place in the queue.
waits_for_the_queue() {
  local before=$blocked
  blocked=$(grep -l futex "/proc/$recorder/task"/*/wchan 2>/dev/null | while read -r file; do
    echo "$file" && grep '^voluntary' "${file%wchan}status"
  done) || true
  [ -n "$blocked" ] && [ "$blocked" = "$before" ] || looks=0
  [ -n "$blocked" ] && [ $((looks += 1)) -gt 10 ]
}

rings_overflow() {
  [ "$(cat "$(own_ring)"/per_cpu/cpu*/stats | awk '/^overrun:/ { n += $2 } END { print n }')" \
    -gt 3000000 ]
}

@test "a queue that is too small: what is lost is counted and located" {
  full
}

@test "a queue that is too small, not compressed: what is lost is counted and located" {
  full --compress=none
}

@test "no queue at all: the rings have to hold it" {
  slow_record -b 1M --queue-size 0
  wait_until 60 rings_overflow
  rm hold
  touch over
  end_slow_record 0
  adds_up
  jq -e '.total.lost > 0 and .recorder.queue_full_seconds == 0' s.json
}

# Some of what was put waits in the queue when the first write fails.
@test "a write that fails: what was not written is not counted as recorded" {
  local option
  for option in --compress --compress=none --file-version=6 --queue-size=0; do
    rm -f fail
    slow_record "$option"
    touch fail
    rm hold
    wait_until 60 is_stopping
    touch over
    end_slow_record 1
    grep "t.dat: No space left on device" err
    adds_up
    jq -e '.total.others > 0' s.json
    [[ $(<err) == *"events were not stored: the output failed"* ]]
  done
}

# It has put the instance's events off, or is gone.
is_stopping() {
  ! is_on "$(own_ring)"
}

# on_full_disk STATUS COMMAND [ARG]...: of a file system that copies on write, with "option".
on_full_disk() {
  local status=$1
  shift
  run "-$status" --separate-stderr env ASAN_OPTIONS=verify_asan_link_order=0 \
    LD_PRELOAD="$shim" DISK_SHIM_ROOM="$room" "$record" -e raw_syscalls -o t.dat \
    --summary s.json "$option" -- env -u LD_PRELOAD "$@"
  echo "$stderr"
  adds_up
  # The first event has its own time: the first anchor was before it.
  run -0 "$RBMAP_BIN/rbmap-report" --stat t.dat
  awk '$2 == "anchor" && !first { first = $3 + 0 }
    $1 == "CPU" { cpus = 1; next }
    $1 == "EVENT" { cpus = 0 }
    cpus && $2 { events += $2; early += $5 < first }
    END { exit !events || early }' <<<"$output"
}

@test "a full disk that copies on write: what the file cannot show is not counted" {
  local option room calls
  for option in --compress=none --file-version=6 --compress --queue-size=0; do
    # The head alone takes 6 MB or so, or compressed 1.5; an event some 48 bytes, or 2 to 3.
    room=9000000 calls=100000
    case $option in --compress | --queue-size*) room=2000000 calls=600000 ;; esac
    on_full_disk 1 "$load" 0 $calls
    [ "$(jq .total.delivered s.json)" -gt 1000 ]
    jq -e '.total.others > 0' s.json
    [[ $stderr == *"t.dat: No space left on device; recording stopped, "* ]]
    [[ $stderr != *"could not be completed"* ]]
    [ "$(grep -c '^clock anchor' <<<"$output")" = 2 ]
  done
}

@test "a file that cannot be completed: an error of its own" {
  local option room=900000000
  for option in --compress=none --file-version=6 --compress --queue-size=0; do
    rm -f full
    # Later than the first flush.
    on_full_disk 1 sh -c '"$load" 0 3000; sleep 1.5; "$load" 0 3000; touch full; "$load" 0 30'
    [ "$(jq .total.delivered s.json)" -gt 1000 ]
    [[ $stderr == *"t.dat: could not be completed: No space left on device"* ]]
  done
}

@test "a killed recorder leaves what was written before the stall" {
  slow_record
  kill -KILL "$recorder"
  wait "$recorder" || true
  recorder=
  touch over
  rm hold
  run -0 "$RBMAP_BIN/rbmap-report" --check t.dat
  echo "$output"
  [[ $output == *"events in "*"intact" ]]
}

# held_record [NAME=VALUE]... -- [OPTION]...: in the background, until it records; from then
# on the disk hangs where "hold" is there.
held_record() {
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  printf '#!/bin/sh\nexport ASAN_OPTIONS=verify_asan_link_order=0\nexec env LD_PRELOAD="%s" %s "%s" "$@"\n' \
    "$shim" "${options[*]}" "${RBMAP_BIN}/rbmap-record" >held-record
  chmod +x held-record
  record=./held-record
  rm -f hold held over t.dat*
  start_record "${silent[@]}" -o t.dat "$@"
}

# As many of each CPU as the last file has.
has_markers() {
  local files=(t.dat*)
  [[ $("$RBMAP_BIN/rbmap-report" --check "${files[-1]}") == *": $(($1 * $(cpus | wc -l))) events in "* ]]
}

ends_whole() {
  rm hold
  stop_record "$1"
  left_nothing
  for file in t.dat.*; do
    "$RBMAP_BIN/rbmap-report" --check "$file"
  done
}

@test "a disk that hangs where a rotation ends the old file: SIGINT ends the recording" {
  held_record DISK_SHIM_NAME=t.dat.1 -- --rotate 1s
  touch hold
  markers 1 100
  wait_until 20 test -e t.dat.2
  kill -INT "$recorder"
  wait_until 20 is_stopping
  ends_whole 0
}

@test "a disk that hangs where a rotation begins the next file: so does the end of the command" {
  # It has no name yet.
  held_record "DISK_SHIM_NAME='(deleted)'" -- --rotate 1s -- sh -c 'while [ ! -e over ]; do sleep 0.1; done'
  touch hold
  wait_until 20 test -e held
  touch over
  wait_until 20 is_stopping
  ends_whole 0
}

@test "a disk that hangs, and SIGINT twice: the summary, and the table of what was lost" {
  local options
  for options in --compress --compress=none '--rotate 1s'; do
    held_record -- $options -v --summary s.json
    markers 1 100
    [[ $options == --rotate* ]] || wait_until 20 has_markers 100
    [[ $options != --rotate* ]] || wait_until 20 test -e t.dat.3
    touch hold
    markers 101 2100
    kill -INT "$recorder"
    wait_until 20 is_stopping
    stop_record 1
    left_nothing
    cat err
    grep -q '^rbmap-record: t.dat.*: the disk took nothing, and was not waited for' err
    grep -q '^ *CPU  *written  *delivered ' err
    jq -c .total s.json
    jq -e --argjson cpus "$(cpus | wc -l)" '[.total, .cpus[]] | all(.written == .delivered +
      .overrun + .dropped + .commit_overrun + .torn + .others + .unread)' s.json
    jq -e --argjson cpus "$(cpus | wc -l)" \
      '.total | .written == 2100 * $cpus and .delivered == 100 * $cpus' s.json
    rm hold
    for file in t.dat*; do
      "$RBMAP_BIN/rbmap-report" --check "$file" | tee -a checks
    done
    [ "$(sed -nE 's/.*: ([0-9]+) events in .*: intact$/\1/p' checks |
      awk '{ n += $1 } END { print n }')" = $((100 * $(cpus | wc -l))) ]
    rm checks
  done
}
