#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boots kernels in QEMU and runs in each: the tests of the commands, that of all its event
# formats, the kernel tests of this folder, a scan of what the kernel said.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
source_dir=${RBMAP_SOURCE:-$(cd "$here/../.." && pwd)}
build=${RBMAP_BUILD:-$source_dir/build/release}
# shellcheck source=tests/kernel/kernels.sh
. "$here/kernels.sh"
# shellcheck source=tests/kernel/apt.sh
. "$here/apt.sh"
# shellcheck source=tests/kernel/initramfs.sh
. "$here/initramfs.sh"
# shellcheck source=tests/kernel/boot.sh
. "$here/boot.sh"

usage() {
  cat <<EOT
usage: tests/kernel/run.sh [--only REGEX | --brief | --fetch] [KERNEL]...

Boots each KERNEL in QEMU, one after the other, with the build in $build.
Without a KERNEL: ${all_kernels[*]}.

  6.1              Debian 12's: cannot map ring buffers
  6.1-rbmap        the same with the patches of packaging/kernel/linux-6.1, and lock debugging
  6.1-rbmap-kasan  the same, and KASAN
  6.12             Debian 13's
  backports        the newest of Debian 13's backports

  --only REGEX   run only suites whose names match: a file of tests/cli, "formats" (compares
                 each event of the kernel with libtraceevent), a program of tests/kernel.
                 get-reader-cost runs only if it is selected in this way
  --brief        run only suites whose results depend on the kernel: markers, counters,
                 formats, the mapping and its stress test; on a kernel that cannot map, all
                 suites of rbmap-record that work with read(2)
  --fetch        download or build the kernels, and boot none
  --list         list the kernels
  --help         show this text

Does not require root. The results are in \$BUILD/tap/kernel.KERNEL.tap; the kernel log and
the output of the guest are in \$BUILD/kernel/KERNEL. Downloads and built kernels are kept
in ${cache/#$HOME/\~}.

  RBMAP_BUILD            the build folder
  RBMAP_KERNEL_SUITES    all, or contract (only the mapping contract); overrides --brief
  RBMAP_STRESS_SECONDS   duration of the stress test (default: 300 with the patches; 60
                         without them or with --brief)
  RBMAP_TEST_SLOWDOWN    factor by which the guest is slower than hardware: amounts of work
                         are divided, time limits are multiplied (default: $slowdown)
  RBMAP_KERNEL_LIMIT     time limit of a guest in seconds (default: $limit)
  RBMAP_QEMU_ACCEL       tcg (the default), or kvm if it works
  RBMAP_KERNEL_ARGUMENTS further arguments for the kernel

Exit status 1 if a test failed, 77 if no kernel was available.
EOT
}

slowdown=${RBMAP_TEST_SLOWDOWN:-8}
limit=${RBMAP_KERNEL_LIMIT:-7200}
only=
suites=all
fetch=
kernels=()

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
    --only)
      [ $# -gt 1 ] || { echo 'run.sh: --only: needs a value' >&2; exit 2; }
      only=$2
      shift
      ;;
    --brief) suites=brief ;;
    --fetch) fetch=1 ;;
    --list)
      printf '%s\n' "${all_kernels[@]}"
      exit 0
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      [[ " ${all_kernels[*]} " == *" $1 "* ]] || {
        echo "run.sh: $1: no such kernel; there are: ${all_kernels[*]}" >&2
        exit 2
      }
      kernels+=("$1")
      ;;
    esac
    shift
  done
  [ "${#kernels[@]}" != 0 ] || kernels=("${all_kernels[@]}")
  suites=${RBMAP_KERNEL_SUITES:-$suites}
}

# Prints what is missing here for any kernel.
missing_here() {
  local program
  [ "$(uname -m)" = x86_64 ] || { echo 'an x86-64 machine'; return; }
  for program in "$qemu_program" bats jq trace-cmd cpio dpkg-deb flock setpriv; do
    command -v "$program" >/dev/null || { echo "$program (packaging/install-deps.sh test)"; return; }
  done
  [ -n "$fetch" ] || [ -x "$build/cli/rbmap-record" ] || echo "a build in $build (cmake --preset release ...)"
}

stress_seconds() {
  local default=60
  [[ $1 != *-rbmap* || $suites = brief ]] || default=300
  echo "${RBMAP_STRESS_SECONDS:-$default}"
}

# "NAME<TAB>COMMAND" of all that is to run on a kernel.
suites() {
  local script program arguments patched="" formats=$build/tests/unit/test-format-kernel
  [[ $1 != *-rbmap* ]] || patched=--patched
  for script in "$source_dir"/tests/cli/*.bats; do
    printf '%s\tbats --timing --formatter tap %q\n' "$(basename "$script" .bats)" "$script"
  done
  [ ! -x "$formats" ] ||
    printf 'formats\tCK_VERBOSITY=silent CK_TAP_LOG_FILE_NAME=- %q\n' "$formats"
  kernel_maps "$1" || return 0
  for program in "$build"/tests/kernel/*; do
    [ -f "$program" ] || continue
    [ -x "$program" ] || continue
    arguments=
    case ${program##*/} in
    mapping-contract) arguments=$patched ;;
    stress) arguments="--seconds $(stress_seconds "$1")${patched:+ $patched}" ;;
    esac
    printf '%s\t%q %s\n' "${program##*/}" "$program" "$arguments"
  done
}

# Suites whose outcome depends on that kernel. What rbmap-stat shows of a mapped ring, it
# shows on the machine; with lock debugging that suite takes as long as all of the contract.
brief_suites() {
  case $1 in
  6.1) echo 'formats|record-(instance|markers|options)|stat' ;;
  *) echo 'formats|mapping-contract|record-markers|stress' ;;
  esac
}

# leave_out REGEX: of the others each is shown as skipped.
leave_out() {
  awk -F '\t' -v OFS='\t' -v kept="^($1)\$" '$1 !~ kept {
    $2 = "echo \"1..0 # SKIP takes long here: tests/run.sh --all\""
  } { print }'
}

chosen_suites() {
  local wanted=$only
  [ -n "$wanted" ] || [ "$suites" != contract ] || wanted='^mapping-contract$'
  if [ -n "$wanted" ]; then
    suites "$1" | awk -F '\t' -v wanted="$wanted" '$1 ~ wanted'
  elif [ "$suites" = brief ]; then
    suites "$1" | grep -v '^get-reader-cost' | leave_out "$(brief_suites "$1")"
  else
    suites "$1" | grep -v '^get-reader-cost'
  fi
}

# What tests are told of the machine that they run on.
environment() {
  local engine=read
  ! kernel_maps "$1" || engine=observe
  cat <<END
RBMAP_BIN=$(printf %q "$build/cli")
RBMAP_BUILD=$(printf %q "$build")
RBMAP_SOURCE=$(printf %q "$source_dir")
RBMAP_TEST_ENGINE=$engine
RBMAP_TEST_SLOWDOWN=$slowdown
RBMAP_GUEST_CPUS=$guest_cpus
RBMAP_SUITE_LIMIT=$((limit / 2))
END
}

# judge_log KERNEL GROUP STATUS: the scan of the log as one more test, and what it ended
# with where the guest did not.
judge_log() {
  local complaints log=$work/console.$2
  if complaints=$("$here/log-scan.sh" "$1" "$log" 2>&1); then
    echo "ok - kernel log of $2: is clean"
  else
    echo "not ok - kernel log of $2: is clean"
    awk '{ print "# " $0 }' <<<"$complaints"
  fi
  grep -aq 'init: done' "$log" || {
    echo "# QEMU ended with status $3; the log ended with:"
    tail -n 30 "$log" | tr -d '\r' | sed 's/^/# /'
    sed 's/^/# qemu: /' "$work/qemu"
  }
}

number() {
  awk '/^(not )?ok / { sub(/ok [0-9]* *-/, "ok " ++n " -") } { print } END { print "1.." n + 0 }'
}

# run_group KERNEL GROUP: the suites in $work/suites that are of that group, in a guest of
# their own; in TAP.
run_group() {
  local overlay=$work/overlay status again
  rm -rf "$overlay"
  mkdir -p "$overlay"
  awk -F '\t' -v group="$2" '
    ($1 == "formats" || $2 ~ /^bats / ? "commands" : "programs") == group' \
    "$work/suites" >"$overlay/suites"
  [ -s "$overlay/suites" ] || return 0
  environment "$1" >"$overlay/environment"
  make_initramfs "$overlay" "$work/initramfs" || { echo 'not ok - guest: no initramfs'; return; }
  for again in 1 2 ''; do
    boot "$2" "$kernel/bzImage" "$work/initramfs" "$limit" "$work/console.$2" "$work/results.$2"
    status=$?
    if [ -z "$again" ] || ! is_qemu_bug "$work/console.$2"; then
      break
    fi
    echo "# QEMU ran a breakpoint that was gone; once more"
  done
  rm -rf "$work"/initramfs* "$overlay"
  awk -v group="$2" -f "$here/collect.awk" "$work/results.$2"
  judge_log "$1" "$2" $status
}

# Each CPU of a guest that runs programs has a thread of its own: no two such guests share
# the machine.
run_programs() {
  local lock
  exec {lock}>"$build/kernel/programs.lock" && flock "$lock"
  run_group "$1" programs
  exec {lock}>&-
}

show_kernel() {
  local tap=$1 kernel=$2 seconds=$3
  grep -A 40 '^not ok' "$tap" | grep -E -A 40 '^not ok|^#'
  printf '%s: Linux %s, %s: %s passed, %s failed, %s skipped, %s s\n' "$kernel" \
    "$(sed -n 's/^# Linux //p' "$tap" | head -n 1)" "$(cat "$work/version")" \
    "$(grep -c '^ok' <(grep -v ' # skip' "$tap"))" "$(grep -c '^not ok' "$tap")" \
    "$(grep -c '^ok .* # skip' "$tap")" "$seconds"
}

# run_kernel NAME: status 0, 1 where a test failed, 77 where it cannot be had.
run_kernel() {
  local name=$1 tap=$build/tap/kernel.$1.tap started=$SECONDS
  work=$build/kernel/$name${fetch:+-fetch}
  rm -rf "$work"
  [ -n "$fetch" ] || rm -f "$tap"
  mkdir -p "$work" "$build/tap" || return 1
  find_kernel "$name"
  case $? in
  0) ;;
  1) echo "$name: $why"; return 77 ;;
  *)
    [ -n "$fetch" ] || echo "not ok 1 - build: $why" >"$tap"
    echo "not ok 1 - build: $why"
    return 1
    ;;
  esac
  cp "$kernel/version" "$work/version"
  [ -z "$fetch" ] || { echo "$name: $(cat "$work/version"), in $kernel"; rm -rf "$work"; return; }
  chosen_suites "$name" >"$work/suites"
  # Not in a pipe: the trap has to know of QEMU.
  { run_group "$name" commands; run_programs "$name"; } >"$work/tap"
  number <"$work/tap" >"$tap"
  show_kernel "$tap" "$name" $((SECONDS - started))
  ! grep -q '^not ok' "$tap"
}

parse "$@"
build=$(realpath -e "$build" 2>/dev/null || echo "$build")
why=$(missing_here)
[ -z "$why" ] || { echo "SKIP: missing: $why"; exit 77; }
trap stop_qemu EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
failed=''
ran=''
for name in "${kernels[@]}"; do
  run_kernel "$name"
  case $? in
  0) ran=1 ;;
  77) ;;
  *) ran=1 failed=1 ;;
  esac
done
[ -z "$failed" ] || exit 1
[ -n "$ran" ] || exit 77
