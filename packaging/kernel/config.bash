# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Configurations, merged from fragments by the kernel's own script.

# The file of linux-config-6.1 for this machine, unpacked to FILE.
packaged_config() {
  local name package arch
  arch=$(dpkg --print-architecture) || return
  name=usr/src/linux-config-6.1/config.${arch}_none_$arch.xz
  if [ -r "/$name" ]; then
    xz -dc "/$name" >"$1"
  else
    package=$(download linux-config-6.1) || return
    dpkg-deb --fsys-tarfile "$package" | tar -xO "./$name" 2>/dev/null | xz -dc >"$1"
  fi
  [ -s "$1" ]
}

# Those of Debian's 6.1 kernels that are installed, the running one first.
installed_configs() {
  { uname -r
    find /boot -name 'config-6.1.*' -printf '%f\n' 2>/dev/null | sed 's/^config-//' | sort -rV
  } | grep -E '^6\.1\.0-[0-9]' | sed 's,^,/boot/config-,'
}

# debian_config FILE: sets $config_origin.
debian_config() {
  for config_origin in $(installed_configs); do
    [ ! -r "$config_origin" ] || { cp "$config_origin" "$1"; return; }
  done
  config_origin=linux-config-6.1
  packaged_config "$1" || die "no configuration of Debian's 6.1 kernel:" \
    'install one (sudo apt install linux-config-6.1) or give --config FILE'
}

# merge_config OBJECTS [-n] FILE...
merge_config() {
  local objects=$1 log=$1/config.log
  shift
  (cd "$tree" && scripts/kconfig/merge_config.sh -O "$objects" "$@") </dev/null \
    >"$log" 2>&1 || die "the configuration cannot be created; see $log"
}

# check_config OBJECTS FRAGMENT...: an option may be refused for what it depends on.
check_config() {
  local config=$1/.config line name refused=()
  shift
  while read -r line; do
    case $line in
    CONFIG_*=n) name=${line%=n} ;;
    CONFIG_*)
      grep -qxF "$line" "$config" || refused+=("$line")
      continue
      ;;
    '# CONFIG_'*' is not set')
      name=${line#\# }
      name=${name% is not set}
      ;;
    *) continue ;;
    esac
    ! grep -q "^$name=" "$config" || refused+=("$name=n")
  done < <(cat "$@")
  [ "${#refused[@]}" = 0 ] || die "options that cannot be set: ${refused[*]}"
}

# local_modules OBJECTS: only what is loaded now, or listed in the file that LSMOD names.
local_modules() {
  [ -n "${LSMOD:-}" ] || grep -q . /proc/modules 2>/dev/null ||
    die '--localmod: no modules are loaded; set LSMOD to a file with the output of lsmod'
  yes '' 2>/dev/null | PATH=$PATH:/usr/sbin:/sbin run_make localmodconfig \
    >"$1/localmod.log" 2>&1 || die "--localmod failed; see $1/localmod.log"
}

test_config() {
  local fragments=("$kernel_dir/test.config")
  [ -z "$kasan" ] || fragments+=("$kernel_dir/kasan.config")
  merge_config "$1" -n "${fragments[@]}"
  check_config "$1" "${fragments[@]}"
}

installable_config() {
  local fragments=("$kernel_dir/debian.config") base=$1/base.config
  [ -n "$debug_info" ] || fragments+=("$kernel_dir/no-debug-info.config")
  [ -z "$kasan" ] || fragments+=("$kernel_dir/kasan.config")
  if [ -n "$config_file" ]; then
    config_origin=$config_file
    cp "$config_file" "$base" || die "$config_file: cannot be read"
  else
    debian_config "$base"
  fi
  echo "Configuration: $config_origin"
  merge_config "$1" "$base" "${fragments[@]}"
  [ -z "$localmod" ] || local_modules "$1"
  check_config "$1" "${fragments[@]}"
}
