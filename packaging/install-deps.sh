#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# install-deps.sh build|test: installs the missing packages for building, or for
# building and testing. Does nothing if nothing is missing. If something could not be
# installed, the exit status is 1 and the last lines list it.
set -u

usage() {
  echo "usage: packaging/install-deps.sh build|test" >&2
  exit 2
}

version_at_least() {
  [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

have() {
  command -v "$1" >/dev/null 2>&1
}

have_library() {
  have pkg-config && pkg-config --exists "$1" 2>/dev/null
}

have_cmake() {
  have cmake && version_at_least 3.25 "$(cmake --version | awk 'NR == 1 { print $3 }')"
}

have_header() {
  echo "#include <$1>" | cc -E -x c - >/dev/null 2>&1
}

# The sanitizer libraries of a compiler may be packaged separately.
have_sanitizer() {
  echo 'int main(void) { return 0; }' |
    cc -fsanitize="$1" -x c - -o /dev/null >/dev/null 2>&1
}

# libFuzzer may be packaged separately from clang.
have_fuzzer() {
  echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return 0; }' |
    clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null >/dev/null 2>&1
}

# Without them, events are printed differently than by other tools on the same system.
have_plugins() {
  local dir
  dir=$(pkg-config --variable=libdir libtraceevent 2>/dev/null)/traceevent/plugins
  [ -e "$dir/plugin_sched_switch.so" ]
}

# The system's Python, for which there are packages, and not another one in the path.
have_python_module() {
  /usr/bin/python3 -c "import $1" >/dev/null 2>&1
}

# need CHECK... -- WHAT PACKAGE: WHAT is missing if CHECK fails.
need() {
  local check=()
  while [ "$1" != -- ]; do
    check+=("$1")
    shift
  done
  "${check[@]}" && return
  missing+=("$2")
  packages+=("$3")
}

look() {
  missing=()
  packages=()
  need have cc -- 'a C compiler' gcc
  need test -e /usr/include/stdio.h -- "the C library's headers" libc6-dev
  need have_cmake -- 'CMake 3.25 or later' cmake
  need have ninja -- ninja ninja-build
  need have pkg-config -- pkg-config pkg-config
  need have_library 'libtraceevent >= 1.7.1' -- \
    'libtraceevent 1.7.1 or later' libtraceevent-dev
  need have_plugins -- "libtraceevent's plugins" libtraceevent1-plugin
  need have_library 'libtracefs >= 1.6.4' -- 'libtracefs 1.6.4 or later' libtracefs-dev
  need have_library 'zlib >= 1.2.11' -- 'zlib 1.2.11 or later' zlib1g-dev
  need have_library 'libzstd >= 1.4.0' -- 'libzstd 1.4.0 or later' libzstd-dev
  need have_library json-c -- json-c libjson-c-dev
  need have_library libcap-ng -- libcap-ng libcap-ng-dev
  need have_library libseccomp -- libseccomp libseccomp-dev
  need have scdoc -- scdoc scdoc
  [ "$1" = test ] || return
  need have_library check -- 'the library Check' check
  need have bats -- bats bats
  need have c++ -- 'a C++ compiler' g++
  need have_sanitizer address -- 'the compiler with AddressSanitizer' libasan8
  need have_sanitizer thread -- 'the compiler with ThreadSanitizer' libtsan2
  need have clang -- clang clang
  need have_fuzzer -- "clang's libFuzzer" libclang-rt-dev
  need have nm -- binutils binutils
  need have abidiff -- abidiff abigail-tools
  need have setarch -- setarch util-linux
  need have script -- script bsdutils
  need have mandb -- man-db man-db
  need have jq -- jq jq
  need have trace-cmd -- trace-cmd trace-cmd
  need have strace -- strace strace
  need have git -- git git
  need have debootstrap -- debootstrap debootstrap
  need have shellcheck -- shellcheck shellcheck
  need have_python_module ctypes -- 'Python 3' python3
  need have_python_module numpy -- numpy python3-numpy
  need have_python_module setuptools -- setuptools python3-setuptools
  need have_python_module wheel -- "Python's wheel" python3-wheel
  need have mypy -- mypy mypy
  [ "$(uname -m)" != x86_64 ] || look_for_kernel_tests
}

# These tests boot other kernels and build one.
look_for_kernel_tests() {
  need have qemu-system-x86_64 -- QEMU qemu-system-x86
  need have cpio -- cpio cpio
  need have mkfs.ext4 -- mkfs.ext4 e2fsprogs
  need have make -- make make
  need have patch -- patch patch
  need have xz -- xz xz-utils
  need have perl -- perl perl
  need have bc -- bc bc
  need have bison -- bison bison
  need have flex -- flex flex
  need have_header gelf.h -- "libelf's headers" libelf-dev
  need have_header openssl/evp.h -- "OpenSSL's headers" libssl-dev
}

list_missing() {
  printf 'missing: %s\n' "${missing[@]}"
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  echo "Installing: ${packages[*]}"
  # An existing package list may be sufficient, even without a network.
  apt-get install -y --no-install-recommends "${packages[@]}" </dev/null >"$log" 2>&1 ||
    { apt-get update </dev/null && apt-get install -y --no-install-recommends \
      "${packages[@]}" </dev/null; } >"$log" 2>&1
}

main() {
  [ $# = 1 ] || usage
  case $1 in build | test) ;; *) usage ;; esac
  look "$1"
  [ "${#missing[@]}" != 0 ] || return 0
  if ! have apt-get; then
    list_missing
    echo "Install these with your system's package manager. The Debian packages are:" \
      "${packages[*]}"
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    list_missing
    echo "Run this script as root, or install the packages first:" \
      "apt-get install ${packages[*]}"
    return 1
  fi
  log=$(mktemp) || return 1
  apt_install || { echo "apt-get failed:"; tail -n 5 "$log"; }
  rm -f "$log"
  hash -r
  look "$1"
  [ "${#missing[@]}" != 0 ] || return 0
  list_missing
  return 1
}

main "$@"
