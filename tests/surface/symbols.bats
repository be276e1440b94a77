# SPDX-License-Identifier: GPL-2.0-only
# What is exported, what is promised and what is explained are one set of functions.

load common

setup_file() {
  install_rbmap
  EXPORTED=$(exported_functions)
  MAPPED=$(sed -nE 's/^[[:space:]]+([a-z0-9_]+);$/\1/p' \
    "$RBMAP_SOURCE/lib/rbmap.map" | sort)
  DECLARED=$(header_functions)
  export EXPORTED MAPPED DECLARED
}

@test "the shared library exports what the version script names" {
  [ -n "$MAPPED" ]
  same librbmap.so rbmap.map "$EXPORTED" "$MAPPED"
}

@test "the version script names what the headers declare" {
  [ -n "$DECLARED" ]
  same rbmap.map headers "$MAPPED" "$DECLARED"
}

@test "every exported symbol has a version" {
  run nm -D --defined-only --with-symbol-versions "$LIBDIR/librbmap.so"
  [ "$status" -eq 0 ]
  [ "$(grep -c '@@RBMAP_' <<<"$output")" -eq "$(wc -w <<<"$MAPPED")" ]
}

@test "the static library defines no global name outside rbmap_" {
  run bash -c "nm --defined-only --extern-only '$LIBDIR/librbmap.a' |
    awk 'NF == 3 { print \$3 }' | grep -v '^rbmap_'"
  echo "$output"
  [ -z "$output" ]
}

@test "the soname has the minor version until 1.0" {
  local version
  version=$(pkg-config --modversion librbmap)
  readelf -d "$LIBDIR/librbmap.so" | grep -F "soname: [$(soname)]"
  case $version in
  0.*) [ "$(soname)" = "librbmap.so.${version%.*}" ] ;;
  *) [ "$(soname)" = "librbmap.so.${version%%.*}" ] ;;
  esac
}

@test "the Python module is of this version and this soname" {
  local module=$RBMAP_SOURCE/packaging/python/rbmap
  grep -Fx "__version__ = \"$(pkg-config --modversion librbmap)\"" "$module/__init__.py"
  grep -Fx "SONAME = \"$(soname)\"" "$module/_lib.py"
}

@test "the library has no writable data of its own" {
  # Relocated constants (.data.rel.ro) are read-only once the program runs.
  run bash -c "nm '$LIBDIR/librbmap.a' |
    awk 'NF == 3 && \$2 ~ /^[dDbBC]\$/ { print \$3 }'"
  echo "$output"
  local name
  for name in $output; do
    objdump -t "$LIBDIR/librbmap.a" | grep -E "\.data\.rel\.ro.* (\.hidden )?$name\$"
  done
}

@test "every function and type has a doc block with its parameters and Since:" {
  awk -f "$RBMAP_SOURCE/tests/surface/doc-blocks.awk" "$RBMAP_SOURCE"/include/rbmap/*.h
}

# nothing_but_in A B: no line of list A is missing from list B.
nothing_but_in() {
  local alone
  alone=$(comm -23 <(echo "$1") <(echo "$2"))
  [ -z "$alone" ] || { echo "$alone"; return 1; }
}

@test "the headers name no function that does not exist" {
  nothing_but_in "$(mentioned_functions "$RBMAP_SOURCE"/include/rbmap/*.h)" "$DECLARED"
}

@test "every function is described in a man page" {
  nothing_but_in "$DECLARED" "$(mentioned_functions "$RBMAP_SOURCE"/man/*.3.scd)"
}

@test "the man pages name no function that does not exist" {
  nothing_but_in "$(mentioned_functions "$RBMAP_SOURCE"/man/*.scd)" "$DECLARED"
}

@test "every header has a man page" {
  local header name missing=0
  for header in "$RBMAP_SOURCE"/include/rbmap/*.h; do
    name=${header##*/}
    name=${name%.h}
    [ "$name" = rbmap ] && name=librbmap
    grep -qsF "rbmap/${header##*/}" "$RBMAP_SOURCE"/man/*.3.scd ||
      { echo "no man/*.3.scd names <rbmap/${header##*/}>"; missing=1; }
  done
  [ "$missing" = 0 ]
}

@test "every man page is installed" {
  same "man/*.scd" "installed pages" \
    "$(cd "$RBMAP_SOURCE/man" && printf '%s\n' *.scd | sed 's/\.scd$//' | sort)" \
    "$(find "$PREFIX/share/man" -type f -exec grep -L '^\.so ' {} + | sed 's,.*/,,' | sort)"
}

# Blanks only where they separate words.
squeeze() {
  tr -s ' \t\n' ' ' | sed -E 's/ ?([^A-Za-z0-9_ ]) ?/\1/g'
}

# Functions, structs with their members, enums and constants of a header, one a line.
declarations() {
  grep -v '^#include' "$1" | "${CC:-cc}" -E -P -x c - | squeeze |
    awk '{
      for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        part = part c
        depth += (c == "{") - (c == "}")
        if (c != ";" || depth) continue
        # Not those of the Arrow specification.
        if (part !~ /^struct [a-z_0-9]+;$|^struct Arrow/) print part
        part = ""
      }
    }'
}

@test "the man pages show what the headers declare" {
  local header line bad=0 seen=0
  awk '/^```/ { inside = !inside; next } inside' "$RBMAP_SOURCE"/man/*.3.scd | squeeze \
    >"$BATS_TEST_TMPDIR/pages"
  for header in "$RBMAP_SOURCE"/include/rbmap/*.h; do
    while read -r line; do
      seen=$((seen + 1))
      grep -qF -- "$line" "$BATS_TEST_TMPDIR/pages" || { echo "${header##*/}: $line"; bad=1; }
    done < <(declarations "$header")
  done
  [ "$seen" -gt 100 ]
  [ "$bad" = 0 ]
}

@test "librbmap(3) lists each header" {
  local listed
  listed=$(grep -oE '^\|  rbmap/[a-z_]+\.h' "$RBMAP_SOURCE/man/librbmap.3.scd" | cut -c 10- | sort)
  same headers 'librbmap(3)' \
    "$(cd "$RBMAP_SOURCE/include/rbmap" && printf '%s\n' *.h | grep -vx rbmap.h | sort)" \
    "$listed"
}

# "NAME VERSION" of each function: by its doc block, and by the node of the version script.
since_by_header() {
  awk '/^ \* rbmap_[a-z0-9_]+ - / { name = $2 }
    /^ \* Since: / && name { print name, $3; name = "" }' "$RBMAP_SOURCE"/include/rbmap/*.h |
    sort | join - <(echo "$DECLARED")
}

since_by_map() {
  awk '/^RBMAP_/ { version = substr($1, 7) }
    /^\t[a-z0-9_]+;$/ { sub(/;/, ""); print $1, version }' "$RBMAP_SOURCE/lib/rbmap.map" | sort
}

@test "functions are in the version script's node of their Since:" {
  same headers rbmap.map "$(since_by_header)" "$(since_by_map)"
}
