#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2086,SC2154
# Signals while something holds rbmap-record up: it ends by itself, with its summary.

load helpers

setup() {
  prepare
  need jq
  holder=
}

teardown() {
  clear_up
  [ -z "$holder" ] || { kill -KILL "$holder" && wait "$holder" 2>/dev/null; } || true
}

# stalled FIFO: it has a reader, which reads nothing.
stalled() {
  local hold
  mkfifo "$1"
  exec {hold}<>"$1"
}

stalled_and_full() {
  stalled "$1"
  dd if=/dev/zero "of=$1" bs=4096 count=16 oflag=nonblock status=none
}

# A terminal whose program has stopped, such as that of a connection that hangs.
stalled_terminal() {
  need script
  script -qec 'tty >terminal; exec sleep 600' /dev/null </dev/null >/dev/null 3>&- 4>&- &
  holder=$!
  wait_until 20 test -s terminal
  kill -STOP "$holder"
}

none_pending() {
  grep -q '^ShdPnd:[[:space:]]*0*$' "/proc/$(cat pid)/status"
}

# More lines than the FIFO takes.
record_into_stalled() {
  stalled out
  start_record "${silent[@]}" "$@" --format text --summary s.json
  markers 1 1000
}

@test "a reader that stalls, and SIGINT twice: the summary, and the table of what was lost" {
  record_into_stalled -v
  kill -INT "$recorder"
  wait_until 10 none_pending
  stop_record 1
  left_nothing
  grep -q 'the program reading the output has stopped reading' err
  grep -q '^standard output: .* events, ' err
  grep -q '^ *CPU  *written  *delivered ' err
  jq -e ".total.written == 1000 * $(cpus | wc -l)" s.json
}

@test "a reader of output and messages that stalls: SIGINT ends it" {
  stalled_and_full full
  printf '#!/bin/sh\nexec "%s" "$@" 2>full\n' "$record" >messages-to-full
  chmod +x messages-to-full
  record=./messages-to-full
  record_into_stalled
  stop_record 1
  left_nothing
  jq -e ".total.written == 1000 * $(cpus | wc -l)" s.json
}

@test "a terminal that stalls: SIGINT ends it" {
  stalled_terminal
  printf '#!/bin/sh\nexec "%s" "$@" >"%s"\n' "$record" "$(cat terminal)" >to-terminal
  chmod +x to-terminal
  record=./to-terminal
  start_record "${silent[@]}" --format text --summary s.json
  markers 1 1000
  stop_record 1
  left_nothing
  grep -q 'the program reading the output has stopped reading' err
  jq -e ".total.written == 1000 * $(cpus | wc -l)" s.json
}

@test "a reader of the summary that stalls: one line" {
  stalled_and_full full
  start_record "${silent[@]}" -q -o t.dat --summary full
  stop_record 1
  left_nothing
  [ "$(cat err)" = "rbmap-record: full: the program reading it has stopped reading" ]
}
