#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Where the mirror for other suites comes from: the machine's own package sources.

bats_require_minimum_version 1.5.0

setup() {
  export RBMAP_TEST_APT=$BATS_TEST_TMPDIR/apt
  mkdir -p "$RBMAP_TEST_APT/sources.list.d"
  cache=$BATS_TEST_TMPDIR/cache
  # shellcheck source=tests/kernel/apt.sh
  . "$RBMAP_SOURCE/tests/kernel/apt.sh"
  debian_keyring=$BATS_TEST_TMPDIR/debian.gpg
  : >"$debian_keyring"
}

@test "the form of one line" {
  cat >"$RBMAP_TEST_APT/sources.list" <<'END'
# deb http://comment.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib
deb [arch=amd64] http://security.example/debian-security bookworm-security main
END
  run -0 private_list trixie
  [ "${lines[0]}" = "deb [signed-by=$debian_keyring] http://mirror.example/debian trixie main" ]
  [ "${lines[1]}" = "deb [signed-by=$debian_keyring] http://security.example/debian-security trixie-security main" ]
  run -0 private_list trixie-backports
  [ "$output" = "deb [signed-by=$debian_keyring] http://mirror.example/debian trixie-backports main" ]
}

@test "the form of deb822" {
  cat >"$RBMAP_TEST_APT/sources.list.d/debian.sources" <<END
Types: deb deb-src
# http://comment.example/debian
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: $debian_keyring

Enabled: no
Types: deb
URIs: http://disabled.example/debian-security
Suites: trixie-security
Components: main
END
  run -0 private_list bookworm
  [ "$output" = "deb [signed-by=$debian_keyring] http://mirror.example/debian bookworm main" ]
}

@test "what others call by a name of Debian comes last" {
  cat >"$RBMAP_TEST_APT/sources.list.d/a.list" <<END
deb [signed-by=/other.gpg] http://other.example/apt bookworm main
deb [arch=amd64 signed-by=$debian_keyring] http://mirror.example/debian bookworm main
deb http://third.example/apt cloud-bookworm main
END
  run -0 private_list trixie-backports
  [ "$output" = "deb [signed-by=$debian_keyring] http://mirror.example/debian trixie-backports main" ]
}

@test "the list of a run is there while another one makes it again" {
  list=$BATS_TEST_TMPDIR/list
  suite=trixie
  private_list() { cat "$list" >>"$BATS_TEST_TMPDIR/seen"; echo "deb $1"; }
  echo 'deb before' >"$list"
  write_list "$list"
  [ "$(cat "$BATS_TEST_TMPDIR/seen")" = 'deb before' ]
  [ "$(cat "$list")" = 'deb trixie' ]
}

@test "no mirror of Debian is said" {
  suite=trixie
  run -1 private_list trixie
  run -1 apt_prepare trixie
  apt_prepare trixie || [ "$apt_error" = "the machine's package sources have no mirror of Debian" ]
}
