/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_STATS_H
#define RBMAP_STATS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_layout;
struct rbmap_mapping;
struct tracefs_instance;

/**
 * struct rbmap_counters - the kernel's live counters of one CPU's ring
 *
 * @unread: events in the ring, not yet consumed
 * @overrun: events overwritten before they were read, since the last reset
 * @commit_overrun: events refused because an interrupted writer held its place
 * @bytes: bytes unread, about
 * @dropped: events refused with the overwrite option off
 * @read: events consumed
 * @oldest_ns: time stamp of the oldest unread event in nanoseconds, rounded to
 *	microseconds by the kernel; clock units for clocks that are no time
 * @now_ns: the trace clock's now, likewise
 *
 * Source: per_cpu/cpuN/stats, tracing_stats_read() in kernel/trace/trace.c.
 *
 * Since: 0.1
 */
struct rbmap_counters {
	uint64_t unread;
	uint64_t overrun;
	uint64_t commit_overrun;
	uint64_t bytes;
	uint64_t dropped;
	uint64_t read;
	uint64_t oldest_ns;
	uint64_t now_ns;
};

/**
 * struct rbmap_extent - how much is in a ring, and from when to when
 *
 * @bytes: bytes of records not yet consumed, without the headers of sub-buffers
 * @oldest: time stamp of the oldest event not yet consumed, in the units of the trace
 *	clock
 * @newest: of the newest, likewise
 *
 * All are 0 where there is no such event.
 *
 * Since: 0.1
 */
struct rbmap_extent {
	uint64_t bytes;
	uint64_t oldest;
	uint64_t newest;
};

/**
 * struct rbmap_account - where the events of one CPU went
 *
 * @written: events that the kernel was asked to write
 * @delivered: counted in spans
 * @others: consumed by someone else
 * @overrun: overwritten before they were read
 * @dropped: refused with the overwrite option off
 * @commit_overrun: refused because an interrupted writer held its place
 * @torn: overwritten before they were seen, or while they were being looked at: only
 *	an observer misses events in this way
 * @unread: still in the ring
 *
 * Since: 0.1
 */
struct rbmap_account {
	uint64_t written;
	uint64_t delivered;
	uint64_t others;
	uint64_t overrun;
	uint64_t dropped;
	uint64_t commit_overrun;
	uint64_t torn;
	uint64_t unread;
};

/**
 * rbmap_counters_parse - read the text of per_cpu/cpuN/stats
 *
 * @ret: filled in on success, untouched otherwise
 * @text: the text, terminated
 *
 * Returns 0, or -EBADMSG where a counter is missing or no number.
 *
 * Since: 0.1
 */
int rbmap_counters_parse(struct rbmap_counters *ret, const char *text);

/**
 * rbmap_counters_read - the kernel's live counters of one CPU's ring
 *
 * @ret: filled in on success, untouched otherwise
 * @instance: a libtracefs instance, borrowed; NULL is the top-level one
 * @cpu: the CPU
 *
 * Changes nothing. The kernel takes the lock of the ring's readers for a moment.
 *
 * Returns 0, -ENXIO where the CPU has no ring, -EBADMSG, or the negative errno of
 * reading the file.
 *
 * Since: 0.1
 */
int rbmap_counters_read(struct rbmap_counters *ret, struct tracefs_instance *instance,
			int cpu);

/**
 * rbmap_extent_check - whether rbmap_extent_read() can be relied on
 *
 * @instance: a libtracefs instance, borrowed; NULL is the top-level one
 *
 * What is read beside the writer is told to be whole by the time stamps of the
 * sub-buffers, which takes a trace clock that never shows one time twice or goes back:
 * local, global, mono, mono_raw, boot or x86-tsc. And it has been shown to be safe only
 * on a strongly ordered CPU: x86.
 *
 * Returns 0, -EOPNOTSUPP with another clock or CPU, -EBADMSG, or the negative errno of
 * reading trace_clock.
 *
 * Since: 0.1
 */
int rbmap_extent_check(struct tracefs_instance *instance);

/**
 * rbmap_extent_read - how much is in a mapped ring, and from when to when
 *
 * @ret: filled in on success, untouched otherwise
 * @mapping: the mapping, borrowed
 * @layout: of the instance's sub-buffers, borrowed
 *
 * From the mapping alone: the kernel is not called, takes no lock, and nobody is held
 * up. Each number was true at some moment of the call; what is written or overwritten
 * meanwhile may be in one and not in the other, but @oldest is never later than
 * @newest. What was consumed is left out as far as the meta-page knows of it: while
 * somebody else has the ring mapped and somebody consumes with read(2) or splice(2), it
 * does not, and while somebody consumes through a mapping it may be of two moments:
 * then @oldest is that of an event nearby.
 *
 * To be relied on only where rbmap_extent_check() returns 0.
 *
 * Returns 0, -EPROTO where the mapping has not that layout, -EAGAIN where the writer,
 * or somebody who consumes, was faster at every try, -EBADMSG where the bytes are not
 * records, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_extent_read(struct rbmap_extent *ret, const struct rbmap_mapping *mapping,
		      const struct rbmap_layout *layout);

/**
 * rbmap_account_fill - the loss identity of one CPU, between two looks
 *
 * @ret: filled in; delivered and torn are taken from it, all else is set
 * @before: the counters when the session was opened, borrowed
 * @after: the counters now, with nobody writing, borrowed
 *
 * Sets written to the sum of what the kernel took and what it refused, and others
 * to what was consumed but not delivered.
 *
 * Returns 0 where written = delivered + others + overrun + dropped +
 * commit_overrun + torn + unread holds, -ESTALE where the counters went backwards
 * (a reset: then only delivered counts), or -EBADMSG where more was delivered than
 * the kernel says was read: a bug to report.
 *
 * Since: 0.1
 */
int rbmap_account_fill(struct rbmap_account *ret, const struct rbmap_counters *before,
		       const struct rbmap_counters *after);

/**
 * rbmap_account_fill_observed - the same where spans were observed, not consumed
 *
 * @ret: filled in; delivered is taken from it, all else is set
 * @before: the counters when the session was opened, borrowed
 * @after: the counters now, with nobody writing, borrowed
 *
 * What an observer has seen stays in the ring or is overwritten behind it, so that
 * overrun, unread and others tell nothing of it and are set to 0. What it missed is
 * torn: overwritten, or taken by somebody else, before it was seen whole.
 *
 * Returns 0 where written = delivered + dropped + commit_overrun + torn holds, -ESTALE
 * where the counters went backwards (a reset: then only delivered counts), or -EBADMSG
 * where more was delivered than was written: a bug to report, or somebody consumed at
 * the same time as the session was opened.
 *
 * Since: 0.1
 */
int rbmap_account_fill_observed(struct rbmap_account *ret,
				const struct rbmap_counters *before,
				const struct rbmap_counters *after);

/**
 * rbmap_account_add - add one account to another
 *
 * @sum: added to
 * @account: borrowed
 *
 * Since: 0.1
 */
void rbmap_account_add(struct rbmap_account *sum, const struct rbmap_account *account);

/**
 * rbmap_account_lost - all that was lost: overrun, dropped, commit_overrun, torn
 *
 * @account: borrowed
 *
 * Since: 0.1
 */
uint64_t rbmap_account_lost(const struct rbmap_account *account);

#ifdef __cplusplus
}
#endif

#endif
