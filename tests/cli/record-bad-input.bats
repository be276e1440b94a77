#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# What rbmap-record refuses: a clear line, the exit code, nothing left behind.

load helpers

setup() {
  prepare
  need
}

teardown() {
  clear_up
}

# refused STATUS PATTERN [OPTION]...: one line that matches, and a hint for usage errors.
refused() {
  local expected=$1 pattern=$2
  shift 2
  run --separate-stderr "-$expected" record "$@" || { echo "status $status: $*"; echo "$stderr"; return 1; }
  [ -z "$output" ]
  if [ "$expected" = 2 ]; then usage_lines; else one_line; fi || return
  # shellcheck disable=SC2053
  [[ ${stderr_lines[0]} == *$pattern* ]] || { echo "$stderr"; return 1; }
  left_nothing
  [ ! -e t.dat ] || { echo "left t.dat: $*"; return 1; }
}

@test "conflicting and malformed options" {
  refused 2 "no events: name some with -e" -o t.dat
  refused 2 "-f 'x': must follow the -e" -f x -e sched -o t.dat
  refused 2 "-R 'x': must follow the -e" -R x -e sched -o t.dat
  refused 2 "-f 'b': -e sched already has a filter" -e sched -f a -f b -o t.dat
  refused 2 "-c: requires -P" -e sched -c -o t.dat
  refused 2 "--user: requires a command" -e sched --user nobody -o t.dat
  refused 2 "--user 'not-a-user': no such user" -e sched --user not-a-user -o t.dat true
  refused 2 "is also the output" -e sched -o t.dat --summary t.dat
  refused 2 "--engine 'x'" -e sched --engine x -o t.dat
  refused 2 "--format 'x'" -e sched --format x -o t.dat
  refused 2 "--duration 'x': not a time" -e sched --duration x -o t.dat
  refused 2 "--duration 0: must be greater than 0" -e sched --duration 0 -o t.dat
  refused 2 "--keep: requires --rotate or --flight" -e sched --keep 2 -o t.dat
  refused 2 "--last: requires --flight" -e sched --last 1s -o t.dat
  refused 2 "--rotate '10': neither a size nor a time with its unit" -e sched --rotate 10 -o t.dat
  refused 2 "--rotate '0M': neither" -e sched --rotate 0M -o t.dat
  refused 2 "--rotate 0s: must be" -e sched --rotate 0s -o t.dat
  refused 2 "--rotate: cannot be used with --flight" -e sched --flight --rotate 1m -o t.dat
  refused 2 "--rotate: cannot be used with --format" -e sched --format json --rotate 1m -o t
  refused 2 "--rotate: a file is larger" -e sched --rotate 20M --max-size 10M -o t.dat
  refused 2 "--max-size 0: must be greater" -e sched --max-size 0 -o t.dat
  refused 2 "--max-size 'x': not a size" -e sched --max-size x -o t.dat
  refused 2 "--max-size: cannot be used with --flight" -e sched --flight --max-size 1M -o t.dat
  refused 2 "--min-free: cannot be used with --flight" -e sched --flight --min-free 1M -o t.dat
  refused 2 "--min-free '-1': not a size" -e sched --min-free -1 -o t.dat
  refused 2 "--queue-size 'x': not a size" -e sched --queue-size x -o t.dat
  refused 2 "--queue-size: cannot be used with --flight" -e sched --flight --queue-size 1M -o t.dat
  refused 2 "--queue-size: cannot be used with --format" -e sched --format text --queue-size 0
  refused 1 "--queue-size: " -e sched --queue-size 999999G -o t.dat
  refused 1 "t.dat: only " -e sched --min-free 999999G -o t.dat
  refused 2 "--keep '0': not a number of files" -e sched --flight --keep 0 -o t.dat
  refused 2 "--flight: always observes" -e sched --flight --engine mapped -o t.dat
  refused 2 "--flight: dumps are always trace.dat files" -e sched --flight --format text
  refused 2 "--summary: cannot be used with --flight" -e sched --flight --summary s.json -o t.dat
  refused 2 "--last: the clock x86-tsc does not count time" -e sched --flight --last 1 -C x86-tsc
  refused 2 "--direct: requires --format dat" -e sched --direct --format json
  refused 2 "-P 'x': not a list" -e sched -P x -o t.dat
  refused 2 "-P '1,,2': not a list" -e sched -P 1,,2 -o t.dat
  refused 2 "--rt-priority '0': not a priority from 1 to 99" -e sched --rt-priority 0 -o t.dat
  refused 2 "--rt-priority '100': not a priority" -e sched --rt-priority 100 -o t.dat
  refused 2 "--drain-cpus 'x': not a CPU list" -e sched --drain-cpus x -o t.dat
  refused 2 "--drain-cpus '9999': this machine has no such CPU" -e sched --drain-cpus 9999 -o t.dat
  refused 2 "--nope: no such option" --nope
  refused 2 "-Z: no such option" -Z
  refused 2 "-e: needs a value" -o t.dat -e
  refused 2 "--duration: needs a value" --duration
  refused 2 "--quiet=1: takes no value" --quiet=1
  refused 2 "-Z: no such option" --format=json -Zx
  refused 2 "--f: ambiguous option" --f
}

@test "unknown events" {
  refused 2 "-e 'nothing': no such event" -e nothing -o t.dat
  refused 2 "-e 'sched:nothing': no such event" -e sched -e sched:nothing -o t.dat
  refused 2 "-e 'nothing:*': no such event" -e 'nothing:*' -o t.dat
  refused 2 "-e: the name of the event is empty" -e '' -o t.dat
  refused 2 "-e '../options': no such event" -e ../options -o t.dat
}

@test "control characters in an argument do not break the line" {
  refused 2 "no such event" -e $'x\ny\e[31m' -o t.dat
  [[ $stderr != *$'\e'* ]]
}

@test "a bad filter: in the kernel's words, and where" {
  refused 2 "-f 'nonsense > 3': not a valid filter for sched:sched_switch: Field not found" \
    -e sched:sched_switch -f 'nonsense > 3' -o t.dat
  [[ ${stderr_lines[0]} == *"character"* ]]
  refused 2 "not a valid filter" -e sched:sched_switch -f 'prev_pid ==' -o t.dat
  refused 2 "not a valid filter" -e sched:sched_switch -f 'prev_pid == "a' -o t.dat
}

@test "a bad trigger" {
  refused 2 "not a valid trigger" -e sched:sched_switch -R 'nonsense' -o t.dat
  refused 2 "not a valid trigger" -e sched:sched_switch -R 'hist:keys=nothing' -o t.dat
}

@test "an unknown clock: those that there are" {
  refused 2 "-C 'sundial': no such trace clock; choose from local global counter" \
    -e sched -C sundial -o t.dat
}

@test "CPUs that are absent, offline, or no list" {
  local last
  last=$(sed 's/.*[-,]//' /sys/devices/system/cpu/present)
  refused 2 "the last CPU of this machine is $last" -e sched -M 99999 -o t.dat
  refused 2 "-M 'x': not a CPU list" -e sched -M x -o t.dat
  refused 2 "-M '': not a CPU list" -e sched -M '' -o t.dat
  need_two_cpus
  # To this process CPU 1 is offline; the machine must not be disturbed.
  echo 0 >online
  run --separate-stderr unshare -m sh -c '
    mount --bind online /sys/devices/system/cpu/online && shift && exec "$@"' - - \
    "$record" -e sched -M 1 -o t.dat
  [ "$status" = 1 ] || [ "$status" = 2 ]
  [[ ${stderr_lines[0]} == "rbmap-record: "*"CPU 1"*"offline"* ]]
  [ "${#stderr_lines[@]}" = "$status" ]
  [ ! -e t.dat ]
}

@test "sizes of zero and beyond memory" {
  refused 2 "-b 0: must be greater than 0" -e sched -b 0 -o t.dat
  refused 2 "-b 'x': not a size" -e sched -b x -o t.dat
  refused 2 "-b '-1': not a size" -e sched -b -1 -o t.dat
  refused 2 "too large" -e sched -b 99999999999999999999 -o t.dat
  refused 1 "of available memory; choose" -e sched -b 100000G -o t.dat
  refused 2 "--subbuf-size 0: must be greater than 0" -e sched --subbuf-size 0 -o t.dat
}

@test "sizes of sub-buffers that the kernel does not take" {
  [ -e $tracing/buffer_subbuf_size_kb ] || skip "the kernel has one size of sub-buffers"
  refused 2 "--subbuf-size 1000000: must be a page times a power of two" \
    -e sched --subbuf-size 1000000 -o t.dat
}

@test "an instance that does not exist: its path" {
  refused 1 "$tracing/instances/rbmap-test-nothing: no such instance" \
    -e sched -B rbmap-test-nothing -o t.dat
  refused 2 "-B '../x': not a valid instance name" -e sched -B ../x -o t.dat
}

@test "a command that does not exist, or cannot be run" {
  refused 127 "./not-there: command not found" -e sched -o t.dat -- ./not-there
  refused 127 "rbmap-not-there: command not found" -e sched -o t.dat -- rbmap-not-there
  echo text >plain
  refused 126 "./plain: cannot be run: Permission denied" -e sched -o t.dat -- ./plain
  refused 126 ".: cannot be run" -e sched -o t.dat -- ./.
  printf '#!/not/there\n' >script
  chmod +x script
  refused 127 "./script: " -e sched -o t.dat -- ./script
}

@test "an output that is a symbolic link, a directory, no file, not reachable" {
  echo kept >target
  ln -s target link
  refused 1 "link: is a symbolic link" -e sched -o link
  [ "$(cat target)" = kept ]
  ln -s nowhere dangling
  refused 1 "dangling: is a symbolic link" -e sched -o dangling
  [ ! -e nowhere ]
  mkdir directory
  refused 1 "directory: is a directory; name a file" -e sched -o directory
  refused 1 "not/there: No such file or directory" -e sched -o not/there
  refused 1 "/dev/null: is not a regular file, which a trace.dat must be" -e sched -o /dev/null
  refused 1 "No such file or directory" -e sched -o ''
}

@test "a summary that cannot be written: no recording is left" {
  refused 1 "not/there: No such file or directory" -e sched -o t.dat --summary not/there
  ln -s nowhere link
  refused 1 "link: is a symbolic link" -e sched -o t.dat --summary link
}

@test "a recording that is there already is kept where none begins" {
  echo precious >old.dat
  chmod 644 old.dat
  refused 2 "no such event" -e nothing -o old.dat
  refused 2 "not a valid filter" -e sched:sched_switch -f 'nonsense > 3' -o old.dat
  refused 127 "command not found" -e sched -o old.dat -- ./not-there
  [ "$(cat old.dat)" = precious ]
}

# as_nobody COMMAND...: in a directory that nobody may write to.
as_nobody() {
  setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

@test "no permission: who has it" {
  [ "$(stat -c %a $tracing)" = 700 ] || skip "$tracing is open to others"
  as_nobody test -x "$record" || skip "the build folder is closed to others"
  local open
  open=$(mktemp -d)
  chmod 777 "$open"
  run --separate-stderr as_nobody sh -c 'cd "$1" && exec "$2" -e sched -o t.dat' - \
    "$open" "$record"
  [ "$status" = 1 ]
  one_line
  [[ $stderr == *"$tracing: Permission denied; run as root"* ]]
  [ -z "$(ls -A "$open")" ]
  run --separate-stderr as_nobody sh -c 'cd / && exec "$1" -e sched -o t.dat' - "$record"
  [ "$status" = 1 ]
  one_line
  [[ $stderr == *"t.dat: Permission denied"* ]]
  rmdir "$open"
}

@test "tracefs that is not mounted: said with the remedy, and not mounted" {
  run --separate-stderr unshare -m bash -c '
    for kind in tracefs debugfs; do
      while read -r _ directory type _; do
        [ "$type" != $kind ] || umount -l "$directory"
      done < <(tac /proc/mounts)
    done
    timeout "$2" "$1" -e sched -o t.dat
    echo "status $?"
    grep -c " tracefs " /proc/mounts' - "$record" $((20 * slowdown))
  one_line
  [[ $stderr == *"tracefs: not mounted; mount it: mount -t tracefs nodev $tracing"* ]]
  [ "$output" = $'status 1\n0' ]
  [ ! -e t.dat ]
}

@test "too few file descriptors: the message names that cause, not one that it causes" {
  local limit
  for limit in 5 6 7 9 14; do
    run -1 --separate-stderr bash -c 'exec 3>&- 4>&-; ulimit -n "$1"; exec "${@:2}"' - $limit \
      "$record" -q -e sched -o t.dat
    one_line
    [[ $stderr == *": Too many open files" ]] || { echo "$limit: $stderr"; return 1; }
    [ ! -e t.dat ]
  done
}

@test "an engine that the kernel does not have" {
  can_map && skip "this kernel can map ring buffers"
  refused 1 "--engine read needs no mapping" -e sched --engine mapped -o t.dat
}

@test "a ring that cannot be observed" {
  need_engine observe
  refused 1 "cannot be observed: the trace clock uptime does not give a reliable order" \
    -e sched -C uptime --engine observe -o t.dat
  make_ring
  echo 0 >"$ring/options/overwrite"
  run -1 --separate-stderr record -e sched -B "$instance" --engine observe -o t.dat true
  [[ $stderr == *"cannot be observed: "*"overwrite off"* ]]
  [ ! -e t.dat ]
}
