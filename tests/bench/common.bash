# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the scripts here, each of which has its own usage() and options.
program=${0##*/}
tracing=/sys/kernel/tracing
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${RBMAP_BIN:-$source_dir/build/release/cli}
output_dir=${TMPDIR:-/var/tmp}
rounds=5
only=

fail() {
  echo "$program: $*" >&2
  exit 1
}

# run.sh and CTest take the last line for the reason.
missing() {
  echo "SKIP: $*"
  exit 77
}

note() {
  echo "$program: $*" >&2
}

usage_error() {
  echo "$program: $*; try --help" >&2
  exit 2
}

need_number() {
  [[ $2 =~ ^[1-9][0-9]{0,9}$ ]] || usage_error "$1 '$2': not a number above 0"
}

# options (an array of the script): those that it has; each takes a value.
parse() {
  while [ $# -gt 0 ]; do
    [[ $1 != --help && $1 != -h ]] || { usage; exit 0; }
    # shellcheck disable=SC2154 # the script's
    [[ " ${options[*]} " == *" $1 "* ]] || usage_error "'$1': unknown"
    [ $# -gt 1 ] || usage_error "$1 needs a value"
    set_option "$1" "$2"
    shift 2
  done
}

# shellcheck disable=SC2034 # the scripts use them
set_option() {
  case $1 in
  --rounds) need_number "$1" "$2"; rounds=$2 ;;
  --load) load_name=$2 ;;
  --loops) need_number "$1" "$2"; loops=$2 ;;
  --calls) need_number "$1" "$2"; calls=$2 ;;
  --buffer-size | -b) need_number "$1" "$2"; buffer_kb=$2 ;;
  --bin) bin=$2 ;;
  --output-dir) output_dir=$2 ;;
  --only) only=$2 ;;
  --json) json=$2 ;;
  esac
}

check_tools() {
  local tool
  for tool; do
    [ -n "$(command -v "$tool")" ] || missing "$tool is not installed"
  done
}

check_tracing() {
  [ "$(id -u)" = 0 ] || missing "root is needed (run: sudo tests/bench/$program)"
  [ "$(stat -f -c %T "$tracing" 2>/dev/null)" = tracefs ] ||
    missing "tracefs is not mounted at $tracing (mount -t tracefs nodev $tracing)"
  [ -e "$tracing/events/raw_syscalls" ] ||
    missing 'the kernel has no raw_syscalls events'
}

# check_programs NAME...: in $bin, and fit to be measured.
check_programs() {
  local name
  for name; do
    [ -x "$bin/$name" ] ||
      missing "$bin/$name is not there: build the release preset, or say --bin DIR"
    ! ldd "$bin/$name" 2>/dev/null | grep -qE 'lib[at]san' ||
      missing "$bin/$name has sanitizers in it: build the release preset"
  done
}

# check_space KB
check_space() {
  local have
  [ -d "$output_dir" ] || missing "$output_dir is not a directory"
  have=$(df -Pk "$output_dir" | awk 'NR == 2 { print $4 }')
  [ "${have:-0}" -gt "$1" ] ||
    missing "$output_dir: $1 KB of free space are needed, there are ${have:-0}"
}

# build NAME...: programs of this folder, into $work.
build() {
  local name
  for name; do
    # shellcheck disable=SC2154 # the script's
    cc -std=gnu11 -O2 -D_FILE_OFFSET_BITS=64 -o "$work/$name" \
      "$source_dir/tests/bench/$name.c" || fail "$name.c could not be built"
  done
}

tell_load_average() {
  awk -v program="$program" '$1 > 0.7 { print program ": the machine is busy (load average " \
    $1 "): expect noise" }' /proc/loadavg >&2
}
