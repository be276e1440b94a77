# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Memory that cannot be had, in each place of a command in turn: see memory-shim.c.

# For setup().
prepare_memory() {
  prepare
  need
  bin=${RBMAP_BIN_RELEASE:-$RBMAP_BIN}
  ! ldd "$bin/rbmap-record" | grep -qE 'libasan|libtsan' ||
    skip "needs a build without sanitizers: RBMAP_BIN_RELEASE"
  shim=$(support memory-shim.so)
  # libtraceevent looks for plugins there, and forgets why it found none elsewhere.
  unset HOME
  ulimit -f 4000000 -c 0
}

# attempt [COMMAND]...: what it prints in out and err, its status in $status.
attempt() {
  rm -rf place t.dat* s.json out err pid fail
  status=0
  local start=()
  [[ $* != *"$bin/rbmap-record "* ]] || start=(bash -c "$starting_with" pid)
  timeout -k 5 $((60 * slowdown)) "${start[@]}" env LD_PRELOAD="$shim" \
    MEMORY_SHIM_REPORT="$PWD/place" "$@" >out 2>err 3>&- 4>&- || status=$?
  # Another test has killed its recorder meanwhile.
  [ ! -s err ] || sed -i '/^rbmap-record: removed the tracing instance .*, left by a killed run$/d' err
}

# each_place [-on] RESULT COMMAND [ARG]...: RESULT prints what there is to compare of a run;
# -on: no memory from that place on.
each_place() {
  local on=() nr most_lines=1
  # Then each part of what is left to do may say that it could not be done.
  [ "$1" != -on ] || { on=(MEMORY_SHIM_ON=1) most_lines=5 && shift; }
  local result=$1
  shift
  attempt "$@"
  cat err
  [ $status = 0 ]
  "$result" >expected
  expected=$PWD/expected
  share_places "$@"
  nr=$(cat [1-4]/judged | wc -l)
  echo "# $nr places of ${1##*/}, in $(cat [1-4]/excused | wc -l) of them a library ends" \
    "the program or is silent:" "$(sort [1-4]/excused | uniq -c | tr -s ' \n' ' ')" >&3
  [ "$(cat [1-4]/complaints | wc -l)" = 0 ] && [ "$nr" -gt 20 ]
}

# share_places COMMAND...: most of the time of a recorder goes by waiting for the kernel.
share_places() {
  local worker
  for worker in 1 2 3 4; do
    mkdir -p $worker
    (cd $worker && : >complaints && : >excused && : >judged && from_place $worker 4 "$@") &
  done
  wait
  cat [1-4]/complaints
}

# from_place FIRST STEP COMMAND...: until nothing has failed, since there is no such place.
from_place() {
  local at=$1 step=$2
  shift 2
  for (( ; ; at += step)); do
    attempt MEMORY_SHIM_AT=$at "${on[@]}" "$@"
    echo "$at" >>judged
    is_as_it_should || complain $at || true
    [ ! -s pid ] || [ ! -d "$(own_ring)" ] || remove_own_rings
    [ -s place ] || break
  done
}

complain() {
  {
    echo "place $1: status $status, $(head -n 3 err)"
    "$result" | diff "$expected" - | head -n 5
    head -n 20 place
  } >>complaints 2>&1
}

# All is as if nothing had failed, or one line tells what did.
is_as_it_should() {
  is_excused && return
  [ ! -s pid ] || [ ! -d "$(own_ring)" ] || { echo "left over: $(own_rings)" >>complaints; return 1; }
  files_are_whole || return
  case $status in
  0) is_as_expected ;;
  1) [ -s place ] && [ -s err ] && [ "$(wc -l <err)" -le "$most_lines" ] &&
    ! grep -qvE '^rbmap-[a-z]+: .*(annot allocate|not enough) memory|: a thread could not be' err ;;
  *) false ;;
  esac
}

# Where a part of the output is missing, that says why.
is_as_expected() {
  "$result" | cmp -s "$expected" - || { [ -s place ] && grep -q 'Cannot allocate memory' out; }
}

files_are_whole() {
  local file
  for file in t.dat*; do
    [ ! -s "$file" ] || "$bin/rbmap-report" --check "$file" >/dev/null || return
  done
}

# Not ours to mend: what libtraceevent does without memory, and nothing that calls it can
# see. Its parser of formats goes on with the NULL of a token, and its printing with that
# of a sequence, which ends the program, or the process of rbmap-report that reads the file.
is_excused() {
  local by
  [ $status -ge 128 ] || { [ $status = 1 ] && grep -q ': reading it crashed (' err; } || return
  by=$(sed -nE '/^rbmap|^librbmap/q; s/^libtraceevent[^ ]* (tep_[a-z_]+) .*/\1/p' place |
    tail -n 1)
  # Which of the later ones it was is not known; that it was in the cage is.
  [ "${#on[@]}" = 0 ] || [ $status != 1 ] || by=tep_parse_event
  case $by in
  tep_parse_event | tep_parse_header_page | tep_print_event) echo "$by" >>excused ;;
  *) false ;;
  esac
}

# ---- what there is of a run ----

printed() {
  cat out
}

# Without the names of threads, which the kernel forgets with each new one.
lines() {
  sed -E 's/^.{16}-([0-9]+ +\[)/\1/; s/"comm":"[^"]*",//' out
}

# Of what changes from one look to the next, only the words.
words() {
  tr -d '0-9.' <out | tr -s ' '
}

numbers_in_file() {
  "$bin/rbmap-report" t.dat | numbers
}

numbers_printed() {
  numbers <out
}

numbers() {
  sed -nE 's/.*number ([0-9]+).*/\1/p'
}

# numbers_and_summary: of the file.
numbers_and_summary() {
  numbers_in_file
  jq -c '[.total.delivered, .engine, .clock, keys]' s.json
}

# Three numbers, into the instance of the recorder that is its parent.
# shellcheck disable=SC2016,SC2034
three_numbers=(sh -c 'cd /sys/kernel/tracing/instances/rbmap-record-$PPID* &&
  for i in 1 2 3; do echo "number $i" >trace_marker; done')

# A file with what plans, plugins, symbols and commands are needed for.
make_input() {
  "$bin/rbmap-record" -q -e sched:sched_switch -e sched:sched_process_exec -e kmem:kmalloc \
    -o input.dat "$@" -- true
  # shellcheck disable=SC2034
  input=$PWD/input.dat
}

# An instance with a few events, which stays as it is.
# shellcheck disable=SC2154
make_quiet_ring() {
  make_ring
  echo 1 >"$ring/events/sched/sched_process_exec/enable"
  echo 1 >"$ring/tracing_on"
  for _ in 1 2 3; do
    true | env true
    echo "number 1" >"$ring/trace_marker"
  done
  echo 0 >"$ring/tracing_on"
}
