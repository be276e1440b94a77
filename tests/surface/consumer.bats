# SPDX-License-Identifier: GPL-2.0-only
# A stranger's program finds, links and runs the installed library.

load common

setup_file() {
  install_rbmap
  VERSION=$(sed -nE 's/^#define RBMAP_VERSION_(MAJOR|MINOR|PATCH) //p' \
    "$PREFIX/include/rbmap/version.h" | paste -sd.)
  export VERSION
}

flags() {
  read -ra FLAGS <<<"$(pkg-config "$@" librbmap)"
}

compile() {
  "${CC:-cc}" -Wall -Werror "$RBMAP_SOURCE/tests/surface/consumer.c" -o "$1" "${@:2}"
}

# cmake_consumer TARGET: a project of its own that uses find_package.
cmake_consumer() {
  cp "$RBMAP_SOURCE/tests/surface/consumer.c" "$BATS_TEST_TMPDIR/"
  cat >"$BATS_TEST_TMPDIR/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(rbmap ${VERSION%.*} REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE $1)
EOF
  cmake -G Ninja -S "$BATS_TEST_TMPDIR" -B "$BATS_TEST_TMPDIR/build" \
    -DCMAKE_PREFIX_PATH="$PREFIX" &&
    cmake --build "$BATS_TEST_TMPDIR/build"
}

@test "pkg-config, shared" {
  flags --cflags --libs
  compile "$BATS_TEST_TMPDIR/consumer" "${FLAGS[@]}"
  [ "$("$BATS_TEST_TMPDIR/consumer")" = "$VERSION" ]
  ldd "$BATS_TEST_TMPDIR/consumer" | grep -F "$(soname) => $PREFIX/"
}

@test "pkg-config, static" {
  flags --static --cflags --libs
  # Only our own library is linked in: Debian has no static libtracefs.
  compile "$BATS_TEST_TMPDIR/consumer" "${FLAGS[@]/#-lrbmap/-l:librbmap.a}"
  [ "$("$BATS_TEST_TMPDIR/consumer")" = "$VERSION" ]
  run ldd "$BATS_TEST_TMPDIR/consumer"
  [[ $output != *librbmap* ]]
}

@test "CMake, shared" {
  cmake_consumer rbmap::rbmap
  [ "$("$BATS_TEST_TMPDIR/build/consumer")" = "$VERSION" ]
  ldd "$BATS_TEST_TMPDIR/build/consumer" | grep -F "$(soname) =>"
}

@test "CMake, static" {
  cmake_consumer rbmap::rbmap-static
  [ "$("$BATS_TEST_TMPDIR/build/consumer")" = "$VERSION" ]
  run ldd "$BATS_TEST_TMPDIR/build/consumer"
  [[ $output != *librbmap* ]]
}

@test "CMake refuses a version that is not there" {
  VERSION=9.9.9 run cmake_consumer rbmap::rbmap
  [ "$status" -ne 0 ]
  [[ $output == *'"9.9"'* ]]
}

@test "pkg-config and the header agree on the version" {
  [ "$(pkg-config --modversion librbmap)" = "$VERSION" ]
}

@test "the installed tree can be moved" {
  local moved=$BATS_TEST_TMPDIR/elsewhere
  cmake --install "$RBMAP_BUILD" --prefix "$BATS_TEST_TMPDIR/first"
  mv "$BATS_TEST_TMPDIR/first" "$moved"
  PKG_CONFIG_PATH=$(dirname "$(find "$moved" -name librbmap.pc)")
  LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
  flags --cflags --libs
  [[ ${FLAGS[*]} != *"$PREFIX"* ]]
  compile "$BATS_TEST_TMPDIR/consumer" "${FLAGS[@]}"
  "$BATS_TEST_TMPDIR/consumer"
  ldd "$BATS_TEST_TMPDIR/consumer" | grep -F "$(soname) => $moved/"
}

@test "the installed commands find their library, also where the tree was moved" {
  local command
  unset LD_LIBRARY_PATH
  cmake --install "$RBMAP_BUILD" --prefix "$BATS_TEST_TMPDIR/first"
  mv "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/there"
  for command in record report stat tail; do
    [[ $("$BATS_TEST_TMPDIR/there/bin/rbmap-$command" --version) == *"$VERSION"* ]]
    ldd "$BATS_TEST_TMPDIR/there/bin/rbmap-$command" |
      grep -F "$(soname) => $BATS_TEST_TMPDIR/there/"
  done
}

@test "DESTDIR is respected" {
  DESTDIR=$BATS_TEST_TMPDIR/dest cmake --install "$RBMAP_BUILD" --prefix /opt/rbmap
  [ -e "$BATS_TEST_TMPDIR/dest/opt/rbmap/include/rbmap/rbmap.h" ]
  [ -z "$(find "$BATS_TEST_TMPDIR/dest" -type f -not -path '*/dest/opt/rbmap/*')" ]
}

@test "nothing installed names the build or the source tree" {
  run grep -rlIF -e "$RBMAP_BUILD" -e "$RBMAP_SOURCE" "$PREFIX"
  echo "$output"
  [ "$status" -eq 1 ]
}
