# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Debian's source of Linux 6.1, unpacked below $cache with the series applied.

cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rbmap/kernel-build
series_dir=$kernel_dir/linux-6.1
source_name=linux-source-6.1
source_file=

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# download PACKAGE: prints the file, which may be of an earlier time where there is no
# network now.
download() {
  have apt-get && mkdir -p "$cache/download" || return
  (
    cd "$cache/download" || exit
    apt-get -qq -o APT::Sandbox::User= download "$1" </dev/null >"$1.log" 2>&1
    find "$PWD" -name "$1_*.deb" -printf '%T@ %p\n' | sort -rn | sed 's/^[^ ]* //' >"$1.list"
    sed 1d "$1.list" | xargs -r rm -f
    sed -n 1p "$1.list" | grep .
  )
}

# Sets $source_file where it was not given.
find_source() {
  if [ -z "$source_file" ]; then
    source_file=/usr/src/$source_name.tar.xz
    [ ! -r "$source_file" ] || return 0
    echo "$source_name is not installed; downloading it"
    source_file=$(download $source_name) || die "$source_name: cannot be downloaded;" \
      "install it (sudo apt install $source_name) or give --source FILE"
  fi
  [[ -f $source_file && -r $source_file ]] || die "$source_file: cannot be read"
}

# unpack_source DIRECTORY
unpack_source() (
  set -o pipefail
  case $source_file in
  *.deb) dpkg-deb --fsys-tarfile "$source_file" | tar -xO "./usr/src/$source_name.tar.xz" |
    tar -xJ -C "$1" --strip-components=1 ;;
  *) tar -xf "$source_file" -C "$1" --strip-components=1 ;;
  esac
)

# tree_version DIRECTORY: sets $version.
tree_version() {
  version=$(sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL) = //p' "$1/Makefile" 2>/dev/null |
    head -n 3 | paste -s -d .)
}

# unpack DIRECTORY: checks what comes out.
unpack() {
  local error
  error=$(unpack_source "$1" 2>&1) ||
    die "$source_file: cannot be unpacked to $1: $(head -n 1 <<<"$error")"
  tree_version "$1"
  [[ $version == 6.1.* ]] || die "$source_file: is not the source of Linux 6.1"
}

# The names of the patches, in their order.
series() {
  [ -r "$series_dir/series" ] || die "$series_dir/series: cannot be read"
  awk '!/^#/ && NF { print $1 }' "$series_dir/series"
}

# apply_patch TREE PATCH: a patch that fits only nearly does not fit.
apply_patch() {
  local error
  [ -r "$series_dir/$2" ] || die "$series_dir/$2: is listed in series, but cannot be read"
  error=$(patch -d "$1" -p1 -f -N -s -F0 --no-backup-if-mismatch -r - \
    <"$series_dir/$2" 2>&1) && return
  die "$2: does not apply to Linux $version:" \
    "$(grep -m 1 -E 'FAILED|find file|malformed|previously' <<<"$error" ||
      head -n 1 <<<"$error")"
}

apply_series() {
  local patch list
  list=$(series) || exit
  for patch in $list; do
    apply_patch "$1" "$patch"
  done
}

# What a tree is made of, as one number.
tree_key() {
  local patch list
  list=$(series) || exit
  { sha256sum <"$source_file"
    for patch in $list; do
      echo "$patch"
      cat "$series_dir/$patch"
    done
  } 2>&1 | sha256sum | cut -c 1-16
}

# Apart from what the user's own builds keep. The compiler counts by what it is, so that
# another system with the same one finds the same.
use_ccache() {
  [ -d /usr/lib/ccache ] || return 0
  PATH=/usr/lib/ccache:$PATH
  export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache}
  export CCACHE_COMPILERCHECK=${CCACHE_COMPILERCHECK:-content}
}

# make_tree KEY: unpacks it below a name that no one looks for, then names it.
make_tree() {
  rm -rf "$cache"/.new.*
  new=$(mktemp -d "$cache/.new.XXXXXX") || die "$cache: cannot be written"
  trap 'rm -rf "$new"' EXIT
  trap 'exit 1' INT TERM HUP
  chmod 755 "$new"
  echo "Unpacking $source_file"
  unpack "$new"
  echo "Applying $(series | wc -l) patches to Linux $version"
  apply_series "$new"
  mv -T "$new" "$cache/$1" || die "$cache/$1: cannot be created"
  trap - EXIT INT TERM HUP
}

# Sets $tree. Holds the cache, so that two builds do not meet in one tree.
prepare_tree() {
  local key
  find_source
  mkdir -p "$cache" 2>/dev/null
  [[ -d $cache && -w $cache ]] ||
    die "$cache: cannot be written; set XDG_CACHE_HOME to use another directory"
  exec {lock}>"$cache/lock" || exit
  flock -n "$lock" || { echo 'Waiting for another build to finish'; flock "$lock"; }
  key=$(tree_key) || exit
  tree=$cache/$key
  # One tree is enough: they are large.
  find "$cache" -mindepth 1 -maxdepth 1 -type d ! -name "$key" ! -name download \
    ! -name ccache ! -name '.check.*' -exec rm -rf {} +
  [ -d "$tree" ] || make_tree "$key"
  tree_version "$tree"
}
