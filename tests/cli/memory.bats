#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Memory that cannot be had. One way of each command; memory-all.bats has the others.

load helpers
load memory-helpers

setup() {
  prepare_memory
}

teardown() {
  clear_up
}

@test "rbmap-report without memory: the whole text, or one line" {
  make_input
  each_place printed "$bin/rbmap-report" "$input"
}

@test "rbmap-report --stat without memory: all statistics, or one line" {
  make_input
  each_place printed "$bin/rbmap-report" --stat "$input"
}

@test "rbmap-tail without memory: the same lines, or one" {
  need_engine mapped
  make_quiet_ring
  each_place lines "$bin/rbmap-tail" -B "$instance" -n all -e sched_process_exec
}

@test "rbmap-stat without memory: what is missing is said" {
  make_quiet_ring
  each_place words "$bin/rbmap-stat" -B "$instance"
}

@test "rbmap-record without memory: a whole file, or one line and nothing left" {
  each_place numbers_in_file "$bin/rbmap-record" -q "${silent[@]}" -o t.dat -- \
    "${three_numbers[@]}"
}
