#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds Debian's Linux 6.1 with the ring-buffer mapping of linux-6.1/.
set -u

kernel_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
# shellcheck source=packaging/kernel/source.bash
. "$kernel_dir/source.bash"
# shellcheck source=packaging/kernel/config.bash
. "$kernel_dir/config.bash"

usage() {
  cat <<EOT
usage: packaging/kernel/build.sh --deb [OPTION]...
       packaging/kernel/build.sh --test [--deb] [OPTION]...
       packaging/kernel/build.sh --source-only --output DIR

Builds Debian's Linux 6.1 with the patches in linux-6.1/. The source is taken from the
package linux-source-6.1, which is downloaded if it is not installed.

  --deb           build packages with Debian's configuration: that of the running kernel,
                  of a kernel in /boot, or of the package linux-config-6.1
  --test          build a small kernel for the tests in QEMU: bzImage and config; with
                  --deb, also packages
  --source-only   only create the patched source

  --config FILE   with --deb: start from this configuration
  --localmod      with --deb: build only the modules that are currently loaded; takes
                  tens of minutes, not hours
  --debug-info    with --deb: include debug information and BTF, like Debian's kernel
  --kasan         enable the kernel's address sanitizer; slow
  --source FILE   use this source: linux-source-6.1.tar.xz, or Debian's package of it
  --series DIR    use the patches in DIR
  --output DIR    write the result to DIR (default: the current directory)
  --jobs N        run N jobs at once (default: the number of CPUs)
  --help          show this text

Does not require root. An interrupted build continues where it stopped: source and objects
are kept in ${cache/#$HOME/\~}, which may be removed at any time.
ccache is used if it is installed.
EOT
}

usage_error() {
  echo "build.sh: $*; see --help" >&2
  exit 2
}

mode=
test=
kasan=
localmod=
debug_info=
config_file=
output=.
jobs=$(nproc)

# take NAME VALUE
take() {
  case $1 in
  --config) config_file=$2 ;;
  --source) source_file=$2 ;;
  --series) series_dir=$2 ;;
  --output) output=$2 ;;
  --jobs) jobs=$2 ;;
  esac
}

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --deb) mode=deb ;;
    --test) test=1 ;;
    --source-only) mode=source ;;
    --localmod) localmod=1 ;;
    --debug-info) debug_info=1 ;;
    --kasan) kasan=1 ;;
    --config | --source | --series | --output | --jobs)
      [ $# -gt 1 ] || usage_error "$1: needs a value"
      take "$1" "$2"
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) usage_error "$1: unknown" ;;
    esac
    shift
  done
}

check_usage() {
  [ -n "$mode$test" ] || usage_error 'one of --deb, --test, --source-only is needed'
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || usage_error "--jobs $jobs: is no number"
  [ -z "$config_file$localmod$debug_info" ] || [[ $mode == deb && -z $test ]] ||
    usage_error '--config, --localmod and --debug-info go with --deb alone'
  [[ $mode != source || -z $test$kasan ]] || usage_error '--source-only goes alone'
  [[ $mode != source || $output != . ]] || usage_error '--source-only needs --output DIR'
  [ -z "$config_file" ] || [ -r "$config_file" ] || die "$config_file: cannot be read"
  [[ -z $test || $(uname -m) == x86_64 ]] || die '--test: requires an x86-64 machine'
}

# need PACKAGE CHECK...
need() {
  "${@:2}" || missing+=("$1")
}

have_header() {
  echo "#include <$1>" | cc -E -x c - >/dev/null 2>&1
}

check_tools() {
  local missing=()
  need tar have tar
  need xz-utils have xz
  need patch have patch
  if [ "$mode" != source ]; then
    need gcc have gcc
    need libc6-dev have_header stdio.h
    need make have make
    need bc have bc
    need bison have bison
    need flex have flex
    need perl have perl
    need libelf-dev have_header gelf.h
    need libssl-dev have_header openssl/evp.h
  fi
  if [ "$mode" = deb ]; then
    need dpkg-dev have dpkg-buildpackage
    need fakeroot have fakeroot
    need rsync have rsync
    need cpio have cpio
    need kmod test -x /sbin/depmod
  fi
  [ -z "$debug_info" ] || need dwarves have pahole
  [ "${#missing[@]}" = 0 ] || die "missing: sudo apt install ${missing[*]}"
}

# In the cache, which may be another disk than that of the output.
check_space() {
  local needed=3 free
  [ ! -d "$objects" ] || return 0
  [ -n "$test" ] || needed=8
  [ -z "$debug_info" ] || needed=40
  [ -z "$localmod" ] || needed=$((needed / 2))
  free=$(df --output=avail -B 1G "$tree" | tail -n 1)
  [ "$free" -ge "$needed" ] || die "$cache: only ${free// /} GB are free, but" \
    "up to $needed GB are required; set XDG_CACHE_HOME to use another directory"
}

# To the terminal as well, where there is one: it may take hours.
logged() {
  if [ -t 1 ]; then
    set -o pipefail
    "$@" 2>&1 | tee "$log"
  else
    "$@" >"$log" 2>&1
  fi
}

run_make() {
  make -C "$tree" O="$objects" -j "$jobs" LOCALVERSION="$localversion" "$@" {lock}>&-
}

build() {
  local log=$objects/build.log
  echo "Building Linux $version$localversion; log: $log"
  logged run_make "$@" </dev/null && return
  grep -E -B 2 -A 5 'error:|Error [0-9]|No space' "$log" | head -n 40 >&2
  die "the build failed; see $log"
}

not_written() {
  rm -rf "${new:-}"
  die "$output: cannot be written"
}

# deliver FILE...: into the output, each of them whole or not at all.
deliver() {
  local new='' file
  mkdir -p "$output" || not_written
  new=$(mktemp -d "$output/.new.XXXXXX") || not_written
  cp "$@" "$new/" || not_written
  chmod 644 "$new"/* || not_written
  for file in "$new"/*; do
    mv "$file" "$output/" || not_written
    realpath -s "$output/${file##*/}"
  done
  rmdir "$new"
}

build_test() {
  build bzImage
  cp "$objects/.config" "$objects/config" || die "$objects: cannot be written"
  deliver "$objects/arch/x86/boot/bzImage" "$objects/config"
}

# The package of the C library's headers, which is made too, would replace Debian's.
build_deb() {
  rm -f "$tree"/*.{deb,changes,buildinfo}
  build bindeb-pkg KDEB_SOURCENAME=linux-rbmap KDEB_CHANGELOG_DIST=bookworm DPKG_FLAGS=-d \
    KDEB_PKGVERSION="$version-$(date -u +%Y%m%d%H%M)"
  # Of two that differ in their time only, apt could not choose.
  rm -f "$output"/linux-{image,headers}-"$version$localversion"_*.deb
  deliver "$tree"/linux-{image,headers}-"$version$localversion"*.deb
}

# Without what builds left in it.
copy_tree() (
  set -o pipefail
  tar -c -C "$tree" --exclude='./objects-*' --exclude='./*.deb' . | tar -x -C "$1"
)

deliver_source() {
  local new=''
  [ ! -e "$output" ] || die "$output: already exists"
  new=$(mktemp -d "$output.XXXXXX") || not_written
  copy_tree "$new" || not_written
  chmod 755 "$new"
  mv -T "$new" "$output" || not_written
  realpath -s "$output"
}

main() {
  parse "$@"
  check_usage
  check_tools
  prepare_tree
  [ "$mode" != source ] || { deliver_source; return; }
  use_ccache
  localversion=-rbmap${kasan:+-kasan}
  objects=$tree/objects-$(if [ -n "$test" ]; then echo test; else echo deb; fi)${kasan:+-kasan}
  check_space
  mkdir -p "$objects" || die "$objects: cannot be created"
  if [ -n "$test" ]; then test_config "$objects"; else installable_config "$objects"; fi
  [ "$mode" != deb ] || build_deb
  [ -z "$test" ] || build_test
}

main "$@"
