# SPDX-License-Identifier: GPL-2.0-only
# man finds each exported function: by its name, and by a search of the NAME sections.

load common

setup_file() {
  install_rbmap
  EXPORTED=$(exported_functions)
  MAN=$PREFIX/share/man
  export EXPORTED MAN
}

# "NAME PAGE" for each NAME that man finds, where PAGE is the file after a ".so" line.
found() {
  awk 'FNR == 1 {
    name = page = FILENAME
    if ($1 == ".so") page = $2
    gsub(/.*\/|\.3$/, "", name)
    sub(/.*\//, "", page)
    print name, page
  }' "$MAN"/man3/*.3 | sort
}

# "NAME PAGE" for each function with a heading of its own.
described() {
  awk '/^\.SS [a-z0-9_]+\(\)/ {
    page = FILENAME
    sub(/.*\//, "", page)
    sub(/\(.*/, "", $2)
    print $2, page
  }' "$MAN"/man3/*.3 | sort
}

# "NAME PAGE" for each word of a NAME section before its dash.
named() {
  awk '/^\.SH / { inside = $2 == "NAME"; next }
    inside {
      page = FILENAME
      sub(/.*\//, "", page)
      for (i = 1; i <= NF; i++) {
        if ($i == "-" || $i == "\\-") inside = 0
        if (!inside) break
        sub(/,$/, "", $i)
        print $i, page
      }
    }' "$MAN"/man3/*.3 | sort
}

# exported_in LIST: each exported function is in a list of "NAME PAGE", with its page.
exported_in() {
  local missing
  [ -n "$EXPORTED" ]
  missing=$(comm -23 <(echo "$EXPORTED") \
    <(comm -12 <(found) <(echo "$1") | cut -d ' ' -f 1 | sort -u))
  [ -z "$missing" ] || { echo "$missing"; return 1; }
}

@test "man finds a page that describes every exported function" {
  exported_in "$(described)"
}

@test "every exported function is in the NAME section of its page" {
  exported_in "$(named)"
}

@test "every alias is of an exported function" {
  local stale
  stale=$(comm -13 <(echo "$EXPORTED") \
    <(found | awk '$1 ".3" != $2 { print $1 }' | sort))
  [ -z "$stale" ] || { echo "$stale"; return 1; }
}

@test "man -k rbmap lists every exported function" {
  command -v mandb >/dev/null || skip "no mandb"
  local missing
  cp -r "$MAN" "$BATS_TEST_TMPDIR/man"
  mandb --create --quiet "$BATS_TEST_TMPDIR/man"
  missing=$(comm -23 <(echo "$EXPORTED") \
    <(man -M "$BATS_TEST_TMPDIR/man" -k rbmap | sed 's/ .*//' | sort -u))
  [ -z "$missing" ] || { echo "$missing"; return 1; }
}
