# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The root of the guest: programs of this machine with their libraries, the build and the
# tests, all of them where they are here, so that each finds the others.

# Everything in these packages; single programs of others.
guest_packages=(bats coreutils diffutils findutils grep mawk procps sed util-linux)
guest_programs=(bash sh awk busybox jq ldd mkfs.ext4 mount umount strace trace-cmd)

package_files() {
  dpkg-query -L "${guest_packages[@]}" 2>/dev/null | grep -E '/s?bin/|/lib(exec)?/bats-core/'
}

build_files() {
  find "$build/cli" "$build/lib" "$build/tests" "$build/tests/kernel" -maxdepth 1 -type f,l \
    \( -executable -o -name '*.so*' \)
  find "$build/tests/unit" -maxdepth 1 -name test-format-kernel
  find "$source_dir/tests/cli" "$source_dir/tests/bench" "$source_dir/tests/kernel" -type f
}

plugin_files() {
  local dir
  dir=$(pkg-config --variable=libdir libtraceevent) || return
  find "$dir/traceevent" "$dir/trace-cmd" -name '*.so' 2>/dev/null
}

listed_files() {
  local program
  for program in "${guest_programs[@]}"; do
    type -P "$program"
  done
  package_files
  build_files
  plugin_files
}

# libraries: of the programs and libraries on standard input, in ldd's own words.
libraries() {
  xargs -r ldd 2>/dev/null | grep -oE '/[^ ]+' | grep -v ':$'
}

# Links on the way to a file, and the directories above each, as the kernel makes none.
with_links() {
  local path target
  while read -r path; do
    while path=$(realpath -s -e "$(realpath -e "$(dirname "$path")")/$(basename "$path")"); do
      echo "$path"
      target=$(readlink "$path") || break
      [[ $target == /* ]] || target=$(dirname "$path")/$target
      path=$target
    done
  done
}

with_directories() {
  awk -F / '{ path = ""; for (i = 2; i < NF; i++) print path = path "/" $i; print }'
}

root_links() {
  find / -maxdepth 1 -type l \( -name 'bin' -o -name 'sbin' -o -name 'lib*' \)
}

# What differs from this machine; suites is there already.
make_overlay() {
  local overlay=$1
  mkdir -p "$overlay"/{etc,proc,sys,dev,tmp,root,run} || return
  cp "$source_dir/tests/kernel/guest-init" "$overlay/init" && chmod 755 "$overlay/init"
  cat >"$overlay/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
END
  printf '%s\n' root:x:0: tty:x:5: nogroup:x:65534: >"$overlay/etc/group"
  printf '%s\n' 'passwd: files' 'group: files' >"$overlay/etc/nsswitch.conf"
}

# make_initramfs OVERLAY FILE
make_initramfs() {
  local overlay=$1 file=$2 list=$2.list
  listed_files | sort -u >"$list" || return
  libraries <"$list" | sort -u >"$list.libraries"
  { cat "$list" "$list.libraries" | with_links | with_directories; root_links; } | sort -u | sed 's,^/,,' \
    >"$list.all"
  make_overlay "$overlay" || return
  # Not compressed: to unpack it in an emulator takes longer than to read it.
  { (cd / && cpio -o -H newc -R 0:0 --quiet) <"$list.all" &&
    (cd "$overlay" && find . -mindepth 1 | cpio -o -H newc -R 0:0 --quiet); } >"$file"
}
