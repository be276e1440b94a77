/* SPDX-License-Identifier: GPL-2.0-only */
/* The system calls that are left in the cage. */
#ifndef REPORT_CAGE_FILTER_H
#define REPORT_CAGE_FILTER_H

/*
 * ASan, LSan and TSan reserve terabytes of addresses, and at the end they look at their
 * own process: they open files of /proc and trace the other threads from a new one.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAGE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAGE_SANITIZED 1
#endif
#endif
#ifndef CAGE_SANITIZED
#define CAGE_SANITIZED 0
#endif

/*
 * Returns 0 or a negative errno; -EOPNOTSUPP where the kernel has no filters. A call
 * that is left out raises SIGSYS.
 */
int cage_filter_load(void);

#endif
