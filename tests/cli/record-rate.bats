#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# As fast as the kernel writes: eight million events with the default settings, fewer on
# a machine that is slow.

load helpers

setup() {
  prepare
  need trace-cmd jq
  # What users run: a sanitizer costs more than a recorder has time for.
  record=${RBMAP_BIN_RELEASE:-$RBMAP_BIN}/rbmap-record
}

teardown() {
  rm -f t.dat
  clear_up
}

@test "4,000,000 system calls: every event is in the file, none lost" {
  ! ldd "$record" | grep -qE 'lib[atu]+bsan|libasan|libtsan' ||
    skip "needs a build without sanitizers: RBMAP_BIN_RELEASE"
  [ "$(df --output=avail -k . | tail -n 1)" -gt "$(scaled 1500000)" ] ||
    skip "needs 1.5 GB of disk"
  need_two_cpus
  local load cpu calls size=()
  load=$(support syscall-load)
  cpu=$(cpus | tail -n 1)
  ulimit -f 4000000
  calls=$(scaled 4000000)
  # An emulated CPU may stand still for longer than it takes to fill a ring.
  [ "$slowdown" = 1 ] || size=(-b 64M)
  run -0 record -e raw_syscalls "${size[@]}" -o t.dat --summary s.json -- \
    "$load" "$cpu" "$calls"
  echo "$output"
  jq -e --argjson calls "$calls" '.total |
    .lost == 0 and .written == .delivered and .delivered >= 2 * $calls' s.json
  # Its first line says how many CPUs there are.
  [ "$(($(trace-cmd report t.dat 2>/dev/null | wc -l) - 1))" = "$(jq .total.delivered s.json)" ]
}
