#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What the scan of a kernel's log finds, and what it lets pass.

bats_require_minimum_version 1.5.0

setup() {
  scan=$RBMAP_SOURCE/tests/kernel/log-scan.sh
  export RBMAP_KNOWN_COMPLAINTS=$BATS_TEST_TMPDIR/known
  : >"$RBMAP_KNOWN_COMPLAINTS"
}

found() {
  run -1 "$scan" 6.12 <<<"$1" || { echo "not found: $1"; return 1; }
  [ "$output" = "$1" ]
}

@test "what kernels complain with is found" {
  local line
  while read -r line; do
    found "$line"
  done <<'END'
[    1.0] WARNING: CPU: 1 PID: 7 at kernel/trace/ring_buffer.c:1 f+0x1/0x2
[    1.0] WARNING: possible circular locking dependency detected
[    1.0] WARNING: possible recursive locking detected
[    1.0] WARNING: inconsistent lock state
[    1.0] WARNING: suspicious RCU usage
[    1.0] WARNING: lock held when returning to user space!
[    1.0] BUG: sleeping function called from invalid context at mm/x.c:1
[    1.0] BUG: scheduling while atomic: a/1/0x00000002
[    1.0] BUG: KASAN: use-after-free in f+0x1/0x2
[    1.0] BUG: unable to handle page fault for address: ffff
[    1.0] BUG: MAX_LOCKDEP_ENTRIES too low!
[    1.0] BUG: Bad page state in process a  pfn:1
[    1.0] kernel BUG at mm/memory.c:1!
[    1.0] Oops: 0000 [#1] PREEMPT SMP
[    1.0] general protection fault, probably for non-canonical address
[    1.0] INFO: task a:1 blocked for more than 120 seconds.
[    1.0] INFO: lockdep is turned off.
[    1.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU
[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 120s! [a:1]
[    1.0] watchdog: Watchdog detected hard LOCKUP on cpu 0
[    1.0] refcount_t: underflow; use-after-free.
[    1.0] Kernel panic - not syncing: Attempted to kill init!
[    1.0] Out of memory: Killed process 1 (a)
END
}

@test "an ordinary log is clean" {
  run -0 "$scan" 6.12 <<'END'
[    0.0] Linux version 6.12.1
[    0.1] rcu: Hierarchical RCU implementation.
[    0.2] Warning: something a driver says
[    0.3] debug: ignoring loglevel setting.
[    0.4] sh[12]: segfault at 0 ip 0 sp 0 error 4
[    0.5] rbmap-report[13]: segfault at 0 ip 00007f sp 00007f error 6 in cage-shim.so[1,2+3] likely on CPU 1
[    0.5] traps: rbmap-report[14] trap divide error ip:7f sp:7f error:0 in cage-shim.so[1,2+3]
[    0.5] audit: type=1326 audit(1.0:2): auid=0 pid=15 comm="rbmap-report" sig=31 syscall=41 code=0x30000
init: done
END
  [ -z "$output" ]
}

@test "a log from a serial port, with a byte that is no text" {
  run -1 "$scan" 6.12 < <(printf 'a\r\n\377\r\n[ 1.0] BUG: b\r\n')
  [ "$output" = '[ 1.0] BUG: b' ]
}

@test "no log is not a clean one" {
  run -2 "$scan" 6.12 "$BATS_TEST_TMPDIR/none"
  : >"$BATS_TEST_TMPDIR/empty"
  run -2 "$scan" 6.12 "$BATS_TEST_TMPDIR/empty"
}

@test "known is what is listed for that kernel" {
  printf '6.12\tWARNING: CPU: .* at a.c:1 \tnot ours\n' >"$RBMAP_KNOWN_COMPLAINTS"
  run -0 "$scan" 6.12 <<<'[ 1.0] WARNING: CPU: 1 PID: 1 at a.c:1 f'
  run -1 "$scan" 6.1 <<<'[ 1.0] WARNING: CPU: 1 PID: 1 at a.c:1 f'
  run -1 "$scan" 6.12 <<<'[ 1.0] WARNING: CPU: 1 PID: 1 at b.c:1 f'
}

@test "nothing is known without a reason" {
  printf '6.12\tWARNING: \n' >"$RBMAP_KNOWN_COMPLAINTS"
  run -2 "$scan" 6.12 <<<'[ 1.0] WARNING: CPU: 1'
  printf '6.12\tWARNING: \t \n' >"$RBMAP_KNOWN_COMPLAINTS"
  run -2 "$scan" 6.12 <<<'[ 1.0] WARNING: CPU: 1'
  unset RBMAP_KNOWN_COMPLAINTS
  run -0 "$scan" 6.12 <<<'[ 1.0] fine'
}
