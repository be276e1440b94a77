#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# The observer under a load that is to catch it out; see observe-stress.c. A slow machine
# tries less in the same time: RBMAP_OBSERVE_SECONDS says for how long, over all variants.

load helpers

seconds=${RBMAP_OBSERVE_SECONDS:-60}

setup() {
  prepare
  need
  can_map || skip "the kernel cannot map ring buffers"
  stress=${RBMAP_BUILD:-}/tests/observe-stress
  [ -x "$stress" ] || skip "needs a build: RBMAP_BUILD"
  ulimit -f 2000000
}

teardown() {
  if [ -n "$recorder" ]; then
    kill -TERM "$recorder" 2>/dev/null
    wait "$recorder" 2>/dev/null
  fi
  clear_up
}

# try KIND TENTHS: the variants of that kind, for so many tenths of the time.
try() {
  run timeout -k 10 $(((seconds + 120) * slowdown)) "$stress" \
    --seconds $((seconds * $2 / 10 + 1)) --only "$1" 3>&- 4>&-
  echo "$output"
  [[ $output == *"# seed "* ]]
  [ "$status" = 0 ]
}

@test "rings that are lapped: no event corrupt, twice, or missing untold" {
  try tiny 6
}

@test "moderate rings: the same, beside consumers and resets" {
  try moderate 3
}

@test "roomy rings: nothing is lost" {
  try roomy 1
}

stress_instance() {
  echo "$tracing/instances/rbmap-OTEST-$recorder"
}

is_observed() {
  [ -d "$(stress_instance)" ] &&
    grep -qvx 'entries: 0' <(sed -n 1p "$(stress_instance)/per_cpu/cpu$(cpus | head -n 1)/stats")
}

# ended_by SIGNAL NUMBER: in the middle of it all.
ended_by() {
  local status=0
  env --default-signal=INT,TERM "$stress" --seconds 600 >out 2>err 3>&- 4>&- &
  recorder=$!
  ring=$(stress_instance)
  wait_until 20 is_observed
  kill "-$1" "$recorder"
  wait_until 20 is_over
  wait "$recorder" || status=$?
  recorder=
  [ "$status" = $((128 + $2)) ]
  [ ! -e "$ring" ]
}

@test "SIGINT and SIGTERM: the instance is removed" {
  ended_by INT 2
  ended_by TERM 15
}
