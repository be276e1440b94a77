#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
# What a file of another user, and the environment, can make the commands do.

load helpers
load report-helpers

setup() {
  prepare_report
}

teardown() {
  clear_up
}

as_nobody() {
  setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# Both places outside the system's where libtraceevent looks for plugins.
place_plugins() {
  local shim dir
  shim=$(support cage-shim.so) || return
  for dir in home/.local/lib/traceevent/plugins named; do
    mkdir -p "$dir" && cp "$shim" "$dir/plugin_cage.so" || return
  done
  # Relative: others need not be able to reach this folder by its full name.
  export HOME=home TRACEEVENT_PLUGIN_DIR=named
}

@test "as root no plugin is loaded from HOME or TRACEEVENT_PLUGIN_DIR" {
  need setpriv
  record_some -e sched:sched_switch x.dat
  place_plugins
  show x.dat >/dev/null
  record -q --format text "${silent[@]}" -o x.text -- true
  timeout $((20 * slowdown)) "$RBMAP_BIN/rbmap-tail" -n 1 >/dev/null
  [ ! -e plugin-was-loaded ]
  # It is one: of their own, users may have plugins.
  chmod 777 . && chmod 644 x.dat
  as_nobody test -x "$report" -a -r x.dat || skip "others cannot read this folder"
  as_nobody timeout $((20 * slowdown)) "$report" x.dat >/dev/null
  [ -e plugin-was-loaded ]
}

@test "as root the plugins of the system are loaded whatever TRACEEVENT_PLUGIN_DIR says" {
  need
  record_some -e sched:sched_switch x.dat
  show x.dat >x.text
  local dir
  dir=$(pkg-config --variable=libdir libtraceevent)/traceevent/plugins
  [ -d "$dir" ] || skip "no plugins in $dir"
  TRACEEVENT_PLUGIN_DIR=$dir show x.dat | cmp x.text
  grep -q ' ==> ' x.text
}
