#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# What a file of another user, and the environment, can make the commands do.

load helpers
load report-helpers

setup() {
  ! grep -q '^RBMAP_COVERAGE:BOOL=ON' "${RBMAP_BUILD:-}/CMakeCache.txt" 2>/dev/null ||
    skip "a build that counts lines has to write files"
  prepare_report
}

need_seccomp() {
  grep -q '^Seccomp_filters:' /proc/self/status || skip "the kernel has no seccomp filters"
}

teardown() {
  [ -z "${reader:-}" ] || kill -KILL "$reader" 2>/dev/null || true
  clear_up
}

# A file with some formats, x.dat.
make_file() {
  local made=${RBMAP_BUILD:-}/tests/made-files
  [ -x "$made" ] || skip "made-files was not built"
  mkdir -p files && "$made" files && mv "$(compgen -G 'files/*.dat' | head -n 1)" x.dat
}

is_sanitized() {
  ldd "$report" | grep -q 'lib[at]san'
}

# deed DEED [OPTION]...: what libtraceevent would be made to do. A sanitizer leaves the
# signals alone.
deed() {
  ASAN_OPTIONS=verify_asan_link_order=0:handle_segv=0:handle_sigfpe=0:detect_leaks=0 \
    LD_PRELOAD=$(support cage-shim.so) RBMAP_CAGE_DEED=$1 \
    timeout -k 10 $((60 * slowdown)) "$report" "${@:2}" x.dat
}

# one_line_says TEXT...: of a run -1 --separate-stderr.
one_line_says() {
  [ "${#stderr_lines[@]}" = 1 ] || { echo "$stderr"; return 1; }
  local text
  for text; do
    [[ $stderr == *"$text"* ]] || { echo "$stderr"; return 1; }
  done
}

@test "a crash while a file is read is one line and exit 1" {
  need
  make_file
  local way
  for way in '' --check --stat '--jobs 3'; do
    run -1 --separate-stderr deed segv $way
    one_line_says "rbmap-report: x.dat: reading it crashed (Segmentation fault)" incomplete
  done
  run -1 --separate-stderr deed divide
  one_line_says "reading it crashed (Floating point exception)"
  run -1 --separate-stderr deed abort
  one_line_says "reading it crashed (Aborted)"
  run -1 --separate-stderr deed recurse
  one_line_says "reading it crashed (Segmentation fault)"
}

@test "a system call that printing does not need is told, and ends it" {
  need
  need_seccomp
  make_file
  run -1 --separate-stderr deed socket
  one_line_says "x.dat: reading it was stopped at the system call socket"
  run -1 --separate-stderr deed exec
  one_line_says "x.dat: reading it was stopped at the system call execve"
}

@test "isatty() of newer C libraries, TCGETS2, is a system call that printing needs" {
  need
  make_file
  run -0 --separate-stderr deed terminal
  [ -z "$stderr" ]
}

@test "without seccomp filters a file is read the same, and -v says so" {
  need
  make_file
  export RBMAP_NO_SECCOMP=1
  run -0 --separate-stderr deed none -v
  [ "$(grep -c seccomp <<<"$stderr")" = 1 ]
  [[ $stderr == *"rbmap-report: the kernel has no seccomp filters: "* ]]
  show x.dat | cmp - <(echo "$output")
  run -0 --separate-stderr deed none
  [ -z "$stderr" ]
}

@test "files of root stay closed while a file is read" {
  need
  make_file
  echo hidden >secret && chmod 600 secret
  run -0 --separate-stderr deed secret
  [ -z "$stderr" ]
  # For itself a sanitizer opens files that all may read.
  ! is_sanitized || return 0
  run -0 --separate-stderr deed /etc/passwd
  [ -z "$stderr" ]
}

@test "what a file can make its reader take of memory is bounded" {
  need
  make_file
  [ -z "${RBMAP_BIN_RELEASE:-}" ] || report=$RBMAP_BIN_RELEASE/rbmap-report
  ! is_sanitized || skip "needs a build without sanitizers: RBMAP_BIN_RELEASE"
  run -0 --separate-stderr deed memory
  [ "$stderr" = "0 GB" ]
  run -0 --separate-stderr deed memory --jobs 4
  [ "$stderr" = "1 GB" ]
}

# start_waiting: a reader that waits, and the process in which it does.
start_waiting() {
  ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 RBMAP_CAGE_DEED=wait \
    LD_PRELOAD=$(support cage-shim.so) "$report" x.dat >out 2>err 3>&- 4>&- &
  reader=$!
  wait_until 20 is_caged
}

is_caged() {
  caged=$(pgrep -P "$reader") && grep -q '^Seccomp:.*2' "/proc/$caged/status"
}

# Where nothing waits for orphans it stays a zombie.
caged_is_over() {
  ! grep -q '^State:[[:space:]]*[^Z]' "/proc/$caged/status" 2>/dev/null
}

has_status() {
  grep -qE "^$1:[[:space:]]*$2\$" "/proc/$caged/status" ||
    { grep "^$1" "/proc/$caged/status"; return 1; }
}

@test "read as root, a file is read by a process without rights" {
  need pgrep
  need_seccomp
  make_file
  start_waiting
  has_status Uid '65534[[:space:]]+65534[[:space:]]+65534[[:space:]]+65534'
  has_status Gid '65534[[:space:]]+65534[[:space:]]+65534[[:space:]]+65534'
  has_status Groups '[[:space:]]*'
  has_status NoNewPrivs 1
  local set
  for set in Inh Prm Eff Bnd Amb; do
    has_status "Cap$set" 0000000000000000
  done
  grep -qE '^Max core file size +0 +0 ' "/proc/$caged/limits"
  # The other has none that it could give away.
  grep -qE '^CapEff:[[:space:]]*0000000000000000$' "/proc/$reader/status"
}

@test "the process that reads a file ends with the command, and the command with it" {
  need pgrep
  need_seccomp
  make_file
  local status
  start_waiting
  kill -KILL "$reader"
  wait "$reader" || true
  wait_until 10 caged_is_over
  start_waiting
  kill -KILL "$caged"
  status=0 && wait "$reader" || status=$?
  [ "$status" = 1 ]
  grep -q "x.dat: reading it was killed, perhaps for lack of memory" err
  start_waiting
  kill -TERM "$caged"
  status=0 && wait "$reader" || status=$?
  [ "$status" = 143 ]
  reader=
}

@test "without a user namespace that has nobody, and as a user, a file is read the same" {
  need setpriv unshare
  make_file
  show x.dat >wanted
  unshare --user --map-root-user "$report" x.dat | cmp wanted
  chmod 755 . && chmod 644 x.dat
  as_nobody test -x "$report" -a -r x.dat || skip "others cannot read this folder"
  as_nobody "$report" x.dat | cmp wanted
}

as_nobody() {
  setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# Both places outside the system's where libtraceevent looks for plugins.
place_plugins() {
  local shim dir
  shim=$(support cage-shim.so) || return
  for dir in home/.local/lib/traceevent/plugins named; do
    mkdir -p "$dir" && cp "$shim" "$dir/plugin_cage.so" || return
  done
  # Relative: others need not be able to reach this folder by its full name.
  export HOME=home TRACEEVENT_PLUGIN_DIR=named
}

@test "as root no plugin is loaded from HOME or TRACEEVENT_PLUGIN_DIR" {
  need setpriv
  record_some -e sched:sched_switch x.dat
  place_plugins
  show x.dat >/dev/null
  record -q --format text "${silent[@]}" -o x.text -- true
  timeout $((20 * slowdown)) "$RBMAP_BIN/rbmap-tail" -n 1 >/dev/null
  [ ! -e plugin-was-loaded ]
  # It is one: of their own, users may have plugins.
  chmod 777 . && chmod 644 x.dat
  as_nobody test -x "$report" -a -r x.dat || skip "others cannot read this folder"
  as_nobody timeout $((20 * slowdown)) "$report" x.dat >/dev/null
  [ -e plugin-was-loaded ]
}

@test "as root the plugins of the system are loaded whatever TRACEEVENT_PLUGIN_DIR says" {
  need
  record_some -e sched:sched_switch x.dat
  show x.dat >x.text
  local dir
  dir=$(pkg-config --variable=libdir libtraceevent)/traceevent/plugins
  [ -d "$dir" ] || skip "no plugins in $dir"
  TRACEEVENT_PLUGIN_DIR=$dir show x.dat | cmp x.text
  grep -q ' ==> ' x.text
}
