#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The table of faults in tests/README.md names tests that exist.

# "FILE<TAB>TEST" of each row.
named_tests() {
  sed -nE 's/^\|.*\| `([a-z.-]+)`: (.*) \|$/\1\t\2/p' "$RBMAP_SOURCE/tests/README.md"
}

exists() {
  case $1 in
  unit.*) grep -qxF "START_TEST($2)" "$RBMAP_SOURCE/tests/unit/test-${1#unit.}.c" ;;
  *) grep -E '^@test ' "$RBMAP_SOURCE/tests/cli/$1.bats" | grep -qF -- "$2" ;;
  esac
}

@test "each fault has a test" {
  local file name bad=0
  while IFS=$'\t' read -r file name; do
    exists "$file" "$name" || { echo "$file: no test '$name'"; bad=1; }
  done < <(named_tests)
  [ "$bad" = 0 ]
}

@test "each row of the table is read" {
  local rows
  rows=$(grep -c '^| [^|]* | [^|]* | [^|]* | [^|]* |$' "$RBMAP_SOURCE/tests/README.md")
  # Less the heading of each of the four parts.
  [ "$(named_tests | wc -l)" = $((rows - 4)) ]
}
