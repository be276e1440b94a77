/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a merge can be used by one thread at a time. Different merges are
 * independent.
 */
#ifndef RBMAP_MERGE_H
#define RBMAP_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/record.h>
#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_merge;

/**
 * rbmap_merge_open - create a merge, which sorts the records of several CPUs by time
 *
 * @ret: the merge on success, untouched on failure; free it with rbmap_merge_close()
 * @layout: copied
 * @cpus: the CPUs that spans will come from, borrowed during the call
 * @nr_cpus: number of CPUs in @cpus
 *
 * A merge works in rounds; each round reads every CPU once. By the end of a round,
 * everything written up to the latest time stamp of the previous round has been read
 * from every CPU, so it can be returned in order. A CPU without events does not delay
 * the others. Records are copied, so spans can be settled at once. The copies take at
 * most as much memory as the rings hold.
 *
 * Returns 0, -EINVAL if there are no CPUs or one is listed twice, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_merge_open(struct rbmap_merge **ret, const struct rbmap_layout *layout,
		     const int *cpus, size_t nr_cpus);

/**
 * rbmap_merge_close - free the merge and the records it holds
 *
 * @merge: may be NULL
 *
 * Since: 0.1
 */
void rbmap_merge_close(struct rbmap_merge *merge);

/**
 * rbmap_merge_put - add the records of a span
 *
 * @merge: the merge
 * @span: borrowed during the call
 *
 * Returns 0, -ENXIO if the merge does not have this CPU, -ENOMEM, or -EBADMSG if the
 * span contains invalid records. The records before the invalid data are kept. The rest
 * of the span is dropped, and the next record shows an unknown number of lost events.
 *
 * Since: 0.1
 */
int rbmap_merge_put(struct rbmap_merge *merge, const struct rbmap_span *span);

/**
 * rbmap_merge_end_round - mark the end of a round
 *
 * @merge: the merge
 *
 * Call it when rbmap_session_take() returns 0. Start each round with
 * rbmap_session_wait() and rbmap_session_wake_all(), because the former alone
 * selects only the rings that are due. After this call, rbmap_merge_next() can return
 * more records.
 *
 * Since: 0.1
 */
void rbmap_merge_end_round(struct rbmap_merge *merge);

/**
 * rbmap_merge_end - mark the end of all input
 *
 * @merge: the merge
 *
 * rbmap_merge_next() can then return all remaining records.
 *
 * Since: 0.1
 */
void rbmap_merge_end(struct rbmap_merge *merge);

/**
 * rbmap_merge_next - get the next record in time order
 *
 * @merge: the merge
 * @ret: filled in if 1 is returned, untouched otherwise; its data is valid until the
 *	next call on the merge, and its offset is 0
 *
 * Records with the same time stamp are ordered by CPU. Records of one CPU keep the
 * order in which they were written, whatever their time stamps.
 *
 * Returns 1, or 0 if no record can be returned yet.
 *
 * Since: 0.1
 */
int rbmap_merge_next(struct rbmap_merge *merge, struct rbmap_record *ret);

#ifdef __cplusplus
}
#endif

#endif
