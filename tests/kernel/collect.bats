#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What becomes of the stream of a guest: nothing that did not run may count as passed.

bats_require_minimum_version 1.5.0

collect() {
  run -0 awk -f "$RBMAP_SOURCE/tests/kernel/collect.awk"
}

has() {
  grep -qxF -- "$1" <<<"$output" || { echo "missing: $1"; echo "$output"; return 1; } >&2
}

@test "the results of all suites, each with its name" {
  collect <<'END'
%kernel 6.12.1
%begin stat
1..3
ok 1 --help and -V in 12ms
not ok 2 a title in 1234ms
# in file x
ok 3 other in 5ms # skip no disk
%end stat 1 5
%begin contract
1..2
ok 1 - mmap
ok 2 - ioctl # SKIP no ioctl
%end contract 0 1
%done
END
  has 'ok 1 - stat: --help and -V'
  has 'not ok 2 - stat: a title'
  has '# in file x'
  has 'ok 3 - stat: other # skip no disk'
  has 'ok 4 - contract: mmap'
  has 'ok 5 - contract: ioctl # skip no ioctl'
  has 'ok 6 - guest: ran to its end'
  [ "$(grep -c '^not ok' <<<"$output")" = 1 ]
}

@test "a guest that stops in the middle" {
  collect <<'END'
%kernel 6.12.1
%begin stat
1..2
ok 1 one
END
  has 'not ok 2 - stat: the guest stopped in the middle of it'
  has 'not ok 3 - guest: ran to its end'
}

@test "a guest that says nothing" {
  collect </dev/null
  has 'not ok 1 - guest: ran to its end'
}

@test "a suite that ends early, fails, or runs nothing" {
  collect <<'END'
%begin early
1..2
ok 1 one
%end early 0 1
%begin failing
1..1
ok 1 one
%end failing 134 1
%begin silent
%end silent 0 1
%begin missing
bash: missing: command not found
%end missing 127 1
%begin without
SKIP: no perf
%end without 77 1
%begin planless
1..0 # SKIP no mapping
%end planless 0 1
%done
END
  has 'not ok 2 - early: ended behind 1 of 2 tests'
  has 'not ok 4 - failing: exit status 134'
  has 'not ok 5 - silent: announced no tests'
  has 'not ok 6 - missing: announced no tests'
  has 'ok 7 - without: all # skip no perf'
  has 'ok 8 - planless: all # skip no mapping'
}

@test "a guest with fewer CPUs than it was given: tests that need them are left out" {
  collect <<'END'
%kernel 6.12.1
%cpus 1 4
%begin stat
1..1
ok 1 one # skip needs two CPUs
%end stat 0 1
%done
END
  has 'not ok 3 - guest: has 1 CPUs instead of 4'
}
