# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Where a kernel comes from: Debian's packages, through a private package list, or the
# patch series, built. Both are kept below $cache, by content.

all_kernels=(6.1 6.1-rbmap 6.1-rbmap-kasan 6.12 backports)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rbmap

# Whether a kernel of that name can map ring buffers.
kernel_maps() {
  [ "$1" != 6.1 ]
}

kernel_suite() {
  case $1 in
  6.1) echo bookworm ;;
  6.12) echo trixie ;;
  backports) echo trixie-backports ;;
  esac
}

# newest_entry DIRECTORY: what was put there last; complete entries have no dot.
newest_entry() {
  find "$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%T@ %p\n' 2>/dev/null |
    sort -rn | sed -n '1s/^[^ ]* //p'
}

# keep DIRECTORY KEY COMMAND [ARG]...: prints DIRECTORY/KEY, made by COMMAND where it is
# not there yet, which gets a directory to fill. Entries that nobody used for a day go.
keep() {
  local directory=$1 key=$2 made
  shift 2
  mkdir -p "$directory" || return
  (
    flock 9 || exit
    if [ ! -d "$directory/$key" ]; then
      rm -rf "$directory"/.new.*
      made=$(mktemp -d "$directory/.new.XXXXXX") || exit
      "$@" "$made" 9>&- >&2 || { rm -rf "$made"; exit 1; }
      chmod 755 "$made"
      mv -T "$made" "$directory/$key" || exit
    fi
    touch "$directory/$key"
    find "$directory" -mindepth 1 -maxdepth 1 -type d ! -name "$key" -mmin +1440 \
      -exec rm -rf {} +
    echo "$directory/$key"
  ) 9>"$directory.lock"
}

# fetch_image PACKAGE DIRECTORY: the kernel of a package, or of the one that it stands for.
fetch_image() {
  local package=$1 directory=$2 image
  while :; do
    apt_download "$package" "$directory" || return
    dpkg-deb --fsys-tarfile "$directory"/*.deb |
      tar -x -C "$directory" --wildcards '*/vmlinuz*' 2>/dev/null
    rm -f "$directory"/*.deb
    image=$(find "$directory" -name 'vmlinuz*' -type f)
    [ -z "$image" ] || break
    package=$(apt_depends "$package" | grep '^linux-binary-') || {
      echo "there is no kernel in $1"
      return 1
    }
  done
  mv "$image" "$directory/bzImage"
  rm -rf "${directory:?}"/{boot,usr}
  apt_version "$package" >"$directory/version"
}

# The package that $suite's users get by default.
default_image() {
  apt_depends linux-image-amd64 | grep -E '^linux-image-[0-9].*-amd64$' | sort -V |
    tail -n 1
}

stock_kernel() {
  local suite package
  suite=$(kernel_suite "$1")
  if ! apt_prepare "$suite"; then
    newest_entry "$cache/kernel/$1" | grep . && return
    why="no package list of $suite: $apt_error"
    return 1
  fi
  package=$(default_image)
  [ -n "$package" ] || { why="$suite has no linux-image-amd64"; return 1; }
  keep "$cache/kernel/$1" "$(apt_key "$package")" fetch_image "$package" && return
  why="$package cannot be downloaded"
  return 1
}

fetch_source() {
  apt_download linux-source-6.1 "$1" && mv "$1"/*.deb "$1/linux-source-6.1.deb" &&
    apt_version linux-source-6.1 >"$1/version"
}

# Debian's source package, as a directory.
kernel_source() {
  if apt_prepare bookworm; then
    keep "$cache/kernel/source-6.1" "$(apt_key linux-source-6.1)" fetch_source
  else
    newest_entry "$cache/kernel/source-6.1" | grep .
  fi
}

# All that a build is made of, as one number.
build_key() {
  local recipe=$source_dir/packaging/kernel
  { echo "$1" "$(cat "$2/version")"
    find "$recipe" -type f ! -name '*.md' ! -name 'debian12*' | LC_ALL=C sort |
      (cd / && xargs sha256sum) | sed "s,$recipe,,"
    cc --version | head -n 1
  } | sha256sum | cut -c 1-24
}

# build_kernel SOURCE LOG [OPTION]... DIRECTORY
build_kernel() {
  local source=$1 log=$2 out=${*: -1}
  "$source_dir/packaging/kernel/build.sh" --test "${@:3:$#-3}" \
    --source "$source/linux-source-6.1.deb" --output "$out" >"$log" 2>&1 ||
    { tail -n 20 "$log"; return 1; }
  cp "$source/version" "$out/version"
}

built_kernel() {
  local source options=() log=$work/build.log
  [ -x "$source_dir/packaging/kernel/build.sh" ] || {
    why="packaging/kernel/build.sh is missing"
    return 1
  }
  [[ $1 != *-kasan ]] || options=(--kasan)
  source=$(kernel_source) || { why="linux-source-6.1 cannot be downloaded"; return 1; }
  keep "$cache/kernel/$1" "$(build_key "$1" "$source")" \
    build_kernel "$source" "$log" "${options[@]}" && return
  # What this machine lacks says nothing about the series.
  why=$(grep -m 1 -E '^build.sh: (missing: |.* GB are free)' "$log") && return 1
  why="the build failed; all of it: $log"
  return 2
}

# find_kernel NAME: sets $kernel, a directory with bzImage and version. Status 1: it
# cannot be had here, 2: its build failed; $why says more.
find_kernel() {
  local found=$work/kernel status
  why=
  case $1 in
  *-rbmap*) built_kernel "$1" >"$found" ;;
  *) stock_kernel "$1" >"$found" ;;
  esac
  status=$?
  kernel=$(cat "$found")
  return $status
}
