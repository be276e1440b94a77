#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Checks the patches as a maintainer would before taking them; prints TAP.
set -u

kernel_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
# shellcheck source=packaging/kernel/source.bash
. "$kernel_dir/source.bash"
# shellcheck source=packaging/kernel/config.bash
. "$kernel_dir/config.bash"

usage() {
  cat <<'EOT'
usage: packaging/kernel/check-series.sh [OPTION]...

Checks that the patches in linux-6.1/ are complete and in git's format, that checkpatch.pl
finds no errors, and that each patch applies. After each patch, the affected files have to
compile without new warnings (W=1). With all patches applied, also compiles without
snapshots and for 32 bits, the headers for user space, and the self-tests.

  --no-compile    skip the checks that compile
  --source FILE   use this source: linux-source-6.1.tar.xz, or Debian's package of it
  --series DIR    check the patches in DIR
  --jobs N        run N jobs at once (default: the number of CPUs)
  --help          show this text

Exits with status 1 if a check failed, and 77 if there is no source or no compiler.
EOT
}

usage_error() {
  echo "check-series.sh: $*; see --help" >&2
  exit 2
}

skip() {
  echo "1..0 # SKIP $*"
  echo "SKIP: $*"
  exit 77
}

compile=1
kasan=
jobs=$(nproc)
localversion=-rbmap
nr=0
failed=0

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --no-compile) compile= ;;
    --source | --series | --jobs)
      [ $# -gt 1 ] || usage_error "$1: needs a value"
      case $1 in
      --source) source_file=$2 ;;
      --series) series_dir=$2 ;;
      --jobs) jobs=$2 ;;
      esac
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) usage_error "$1: unknown" ;;
    esac
    shift
  done
}

# report NAME [COMPLAINTS]: passed where there are none.
report() {
  nr=$((nr + 1))
  if [ -z "${2-}" ]; then
    echo "ok $nr - $1"
    return
  fi
  echo "not ok $nr - $1"
  head -n 40 <<<"$2" | sed 's/^/# /'
  failed=1
}

note() {
  [ -z "$1" ] || awk '{ print "# " $0 }' <<<"$1"
}

run_make() {
  make -C "$tree" O="$objects" -j "$jobs" LOCALVERSION="$localversion" "$@" </dev/null
}

# The subject of a mail, which may go over several lines.
subject() {
  awk '/^Subject: / { on = 1; sub(/^Subject: /, ""); printf "%s", $0; next }
    on && /^[ \t]/ { sub(/^[ \t]+/, " "); printf "%s", $0; next }
    on { exit }' "$1"
}

# complain_header PATCH NUMBER: what git format-patch would have there.
complain_header() {
  local file=$series_dir/$1 head
  [[ $1 == $(printf '%04d' "$2")-*.patch ]] || echo "the name does not begin with its number"
  head=$(sed '/^---$/q' "$file")
  [[ $head =~ ^From\ [0-9a-f]{40}\ Mon ]] || echo 'does not begin with "From COMMIT Mon Sep ..."'
  grep -qE '^From: .+ <.+@.+>$' <<<"$head" || echo 'no author'
  grep -q '^Date: ' <<<"$head" || echo 'no date'
  [[ $(subject "$file") =~ ^\[PATCH.*\ 0*$2/0*$total\]\ .+:\ .+ ]] ||
    echo "the subject is not \"[PATCH $2/$total] part: what\""
  [ "$(awk '/^$/ { on = 1 } on && NF && !/^[A-Z][a-z-]+-by: /' <<<"$head" | wc -l)" -gt 1 ] ||
    echo 'does not say why'
  grep -q '^diff --git ' "$file" || echo 'changes nothing'
}

complain_complete() {
  diff <(series | sort) <(find "$series_dir" -maxdepth 1 -name '*.patch' \
    ! -name '0000-*' -printf '%f\n' | sort) |
    sed -nE 's/^< /is not there: /p; s/^> /not in the series file: /p'
}

complain_cover() {
  local file=$series_dir/0000-cover-letter.patch text patch
  [ -r "$file" ] || { echo "$file: is not there"; return; }
  [[ $(subject "$file") =~ ^\[PATCH.*\ 0+/0*$total\]\ . ]] ||
    echo "the subject is not \"[PATCH 0/$total] ...\""
  ! grep -F '*** ' "$file" || echo 'is not filled in'
  text=$(tr -s ' \n\t' ' ' <"$file")
  for patch in "${patches[@]}"; do
    patch=$(subject "$series_dir/$patch")
    [[ $text == *"${patch#*\] }"* ]] || echo "does not list: ${patch#*\] }"
  done
}

# The programs in Python that it calls, for the licences, need not be there.
check_style() {
  local found errors
  # Not by its name: a file that git knows would be taken for source, not for a patch.
  found=$("$tree/scripts/checkpatch.pl" --root "$tree" --show-types - <"$series_dir/$1" 2>/dev/null)
  note "$(grep -A 1 -E '^(WARNING|CHECK):' <<<"$found")"
  errors=$(grep -A 1 -E '^ERROR:' <<<"$found")
  grep -q '^total: 0 errors' <<<"$found" || : "${errors:=checkpatch.pl did not come to an end}"
  report "$1: checkpatch.pl finds no error" "$errors"
}

# What the patches touch, below the tree.
touched() {
  sed -nE 's,^\+\+\+ b/,,p' "${patches[@]/#/$series_dir/}" | sort -u
}

# What is compiled after each patch.
targets() {
  echo kernel/trace/
  touched | grep -vE '^(kernel/trace|tools|samples|Documentation)/' | while read -r file; do
    [[ $file != *.c || ! -e $tree/$file ]] || echo "${file%.c}.o"
  done
}

# "COUNT FILE: WARNING", without places, which move.
warnings() {
  sed -nE 's,^(\.\./)*([^ :]+):[0-9:]+ warning: ,\2: ,p' "$1" | sort | uniq -c
}

new_warnings() {
  awk '{ count = $1; $1 = "" } FNR == NR { before[$0] = count; next }
    count > before[$0] { print "new warning:" $0 }' "$1" "$2"
}

errors() {
  grep -E -A 3 'error:|\*\*\*' "$log" || tail -n 5 "$log"
}

compile() {
  local wanted
  mapfile -t wanted < <(targets)
  log=$objects/make.log
  run_make olddefconfig >/dev/null 2>&1
  run_make "$@" "${wanted[@]}" >"$log" 2>&1
}

compile_base() {
  objects=$tree/objects-check
  mkdir "$objects"
  test_config "$objects"
  log=$objects/make.log
  run_make prepare >"$log" 2>&1 || die "$(errors)"
  compile W=1 || die "Linux $version itself does not compile: $(errors)"
  warnings "$log" >"$objects/base"
}

check_compiles() {
  local complaints
  if complaints=$(compile W=1); then
    warnings "$objects/make.log" >"$objects/now"
    complaints=$(new_warnings "$objects/base" "$objects/now")
  else
    log=$objects/make.log
    complaints=$(errors)
  fi
  report "$1: compiles without a new warning" "$complaints"
}

check_patch() {
  local error
  report "$1: header" "$(complain_header "$1" "$2")"
  check_style "$1"
  if ! error=$(apply_patch "$tree" "$1" 2>&1); then
    report "$1: applies" "$error"
    echo 'Bail out! What follows builds upon it.'
    exit 1
  fi
  report "$1: applies"
  [ -z "$compile" ] || check_compiles "$1"
}

# all_compile NAME ARGUMENT...: with the configuration that is in $objects.
all_compile() {
  local name=$1 complaints
  shift
  if compile "$@"; then
    complaints=$(grep 'warning:' "$log")
  else
    complaints=$(errors)
  fi
  report "$name: compiles without a warning" "$complaints"
}

check_without_snapshots() {
  local option options=()
  for option in TRACER_SNAPSHOT TRACER_SNAPSHOT_PER_CPU_SWAP IRQSOFF_TRACER PREEMPT_TRACER \
    SCHED_TRACER; do
    options+=(-d "$option")
  done
  "$tree/scripts/config" --file "$objects/.config" "${options[@]}"
  run_make olddefconfig >/dev/null 2>&1
  ! grep -qE '^CONFIG_TRACER_(SNAPSHOT|MAX_TRACE)=' "$objects/.config" ||
    die 'the configuration without snapshots has them'
  all_compile 'without snapshots'
}

check_32_bits() {
  objects=$tree/objects-32
  mkdir "$objects"
  ARCH=i386 merge_config "$objects" -n "$kernel_dir/test.config"
  run_make ARCH=i386 prepare >"$objects/make.log" 2>&1
  all_compile '32 bits' ARCH=i386
}

# As programs see them.
check_headers() {
  local header
  run_make headers >"$objects/make.log" 2>&1
  for header in $(touched | sed -nE 's,^include/uapi/(.*\.h)$,\1,p'); do
    report "include/uapi/$header: compiles by itself as C90" \
      "$(cc -std=c90 -Wall -Wextra -fsyntax-only "$objects/usr/include/$header" 2>&1)"
  done
}

check_selftests() {
  local folder
  for folder in $(touched | sed -nE 's,^(tools/testing/selftests/[^/]+)/.*,\1,p' | sort -u); do
    [ -r "$tree/$folder/Makefile" ] || continue
    grep -q TEST_GEN "$tree/$folder/Makefile" || continue
    make -C "$tree/$folder" KHDR_INCLUDES="-isystem $objects/usr/include" \
      >"$objects/make.log" 2>&1
    report "$folder: compiles without a warning" \
      "$(grep -E 'error|warning|\*\*\*' "$objects/make.log")"
  done
}

check_all() {
  local patch i=0
  [ -z "$compile" ] || compile_base
  for patch in "${patches[@]}"; do
    check_patch "$patch" $((i += 1))
  done
  [ -n "$compile" ] || return
  check_without_snapshots
  check_headers
  check_selftests
  check_32_bits
}

parse "$@"
for program in perl patch xz make gcc flex bison bc; do
  have $program || skip "$program is missing"
done
why=$(find_source 2>&1) || skip "$why"
find_source >/dev/null
mapfile -t patches < <(series)
total=${#patches[@]}
[ "$total" != 0 ] || die "$series_dir/series: names no patch"
mkdir -p "$cache" || exit
tree=$(mktemp -d "$cache/.check.XXXXXX") || exit
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' INT TERM HUP
unpack "$tree"
use_ccache
report 'the series file names every patch' "$(complain_complete)"
report 'the cover letter lists every patch' "$(complain_cover)"
check_all
echo "1..$nr"
exit $failed
