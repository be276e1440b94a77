#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What GET_READER costs, on several kernels in the same emulator, as one table.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
build=${RBMAP_BUILD:-${RBMAP_SOURCE:-$(cd "$here/../.." && pwd)}/build/release}

usage() {
  cat <<EOT
usage: tests/kernel/get-reader-cost.sh [KERNEL]...

Runs get-reader-cost on each KERNEL of run.sh (default: 6.12 6.1-rbmap), one after the
other, and prints the results as one Markdown table. Environment: see run.sh --help.
EOT
}

# The rows of one kernel: GET_READER, read(2) and splice(2) of a load are one.
rows() {
  awk -v kernel="$1" '
    $1 == "#" && NF == 9 && $4 ~ /^(GET_READER|read|splice)$/ {
      call[$4] = $5; event[$4] = $7; ratio[$4] = $8
      if ($4 == "splice")
        printf "| %s | %s | %s | %s | %s | %s | %s |\n", kernel, $3, call["GET_READER"],
          event["GET_READER"], event["read"], event["splice"], ratio["GET_READER"]
    }' "$2"
}

case ${1:-} in
--help | -h)
  usage
  exit 0
  ;;
-*)
  usage >&2
  exit 2
  ;;
esac
[ $# -gt 0 ] || set -- 6.12 6.1-rbmap
table='| kernel | events in a sub-buffer | GET_READER, ns a call | GET_READER, ns an event '
table+='| read(2), ns an event | splice(2), ns an event | GET_READER, times read(2) |
|---|---|---|---|---|---|---|'
status=0
for kernel; do
  "$here/run.sh" --only '^get-reader-cost$' "$kernel" >&2 || {
    status=$?
    [ "$status" != 2 ] || exit 2
    continue
  }
  table+=$'\n'$(rows "$kernel" "$build/tap/kernel.$kernel.tap")
done
printf '%s\n' "$table"
exit "$status"
