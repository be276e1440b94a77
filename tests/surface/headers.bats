# SPDX-License-Identifier: GPL-2.0-only
# The installed headers, each by itself, as strangers' compilers see them.

load common

setup_file() {
  install_rbmap
}

# each_header COMPILER ARG...: compiles a file that includes nothing but the header.
each_header() {
  local header bad=0 n=0
  for header in "$PREFIX"/include/rbmap/*.h; do
    n=$((n + 1))
    echo "#include <rbmap/${header##*/}>" |
      "$@" -Wall -Wextra -Werror -I "$PREFIX/include" -fsyntax-only - || bad=1
  done
  [ "$n" -gt 0 ] && [ "$bad" = 0 ]
}

@test "each header compiles alone as pedantic C99" {
  each_header "${CC:-cc}" -std=c99 -pedantic -Wstrict-prototypes -x c
}

@test "each header compiles alone as C11" {
  each_header "${CC:-cc}" -std=c11 -pedantic -x c
}

@test "each header compiles alone as C++" {
  command -v "${CXX:-c++}" >/dev/null || skip "no C++ compiler"
  each_header "${CXX:-c++}" -std=c++11 -pedantic -x c++
}

@test "what is inline in optimized programs compiles as all of these" {
  each_header "${CC:-cc}" -O2 -std=c99 -pedantic -Wstrict-prototypes -x c
  each_header "${CC:-cc}" -O2 -std=c11 -pedantic -x c
  command -v "${CXX:-c++}" >/dev/null || skip "no C++ compiler"
  each_header "${CXX:-c++}" -O2 -std=c++11 -pedantic -x c++
}

@test "rbmap.h includes all the others" {
  local header
  for header in "$PREFIX"/include/rbmap/*.h; do
    [ "${header##*/}" = rbmap.h ] ||
      grep -Fx "#include <rbmap/${header##*/}>" "$PREFIX/include/rbmap/rbmap.h"
  done
}

@test "no header of the inside is installed" {
  same source installed \
    "$(cd "$RBMAP_SOURCE/include" && find . -name '*.h' | sort)" \
    "$(cd "$PREFIX/include" && find . -type f | sort)"
}

@test "each constant has a value that bindings of other languages can read" {
  local header
  for header in "$PREFIX"/include/rbmap/*.h; do
    "${CC:-cc}" -fpreprocessed -dD -E -P "$header"
  done >"$BATS_TEST_TMPDIR/plain.h"
  awk -f "$RBMAP_SOURCE/tests/surface/constants.awk" "$PREFIX"/include/rbmap/*.h \
    >"$BATS_TEST_TMPDIR/constants"
  run grep -F '?' "$BATS_TEST_TMPDIR/constants"
  echo "$output"
  [ "$status" -eq 1 ]
  # None is left out, and the compiler reads the same.
  same headers constants \
    "$(grep -oE '\bRBMAP_[A-Z0-9_]+\b' "$BATS_TEST_TMPDIR/plain.h" | grep -v '_H$' | sort -u)" \
    "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/constants" | sort)"
  {
    echo '#include <rbmap/rbmap.h>'
    echo 'int main(void) { return !('
    sed 's/\(.*\) \(.*\)/(unsigned long long)\1 == (unsigned long long)\2 \&\&/' \
      "$BATS_TEST_TMPDIR/constants"
    echo '1); }'
  } >"$BATS_TEST_TMPDIR/constants.c"
  "${CC:-cc}" -I "$PREFIX/include" "$BATS_TEST_TMPDIR/constants.c" \
    -o "$BATS_TEST_TMPDIR/same"
  "$BATS_TEST_TMPDIR/same"
}

# Those with functions, or with one that the program gives.
headers_with_calls() {
  grep -lE '^[a-z].*\brbmap_[a-z0-9_]+\(|\(\*[a-z]+\)\(void \*' "$RBMAP_SOURCE"/include/rbmap/*.h
}

@test "each header and its pages say which threads may use what" {
  local header page bad=0 seen=0
  while read -r header; do
    seen=$((seen + 1))
    sed -n '2,/^#ifndef/p' "$header" | grep -q '^ \* Threads: [a-z]' ||
      { echo "${header##*/}: no \" * Threads: \" before its #ifndef"; bad=1; }
    for page in $(grep -lFx "#include <rbmap/${header##*/}>" "$RBMAP_SOURCE"/man/*.3.scd); do
      [ "${page##*/}" = librbmap.3.scd ] || grep -q '^\*Threads\.\* [A-Z]' "$page" ||
        { echo "${page##*/}: no paragraph \"*Threads.* \""; bad=1; }
    done
  done < <(headers_with_calls)
  [ "$seen" -gt 10 ]
  [ "$bad" = 0 ]
}
