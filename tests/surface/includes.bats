# SPDX-License-Identifier: GPL-2.0-only
# lib/ is made of folders on levels, and of files that do not include each other in circles.

bats_require_minimum_version 1.5.0

load common

setup() {
  cd "$RBMAP_SOURCE" || return
}

dependencies() {
  tests/surface/includes.sh "$@"
}

level_of() {
  awk -F '|' -v folder="\`$1/\`" '/^\| [0-9] \|/ {
    gsub(/ /, "", $3); if ($3 == folder) { print $2 + 0; exit } }' lib/README.md
}

@test "a folder of lib/ includes only folders of a lower level" {
  local from to where bad=0 seen=0
  while read -r from to where; do
    seen=$((seen + 1))
    [ "$(level_of "$to")" -lt "$(level_of "$from")" ] && continue
    echo "$where climbs: $from/ (level $(level_of "$from")) includes $to/ (level $(level_of "$to"))"
    bad=1
  done < <(dependencies -w folders)
  [ "$seen" -gt 50 ] && [ "$bad" = 0 ]
}

@test "every folder and every public header is in the table of lib/README.md" {
  local folder header bad=0
  while read -r folder; do
    [ -n "$(level_of "$folder")" ] && continue
    echo "lib/$folder/ has no level"
    bad=1
  done < <(find lib -mindepth 2 -name '*.c' -printf '%P\n' | sed 's,/[^/]*$,,' | sort -u)
  for header in include/rbmap/*.h; do
    header=${header##*/}
    [ "$header" != rbmap.h ] || continue
    grep -E '^\| [0-9] \|' lib/README.md | grep -qF "\`$header\`" && continue
    echo "rbmap/$header is of no folder"
    bad=1
  done
  [ "$bad" = 0 ]
}

@test "no file of lib/ includes itself through others" {
  dependencies files | tsort >/dev/null
}

@test "no file of a command includes itself through others" {
  [ "$(dependencies commands | wc -l)" -gt 50 ]
  dependencies commands | tsort >/dev/null
}

@test "lib/README.md has the numbers of dependencies that there are" {
  local folders files
  folders=$(dependencies folders | wc -l)
  files=$(dependencies files | wc -l)
  grep -q "^$folders dependencies between folders, $files between files" lib/README.md ||
    { echo "there are $folders between folders, $files between files"; return 1; }
}

@test "a folder that climbs, and a circle of files, are found" {
  export RBMAP_SOURCE=$BATS_TEST_TMPDIR/copy
  mkdir "$RBMAP_SOURCE" && cp -r lib include "$RBMAP_SOURCE"
  echo '#include "ring/engine.h"' >>"$RBMAP_SOURCE/lib/base/text.h"
  dependencies -w folders | grep -qx 'base ring base/text.h: ring/engine.h'
  echo '#include "ring/session-cpus.h"' >>"$RBMAP_SOURCE/lib/ring/engine.h"
  echo '#include "ring/engine.h"' >>"$RBMAP_SOURCE/lib/ring/session-cpus.h"
  run ! tsort <(dependencies files)
}
