# SPDX-License-Identifier: GPL-2.0-only
# What a build leaves out, and what it leaves alone: as a part of another project, on a
# machine that lacks what rbmap can do without.

load common

setup() {
  OUT=$BATS_TEST_TMPDIR/build
}

# hide_libraries NAME...: pkg-config finds all libraries but these.
hide_libraries() {
  local dir name
  export PKG_CONFIG_LIBDIR=$BATS_TEST_TMPDIR/pkgconfig
  mkdir "$PKG_CONFIG_LIBDIR"
  pkg-config --variable=pc_path pkg-config | tr : '\n' | while read -r dir; do
    ln -s "$dir"/*.pc "$PKG_CONFIG_LIBDIR" 2>/dev/null || true
  done
  for name in "$@"; do
    rm -f "$PKG_CONFIG_LIBDIR/$name.pc"
  done
}

# hide_programs PATTERN...: $PATH has all programs but these.
hide_programs() {
  local bin=$BATS_TEST_TMPDIR/bin dir pattern
  mkdir "$bin"
  tr : '\n' <<<"$PATH" | while read -r dir; do
    ln -s "$dir"/* "$bin" 2>/dev/null || true
  done
  for pattern in "$@"; do
    # shellcheck disable=SC2086
    (cd "$bin" && rm -f -- $pattern)
  done
  PATH=$bin
}

# configure SOURCE ARG...: in $OUT; looks for programs in $PATH only.
configure() {
  cmake -S "$1" -B "$OUT" -DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF "${@:2}"
}

build() {
  cmake --build "$OUT" -j "$(nproc)" "$@"
}

@test "the library alone needs neither json-c nor libcap-ng nor libseccomp" {
  hide_libraries json-c libcap-ng libseccomp
  configure "$RBMAP_SOURCE" -DRBMAP_CLI=OFF -DBUILD_TESTING=OFF
  build
  cmake --install "$OUT" --prefix "$BATS_TEST_TMPDIR/usr"
  [ -e "$BATS_TEST_TMPDIR/usr/lib/$(soname)" ]
  [ ! -e "$BATS_TEST_TMPDIR/usr/bin" ]
  # Nothing for commands that are not there.
  run find "$BATS_TEST_TMPDIR/usr" -name 'rbmap-*' -path '*/share/*' -name '*[!37]'
  [ -z "$output" ]
}

@test "without json-c the commands say how to build the library alone" {
  hide_libraries json-c
  run configure "$RBMAP_SOURCE"
  [ "$status" -ne 0 ]
  [[ $output == *json-c*-DRBMAP_CLI=OFF* ]]
}

@test "without Check, bats, scdoc and clang the rest is built, and what is not is said" {
  hide_libraries check
  hide_programs bats scdoc 'clang*'
  run configure "$RBMAP_SOURCE" -DCMAKE_INSTALL_PREFIX=/usr
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *'Left out: the unit tests (the library Check is not installed)'* ]]
  [[ $output == *'Left out: the man pages (scdoc is not installed)'* ]]
  [[ $output == *'Left out: the tests of the commands'*'(bats is not installed)'* ]]
  build
  # In a directory of the system the loader finds the library by itself.
  DESTDIR=$BATS_TEST_TMPDIR/dest cmake --install "$OUT"
  run readelf -d "$BATS_TEST_TMPDIR/dest/usr/bin/rbmap-stat"
  [[ $output == *"[$(soname)]"* ]]
  [[ $output != *RUNPATH* && $output != *RPATH* ]]
}

@test "the tests can be left out" {
  run configure "$RBMAP_SOURCE" -DRBMAP_TESTS=OFF
  [ "$status" -eq 0 ]
  [ ! -e "$OUT/tests" ]
}

@test "as a part of another project it takes no names, options or tests of it" {
  configure "$RBMAP_SOURCE/tests/surface/superproject" -DRBMAP_SOURCE="$RBMAP_SOURCE" \
    -DRBMAP_CLI=ON -DRBMAP_MAN=ON
  build --target with-rbmap with-rbmap-static
  "$OUT/with-rbmap" tracefs
  "$OUT/with-rbmap-static" tracefs
  ldd "$OUT/with-rbmap" | grep -F "$(soname) =>"
  run ctest --test-dir "$OUT" -N
  [[ $output == *'Total Tests: 1'* ]]
}

@test "as a part of another project it is the library, which needs and installs no more" {
  hide_libraries json-c libcap-ng libseccomp
  hide_programs scdoc
  configure "$RBMAP_SOURCE/tests/surface/superproject" -DRBMAP_SOURCE="$RBMAP_SOURCE"
  build --target rbmap-shared rbmap-static
  cmake --install "$OUT" --prefix "$BATS_TEST_TMPDIR/usr"
  [ -e "$BATS_TEST_TMPDIR/usr/lib/$(soname)" ]
  [ ! -e "$BATS_TEST_TMPDIR/usr/bin" ] && [ ! -e "$BATS_TEST_TMPDIR/usr/share" ]
}

@test "from 1.0 on the soname has the major version only" {
  cp -r "$RBMAP_SOURCE"/{CMakeLists.txt,include,lib,packaging} "$BATS_TEST_TMPDIR"
  sed -i 's/\(define RBMAP_VERSION_MAJOR\) .*/\1 1/; s/\(define RBMAP_VERSION_MINOR\) .*/\1 2/' \
    "$BATS_TEST_TMPDIR/include/rbmap/version.h"
  configure "$BATS_TEST_TMPDIR" -G Ninja -DRBMAP_CLI=OFF -DRBMAP_MAN=OFF -DRBMAP_TESTS=OFF
  grep -F -- 'librbmap.so.1.2.0' "$OUT/build.ninja"
  grep -E 'SONAME = librbmap\.so\.1$' "$OUT/build.ninja"
}
