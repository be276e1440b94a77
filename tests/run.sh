#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs what the tests need, builds, runs them all on the live kernel. Its last line:
# "N passed, N failed, N skipped". Exit status 1 where one failed, or none ran.
set -u

usage() {
  cat <<'EOF'
usage: sudo tests/run.sh [--quick | --all] [PATTERN]...

Without a PATTERN runs all tests: the unit tests with ASan and UBSan and again with
TSan, those of the commands with ASan and UBSan, those of the installed library as
users build it, and each fuzz target for a minute; then those of the commands once more,
and those of the kernel's side, on other kernels in QEMU. A PATTERN is a regular
expression as for ctest -R; with several, tests that match any of them run.

  --quick   only the build with ASan and UBSan, and what runs in it
  --all     also what takes hours: all tests on all kernels, Linux 6.1 with the patches also
            with KASAN; the commands of packaging/kernel/README.md in a new Debian 12; each
            patch by itself
  --help    this text
EOF
}

tracing=/sys/kernel/tracing
quick=
all=
patterns=()
missing=

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --all) all=1 ;;
    --help | -h)
      usage
      exit 0
      ;;
    -R) ;;
    -*)
      usage >&2
      exit 2
      ;;
    *) patterns+=("$1") ;;
    esac
    shift
  done
}

say() {
  printf '\n== %s\n' "$*"
}

# result pass|fail|skip NAME [REASON]
result() {
  printf '%s\t%s\t%s\n' "$1" "$2" "${3-}" >>"$results"
}

install_what_is_missing() {
  packaging/install-deps.sh test && return
  packaging/install-deps.sh build >/dev/null && {
    echo "Going on without what is missing; the tests that need it are skipped."
    return
  }
  result fail 'what the build needs is missing'
  return 1
}

is_tracefs() {
  [ "$(stat -f -c %T "$tracing" 2>/dev/null)" = tracefs ]
}

mount_tracefs() {
  mount -t tracefs nodev "$tracing" 2>/dev/null && is_tracefs &&
    echo "Mounted tracefs at $tracing; it stays so."
}

can_make_instance() {
  local probe=$tracing/instances/rbmap-tests.$$
  mkdir "$probe" 2>/dev/null && rmdir "$probe"
}

# Sets $missing to why the live kernel cannot be used.
look_at_kernel() {
  if [ "$(id -u)" != 0 ]; then
    missing='root (run: sudo tests/run.sh)'
  elif ! is_tracefs && ! mount_tracefs; then
    missing="tracefs at $tracing (a container, or a kernel without tracing)"
  elif ! can_make_instance; then
    missing="leave to make instances in $tracing (read-only, or locked down)"
  fi
  [ -z "$missing" ] || echo "Missing: $missing. What still works: the unit tests," \
    'those of the installed library. The rest is skipped.'
}

# What the kernel can do, as the command itself sees it.
tell_features() {
  [ -x build/dev/cli/rbmap-stat ] || return
  say 'This kernel and this user'
  timeout 60 build/dev/cli/rbmap-stat --features </dev/null | tee "$logs/features"
  ! grep -q '^mapping  *no' "$logs/features" ||
    echo 'Missing: the mapping. What still works: all that goes through read(2).'
}

build() {
  local log=$logs/$1-build.log
  say "Building $1"
  if { cmake --preset "$1" && cmake --build --preset "$1"; } \
    </dev/null >"$log" 2>&1; then
    return
  fi
  grep -E -A 8 'error:|FAILED:|CMake Error|undefined reference' "$log" | head -n 60
  echo "all of it: $log"
  result fail "$1: the build"
  return 1
}

# The reason that a program which exited with 77 gave: its last line.
program_skip_reason() {
  awk -v name="$2" '
    $0 ~ "^[0-9]+/[0-9]+ Test(ing)?: " { here = $NF == name }
    /^<end of output>/ { here = 0 }
    here && NF { last = $0 }
    END { sub(/^SKIP:? */, "", last); print last }' "$1/Testing/Temporary/LastTest.log"
}

# count_tap NAME FILE: "ok", "not ok" and "# skip" lines; sets $failures.
count_tap() {
  local line title
  failures=0
  while IFS= read -r line; do
    title=$(sed -E 's/^(not )?ok [0-9]+( -)? //; s/: Passed$//' <<<"$line")
    case $line in
    'ok '*' # skip'*) result skip "$1: ${title%% # skip*}" "${line##* # skip}" ;;
    'ok '*) result pass "$1: $title" ;;
    'not ok '*)
      result fail "$1: $title"
      failures=$((failures + 1))
      ;;
    esac
  done <"$2"
}

# count_entry DIRECTORY PRESET NAME STATUS: one of CTest's tests, into $results.
count_entry() {
  local tap=$1/tap/$3.tap name="$2 $3"
  [ -f "$tap" ] || tap=$1/tap/$3/report.tap
  failures=0
  if [[ $4 == Skipped* ]]; then
    result skip "$name" "$(program_skip_reason "$1" "$3")"
    return
  fi
  if [ -s "$tap" ]; then
    count_tap "$name" "$tap"
  elif [[ $4 == Passed* ]]; then
    result pass "$name"
  fi
  # A crash, a leak or a time-out that no single test answers for.
  [[ $4 == Passed* || $4 == Failed* && $failures != 0 ]] || result fail "$name: $4"
}

# "NAME STATUS" from CTest's "1/2 Test #1: NAME .....***STATUS  0.01 sec".
ctest_results() {
  sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) [ .]*(\*\*\*)?/\1 /p' "$1" |
    sed -E 's/ +[0-9.]+ sec.*$//'
}

# run_tests PRESET LABELS [PREFIX...]
run_tests() {
  local preset=$1 dir=build/$1 log=$logs/$1-tests.log name status
  say "Testing $1 ($2)"
  find "$dir/tap" -name '*.tap' -delete
  local select=(-L "^($2)\$")
  # These run only when asked for.
  case $2 in
  kernel*) select+=(-C kernel) ;;
  fuzz) select+=(-C fuzz) ;;
  esac
  [ "${#patterns[@]}" = 0 ] || select+=(-R "$(IFS='|' && echo "${patterns[*]}")")
  "${@:3}" ctest --test-dir "$dir" "${select[@]}" -j "$(nproc)" --output-on-failure \
    --no-tests=ignore </dev/null 2>&1 | tee "$log"
  while read -r name status; do
    count_entry "$dir" "$preset" "$name" "$status"
  done < <(ctest_results "$log" | sort -u)
}

# TSan of older compilers does not know today's layout of addresses.
run_tsan() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    run_tests tsan unit setarch "$(uname -m)" -R
  else
    run_tests tsan unit
  fi
}

instances() {
  find "$tracing/instances" -mindepth 1 -maxdepth 1 -name 'rbmap*' -printf '%f\n' \
    2>/dev/null | sort
}

# Someone else's recorder may have come meanwhile: its process is not of this run.
is_of_others() {
  local pid
  pid=$(grep -oE '[0-9]+' <<<"$1" | head -n 1)
  [ -d "/proc/${pid:-none}" ] &&
    ! grep -qzFx "RBMAP_TEST_RUN=$RBMAP_TEST_RUN" "/proc/$pid/environ" 2>/dev/null
}

check_leftovers() {
  local name
  for name in $(comm -13 <(echo "$instances_before") <(instances)); do
    is_of_others "$name" || result fail "left behind: $tracing/instances/$name"
  done
}

tell_results() {
  local passed failed skipped
  passed=$(grep -c '^pass' "$results")
  failed=$(grep -c '^fail' "$results")
  skipped=$(grep -c '^skip' "$results")
  say "Results after $SECONDS s"
  awk -F '\t' '/^skip/ { sub(/^ +/, "", $3)
    print "skipped: " $2 " (" ($3 == "" ? "no reason given" : $3) ")" }' "$results"
  awk -F '\t' '/^fail/ { print "FAILED: " $2 }' "$results"
  [ $((passed + failed)) != 0 ] || echo "FAILED: no test ran"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}

run_kernels() {
  local name
  if [ -n "$all" ]; then
    export RBMAP_TEST_ALL=1
    run_tests release 'kernel|kernel-long'
    return
  fi
  run_tests release kernel
  [ "${#patterns[@]}" = 0 ] || return
  for name in 6.1-rbmap-kasan debian12 series; do
    result skip "release kernel.$name" 'takes long: tests/run.sh --all'
  done
}

run_all() {
  install_what_is_missing || return
  look_at_kernel
  instances_before=$(instances)
  local presets=(dev) preset built=' '
  [ -n "$quick" ] || presets+=(tsan release)
  for preset in "${presets[@]}"; do
    build "$preset" && built+="$preset "
  done
  tell_features
  [[ $built != *' release '* ]] || export RBMAP_BIN_RELEASE=$PWD/build/release/cli
  [[ $built != *' dev '* ]] || run_tests dev unit
  [[ $built != *' tsan '* ]] || run_tsan
  [[ $built != *' release '* ]] || run_tests release surface
  [[ $built != *' release '* ]] || run_tests release fuzz
  [[ $built != *' dev '* ]] || run_tests dev cli
  [[ $built != *' release '* ]] || run_kernels
  [ -n "$(command -v bats)" ] ||
    result skip 'commands, installed library' 'bats is missing'
  check_leftovers
}

parse "$@"
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
logs=$PWD/build/logs
mkdir -p "$logs" || { echo "run.sh: cannot write to $PWD/build" >&2; exit 1; }
results=$logs/results
: >"$results" || exit 1
export RBMAP_TEST_RUN=$$
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS-halt_on_error=1:second_deadlock_stack=1}
trap 'result fail "interrupted"; tell_results; exit 1' INT TERM HUP
run_all
tell_results
