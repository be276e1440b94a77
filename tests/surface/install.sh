#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The README's lines for installing and for the library, as they stand there, in a new
# Debian; then what they installed is used.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
source_dir=${RBMAP_SOURCE:-$(cd "$here/../.." && pwd)}
build=${RBMAP_BUILD:-$source_dir/build/release}
debian=${1-}
# shellcheck source=tests/kernel/kernels.sh
. "$here/../kernel/kernels.sh"
# shellcheck source=tests/kernel/apt.sh
. "$here/../kernel/apt.sh"
# shellcheck source=tests/kernel/debian-root.sh
. "$here/../kernel/debian-root.sh"

usage() {
  cat <<EOT
usage: sudo tests/surface/install.sh 12|13

Runs the README's commands in a new Debian 12 or 13 below ${cache/#$HOME/\~}, which is made
from the packages of this machine's own mirror, and uses what they install. If this kernel has
tracefs, also records. Prints TAP.

Exit status 1 if something failed, 77 if no such Debian can be made here.
EOT
}

page=$source_dir/README.md
work=$build/install/debian$debian
tracing=/sys/kernel/tracing
nr=0
failed=0

skip() {
  echo "1..0 # SKIP $*"
  echo "SKIP: $*"
  exit 77
}

missing_here() {
  local program
  [ "$(id -u)" = 0 ] || { echo 'root (a chroot is made)'; return; }
  for program in debootstrap flock setpriv unshare; do
    command -v "$program" >/dev/null || { echo "$program"; return; }
  done
}

# report NAME STATUS: what is in $work/log says why it failed.
report() {
  nr=$((nr + 1))
  if [ "$2" = 0 ]; then
    echo "ok $nr - $1"
    return
  fi
  echo "not ok $nr - $1"
  tail -n 25 "$work/log" | sed 's/^/# /'
  failed=1
  return 1
}

# block NAME: of the README, what is between "```NAME" and "```".
block() {
  awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$page"
}

# check NAME COMMAND...: as the user, in the checkout.
check() {
  as_user bash -c "$2" </dev/null >"$work/log" 2>&1
  report "$1" $?
}

check_warnings() {
  ! grep -q 'warning:' "$work/log"
  report 'its compiler has no warnings' $?
}

# run_lines BLOCK: what follows a line that failed has no chance.
run_lines() {
  local line seen=0
  while read -r line; do
    seen=$((seen + 1))
    # The commands run without it: it is for programs that link the library.
    [ "$line" != 'sudo ldconfig' ] || check_commands 'before ldconfig' || return
    check "$1: $line" "$line" || return
    [[ $line != 'cmake --build'* ]] || check_warnings
  done < <(block "$1")
  [ $seen != 0 ]
  report "the README has a block '$1'" $?
}

check_commands() {
  local command
  for command in rbmap-record rbmap-report rbmap-stat rbmap-tail; do
    check "$1: $command --version" "[ \$(command -v $command) = /usr/local/bin/$command ] &&
      $command --version" || return
  done
}

check_pages() {
  local name
  for name in rbmap librbmap rbmap_session_open rbmap-{porting,record,report,stat,tail}; do
    check "man $name" "man $name | grep -q ."
  done
}

has_tracefs() {
  [ "$(stat -f -c %T "$tracing" 2>/dev/null)" = tracefs ]
}

# In a PID namespace of its own a recorder has a number that another has elsewhere, and so
# the same name for its instance: one at a time.
check_recording() {
  local alone="sudo flock $tracing/instances"
  check 'rbmap-stat --features' "$alone rbmap-stat --features | tee /dev/stderr |
    grep -q '^tracefs  *yes'"
  check 'a recording, which leaves no instance' "ulimit -f 100000
    $alone sh -c 'rbmap-record -e sched --duration 1 & pid=\$!
      wait \$pid && [ ! -e $tracing/instances/rbmap-record-\$pid ]' &&
    sudo rbmap-report --check trace.dat"
}

# An example's directory has the files that the README shows.
make_example() {
  local directory=$root/home/user/example
  mkdir -p "$directory/cmake" || return
  block c | tee "$directory/example.c" >"$directory/cmake/example.c"
  {
    printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(example C)' \
      'add_executable(example example.c)'
    block cmake
  } >"$directory/cmake/CMakeLists.txt"
  chroot "$root" chown -R user: /home/user/example
}

check_example() {
  # One at a time, also beside another run: its instance has a fixed name.
  local run="sudo flock $tracing/instances ./example"
  make_example || return
  has_tracefs || run='test -x ./example'
  check 'sh example: the lines of pkg-config' "cd ~/example &&
    $(block 'sh example' | grep -v '^sudo ') && $run"
  check 'cmake: the lines of CMake' "cd ~/example/cmake && cmake -G Ninja -S . -B . &&
    cmake --build . && $run"
}

check_other_examples() {
  local flags="\$(pkg-config --cflags --libs librbmap)"
  check 'the installed examples compile' "cd ~/example &&
    for file in /usr/local/share/doc/rbmap/examples/*.c; do
      cc \$file -o other $flags || exit
    done"
}

run_page() {
  run_lines 'sh install' || return
  check_commands installed
  check_pages
  if has_tracefs; then
    check_recording
  else
    echo '# no tracefs: nothing is recorded'
  fi
  check_example
  check_other_examples
}

finish() {
  [ -z "${root:-}" ] || rm -rf --one-file-system "$root"
}

case $debian in
12 | 13) ;;
--help | -h) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac
build=$(realpath -m "$build")
why=$(missing_here)
[ -z "$why" ] || skip "missing: $why"
rm -rf "$work"
mkdir -p "$work" || exit 1
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# The live kernel's tracefs is below /sys.
machine_mounts=(/dev /sys)
make_root man-db || skip "$why"
run_page
echo "1..$nr"
exit $failed
