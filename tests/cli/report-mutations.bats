#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# rbmap-report on changed files. tests/run.sh --ci tries more of them: fuzz.mutations.

load helpers
load report-helpers

setup() {
  prepare_report
}

# With a sanitizer each takes ten times as long.
@test "changed files: no signal, and memory within the budget" {
  local program=${RBMAP_BUILD:-}/tests/mutate nr=100
  [ -x "$program" ] || skip "mutate was not built"
  if [ -n "${RBMAP_BIN_RELEASE:-}" ]; then
    report=$RBMAP_BIN_RELEASE/rbmap-report
    nr=1000
  fi
  export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=0:${ASAN_OPTIONS-}
  timeout -k 10 $((300 * slowdown)) "$program" "$report" 1 "$(scaled $nr)"
}
