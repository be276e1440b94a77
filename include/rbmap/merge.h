/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a merge can be used by one thread at a time. Different merges are
 * independent.
 */
#ifndef RBMAP_MERGE_H
#define RBMAP_MERGE_H

#include <rbmap/record.h>
#include <rbmap/session.h>
#include <rbmap/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_merge;

/**
 * rbmap_merge_open - create a merge, which sorts records by time
 *
 * @ret: the merge on success, untouched on failure; free it with rbmap_merge_close()
 *
 * Add one or more sessions with rbmap_merge_add(). Then put the spans of each round
 * into the merge, end the round, and get the records that are ready. Spans are
 * copied; the copies take at most as much memory as the rings hold.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_merge_open(struct rbmap_merge **ret);

/**
 * rbmap_merge_close - free the merge and the records it holds
 *
 * @merge: may be NULL
 *
 * Since: 0.1
 */
void rbmap_merge_close(struct rbmap_merge *merge);

/**
 * rbmap_merge_add - sort the records of a session
 *
 * @merge: the merge
 * @session: borrowed until rbmap_merge_end() or rbmap_merge_close()
 *
 * From now on, each round of the session reads all its rings: what one of them has
 * may come before what another one had. The rings of a session that is part of a
 * merge cannot be divided.
 *
 * The records of several sessions are sorted together. Their instances must have the
 * same trace clock, since their time stamps have no common order otherwise; this is
 * not checked.
 *
 * Returns the number of the session in this merge (0, 1, ...) or a negative errno:
 * -EINVAL if the session is part of a merge already, -EBUSY if it has unsettled spans
 * or the merge has got spans already, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_merge_add(struct rbmap_merge *merge, struct rbmap_session *session);

/**
 * rbmap_merge_put - add the records of spans
 *
 * @merge: the merge
 * @source: the number of the session
 * @spans: spans of the last rbmap_session_take() of this session, not settled yet;
 *	borrowed during the call
 * @nr: the number of spans
 *
 * Call rbmap_session_settle() and then rbmap_merge_discard() with the same spans.
 * Invalid data in a span is dropped when the records are returned, and the next
 * record shows an unknown number of lost events.
 *
 * Returns 0 or a negative errno: -EINVAL if there is no such session, -EBUSY if
 * rbmap_merge_discard() was not called for the last spans, -ENXIO if the session does
 * not have the CPU of a span, -EBADMSG if a span does not fit the layout, or -ENOMEM.
 * On failure, none of the spans is added; their events count as lost.
 *
 * Since: 0.1
 */
int rbmap_merge_put(struct rbmap_merge *merge, int source,
		    const struct rbmap_span *spans, int nr);

/**
 * rbmap_merge_discard - remove torn spans
 *
 * @merge: the merge
 * @source: the number of the session
 * @spans: the spans of the last rbmap_merge_put(), after rbmap_session_settle()
 * @nr: the number of spans
 *
 * Nothing of a span is returned before it is known that it was not overwritten while
 * it was copied, so this is necessary with all engines.
 *
 * Returns 0 or a negative errno: -EINVAL if these are not the spans of the last put,
 * or -EBUSY if they are not settled.
 *
 * Since: 0.1
 */
int rbmap_merge_discard(struct rbmap_merge *merge, int source,
			const struct rbmap_span *spans, int nr);

/**
 * rbmap_merge_end_round - mark the end of a round
 *
 * @merge: the merge
 *
 * Call it when rbmap_session_take() returns 0, with several sessions when it has
 * returned 0 for all of them. After this call, rbmap_merge_next() can return more
 * records.
 *
 * A round of the merge takes until every session has read its rings once. If one of
 * several sessions wakes up, call rbmap_session_wake_all() on the others, so that
 * their rings are read as well.
 *
 * Returns 1 if records were put in this round that another one would let out: to get
 * them at once rather than after the next rbmap_session_wait(), call
 * rbmap_session_wake_all() on all sessions and run a second round. Otherwise 0, or
 * -EBUSY if the round of a session has not ended or rbmap_merge_discard() was not
 * called for the last spans.
 *
 * Since: 0.1
 */
int rbmap_merge_end_round(struct rbmap_merge *merge);

/**
 * rbmap_merge_end - mark the end of all input
 *
 * @merge: the merge
 *
 * rbmap_merge_next() can then return all remaining records. The sessions are not used
 * any more.
 *
 * Since: 0.1
 */
void rbmap_merge_end(struct rbmap_merge *merge);

/**
 * rbmap_merge_next - get the next record in time order
 *
 * @merge: the merge
 * @ret: filled in if 1 is returned, untouched otherwise; its data is valid until the
 *	next call on the merge
 * @source: set to the number of the record's session if 1 is returned; may be NULL
 *
 * Records with the same time stamp are ordered by session and CPU. Records of one CPU
 * keep the order in which they were written, whatever their time stamps.
 *
 * Returns 1, or 0 if no record can be returned yet.
 *
 * Since: 0.1
 */
int rbmap_merge_next(struct rbmap_merge *merge, struct rbmap_record *ret, int *source);

#ifdef __cplusplus
}
#endif

#endif
