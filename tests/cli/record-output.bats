#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# Where rbmap-record writes to: files, standard output, full disks, and who runs what.

load helpers

setup() {
  prepare
  need trace-cmd jq
  load=$(support syscall-load)
}

teardown() {
  umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || true
  clear_up
}

small_disk() {
  mkdir disk
  mount -t tmpfs -o "size=$1" nodev disk || skip "no tmpfs can be mounted"
}

@test "files are the owner's alone, whatever they were" {
  umask 0
  run -0 record -q "${silent[@]}" -o t.dat --summary s.json -- true
  [ "$(stat -c %a t.dat s.json | tr '\n' ' ')" = "600 600 " ]
  echo old >u.dat
  chmod 666 u.dat
  run -0 record -q "${silent[@]}" -o u.dat -- true
  [ "$(stat -c %a u.dat)" = 600 ]
  run -0 record -q "${silent[@]}" --format text -o t.txt -- true
  [ "$(stat -c %a t.txt)" = 600 ]
}

@test "trace.dat is the default, and an older one is replaced whole" {
  head -c 50000000 /dev/zero >trace.dat
  run -0 record -q -e sched:sched_process_exec -- true
  [ "$(stat -c %s trace.dat)" -lt 50000000 ]
  trace-cmd report trace.dat 2>/dev/null | grep -q sched_process_exec
}

@test "the file has no holes to carry around" {
  run -0 record -q -e sched -o t.dat -- true
  [ "$(stat -c %s t.dat)" -lt 100000000 ]
}

# fills_disk SIZE OPTION...
fills_disk() {
  small_disk "$1"
  shift
  run -1 --separate-stderr record -q "$@" -e raw_syscalls -o disk/t.dat -- "$load" 0 1000000
  one_line
  [[ $stderr == *"disk/t.dat: "*"No space left on device"* ]]
  left_nothing
  [ "$(trace-cmd report disk/t.dat 2>/dev/null | grep -c raw_syscalls\\\|sys_enter)" -gt 1000 ]
}

@test "a full disk: one line, and what was stored can be read" {
  fills_disk 16m --compress=none --min-free 0
}

@test "a full disk, compressed" {
  fills_disk 2m --min-free 0
}

# command_named_on SIZE OPTION...: every event of the load has the command's name, and the
# end has its clock anchor.
command_named_on() {
  local pid
  small_disk "$1"
  shift
  run -1 record -q "$@" --min-free 0 -e raw_syscalls -o disk/t.dat -- "$load" 0 1000000
  trace-cmd report disk/t.dat 2>/dev/null >report
  pid=$(sed -nE 's/^ *syscall-load-([0-9]+) .*/\1/p' report | head -n 1)
  [ -n "$pid" ]
  [ "$(grep -cE "^ *syscall-load-$pid " report)" -gt 1000 ]
  [ "$(grep -cE "^ *[^ ]+-$pid .*sys_e[nx]" report)" = \
    "$(grep -cE "^ *syscall-load-$pid .*sys_e[nx]" report)" ]
  [ "$(trace-cmd dump --options disk/t.dat | grep -c '^Clock anchor')" = 2 ]
  run -0 "$RBMAP_BIN/rbmap-report" --check disk/t.dat
}

@test "a full disk: the names of the commands are stored" {
  command_named_on 16m --compress=none
}

@test "a full disk, compressed: the names of the commands are stored" {
  command_named_on 2m
}

@test "a full disk: the summary counts what is stored" {
  small_disk 16m
  run -1 record -q --compress=none -e raw_syscalls -o disk/t.dat --summary s.json -- "$load" 0 1000000
  jq -c .cpus s.json
  trace-cmd report disk/t.dat 2>/dev/null | sed -nE 's/^.* (\[[0-9]+\]) .*/\1/p' | sort | uniq -c
  [ "$(trace-cmd report disk/t.dat 2>/dev/null | grep -c ' sys_e[nx]')" = \
    "$(jq .total.delivered s.json)" ]
}

@test "what a file system keeps for root is not taken" {
  local left size
  mkdir disk
  truncate -s 200M image
  mkfs.ext4 -q -m 50 image || skip "no mkfs.ext4"
  mount -o loop image disk || skip "no loop device"
  # Root fills it until all that is left is kept for root.
  read -r left size < <(stat -f -c '%a %S' disk)
  fallocate -l $((left * size)) disk/filler || skip "it cannot be filled"
  head -c 1000000 /dev/zero >disk/more
  [ "$(stat -f -c %a disk)" = 0 ]
  run -1 --separate-stderr record -q -e sched --min-free 0 -o disk/t.dat --duration 60
  one_line
  [[ $stderr == *"disk/t.dat: No space left on device; "* ]]
  left_nothing
  trace-cmd report disk/t.dat 2>/dev/null | grep -q sched_
}

@test "a disk too small for the head: one line, nothing recorded" {
  small_disk 64k
  run -1 --separate-stderr record -q -e sched -o disk/t.dat -- true
  one_line
  [[ $stderr == *"disk/t.dat: "*"No space left on device"* ]]
  left_nothing
}

@test "a full disk: text" {
  small_disk 1m
  run -1 --separate-stderr record -q -e raw_syscalls --format text -o disk/t -- "$load" 0 30000
  one_line
  [[ $stderr == *"disk/t: "*"No space left on device"* ]]
  left_nothing
}

# events_in FILE: whole lines of them.
events_in() {
  head -n "$(wc -l <"$1")" "$1" | grep -cE 'sys_(enter|exit)'
}

@test "a full disk: text and JSON hold what is counted, in whole lines" {
  local format
  small_disk 1m
  for format in text json; do
    run -1 --separate-stderr record -q -e raw_syscalls --format $format -o disk/t \
      --summary s.json -- "$load" 0 30000
    jq -c .total s.json
    [ "$(jq .total.delivered s.json)" = "$(events_in disk/t)" ]
    [ "$(jq .bytes s.json)" = "$(stat -c %s disk/t)" ]
    [ "$(tail -c 1 disk/t | od -An -c)" = "  \\n" ]
    jq -e '[.total, .cpus[]] | all(.written == .delivered + .overrun + .dropped +
      .commit_overrun + .torn + .others + .unread)' s.json
    [ $format = text ] || [ "$(jq -c .event disk/t 2>/dev/null | wc -l)" = "$(wc -l <disk/t)" ]
    rm disk/t
  done
}

@test "a reader that stalls: what it can still read is counted" {
  local both in
  mkfifo fifo
  exec {both}<>fifo
  exec {in}<fifo
  run -1 --separate-stderr record -q -e raw_syscalls --format text -o fifo --summary s.json -- \
    "$load" 0 3000
  exec {both}>&-
  cat <&$in >t
  [[ $stderr == *"the program reading the output has stopped reading"* ]]
  jq -c .total s.json
  [ "$(jq .total.delivered s.json)" = "$(events_in t)" ]
}

@test "a full or closed standard output is a failure" {
  run -1 bash -c '"$@" >/dev/full' - "$record" -q -e raw_syscalls --format text -- true
  [ "${#lines[@]}" = 1 ]
  [[ $output == "rbmap-record: standard output: No space left on device"* ]]
  run -1 bash -c '"$@" >&-' - "$record" -q -e raw_syscalls --format json -- true
  [ "${#lines[@]}" = 1 ]
  [[ $output == "rbmap-record: standard output: Bad file descriptor"* ]]
  run -1 bash -c '"$@" >/dev/full' - "$record" --help
  run -1 bash -c '"$@" >&-' - "$record" --version
  left_nothing
}

@test "closed standard streams do not matter to a file" {
  run -0 bash -c '"$@" <&- >&- 2>&-' - "$record" -e sched:sched_process_exec -o t.dat -- true
  trace-cmd report t.dat 2>/dev/null | grep -q sched_process_exec
}

@test "a reader that goes away is no failure, and ends it" {
  run -0 bash -c 'set -o pipefail; timeout "$@" | head -n 1' - $((30 * slowdown)) \
    "$record" -q -e sched --format text
  [ "${#lines[@]}" = 1 ]
}

@test "the command's status is passed on" {
  run -7 record -q "${silent[@]}" -o t.dat -- sh -c 'exit 7'
  left_nothing
  run -143 --separate-stderr record -q "${silent[@]}" -o t.dat -- sh -c 'kill -TERM $$'
  one_line
  [[ $stderr == *"sh: ended by signal 15 (Terminated)" ]]
  left_nothing
  [ -s t.dat ]
  run -139 record -q "${silent[@]}" -o t.dat -- sh -c 'kill -SEGV $$'
  left_nothing
}

@test "the command's streams, arguments, signals are its own" {
  run -0 --separate-stderr bash -c 'echo in | "$@"' - "$record" -q "${silent[@]}" -o t.dat -- \
    sh -c 'cat; echo "$1" "$2" >&2; grep SigBlk /proc/self/status' - 'a b' -e
  [ "${lines[0]}" = in ]
  [ "$stderr" = 'a b -e' ]
  [[ ${lines[1]} == *0000000000000000 ]]
}

@test "the command inherits no file that the recorder opened" {
  local list=(sh -c 'ls /proc/self/fd | tr "\n" " "')
  run -0 bash -c '"$@"; true' - "${list[@]}"
  local without=$output
  run -0 bash -c '"$@"; true' - "$record" -q "${silent[@]}" -o t.dat -- "${list[@]}"
  [ "$output" = "$without" ]
}

# The variables by which sudo, pkexec and doas name their caller, for the user nobody.
callers() {
  [ "$(id -un 65534)" = nobody ] || skip "there is no user 65534"
  printf '%s\n' SUDO_UID=65534 PKEXEC_UID=65534 DOAS_USER=nobody
}

@test "under pkexec and doas the command runs as who called it" {
  local caller
  for caller in $(callers); do
    run -0 --separate-stderr env "$caller" "$record" -q "${silent[@]}" -o t.dat -- id -u
    [ "$output" = 65534 ]
  done
  run -0 --separate-stderr env SUDO_UID=65534 DOAS_USER=nobody "$record" -q "${silent[@]}" -o t.dat -- id -u
  [ "$output" = 65534 ]
  DOAS_USER=root run -0 --separate-stderr record -q "${silent[@]}" -o t.dat -- id -u
  [ "$output" = 0 ]
}

@test "under sudo the command runs as who called it" {
  callers
  export SUDO_UID=65534 SUDO_GID=65534
  run -0 record -q "${silent[@]}" -o t.dat -- sh -c 'id -u; id -g; echo $HOME $USER'
  [ "${lines[0]}" = 65534 ]
  [ "${lines[1]}" = "$(id -g nobody)" ]
  [[ ${lines[2]} == *" nobody" ]]
  [ "$(stat -c %a:%u t.dat)" = 600:0 ]
  SUDO_UID=0 run -0 record -q "${silent[@]}" -o t.dat -- id -u
  [ "$output" = 0 ]
}

@test "--user: the command runs as that user, who cannot become root again" {
  id nobody >/dev/null || skip "there is no user nobody"
  run -0 record -q "${silent[@]}" --user nobody -o t.dat -- \
    sh -c 'grep -E "^(Uid|Gid|CapEff):" /proc/self/status'
  local uid
  uid=$(id -u nobody)
  [ "$(tr -s '\t' ' ' <<<"${lines[0]}")" = "Uid: $uid $uid $uid $uid" ]
  [[ ${lines[2]} == *0000000000000000 ]]
}

@test "under sudo by somebody unknown the command does not run, least of all as root" {
  local uid
  for uid in 54321 nonsense; do
    SUDO_UID=$uid run -1 --separate-stderr record -q "${silent[@]}" -o t.dat -- touch ran
    one_line
    [[ $stderr == *"SUDO_UID $uid: no such user"* ]]
    left_nothing
    [ ! -e ran ] && [ ! -e t.dat ]
  done
  DOAS_USER=nobody-there run -1 --separate-stderr record -q "${silent[@]}" -o t.dat -- touch ran
  [[ $stderr == *"DOAS_USER nobody-there: no such user"* ]]
  SUDO_UID=0 PKEXEC_UID=65534 run -1 --separate-stderr record -q "${silent[@]}" -o t.dat -- touch ran
  [[ $stderr == *"PKEXEC_UID 65534: SUDO_UID, PKEXEC_UID and DOAS_USER disagree"* ]]
  [ ! -e ran ] && [ ! -e t.dat ]
}

@test "a limit to the size of files: an error, and all is put back" {
  run -1 --separate-stderr bash -c 'ulimit -f 16; exec "$@"' - "$record" -q -e sched \
    --format text -o t.txt --duration 60
  one_line
  [[ $stderr == *"t.txt: File too large"* ]]
  left_nothing
}

@test "a file of somebody else, or with a second name, does not get the trace" {
  chmod 777 .
  setpriv --reuid nobody --clear-groups touch theirs
  run -1 --separate-stderr record -q "${silent[@]}" -o theirs -- true
  [[ $stderr == *"theirs: belongs to user "* ]]
  [ ! -s theirs ]
  echo mine >one
  ln one two
  run -1 --separate-stderr record -q "${silent[@]}" -o one -- true
  [[ $stderr == *"one: has several hard links"* ]]
  [ "$(cat two)" = mine ]
}

# refused OWNER: the output file theirs, since it is that user's.
refused() {
  run -1 --separate-stderr record -q "${silent[@]}" --format text -o theirs -- true
  one_line
  [[ $stderr == *"theirs: belongs to user $1; "* ]]
}

@test "a FIFO or a device of another user does not get the trace" {
  local fifo
  mkfifo theirs
  chown 65534 theirs
  exec {fifo}<>theirs
  refused 65534
  ! read -r -t 0 -u $fifo || return
  exec {fifo}>&-
  rm theirs
  mknod theirs c 1 3 && : >theirs || skip "no device can be made here"
  chown 65534 theirs
  refused 65534
  chown 0 theirs
  run -0 record -q "${silent[@]}" --format text -o theirs -- true
  run -0 record -q "${silent[@]}" --format text -o /dev/null -- true
}

@test "a socket, or a FIFO that no program reads: the message says so" {
  need python3
  mkfifo fifo
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
  run -1 --separate-stderr record -q "${silent[@]}" --format text -o fifo -- true
  one_line
  [[ $stderr == *"fifo: no program reads this FIFO; start it first" ]]
  run -1 --separate-stderr record -q "${silent[@]}" --format text -o socket -- true
  one_line
  [[ $stderr == *"socket: is a socket; name a file or a FIFO" ]]
}

@test "--summary into a file or FIFO of who called sudo, pkexec or doas" {
  local caller fifo
  chmod 777 .
  for caller in $(callers); do
    setpriv --reuid nobody --clear-groups touch s.json
    run -0 env "$caller" "$record" -q "${silent[@]}" -o t.dat --summary s.json -- true
    jq -e '.total.lost == 0' s.json
    rm s.json
  done
  mkfifo s.json
  chown nobody s.json
  exec {fifo}<>s.json
  SUDO_UID=65534 run -0 record -q "${silent[@]}" -o t.dat --summary s.json -- true
  timeout 10 jq -ne 'input | .total.lost == 0' <&$fifo
  exec {fifo}>&-
}

# The directory may be another user's, who puts a symbolic link to one of root's there.
@test "a recording that does not begin removes its own file only" {
  mkdir dir victim
  echo theirs >victim/t.dat
  start_held '?mkdir,mkdirat' -- "$record" -q -e sched:sched_switch -f nonsense -o dir/t.dat
  mv dir away
  ln -s victim dir
  stop_record 2 CONT
  [ "$(cat victim/t.dat)" = theirs ]
}

@test "one file for two" {
  run -2 --separate-stderr record -q "${silent[@]}" -o t.dat --summary ./t.dat -- true
  [[ $stderr == *"--summary ./t.dat: is also the output"* ]]
  start_record "${silent[@]}" -q -o t.dat
  run -1 --separate-stderr "$record" -q "${silent[@]}" -o t.dat -- true
  [[ $stderr == *"t.dat: is being written by another program"* ]]
  stop_record 0
  trace-cmd report t.dat >/dev/null
}

# removed [OPTION]...: t is not there any more at the end.
removed() {
  run -1 --separate-stderr record -e raw_syscalls -o t --summary s.json "$@" -- \
    sh -c '"$0" 0 300; rm t' "$load"
  echo "$stderr"
  [[ $stderr == *"rbmap-record: t: was removed while it was written; its contents are lost"* ]]
  [[ $stderr == *" events were not stored: the output was removed"* ]]
  [[ $stderr != *"nothing lost"* && $stderr != *"report this"* ]]
  jq -e '.total.delivered == 0 and .total.others > 0 and .total.written == .total.others' s.json
  left_nothing
}

@test "an output that is removed meanwhile is a failure" {
  removed
  removed --compress=none --engine read
  removed --format text
  run -1 --separate-stderr record -q "${silent[@]}" -o t.dat --summary s.json -- rm s.json
  [ "$stderr" = "rbmap-record: s.json: was removed while it was written; its contents are lost" ]
  # It has another name, or is no file.
  run -0 --separate-stderr record "${silent[@]}" -o t.dat -- mv t.dat u.dat
  [[ $stderr == *"nothing lost"* ]]
  run -0 record "${silent[@]}" --format text -o /dev/null -- true
}

# in_own_mounts COMMAND [ARG]...: what it mounts, only it sees.
in_own_mounts() {
  unshare -m sh -c 'mount --make-rprivate / && exec "$@"' - "$@"
}

# loss_is_unknown COMMAND: run by the recorded command in the recorder's mounts.
loss_is_unknown() {
  run -1 --separate-stderr in_own_mounts env own="$(declare -f own_rings own_ring)" \
    tracing="$tracing" bash -c "$starting_with" pid "$record" \
    -e sched:sched_process_fork -o t.dat --summary s.json -- \
    bash -c 'eval "$own"; for i in 1 2 3 4 5; do /bin/true; done; '"$1"
  echo "$stderr"
  [[ $stderr != *"nothing lost"* && $stderr != *"report this"* ]]
  [[ $stderr == *"rbmap-record: the loss on "*" CPUs is unknown: per_cpu/cpu"*"/stats: "* ]]
  jq -c .cpus s.json
  jq -e '.total.delivered > 0' s.json
  run -0 "$RBMAP_BIN/rbmap-report" --check t.dat
  [[ $output == *": $(jq .total.delivered s.json) events in "* ]]
}

@test "counters that cannot be read: the loss is unknown, which is a failure" {
  loss_is_unknown 'umount -l $tracing'
  jq -e '.cpus | all(.unchecked)' s.json
  # It could not be removed. Another test's recorder may do that at the same moment.
  remove_own_rings
  need_two_cpus
  loss_is_unknown 'mount --bind /dev/null "$(own_ring)/per_cpu/cpu0/stats"'
  jq -e '[.cpus[] | .unchecked == (.cpu == 0)] | all' s.json
  left_nothing
}
