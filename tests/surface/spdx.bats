# SPDX-License-Identifier: GPL-2.0-only
# Each file says its licence, and says the one that its folder has.

load common

# The licence that a file has to name; several where either will do; none: exempt.
wanted() {
  case $1 in
  LICENSES/* | *.md | *.json | */.gitignore | .gitignore | .editorconfig) ;;
  tests/fuzz/corpus/*) ;; # bytes
  packaging/kernel/linux-6.1/*) ;; # each patch has those of the files that it changes
  lib/ring/uapi/*) echo 'GPL-2.0 WITH Linux-syscall-note' ;;
  lib/* | include/*) echo 'LGPL-2.1-only' ;;
  cli/* | tests/*) echo 'GPL-2.0-only' ;;
  *) printf '%s\n' 'GPL-2.0-only' 'LGPL-2.1-only' ;;
  esac
}

# The licence that a file names on its first line (its second after "#!", or where
# scdoc wants the page's title first).
named() {
  awk 'NR == 1 && (/^#!/ || FILENAME ~ /\.scd$/) { next }
    match($0, /SPDX-License-Identifier: /) {
      text = substr($0, RSTART + RLENGTH)
      sub(/ *(\*\/|-->)? *$/, "", text)
      print text
    }
    { exit }' "$1"
}

setup() {
  cd "$RBMAP_SOURCE" || return
}

@test "every file names the licence of its folder" {
  local file names bad=0 seen=0
  while read -r file; do
    [ -n "$(wanted "$file")" ] || continue
    seen=$((seen + 1))
    names=$(named "$file")
    if [ -z "$names" ] || ! wanted "$file" | grep -Fqx "$names"; then
      echo "$file: names '$names', wanted: $(wanted "$file" | paste -sd/)"
      bad=1
    fi
  done < <(project_files)
  [ "$seen" -gt 20 ]
  [ "$bad" = 0 ]
}

@test "the text of every named licence is there" {
  local file text
  for text in GPL-2.0-only LGPL-2.1-only Linux-syscall-note; do
    [ -s "LICENSES/$text.txt" ]
  done
}

@test "no file has lines that end in blanks, or lacks its last newline" {
  local file bad=0
  while read -r file; do
    case $file in LICENSES/* | *.patch | *.dat | tests/fuzz/corpus/*) continue ;; esac
    if grep -nIE '[[:blank:]]+$' "$file" | sed "s|^|$file:|" | grep .; then bad=1; fi
    [ -z "$(tail -c1 "$file")" ] || { echo "$file: no newline at its end"; bad=1; }
  done < <(project_files)
  [ "$bad" = 0 ]
}

@test "every script passes shellcheck" {
  command -v shellcheck >/dev/null || skip "shellcheck is not installed"
  local scripts
  mapfile -t scripts < <(project_files |
    grep -E '\.(sh|bats|bash)$|^\.ci/|^packaging/completions/')
  [ "${#scripts[@]}" -gt 0 ]
  # It does not follow load, so it misses where variables are set (SC2154).
  shellcheck -S warning -e SC2154 -x -P SCRIPTDIR "${scripts[@]}"
}
