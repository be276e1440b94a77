#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# rbmap-record --rotate, --keep, --max-size, --min-free: a recorder that is left running.

load helpers

setup() {
  prepare
  need trace-cmd jq
}

teardown() {
  [ -z "${writing-}" ] || kill -- -"$writing" 2>/dev/null || true
  umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || true
  clear_up
}

# ended STATUS: without being asked to.
ended() {
  local status=0
  wait_until 60 is_over || return
  wait "$recorder" || status=$?
  recorder=
  [ "$status" = "$1" ] || { echo "status $status"; cat err; return 1; } >&2
}

# Those of a series, in the order in which they were written.
files_of() {
  printf '%s\n' "$1".* | sort -t. -k3n
}

# all_markers NAME: of every file, as one list in which each CPU is in order.
all_markers() {
  local file
  for file in $(files_of "$1"); do
    marker_list "$file"
  done | sort -s -n -k1,1
}

each_is_whole() {
  local file
  for file in $(files_of "$1"); do
    "$RBMAP_BIN/rbmap-report" --check "$file" >check || { cat "$file" check; return 1; } >&2
  done
}

@test "--rotate SIZE: no event between two files lost or twice" {
  local burst last=20000 options
  for options in '--compress=none' '--file-version=6' '--compress=1'; do
    start_record "${silent[@]}" $options --rotate 16K -o t.dat --summary s.json
    for burst in 1 2 3; do
      markers $((last * (burst - 1) + 1)) $((last * burst))
      wait_until 20 test -e "t.dat.$((burst + 1))"
    done
    stop_record 0
    [ ! -e t.dat ]
    all_markers t.dat | each_once 1 $((3 * last))
    each_is_whole t.dat
    jq -e --argjson last $((3 * last)) '.total.lost == 0 and .files > 3 and
      ([.cpus[].delivered == $last] | all)' s.json
    left_nothing
    rm t.dat.*
  done
}

@test "--rotate TIME: a file that nothing is written to is whole as well" {
  start_record "${silent[@]}" --rotate 1s -o t.dat
  markers 1 100
  wait_until 20 test -e t.dat.3
  markers 101 200
  stop_record 0
  all_markers t.dat | each_once 1 200
  each_is_whole t.dat
  grep -qE '^t\.dat\.1: ' err
}

@test "later files have the addresses of kernel functions as well" {
  local file known='^[0-9a-f]*[1-9a-f][0-9a-f]* T schedule$'
  grep -qE "$known" /proc/kallsyms || skip "this kernel shows no addresses"
  start_record "${silent[@]}" --file-version=6 --rotate 1s -o t.dat
  wait_until 20 test -e t.dat.2
  stop_record 0
  record --flight -q -e sched:sched_process_exec --file-version=6 -o f.dat -- true
  for file in $(files_of t.dat) f.dat.1; do
    grep -aqE "$known" "$file"
  done
}

# On every CPU as fast as it goes; RBMAP_ROTATE_SECONDS: for how long, for a thorough run.
flood() {
  if [ -z "${RBMAP_ROTATE_SECONDS-}" ]; then
    markers 1 "$(scaled 150000)"
    wait_until 60 test -e t.dat.2
    markers $(($(scaled 150000) + 1)) $(($(scaled 150000) * 2))
    return
  fi
  setsid "$(support marker-writer)" "$(own_ring)" 1 100000000 >/dev/null 2>&1 3>&- 4>&- &
  writing=$!
  wait_until $((RBMAP_ROTATE_SECONDS * 2)) test -e "t.dat.$((RBMAP_ROTATE_SECONDS + 1))"
  kill -- -"$writing"
  wait "$writing" || true
  writing=
}

@test "--rotate under full load: over all files, each event once and in order" {
  start_record "${silent[@]}" --rotate 1s -o t.dat --summary s.json
  flood
  stop_record 0
  each_is_whole t.dat
  for file in $(files_of t.dat); do
    "${RBMAP_BIN_RELEASE:-$RBMAP_BIN}/rbmap-report" "$file"
  done | sed -nE 's/^.* \[([0-9]+)\] .*print: .*: ([0-9]+) cpu[0-9]+$/\1 \2/p' >list
  # As it is written: where something is lost, numbers are missing; none is there twice.
  awk '{ if ($2 <= latest[$1]) { print "CPU", $1 ":", $2, "behind", latest[$1]; bad = 1 }
      missing += $2 - latest[$1] - 1; latest[$1] = $2 }
    END { print NR, missing + 0 > "counted"; exit bad }' list
  jq -e --argjson counted "[$(tr ' ' , <counted)]" '$counted == [.total.delivered, .total.lost]' s.json
}

@test "--rotate with every engine" {
  local engine
  for engine in $(engines) observe; do
    need_engine "$engine"
    start_record "${silent[@]}" --engine "$engine" --compress=none --rotate 64K -o t.dat
    markers 1 "$(scaled 20000)"
    wait_until 20 test -e t.dat.2
    markers $(($(scaled 20000) + 1)) $(($(scaled 20000) * 2))
    stop_record 0
    all_markers t.dat | each_once 1 $(($(scaled 20000) * 2))
    rm t.dat.*
  done
}

@test "on a terminal, what is told of a file takes the place of the progress" {
  command -v script >/dev/null || skip "script(1) is missing"
  script -qec "'$record' -e sched --rotate 1s --duration 2500ms -o t.dat" terminal </dev/null >/dev/null
  grep -q "$(printf '\r\033\\[Kt\\.dat\\.2: ')" terminal
  [ "$(grep -c 'lostt' terminal)" = 0 ]
}

@test "--keep: a file that has taken the name of an old one is not removed" {
  mkdir dir
  start_record "${silent[@]}" -q --rotate 1s --keep 2 -o dir/t.dat
  wait_until 20 test -e dir/t.dat.2
  mv dir away
  mkdir dir
  echo theirs >dir/t.dat.1
  wait_until 20 grep -q 'dir/t.dat.1: is another file by now, and not removed' err
  stop_record 0
  [ "$(cat dir/t.dat.1)" = theirs ]
  [ -s away/t.dat.1 ]
}

@test "--keep: the last files" {
  start_record "${silent[@]}" --rotate 1s --keep 2 -o t.dat
  wait_until 20 test -e t.dat.4
  stop_record 0
  [ ! -e t.dat.1 ]
  [ "$(files_of t.dat | wc -l)" = 2 ]
  grep -q 'of which the first [0-9]* were removed' err
}

@test "--max-size: one file ends there, and it is no failure" {
  start_record -e raw_syscalls --compress=none --max-size 40M -o t.dat
  "$(support syscall-load)" 0 1000000
  ended 0
  grep -q '^t\.dat: --max-size 40.0 MB reached; recording stopped' err
  [ "$(stat -c %s t.dat)" -gt 20000000 ]
  "$RBMAP_BIN/rbmap-report" --check t.dat
  left_nothing
}

@test "--max-size with --rotate: old files make room" {
  local burst last
  last=$(scaled 20000)
  start_record "${silent[@]}" --compress=none --rotate 64K --max-size 16M -o t.dat
  for burst in 1 2 3; do
    markers $((last * (burst - 1) + 1)) $((last * burst))
    wait_until 20 test -e "t.dat.$((burst + 1))"
  done
  stop_record 0
  [ ! -e t.dat.1 ]
  [ "$(du -cb --apparent-size t.dat.* | tail -1 | cut -f1)" -lt 20000000 ]
  each_is_whole t.dat
}

@test "--min-free: the recording ends before the disk is full" {
  mkdir disk
  mount -t tmpfs -o size=64m nodev disk || skip "no tmpfs can be mounted"
  start_record -e raw_syscalls --compress=none --min-free 40M -o disk/t.dat
  "$(support syscall-load)" 0 1000000
  ended 1
  grep -q '^rbmap-record: disk/t.dat: less than 40.0 MB are left' err
  [ "$(($(stat -f -c '%a * %S' disk)))" -gt 0 ]
  "$RBMAP_BIN/rbmap-report" --check disk/t.dat
}

@test "--rotate: a full disk is one line, also where the next file is being begun" {
  local size
  mkdir disk
  mount -t tmpfs -o size=24m nodev disk || skip "no tmpfs can be mounted"
  for size in 3M 4M; do
    run -1 --separate-stderr record -q -e raw_syscalls --compress=none --min-free 0 --rotate $size \
      -o disk/t.dat -- "$(support syscall-load)" 0 600000
    one_line
    [[ $stderr == *"disk/t.dat."*": "*"No space left on device"* ]]
    rm -f disk/*
  done
}

@test "--min-free: nothing is begun where less is free already" {
  run -1 --separate-stderr record "${silent[@]}" --min-free 900000G -o t.dat -- true
  one_line
  [[ $stderr == *"t.dat: only "*" are free"*"--min-free"* ]]
  [ ! -e t.dat ]
  left_nothing
}

@test "--min-free 0: a file system that reports no free space is recorded to" {
  local shim
  shim=$(support disk-shim.so)
  export ASAN_OPTIONS=verify_asan_link_order=0 DISK_SHIM_FREE=0
  run -1 --separate-stderr env LD_PRELOAD="$shim" "$record" "${silent[@]}" -o t.dat -- true
  one_line
  [[ $stderr == *"t.dat: only 0 B are free on its file system, "*"--min-free"* ]]
  run -0 --separate-stderr env LD_PRELOAD="$shim" "$record" -e raw_syscalls --min-free 0 -o t.dat \
    --summary s.json -- sleep 1.2
  [[ $stderr == *"nothing lost"* ]]
  run -0 "$RBMAP_BIN/rbmap-report" --check t.dat
  [[ $output == *": $(jq .total.delivered s.json) events in "*": intact" ]]
}

@test "a file that is removed while it is written: told, and the next ones are kept" {
  start_record "${silent[@]}" --rotate 16K --compress=none -o t.dat --summary s.json
  rm t.dat.1
  markers 1 20000
  wait_until 20 test -e t.dat.2
  stop_record 1
  cat err
  grep -q '^rbmap-record: t.dat.1: was removed while it was written; ' err
  run -0 "$RBMAP_BIN/rbmap-report" --check t.dat.2
  jq -c .total s.json
  jq -e '.total | .delivered > 0 and .others > 0' s.json
  [ "$(all_markers t.dat | wc -l)" = "$(jq .total.delivered s.json)" ]
  left_nothing
}

@test "the next file cannot be made: told, and what there is stays whole" {
  echo other >t.dat.2
  ln t.dat.2 another-name
  start_record "${silent[@]}" --rotate 16K --compress=none -o t.dat
  # The ring may be gone before the last of them.
  markers 1 20000 || true
  ended 1
  grep -q 't\.dat\.2: has several hard links' err
  [ "$(cat t.dat.2)" = other ]
  marker_list t.dat.1 >list
  [ -s list ] && none_twice <list
  "$RBMAP_BIN/rbmap-report" --check t.dat.1
  left_nothing
}
