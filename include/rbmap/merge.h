/* SPDX-License-Identifier: LGPL-2.1-only */
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
 * rbmap_merge_open - bring the records of several CPUs into the order of time
 *
 * @ret: the merge on success, untouched otherwise; free it with
 *	rbmap_merge_close()
 * @layout: copied
 * @cpus: the CPUs that spans will come from, borrowed during the call
 * @nr_cpus: how many @cpus
 *
 * Works in rounds: every CPU is looked at once a round. What was written up to the
 * latest time stamp that the round before had seen has by the end of this round
 * been seen on every CPU, and can be told in order; a silent CPU holds nothing
 * back. Records are copied, so that spans can be settled at once; the copies
 * amount to what the rings hold, at the most.
 *
 * Returns 0, -EINVAL without CPUs or where one is named twice, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_merge_open(struct rbmap_merge **ret, const struct rbmap_layout *layout,
		     const int *cpus, size_t nr_cpus);

/**
 * rbmap_merge_close - free the merge and what it still holds
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
 * Returns 0, -ENXIO for a CPU that the merge does not know, -ENOMEM, or -EBADMSG
 * where the bytes are not records: those before are kept, the rest of the span is
 * given up and shows as lost, unknown how many, with the next record.
 *
 * Since: 0.1
 */
int rbmap_merge_put(struct rbmap_merge *merge, const struct rbmap_span *span);

/**
 * rbmap_merge_end_round - every CPU has been drained
 *
 * @merge: the merge
 *
 * For rbmap_session_take(): call it when that returns 0, in rounds that began with
 * rbmap_session_look_everywhere() behind rbmap_session_wait(), which wakes but the
 * rings that are due. More records can then be had from rbmap_merge_next().
 *
 * Since: 0.1
 */
void rbmap_merge_end_round(struct rbmap_merge *merge);

/**
 * rbmap_merge_end - nothing more will come
 *
 * @merge: the merge
 *
 * All that is held can then be had from rbmap_merge_next().
 *
 * Since: 0.1
 */
void rbmap_merge_end(struct rbmap_merge *merge);

/**
 * rbmap_merge_next - the next record in the order of time
 *
 * @merge: the merge
 * @ret: filled in where 1 is returned, untouched otherwise; its data is valid until
 *	the next call on the merge; its offset is 0
 *
 * Records of one time stamp come in the order of their CPUs, those of one CPU in
 * the order in which they were written, whatever their time stamps.
 *
 * Returns 1, or 0 where nothing can be told yet.
 *
 * Since: 0.1
 */
int rbmap_merge_next(struct rbmap_merge *merge, struct rbmap_record *ret);

#ifdef __cplusplus
}
#endif

#endif
