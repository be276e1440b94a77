#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the fuzz targets into build/fuzz and runs them, each first over all inputs of
# its corpus, and over no others where SECONDS is 0. One line a target; where something was found it names the input, and the
# exit status is 1. 77: there is nothing to fuzz with. The inputs are the same ones each
# time, so that a run tells of a change and not of luck: RBMAP_FUZZ_SEED=N for others.
set -u

targets=(walk parse format filter tracedat)

usage() {
  echo "usage: tests/fuzz/run.sh $(IFS='|' && echo "${targets[*]}")|all SECONDS" >&2
  exit 2
}

can_fuzz() {
  echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return 0; }' |
    clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null >/dev/null 2>&1
}

# Runs of several targets at the same time build one after the other.
build() {
  mkdir -p build/fuzz || return
  exec 9>build/fuzz/lock || return
  flock 9
  { cmake --preset fuzz && cmake --build --preset fuzz; } \
    </dev/null >build/fuzz/build.log 2>&1 9>&-
  local status=$?
  exec 9>&-
  [ "$status" = 0 ] || tail -n 30 build/fuzz/build.log
  return "$status"
}

# What only some of the targets want.
set_options() {
  options=() corpora=()
  case $1 in
  walk) options=(-max_len=4096) ;;
  parse)
    options=(-max_len=4096 -dict=tests/fuzz/format.dict)
    corpora=(tests/fuzz/corpus/format)
    ;;
  format) options=(-max_len=8192 -dict=tests/fuzz/format.dict) ;;
  filter) options=(-max_len=512 -dict=tests/fuzz/filter.dict) ;;
  tracedat) options=(-max_len=16384) ;;
  esac
}

# libtraceevent leaks words of formats that it cannot parse, and not only at the end:
# leaks are looked for where it does not take part.
leaks() {
  [[ $1 = walk || $1 = filter ]] && echo 1 || echo 0
}

# libtraceevent's parser compares words that it has freed already. What string functions
# read is looked at where it does not take part; what our own code reads, everywhere.
looks_at_strings() {
  [[ $1 = walk || $1 = filter ]] && echo 1 || echo 0
}

tell() {
  local name=$1 log=$2 status=$3
  awk -v name="$name" -v status="$status" '
    /Test unit written to / { finding = $NF }
    $1 ~ /^#[0-9]+$/ { for (i = 2; i < NF; i++) if ($i == "cov:") coverage = $(i + 1) }
    $1 == "Done" { done = 1; executions = $2; seconds = $5 }
    END {
      if (finding != "")
        print name ": found: " finding
      else if (!done || status != 0)
        print name ": ended with status " status
      else
        printf "%s: %d executions in %d s, coverage %d, no finding\n", name, executions,
          seconds, coverage
    }' "$log"
}

set_limit() {
  if [ "$1" = 0 ]; then limit=(-runs=0); else limit=(-max_total_time="$1"); fi
}

# New inputs stay in the work copy of the corpus, findings beside it.
fuzz() {
  local name=$1 seconds=$2 work=build/fuzz/work/$1 status options corpora limit strings
  rm -rf "$work/corpus"
  mkdir -p "$work" && cp -r "tests/fuzz/corpus/$name" "$work/corpus" || return
  set_options "$name"
  set_limit "$seconds"
  strings=$(looks_at_strings "$name")
  # An input that is left for longer than so makes no progress, or hardly any.
  ASAN_OPTIONS=replace_str=$strings:intercept_strcmp=$strings:detect_leaks=$(leaks "$name") \
    UBSAN_OPTIONS=print_stacktrace=1 \
    "build/fuzz/tests/fuzz/fuzz-$name" "${limit[@]}" -timeout=60 \
    -rss_limit_mb=2048 -detect_leaks="$(leaks "$name")" -artifact_prefix="$work/" \
    -seed="${RBMAP_FUZZ_SEED:-1}" \
    "${options[@]}" "$work/corpus" "${corpora[@]}" </dev/null >"$work/log" 2>&1
  status=$?
  [ "$status" = 0 ] || tail -n 40 "$work/log"
  tell "$name" "$work/log" "$status"
  [ "$status" = 0 ]
}

# As many at the same time as there are CPUs.
fuzz_all() {
  local name failed=0
  for name in "${wanted[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || failed=1; done
    fuzz "$name" "$1" &
  done
  while [ -n "$(jobs -p)" ]; do wait -n || failed=1; done
  return "$failed"
}

[ $# = 2 ] && [[ $2 =~ ^(0|[1-9][0-9]*)$ ]] || usage
if [ "$1" = all ]; then
  wanted=("${targets[@]}")
elif [[ " ${targets[*]} " == *" $1 "* ]]; then
  wanted=("$1")
else
  usage
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
can_fuzz || { echo 'SKIP: clang with libFuzzer is missing'; exit 77; }
build || { echo 'fuzz: the build failed'; exit 1; }
fuzz_all "$2"
