# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# A trace-cmd of another Debian, with the libraries that it has there.

# shellcheck source=tests/kernel/kernels.sh
. "$BATS_TEST_DIRNAME/../kernel/kernels.sh"
# shellcheck source=tests/kernel/apt.sh
. "$BATS_TEST_DIRNAME/../kernel/apt.sh"

peer_packages() {
  echo trace-cmd
  apt_depends trace-cmd
}

# fetch_peer DIRECTORY: of $suite, without what only people read.
fetch_peer() {
  local package
  for package in $(peer_packages); do
    apt_download "$package" "$1" || return
    dpkg-deb -x "$1/$package"_*.deb "$1" || return
    rm -f "$1/$package"_*.deb
  done
  rm -rf "${1:?}/usr/share"
  # Up to Debian 12 the C library is in /lib.
  [ ! -d "$1/lib" ] || cp -a "$1/lib/." "$1/usr/lib/"
}

peer_key() {
  local package
  for package in $(peer_packages); do
    apt_key "$package"
  done | sha256sum | cut -c 1-24
}

# find_peer SUITE: sets $peer, the directory where it is unpacked.
find_peer() {
  local entries=$cache/peers/$1
  [ "$(uname -m)" = x86_64 ] || skip "needs an x86-64 machine"
  if apt_prepare "$1"; then
    [ -n "$(apt_version trace-cmd)" ] || skip "$1 has no trace-cmd"
    peer=$(keep "$entries" "$(peer_key)" fetch_peer 2>fetch.log) ||
      peer=$(newest_entry "$entries" | grep .) ||
      skip "trace-cmd of $1 cannot be downloaded: $(tail -n 1 fetch.log)"
  else
    peer=$(newest_entry "$entries" | grep .) || skip "no package list of $1: $apt_error"
  fi
  peer_lib=$peer/usr/lib/x86_64-linux-gnu
  # Its C library may be older than the one of this build.
  ours_with_its --version >/dev/null 2>not-started ||
    skip "rbmap-report does not start with the libraries of $1: $(head -n 1 not-started)"
  echo "# $1: $(with_peer "$peer/usr/bin/trace-cmd" --version | grep -m 1 version)" >&3
}

# with_peer [OPTION]... PROGRAM [ARG]...: with its libraries, plugins and ld.so, whose
# options they are; what the program starts has those of this machine. The libraries look
# for plugins in the machine's folder, so that theirs has to be there.
with_peer() {
  timeout -k 10 $((120 * slowdown)) unshare --mount bash -c '
    plugins=/usr/lib/x86_64-linux-gnu/traceevent/plugins
    if [ -d $plugins ]; then
      mount --bind "$0/traceevent/plugins" $plugins || exit
    else
      export TRACEEVENT_PLUGIN_DIR=$0/traceevent/plugins
    fi
    exec "$0/ld-linux-x86-64.so.2" --library-path "$0" "$@"' "$peer_lib" "$@"
}

# its COMMAND [ARG]...: its trace-cmd.
its() {
  with_peer --preload "$(support peer-shim.so)" "$peer/usr/bin/trace-cmd" "$@"
}

# its_record [OPTION]... FILE: of some load.
its_record() {
  local file=${*: -1}
  export -f some_load cpus
  whole_by "$file" at_top_level its record "${@:1:$#-1}" -o "$file" bash -c some_load \
    >peer.log 2>&1 ||
    { cat peer.log >&2; return 1; }
}

# What a sanitizer would tell of a newer ld.so, it gets from the older one.
ours_with_its() {
  ASAN_OPTIONS=detect_leaks=0 with_peer "${RBMAP_BIN_RELEASE:-$RBMAP_BIN}/rbmap-report" "$@"
}

# same_as_its FILE [LINES]: what rbmap-report prints of its file is what it does, but for
# the flags of the context, where both have the same libtraceevent and plugins; and what
# this machine's trace-cmd does where both have this machine's.
same_as_its() {
  its report "$1" 2>/dev/null | without_flags | without_early_names >"$1.its"
  ours_with_its "$1" >"$1.all"
  without_early_names <"$1.all" >"$1.ours"
  same_lines "$1.its" "$1.ours" "${2:-10}"
  # Debian 12's reads no zlib.
  ! command -v trace-cmd >/dev/null || [ "$(report "$1" | wc -l)" -lt 2 ] ||
    same_as_peer "$1" "${2:-10}"
}

is_whole() {
  run -0 --separate-stderr show --check "$1"
  [[ $output == *": intact" ]]
  [ -z "$stderr" ]
}
