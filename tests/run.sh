#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs the test dependencies, builds, and runs the tests on the live kernel and others.
# The last line is "N passed, N failed, N skipped". The exit status is 1 if a test failed or
# none ran.
set -u

usage() {
  cat <<'EOF'
usage: sudo tests/run.sh [--quick | --ci | --all] [PATTERN]...

Installs the test dependencies, builds the project and tests it, in at most 15 minutes on
two CPUs:

  * unit tests, with ASan and UBSan; those that use threads also with TSan
  * the library and its documentation, as installed
  * the corpus of each fuzz target
  * the commands on this kernel, with ASan and UBSan
  * the mapping on Linux 6.1 with the patches, in QEMU. That kernel is built during the
    other tests and kept; if it is not finished in time, this test is skipped

  --quick   run only the unit tests and the commands, with ASan and UBSan
  --ci      run the tests of CI, in at most 45 minutes: also fuzz each target for a minute,
            the stress test of the observer, the tests that depend on the kernel, on four
            kernels in QEMU, and the installation in new Debian systems
  --all     run all tests, which takes hours: also every test on every kernel, and on Linux
            6.1 with the patches and KASAN; the commands of packaging/kernel/README.md in a
            new Debian 12; each patch by itself; all unit tests with TSan
  --help    show this text

Each PATTERN is a regular expression as for ctest -R. With patterns, only the tests that
match one of them run: of all tests of --ci, or of --quick or --all if it is given.
EOF
}

tracing=/sys/kernel/tracing
# quick, default, ci or all; each has all of the one before.
level=default
patterns=()
missing=
# The process that gets the patched kernel, and how many seconds after the start of a
# default run it has to be there.
fetch=
fetch_limit=660
# So many seconds after the start there is no time left for a boot, which takes 200.
boot_limit=690

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --quick) level=quick ;;
    --ci) level=ci ;;
    --all) level=all ;;
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
  [ "$level" != default ] || [ "${#patterns[@]}" = 0 ] || level=ci
}

# at_least LEVEL
at_least() {
  local -A rank=([quick]=0 [default]=1 [ci]=2 [all]=3)
  [ "${rank[$level]}" -ge "${rank[$1]}" ]
}

say() {
  printf '\n== %s\n' "$*"
}

# result pass|fail|skip NAME [REASON] [SECONDS]
result() {
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "${3-}" "${4-}" >>"$results"
}

# took SECONDS NAME: one of the entries of which the slowest are shown.
took() {
  printf '%s\t%s\n' "$1" "$2" >>"$times"
}

install_what_is_missing() {
  packaging/install-deps.sh test && return
  packaging/install-deps.sh build >/dev/null && {
    echo "The tests that require a missing dependency are skipped."
    return
  }
  result fail 'build dependencies are missing'
  return 1
}

is_tracefs() {
  [ "$(stat -f -c %T "$tracing" 2>/dev/null)" = tracefs ]
}

mount_tracefs() {
  mount -t tracefs nodev "$tracing" 2>/dev/null && is_tracefs &&
    echo "Mounted tracefs at $tracing; it stays mounted."
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
    missing="permission to create instances in $tracing (read-only, or locked down)"
  fi
  [ -z "$missing" ] || echo "Missing: $missing. The tests of the commands are skipped;" \
    'the unit tests and those of the installed library run.'
}

# What the kernel can do, as the command itself sees it.
tell_features() {
  [ -x build/dev/cli/rbmap-stat ] || return
  say 'This kernel and this user'
  timeout 60 build/dev/cli/rbmap-stat --features </dev/null | tee "$logs/features"
  ! grep -q '^mapping  *no' "$logs/features" ||
    echo 'Missing: the mapping. The tests that require it are skipped; rbmap uses read(2).'
}

# build PRESET [OPTION]...
build() {
  local log=$logs/$1-build.log started=$SECONDS
  say "Building $1"
  if { cmake --preset "$1" && cmake --build --preset "$1" "${@:2}"; } \
    </dev/null >"$log" 2>&1; then
    echo "took $((SECONDS - started)) s"
    took $((SECONDS - started)) "$1: the build"
    return
  fi
  grep -E -A 8 'error:|FAILED:|CMake Error|undefined reference' "$log" | head -n 60
  echo "full log: $log"
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

# tap_lines FILE: "pass|fail|skip<TAB>TITLE<TAB>REASON<TAB>SECONDS<TAB>WHY" of each test; WHY
# are the first lines below a failed one, with \037 between them. Bats says how long it took
# in one of two forms, before the directive or in its place.
tap_lines() {
  awk -v OFS='\t' '
    function finish() { if (status != "") print status, title, reason, seconds, why; status = "" }
    /^#/ && status == "fail" && lines < 20 {
      gsub(/\t/, " ")
      why = why (lines++ ? "\037" : "") $0
    }
    !/^(not )?ok / { next }
    {
      finish()
      status = $1 == "ok" ? "pass" : "fail"
      reason = seconds = why = ""
      lines = 0
      sub(/^(not )?ok [0-9]+( -)? /, "")
      if (match($0, / # skip/)) {
        status = "skip"
        reason = substr($0, RSTART + RLENGTH)
        $0 = substr($0, 1, RSTART - 1)
      }
      if (match($0, / (# )?in [0-9]+ ?ms$/)) {
        seconds = substr($0, RSTART)
        gsub(/[^0-9]/, "", seconds)
        seconds /= 1000
        $0 = substr($0, 1, RSTART - 1)
      }
      sub(/: Passed$/, "")
      title = $0
    }
    END { finish() }' "$1"
}

# count_tap NAME FILE: sets $failures.
count_tap() {
  tap_lines "$2" | awk -F '\t' -v OFS='\t' -v name="$1" '{ $2 = name ": " $2; print }' >>"$results"
  failures=$(tap_lines "$2" | grep -c '^fail')
}

# count_entry DIRECTORY PRESET NAME SECONDS STATUS: one of CTest's tests, into $results.
count_entry() {
  local tap=$1/tap/$3.tap name="$2 $3"
  [ -f "$tap" ] || tap=$1/tap/$3/report.tap
  failures=0
  took "$4" "$name"
  if [[ $5 == Skipped* ]]; then
    result skip "$name" "$(program_skip_reason "$1" "$3")" "$4"
    return
  fi
  if [ -s "$tap" ]; then
    count_tap "$name" "$tap"
    # The suites of a guest.
    awk -v OFS='\t' -v name="$name" \
      '/^# .* took [0-9]+ s$/ { print $(NF - 1), name ": " $2 }' "$tap" >>"$times"
  elif [[ $5 == Passed* ]]; then
    result pass "$name" '' "$4"
  fi
  # A crash, a leak or a time-out that no single test answers for.
  [[ $5 == Passed* || $5 == Failed* && $failures != 0 ]] || result fail "$name: $5" '' "$4"
}

# "NAME SECONDS STATUS" from CTest's "1/2 Test #1: NAME .....***STATUS  0.01 sec".
ctest_results() {
  sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) [ .]*(\*\*\*)?(.*[^ ]) +([0-9.]+) sec.*$/\1 \4 \3/p' "$1"
}

# run_tests PRESET LABELS [PREFIX...]
run_tests() {
  local preset=$1 dir=build/$1 log=$logs/$1-tests.log name seconds status
  say "Testing $1 ($2), $SECONDS s after the start"
  find "$dir/tap" -name '*.tap' -delete
  # Some are only there in the configuration of that name.
  local select=(-L "^($2)\$" -C "${2%%|*}")
  [ "${#patterns[@]}" = 0 ] || select+=(-R "$(IFS='|' && echo "${patterns[*]}")")
  "${@:3}" ctest --test-dir "$dir" "${select[@]}" -j "$(nproc)" --output-on-failure \
    --no-tests=ignore </dev/null 2>&1 9>&- | tee "$log"
  check_ctest "$preset $2" "${PIPESTATUS[0]}" "$log"
  while read -r name seconds status; do
    count_entry "$dir" "$preset" "$name" "$seconds" "$status"
  done < <(ctest_results "$log" | sort -u)
}

# check_ctest NAME STATUS LOG: CTest itself may fail, or be killed, with no test to blame.
# 8: a test failed.
check_ctest() {
  local nr total
  total=$(sed -nE 's,^ *[0-9]+/([0-9]+) Test +#.*,\1,p' "$3" | tail -n 1)
  nr=$(ctest_results "$3" | sort -u | wc -l)
  [[ $2 == [08] ]] || result fail "$1: ctest ended with status $2"
  [ "$nr" = "${total:-0}" ] || result fail "$1: only $nr of $total tests have a result"
}

# TSan of older compilers does not know today's layout of addresses.
run_tsan() {
  local label=threads
  ! at_least all || label=unit
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    run_tests tsan $label setarch "$(uname -m)" -R
  else
    run_tests tsan $label
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

leftovers() {
  local name
  for name in $(comm -13 <(echo "$instances_before") <(instances)); do
    is_of_others "$name" || echo "$name"
  done
}

# What another run leaves for a moment, it removes.
check_leftovers() {
  local name end=$((SECONDS + 30))
  while [ -n "$(leftovers)" ] && [ $SECONDS -lt $end ]; do
    sleep 0.5
  done
  for name in $(leftovers); do
    result fail "left over: $tracing/instances/$name"
  done
}

show_slowest() {
  [ -s "$times" ] || return
  echo 'The slowest tests:'
  sort -rn "$times" | head -n 10 | awk -F '\t' '{ printf "%8.1f s  %s\n", $1, $2 }'
}

show_results() {
  local passed failed skipped
  passed=$(grep -c '^pass' "$results")
  failed=$(grep -c '^fail' "$results")
  skipped=$(grep -c '^skip' "$results")
  say "Results after $SECONDS s"
  awk -F '\t' '
    function seconds() { return $4 == "" ? "" : sprintf(", %.1f s", $4) }
    /^skip/ { sub(/^ +/, "", $3)
      skipped[++nr] = "skipped: " $2 " (" ($3 == "" ? "no reason given" : $3) ")" seconds() }
    /^fail/ {
      failed[++failures] = "FAILED: " $2 seconds()
      for (line = 1; line <= split($5, why, "\037"); line++)
        failed[failures] = failed[failures] "\n    " why[line]
    }
    END {
      for (i = 1; i <= nr; i++) print skipped[i]
      for (i = 1; i <= failures; i++) print failed[i]
    }' "$results"
  show_slowest
  [ $((passed + failed)) != 0 ] || echo "FAILED: no test ran"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}

# The kernel with the patches is built beside the tests, which come first. What has been
# built when the time is over is kept, and the next build goes on from there.
start_fetch() {
  local limit=14400
  [ "${#patterns[@]}" = 0 ] || return
  [ "$level" != default ] || limit=$((fetch_limit - SECONDS))
  [ $limit -gt 0 ] || limit=1
  # It also ends where this shell is killed.
  RBMAP_BUILD=$PWD/build/release setpriv --pdeathsig TERM timeout -k 10 $limit nice -n 19 \
    tests/kernel/run.sh --fetch 6.1-rbmap </dev/null >"$logs/fetch.log" 2>&1 9>&- &
  fetch=$!
}

stop_fetch() {
  [ -z "$fetch" ] || kill "$fetch" 2>/dev/null
}

# One boot, where the kernel can be had in time. Whatever else keeps it from being had,
# the test itself finds out and says.
run_contract() {
  local patterns=('^kernel\.6\.1-rbmap$') status=0
  say 'Waiting for Linux 6.1 with the patches'
  wait "$fetch" || status=$?
  fetch=
  # The time was over (124), also for one that did not listen (137).
  if [[ $status == 124 || $status == 137 ]]; then
    result skip 'release kernel.6.1-rbmap' "the kernel was not built within \
$fetch_limit s; its build continues in the next run, or with tests/run.sh --ci"
    return
  fi
  if [ $SECONDS -gt $boot_limit ]; then
    result skip 'release kernel.6.1-rbmap' "$SECONDS s have passed, and this run is to end \
after 900; tests/run.sh --ci boots it"
    return
  fi
  RBMAP_KERNEL_SUITES=contract run_tests release kernel
}

run_kernels() {
  case $level in
  default) run_contract ;;
  ci) run_tests release kernel ;;
  all) RBMAP_KERNEL_SUITES=all run_tests release 'kernel|kernel-long' ;;
  esac
}

# left_out LEVEL REASON PRESET LABEL: tests that run from this level on.
left_out() {
  local name
  at_least "$1" && return
  while read -r name; do
    result skip "$3 $name" "$2: tests/run.sh --$1"
  done < <(ctest --test-dir "build/$3" -N -C "${4%-long}" -L "^$4\$" |
    sed -nE 's/^ *Test +#[0-9]+: //p')
}

count_left_out() {
  [ "${#patterns[@]}" = 0 ] && at_least default || return
  left_out ci 'takes a minute' dev stress
  left_out ci 'takes a minute' release fuzz
  left_out ci 'installs a new Debian' release install
  left_out ci 'boots another kernel; the default run covers only the mapping contract' release kernel
  left_out all 'takes long' release kernel-long
  at_least all || result skip 'tsan unit: tests without threads' 'takes long: tests/run.sh --all'
}

run_all() {
  install_what_is_missing || return
  look_at_kernel
  instances_before=$(instances)
  local built=' ' threads=(--target unit-threads)
  ! at_least all || threads=()
  ! at_least default || start_fetch
  ! build dev || built+='dev '
  if at_least default; then
    ! build release || built+='release '
    ! build tsan "${threads[@]}" || built+='tsan '
  fi
  tell_features
  [[ $built != *' release '* ]] || export RBMAP_BIN_RELEASE=$PWD/build/release/cli
  [[ $built != *' dev '* ]] || run_tests dev unit
  [[ $built != *' tsan '* ]] || run_tsan
  [[ $built != *' release '* ]] || run_tests release surface
  [[ $built != *' release '* ]] || run_tests release corpus
  [[ $built != *' dev '* ]] || run_tests dev cli
  if at_least ci; then
    [[ $built != *' dev '* ]] || run_tests dev stress
    [[ $built != *' release '* ]] || run_tests release fuzz
    [[ $built != *' release '* ]] || run_tests release install
  fi
  [[ $built != *' release '* ]] || run_kernels
  count_left_out
  [ -n "$(command -v bats)" ] ||
    result skip 'commands, installed library' 'bats is missing'
  check_leftovers
}

parse "$@"
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
logs=$PWD/build/logs
mkdir -p "$logs" || { echo "run.sh: cannot write to $PWD/build" >&2; exit 1; }
exec 9>"$logs/lock" || exit 1
flock -n 9 || { echo "Waiting for another run in $PWD to end."; flock 9; }
results=$logs/results
times=$logs/times
{ : >"$results" && : >"$times"; } || exit 1
SECONDS=0
export RBMAP_TEST_RUN=$$ RBMAP_TEST_LEVEL=$level
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS-halt_on_error=1:second_deadlock_stack=1}
trap stop_fetch EXIT
trap 'result fail "interrupted"; show_results; exit 1' INT TERM HUP
run_all
show_results
