#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# log-scan.sh KERNEL [LOG]: prints what the kernel complains about in a log, with some of
# what follows. Exit status 1 where it does. What known-complaints lists is left out.
set -u

complaints='WARNING: |WARN_ON|BUG: |BUG at|kernel BUG|KASAN|KCSAN|UBSAN|KFENCE|Oops'
complaints+='|general protection|unable to handle|invalid opcode|Kernel panic|Call Trace'
complaints+='|stack segment|double fault|bad page|Bad page|corruption|corrupted'
complaints+='|circular locking|recursive locking|lock ordering|inconsistent .*lock state'
complaints+='|lock held when returning|held lock freed|bad unlock balance|irq lock inversion'
complaints+='|suspicious RCU usage|sleeping function called|scheduling while atomic'
complaints+='|INFO: task |blocked for more than|detected stall|stalls? on CPU|self-detected'
complaints+='|soft lockup|hard LOCKUP|workqueue lockup|refcount_t: |possible .*deadlock'
complaints+='|lockdep is turned off|turning off the locking|DEBUG_LOCKS|ODEBUG|list_(add|del)'
complaints+='|Out of memory|oom-kill|page allocation failure|allocation failed'

known=${RBMAP_KNOWN_COMPLAINTS:-$(dirname "${BASH_SOURCE[0]}")/known-complaints}

[ $# = 1 ] || [ $# = 2 ] || { echo 'usage: log-scan.sh KERNEL [LOG]' >&2; exit 2; }

# No log is no clean one.
[ $# = 1 ] || [ -s "$2" ] || { echo "$2: there is no log"; exit 2; }

# The regular expressions for that kernel. A line is "KERNEL|EXPRESSION|REASON", with tabs.
expressions=$(awk -F '\t' -v kernel="$1" '
  /^#/ || !NF { next }
  NF != 3 || $3 !~ /[^ ]/ { print FILENAME ":" FNR ": no reason" >"/dev/stderr"; exit 2 }
  $1 == kernel || $1 == "*" { print $2 }' "$known") || exit 2

without_known() {
  if [ -n "$expressions" ]; then grep -avE "$expressions"; else cat; fi
}

found=$(without_known <"${2:-/dev/stdin}" | tr -d '\r' | grep -aE -A 30 "$complaints" |
  head -n 120)
[ -n "$found" ] || exit 0
echo "$found"
exit 1
