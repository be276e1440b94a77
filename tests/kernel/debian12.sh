#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The commands of packaging/kernel/README.md, as they stand there, in a new Debian 12; then
# the kernel that they install is booted, and what the page says of it is held against it.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
source_dir=${RBMAP_SOURCE:-$(cd "$here/../.." && pwd)}
build=${RBMAP_BUILD:-$source_dir/build/release}
# shellcheck source=tests/kernel/kernels.sh
. "$here/kernels.sh"
# shellcheck source=tests/kernel/apt.sh
. "$here/apt.sh"
# shellcheck source=tests/kernel/boot.sh
. "$here/boot.sh"
# shellcheck source=tests/kernel/debian-root.sh
. "$here/debian-root.sh"

usage() {
  cat <<EOT
usage: sudo tests/kernel/debian12.sh

Runs the commands of packaging/kernel/README.md in a new Debian 12 below
${cache/#$HOME/\~}, made from the packages of this machine's own mirror, and boots the
kernel that they install in QEMU. Prints TAP.

Two things differ from the page: build.sh gets --test as well, so that the kernel builds in
minutes, and "sudo reboot" is the boot in QEMU.

  --keep   keep the Debian 12, and print its location
  --help   show this text

Exit status 1 if the page is wrong, 77 if it cannot be tested here.
EOT
}

page=$source_dir/packaging/kernel/README.md
work=$build/kernel/debian12
objects=home/user/.cache/rbmap/kernel-build
limit=${RBMAP_KERNEL_LIMIT:-2400}
keep=
nr=0
failed=0

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=1 ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      echo "debian12.sh: $1: unknown; see --help" >&2
      exit 2
      ;;
    esac
    shift
  done
}

skip() {
  echo "1..0 # SKIP $*"
  echo "SKIP: $*"
  exit 77
}

missing_here() {
  local program
  [ "$(id -u)" = 0 ] || { echo 'root (a chroot is made)'; return; }
  [ "$(uname -m)" = x86_64 ] || { echo 'an x86-64 machine'; return; }
  for program in "$qemu_program" debootstrap cpio dpkg-deb flock setpriv unshare; do
    command -v "$program" >/dev/null || { echo "$program"; return; }
  done
}

# report NAME STATUS [FILE]: what is in FILE tells why it failed.
report() {
  nr=$((nr + 1))
  if [ "$2" = 0 ]; then
    echo "ok $nr - $1"
    return
  fi
  echo "not ok $nr - $1"
  [ -z "${3-}" ] || tail -n 25 "$3" | tr -d '\r' | sed 's/^/# /'
  failed=1
}

# commands NAME: of the blocks of the page that begin with "```sh NAME".
commands() {
  awk -v fence="\`\`\`sh $1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on && NF' "$page"
}

# With --test, and nothing else.
shortened() {
  sed 's,^packaging/kernel/build\.sh --deb\>,& --test,'
}

# run_commands NAME: what follows one that failed has no chance.
run_commands() {
  local line status log=$work/log
  while read -r line; do
    [ "$line" != 'sudo reboot' ] || continue
    printf '$ %s\n' "$line" >>"$work/$1.log"
    as_user bash -c "$line" </dev/null >"$log" 2>&1
    status=$?
    cat "$log" >>"$work/$1.log"
    report "$1: $line" $status "$log"
    [ $status = 0 ] || return
  done < <(commands "$1" | shortened)
}

check_page() {
  [ "$(commands page | tail -n 1)" = 'sudo reboot' ]
  report 'the page ends with a reboot' $?
  [ "$(commands page | shortened | grep -c -e '--deb --test')" = 1 ]
  report 'the page has one build' $?
}

# What was compiled before is not compiled again; nothing on the page needs it.
add_objects() {
  local compiled
  mkdir -p "$root/$objects" || return
  for compiled in "$entry/ccache" "$cache/kernel-build/ccache"; do
    [ ! -d "$compiled" ] || cp -rn "$compiled" "$root/$objects/"
  done
  chroot "$root" chown -R user: /home/user
}

# For the next run.
keep_objects() {
  rm -rf "$entry/ccache"
  cp -r "$root/$objects/ccache" "$entry/"
}

installed_kernel() {
  find "$root/boot" -name 'vmlinuz-6.1.*-rbmap'
}

# What the guest runs: each command, what it prints, its status.
guest_commands() {
  local line i=0
  echo 'echo localhost >/proc/sys/kernel/hostname'
  while read -r line; do
    i=$((i + 1))
    printf 'setpriv --reuid=user --regid=user --init-groups bash -c %q >/tmp/out 2>&1\n' \
      "$line"
    printf 'echo "%%status %d $?"; awk '\''{ print "%d|" $0 }'\'' /tmp/out\n' $i $i
  done < <(commands booted)
}

boot_installed() {
  local image
  image=$(installed_kernel)
  mkdir -p "$work/overlay"
  cp "$here/guest-init" "$work/overlay/init" && chmod 755 "$work/overlay/init"
  guest_commands >"$work/overlay/booted"
  printf 'booted\tbash /booted\n' >"$work/overlay/suites"
  echo "RBMAP_SUITE_LIMIT=$((limit / 4))" >"$work/overlay/environment"
  root_initramfs "$work/overlay" >"$work/initramfs"
  boot commands "$image" "$work/initramfs" "$limit" "$work/console" "$work/results"
  rm -rf "$work/initramfs" "$work/overlay"
  tr -d '\r' <"$work/results" >"$work/booted.log"
  grep -aq 'init: done' "$work/console"
  report 'the installed kernel boots' $? "$work/console"
}

# output NUMBER: of a command of the guest.
output() {
  sed -n "s/^$1|//p" "$work/booted.log"
}

# expect NUMBER NAME EXPRESSION
expect() {
  output "$1" >"$work/log"
  grep -qE "$3" "$work/log"
  report "booted: $2" $? "$work/log"
}

check_booted() {
  local line i=0
  while read -r line; do
    i=$((i + 1))
    output $i >"$work/log"
    grep -qx "%status $i 0" "$work/booted.log"
    report "booted: $line" $? "$work/log"
    case $line in
    uname*) expect $i 'it is the kernel of the package' '^6\.1\.[0-9]+-rbmap$' ;;
    *--features) expect $i 'it maps ring buffers' '^mapping +yes' ;;
    *rbmap-record*) expect $i 'a recording maps' ', engine observe,' ;;
    esac
  done < <(commands booted)
  [ $i -ge 3 ]
  report 'the page says how to see that it works' $?
  "$here/log-scan.sh" debian12 "$work/console" >"$work/log" 2>&1
  report 'kernel log: is clean' $? "$work/log"
}

check_dropped() {
  [ -z "$(installed_kernel)" ]
  report 'drop: no kernel of the package is left in /boot' $?
  [ -z "$(find "$root/lib/modules" -name '*-rbmap' 2>/dev/null)" ]
  report 'drop: none of its modules are left' $?
}

run_page() {
  check_page
  run_commands page
  [ -n "$(installed_kernel)" ] || return
  boot_installed
  check_booted
  keep_objects
  run_commands drop
  check_dropped
}

finish() {
  stop_qemu
  [ -z "${root:-}" ] || [ -n "$keep" ] || rm -rf --one-file-system "$root"
}

parse "$@"
build=$(realpath -m "$build")
why=$(missing_here)
[ -z "$why" ] || skip "missing: $why"
rm -rf "$work"
mkdir -p "$work" || exit 1
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# ccache only saves time: the page does not ask for it.
make_root ccache && add_objects || skip "$why"
run_page
[ -z "$keep" ] || echo "# kept: $root"
echo "1..$nr"
exit $failed
