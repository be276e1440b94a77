#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What includes what: folders and files of lib/, and files of the commands in cli/. Prints a
# line "FROM TO" for each dependency, each once; with -w, where a dependency is read off:
# "FROM TO FILE: INCLUDE".
set -eu

usage() {
  echo 'usage: tests/surface/includes.sh [-w] folders | files | commands' >&2
  exit 2
}

source_dir=${RBMAP_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$source_dir/lib"
where=
[ "${1-}" != -w ] || { where=1; shift; }
[ $# = 1 ] || usage

# "FOLDER LEVEL HEADER..." of the table in lib/README.md; headers are those of include/rbmap.
folders() {
  awk -F '|' '/^\| [0-9] \|/ {
    gsub(/[`, ]+/, " ", $4); gsub(/[`\/ ]+$/, "", $3); gsub(/[` ]/, "", $3)
    print $3, $2 + 0, $4 }' README.md
}

# "FILE INCLUDE" of all that is the library's own.
includes() {
  { find . -name '*.[ch]' -printf '%P\n'; find ../include/rbmap -name '*.h' ! -name rbmap.h; } |
    sort | xargs grep -HoE '^#include ("[^"]+"|<rbmap/[^>]+>)' |
    sed -E 's/:#include [<"]/ /; s/[>"]$//'
}

# "FROM TO FILE: INCLUDE"
by_folder() {
  awk '
    FNR == NR {
      level[$1] = $2
      for (i = 3; i <= NF; i++) of_header[$i] = $1
      next
    }
    function folder(path) {
      if (path ~ /rbmap\/[a-z]+\.h$/) {
        sub(/.*\//, "", path)
        return path in of_header ? of_header[path] : path
      }
      while (sub(/\/[^\/]*$/, "", path))
        if (path in level) return path
      return "?"
    }
    { from = folder($1); to = folder($2) }
    from != to { print from, to, $1 ":", $2 }' <(folders) <(includes)
}

# A .c and the .h of its name are one.
by_unit() {
  awk '
    { from = $1; to = $2; sub(/\.[ch]$/, "", from); sub(/\.[ch]$/, "", to) }
    from != to { print from, to, $1 ":", $2 }'
}

by_file() {
  includes | by_unit
}

# "FILE INCLUDE" of the commands: a header is in the folder of its command, or in common/.
command_includes() {
  local file name folder
  cd ../cli
  find . -name '*.[ch]' -printf '%P\n' | sort | xargs grep -HoE '^#include "[^"]+"' |
    sed -E 's/:#include "/ /; s/"$//' | while read -r file name; do
      folder=${file%/*}
      [[ $file == */* ]] || { folder=${file#rbmap-}; folder=${folder%.c}; }
      for name in "$folder/$name" "common/$name" "$name"; do
        [ ! -e "$name" ] || { echo "$file $name"; break; }
      done
    done
}

by_command() {
  command_includes | by_unit
}

case $1 in
folders) list=by_folder ;;
files) list=by_file ;;
commands) list=by_command ;;
*) usage ;;
esac
if [ -n "$where" ]; then
  $list
else
  $list | cut -d ' ' -f 1,2 | sort -u
fi
