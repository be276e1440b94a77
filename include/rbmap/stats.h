/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: any number of threads can call these functions at the same time, with
 * results of their own.
 */
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
 * @unread: events in the ring that have not been consumed
 * @overrun: events overwritten before they were read, since the last reset
 * @commit_overrun: events refused because the ring came round to the place of an
 *	interrupted writer
 * @bytes: approximate number of unread bytes
 * @dropped: events refused because the ring was full and the overwrite option was off
 * @read: events consumed
 * @oldest_ns: time stamp of the oldest unread event in nanoseconds, rounded to
 *	microseconds by the kernel; clock units if the trace clock does not count time
 * @now_ns: the current time of the trace clock, in the same unit
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
 * struct rbmap_extent - the amount of data in a ring and the time it covers
 *
 * @bytes: bytes of unconsumed records, without the headers of sub-buffers
 * @oldest: time stamp of the oldest unconsumed event, in units of the trace clock
 * @newest: time stamp of the newest unconsumed event, in the same unit
 *
 * All fields are 0 if the ring has no unconsumed event.
 *
 * Since: 0.1
 */
struct rbmap_extent {
	uint64_t bytes;
	uint64_t oldest;
	uint64_t newest;
};

/**
 * struct rbmap_account - what happened to the events of one CPU
 *
 * @written: events that the kernel was asked to write
 * @delivered: events delivered in spans
 * @others: events consumed by other readers
 * @overrun: events overwritten before they were read
 * @dropped: events refused because the ring was full and the overwrite option was off
 * @commit_overrun: events refused because the ring came round to the place of an
 *	interrupted writer
 * @torn: events overwritten before or while they were read. Only an observer loses
 *	events in this way
 * @unread: events still in the ring
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
 * rbmap_counters_parse - parse the text of per_cpu/cpuN/stats
 *
 * @ret: filled in on success, untouched on failure
 * @text: the NUL-terminated text
 *
 * Returns 0, or -EBADMSG if a counter is missing or is not a number.
 *
 * Since: 0.1
 */
int rbmap_counters_parse(struct rbmap_counters *ret, const char *text);

/**
 * rbmap_counters_read - read the kernel's live counters of one CPU's ring
 *
 * @ret: filled in on success, untouched on failure
 * @instance: a libtracefs instance, borrowed; NULL selects the top-level instance
 * @cpu: the CPU
 *
 * Changes nothing. The kernel briefly takes the lock of the ring's readers.
 *
 * Returns 0, -ENXIO if the CPU has no ring, -EBADMSG, or the negative errno from
 * reading the file.
 *
 * Since: 0.1
 */
int rbmap_counters_read(struct rbmap_counters *ret, struct tracefs_instance *instance,
			int cpu);

/**
 * rbmap_extent_check - check whether rbmap_extent_read() is reliable here
 *
 * @instance: a libtracefs instance, borrowed; NULL selects the top-level instance
 *
 * Data read while the writer is active is validated by the time stamps of the
 * sub-buffers. This requires a trace clock that never shows the same time twice and
 * never goes back: local, global, mono, mono_raw, boot or x86-tsc. It also requires a
 * strongly ordered CPU; only x86 has been shown to be safe.
 *
 * Returns 0, -EOPNOTSUPP with any other clock or CPU, -EBADMSG, or the negative errno
 * from reading trace_clock.
 *
 * Since: 0.1
 */
int rbmap_extent_check(struct tracefs_instance *instance);

/**
 * rbmap_extent_read - measure the data in a mapped ring and the time it covers
 *
 * @ret: filled in on success, untouched on failure
 * @mapping: the mapping, borrowed
 * @layout: the layout of the instance's sub-buffers, borrowed
 *
 * Reads only the mapping: no system call, no kernel lock, no effect on other readers or
 * the writer. Each value was correct at some moment during the call. Events that are
 * written or overwritten during the call may be included in one value and not in
 * another, but @oldest is never later than @newest.
 *
 * Consumed events are excluded as far as the meta-page shows them. It does not show
 * what is consumed with read(2) or splice(2) while another process has the ring mapped.
 * If events are consumed through a mapping during the call, the meta-page may combine
 * values of two moments; @oldest is then the time stamp of a nearby event.
 *
 * The result is reliable only if rbmap_extent_check() returns 0.
 *
 * Returns 0, -EPROTO if the mapping does not have that layout, -EAGAIN if the writer or
 * another reader was faster on every attempt, -EBADMSG if the bytes are not valid
 * records, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_extent_read(struct rbmap_extent *ret, const struct rbmap_mapping *mapping,
		      const struct rbmap_layout *layout);

/**
 * rbmap_account_fill - compute the loss identity of one CPU from two readings
 *
 * @ret: filled in; delivered and torn are input, all other fields are set
 * @before: the counters when the session was opened, borrowed
 * @after: the counters now, read while nothing is being written; borrowed
 *
 * Sets written to the sum of the events that the kernel accepted and refused, and
 * others to the events that were consumed but not delivered.
 *
 * Returns 0 if written = delivered + others + overrun + dropped + commit_overrun + torn
 * + unread holds, -ESTALE if the counters went backwards because of a reset (only
 * delivered is meaningful then), or -EBADMSG if more events were delivered than the
 * kernel counted as read. The cause of -EBADMSG is a bug, which should be reported, or
 * an engine that does not consume: use rbmap_account_fill_observed() then.
 *
 * Since: 0.1
 */
int rbmap_account_fill(struct rbmap_account *ret, const struct rbmap_counters *before,
		       const struct rbmap_counters *after);

/**
 * rbmap_account_fill_observed - compute the loss identity for observed events
 *
 * @ret: filled in; delivered is input, all other fields are set
 * @before: the counters when the session was opened, borrowed
 * @after: the counters now, read while nothing is being written; borrowed
 *
 * Use it instead of rbmap_account_fill() if the spans were observed and not consumed.
 * Events that an observer has read stay in the ring or are overwritten later, so
 * overrun, unread and others do not apply and are set to 0. Events that the observer
 * missed are torn: they were overwritten or consumed before they could be read
 * completely.
 *
 * Returns 0 if written = delivered + dropped + commit_overrun + torn holds, -ESTALE if
 * the counters went backwards because of a reset (only delivered is meaningful then),
 * or -EBADMSG if more events were delivered than were written. The cause of -EBADMSG is
 * a bug, or another reader that consumed events while the session was being opened.
 *
 * Since: 0.1
 */
int rbmap_account_fill_observed(struct rbmap_account *ret,
				const struct rbmap_counters *before,
				const struct rbmap_counters *after);

/**
 * rbmap_account_add - add one account to another
 *
 * @sum: the account to add to
 * @account: the account to add, borrowed
 *
 * Since: 0.1
 */
void rbmap_account_add(struct rbmap_account *sum, const struct rbmap_account *account);

/**
 * rbmap_account_lost - the sum of all losses
 *
 * @account: borrowed
 *
 * Returns overrun + dropped + commit_overrun + torn.
 *
 * Since: 0.1
 */
uint64_t rbmap_account_lost(const struct rbmap_account *account);

#ifdef __cplusplus
}
#endif

#endif
