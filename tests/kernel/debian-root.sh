# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# A new Debian in a directory, with a user who may use sudo and a checkout of this.

: "${debian:=12}" # or 13, or sid
# What of this machine it sees as well.
machine_mounts=(/dev)

debian_suite() {
  case $debian in
  12) echo bookworm ;;
  13) echo trixie ;;
  sid) echo sid ;;
  esac
}

# bootstrap MIRROR KEYRING DIRECTORY: its smallest form, as an archive.
bootstrap() {
  local mirror=$1 keyring=$2 directory=$3
  debootstrap --variant=minbase --include=ca-certificates,sudo --keyring="$keyring" \
    "$(debian_suite)" "$directory/root" "$mirror" </dev/null || return
  tar -c -C "$directory/root" --one-file-system -f "$directory/root.tar" . || return
  rm -rf "$directory/root"
  mkdir "$directory/archives"
}

# The archive and the packages that were downloaded since serve for a week.
cached_root() {
  local key mirror
  read -r key mirror < <(debian_sources '') || {
    echo "the machine's package sources have no mirror of Debian" >&2
    return 1
  }
  [ "$key" != - ] || key=$debian_keyring
  keep "$cache/kernel/debian$debian" "$(date -u +%G-%V)" bootstrap "$mirror" "$key"
}

# configure_apt: as on this machine, for that suite; no questions. A mirror may be of a
# certain day, after which its lists of sid expire.
configure_apt() {
  local key
  rm -f "$root/etc/apt/sources.list"
  private_list "$(debian_suite)" >"$root/etc/apt/sources.list.d/machine.list" || return
  for key in $(grep -oE 'signed-by=[^]]+' "$root/etc/apt/sources.list.d/machine.list" |
    cut -d = -f 2 | sort -u); do
    mkdir -p "$root${key%/*}" && cp "$key" "$root$key"
  done
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  apt-config dump 2>/dev/null | grep -iE '^Acquire::[a-z]+::(proxy|ca)' \
    >"$root/etc/apt/apt.conf.d/80machine"
  cat >"$root/etc/apt/apt.conf.d/90test" <<'END'
APT::Get::Assume-Yes "true";
Binary::apt::APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
DPkg::Options:: "--force-unsafe-io";
END
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
}

add_user() {
  chroot "$root" useradd -m -s /bin/bash user || return
  echo 'user ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/user"
}

# What is, or would be, in the repository.
checkout_files() {
  git -c safe.directory='*' -C "$source_dir" ls-files -z -co --exclude-standard 2>/dev/null ||
    (cd "$source_dir" && find . -path ./build -prune -o -path ./.git -prune -o -type f -print0)
}

add_checkout() {
  mkdir "$root/home/user/rbmap" || return
  checkout_files | tar -c -C "$source_dir" --null -T - --ignore-failed-read 2>/dev/null |
    tar -x -C "$root/home/user/rbmap" || return
  chroot "$root" chown -R user: /home/user
}

# in_root COMMAND [ARG]...: no process and no mount outlives it.
in_root() {
  unshare --mount --pid --fork --kill-child bash -c '
    root=$1 archives=$2 mounts=$3
    shift 3
    mount -t proc proc "$root/proc" || exit
    for mount in $mounts; do mount --rbind "$mount" "$root$mount" || exit; done
    mount --bind "$archives" "$root/var/cache/apt/archives" &&
      exec chroot "$root" "$@"' - "$root" "$entry/archives" "${machine_mounts[*]}" "$@"
}

as_user() {
  in_root setpriv --reuid=user --regid=user --init-groups env -i HOME=/home/user USER=user \
    PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
    bash -c 'cd ~/rbmap && exec "$@"' - "$@"
}

# make_root PACKAGE...: sets $root, where these are installed; $why where it cannot be had.
make_root() {
  why="no Debian $debian can be made from the packages of this machine"
  entry=$(cached_root 2>"$work/bootstrap.log") || {
    why+=": $(tail -n 1 "$work/bootstrap.log")"
    return 1
  }
  root=$(mktemp -d "$cache/kernel/debian$debian/.root.XXXXXX") || return
  chmod 755 "$root"
  tar -x -C "$root" -f "$entry/root.tar" && configure_apt && add_user && add_checkout ||
    return
  in_root sh -c 'apt-get -qq update && apt-get -qq --no-install-recommends install "$@"' - \
    "$@" </dev/null >"$work/apt.log" 2>&1 && return
  why="the package mirror cannot be used: $(grep -E -m 1 '^E: ' "$work/apt.log")"
  return 1
}

# root_initramfs OVERLAY: all of it but what only builds need.
root_initramfs() {
  (cd "$root" && find . -xdev \
    \( -path ./boot -o -path ./usr/src -o -path './usr/lib/gcc*' -o -path ./usr/include \
    -o -path ./usr/share/doc -o -path ./usr/share/locale -o -path ./usr/share/man \
    -o -path './usr/share/perl*' -o -path './usr/lib/*/perl*' -o -path './usr/share/cmake*' \
    -o -path ./usr/lib/git-core -o -path './var/*' -o -path './home/user/*' \
    -o -path './proc/*' -o -path './dev/*' -o -name '*.a' -o -name cmake -o -name ctest \
    -o -name cpack \) -prune -o -print0 |
    cpio -o -0 -H newc --quiet)
  (cd "$1" && find . -mindepth 1 -print0 | cpio -o -0 -H newc -R 0:0 --quiet)
}
