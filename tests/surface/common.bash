# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of the installed library share.

: "${RBMAP_SOURCE:?is set by CTest}" "${RBMAP_BUILD:?is set by CTest}"

# Installs into $PREFIX, with everything that the tests compile found there first.
install_rbmap() {
  export PREFIX=$BATS_FILE_TMPDIR/usr
  cmake --install "$RBMAP_BUILD" --prefix "$PREFIX" >/dev/null || return
  local pc
  pc=$(find "$PREFIX" -name librbmap.pc)
  PKG_CONFIG_PATH=$(dirname "$pc")
  LIBDIR=$(dirname "$PKG_CONFIG_PATH")
  export PKG_CONFIG_PATH LIBDIR
  export LD_LIBRARY_PATH=$LIBDIR
}

# What programs that are linked with the library ask the loader for.
soname() {
  "$RBMAP_SOURCE/tests/surface/abi.sh" soname
}

# Everything the project is made of, seen from its top, one name a line.
project_files() {
  cd "$RBMAP_SOURCE" || return
  if git -c safe.directory="$PWD" rev-parse --git-dir >/dev/null 2>&1; then
    git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard |
      while read -r file; do [ ! -f "$file" ] || echo "$file"; done
  else
    find . -path './build*' -prune -o -path ./.git -prune -o -type f -printf '%P\n'
  fi
}

# The functions that the installed library exports.
exported_functions() {
  nm -D --defined-only "$LIBDIR/librbmap.so" | awk '$2 != "A" { print $3 }' |
    sed 's/@.*//' | sort
}

# The functions that the headers declare, comments left out.
header_functions() {
  local header
  for header in "$RBMAP_SOURCE"/include/rbmap/*.h; do
    "${CC:-cc}" -fpreprocessed -dD -E -P "$header"
  done | grep -oE '\brbmap_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
}

# The functions that a text talks of: rbmap_x(), but not pages of the manual: rbmap_x(3).
mentioned_functions() {
  sed 's/[\\*]//g; s/([1-8])//g' "$@" | grep -ohE '\brbmap_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

# same WHAT-A WHAT-B A B: two lists are equal, or what each lacks is told.
same() {
  local less
  less=$(diff <(printf '%s\n' "$3") <(printf '%s\n' "$4")) && return
  echo "only in $1 (<), only in $2 (>):"
  grep '^[<>]' <<<"$less"
  return 1
}

# readme_block NAME: of the README, what is between "```NAME" and "```".
readme_block() {
  awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' \
    "$RBMAP_SOURCE/README.md"
}
