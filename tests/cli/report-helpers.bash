# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# What the tests of rbmap-report share.

# For setup().
prepare_report() {
  prepare
  report=$RBMAP_BIN/rbmap-report
  ignore_leaks_of_others
}

# show [OPTION]... FILE
show() {
  timeout -k 10 $((120 * slowdown)) "$report" "$@"
}

# Of records that stand before the first one that is not of an idle task, libtraceevent
# takes names of tasks in addition to those of the file, and then shows either: of these
# tasks the name is left out.
without_early_names() {
  awk '
    function take_pids(line) {
      while (match(line, /:[0-9]+ \[/)) {
        early[substr(line, RSTART + 1, RLENGTH - 3)] = 1
        line = substr(line, RSTART + RLENGTH)
      }
    }
    match($0, /-[0-9]+ +\[[0-9]+\] /) {
      pid = substr($0, RSTART + 1)
      sub(/ .*/, "", pid)
      if (!later && pid == 0)
        take_pids($0)
      later = later || pid != 0
      if (pid in early && pid != 0)
        $0 = "?" substr($0, RSTART)
    }
    { print }'
}

# same_lines PEER OURS: there have to be some.
same_lines() {
  [ "$(wc -l <"$1")" -gt "$3" ]
  cmp "$1" "$2" || { diff "$1" "$2" | head -n 20; return 1; } >&2
}

# same_as_peer FILE [LINES]: line for line; there have to be more than LINES.
same_as_peer() {
  report "$1" | without_early_names >"$1.peer"
  show "$1" >"$1.all"
  without_early_names <"$1.all" >"$1.ours"
  same_lines "$1.peer" "$1.ours" "${2:-10}"
}

# whole_by FILE COMMAND [ARG]...: records FILE, again where it is not whole. trace-cmd
# writes how large saved_cmdlines is before it copies it, and where others trace, it
# changes in between.
whole_by() {
  for _ in {1..5}; do
    "${@:2}" || return
    ! show --check "$1" >check.log 2>&1 || return 0
  done
  cat check.log >&2
  return 1
}

# peer_record [OPTION]... -o FILE COMMAND...: trace-cmd record. On a kernel that refuses function tracing it
# gives up, though events need none of its files.
peer_record() {
  local shim file=$*
  file=${file#*-o }
  shim=$(support peer-shim.so) || return
  whole_by "${file%% *}" at_top_level env LD_PRELOAD="$shim" timeout $((60 * slowdown)) trace-cmd record "$@" \
    >peer.log 2>&1 || { cat peer.log >&2; return 1; }
}

# Some processes, on every CPU.
some_load() {
  local cpu
  for cpu in $(cpus); do
    taskset -c "$cpu" sh -c 'for i in 1 2 3 4 5 6; do /bin/true; done'
  done
}

# record_some [OPTION]... FILE: of that load.
record_some() {
  local file=${*: -1}
  export -f some_load cpus
  record -q "${@:1:$#-1}" -o "$file" bash -c some_load
}

# record_overrun FILE [OPTION]...: of CPU 0, with a ring that is too small. Only who consumes
# knows at once, and puts into the file, how many events a gap has.
record_overrun() {
  record -q -b 8 -M 0 --engine "$(engines | head -n 1)" -o "$@"
}

# record_loss FILE OPTION...: its ring overflows several times: each time the command stops
# the recorder for so long.
record_loss() {
  # shellcheck disable=SC2016
  record_overrun "$@" taskset -c 0 bash -c 'for _ in 1 2 3 4 5; do
      kill -STOP $PPID
      dd if=/dev/zero of=/dev/null bs=1 "count=$0" status=none
      kill -CONT $PPID
      dd if=/dev/zero of=/dev/null bs=1 "count=$0" status=none
    done' "$(scaled 4000)"
}

# zoo OPTION...: programs that make the kernel fire many kinds of events, recorded to
# x.dat.
zoo() {
  local program
  program=$(support event-zoo)
  mkdir -p cage
  record -q -b "$(scaled 16384)" "$@" -o x.dat bash -c '"$0" cage "$1" && ls -l /usr/lib >/dev/null' \
    "$program" "$slowdown"
}

# The options for all events, in all_events. In an emulator each lock that is taken and
# each time that interrupts are off would be too much of it.
choose_all() {
  all_events=(-e all)
  [ "$slowdown" = 1 ] || mapfile -t all_events < <(cut -d : -f 1 "$tracing/available_events" |
    sort -u | grep -vxE 'ftrace|lock|preemptirq' | xargs printf -- '-e\n%s\n')
}

# first_subbuf FILE: where the data begins of the first CPU in the table, in version 6.
first_subbuf() {
  local table
  table=$(grep -abo flyrecord "$1" | tail -n 1 | cut -d : -f 1)
  od -A n -t u8 -j $((table + 10)) -N 8 "$1" | tr -d ' '
}

# make_trace FILE: of the description on standard input; see trace-maker.c.
make_trace() {
  local maker
  maker=$(support trace-maker) || return
  "$maker" "$1"
}

# poke FILE OFFSET BYTE: writes one byte, in octal.
poke() {
  # shellcheck disable=SC2059
  printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# poke_all FILE FROM OFFSET BYTE...: the offsets count from FROM.
poke_all() {
  local file=$1 from=$2
  shift 2
  while [ $# -gt 0 ]; do
    poke "$file" $((from + $1)) "$2"
    shift 2
  done
}
