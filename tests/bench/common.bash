# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154

fail() {
  echo "record.sh: $*" >&2
  exit 1
}

# run.sh and CTest take the last line for the reason.
missing() {
  echo "SKIP: $*"
  exit 77
}

note() {
  echo "record.sh: $*" >&2
}

usage_error() {
  echo "record.sh: $*; try --help" >&2
  exit 2
}

need_number() {
  [[ $2 =~ ^[1-9][0-9]{0,9}$ ]] || usage_error "$1 '$2': not a number above 0"
}
