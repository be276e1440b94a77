/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_BATCH_H
#define RBMAP_BATCH_H

#include <stddef.h>

#include <rbmap/record.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_batch;
struct rbmap_events;
struct trace_seq;

/**
 * enum rbmap_batch_format - how the records of a batch are printed
 *
 * @RBMAP_BATCH_TEXT: as rbmap_events_text() does
 * @RBMAP_BATCH_JSON: as rbmap_events_json() does
 *
 * Since: 0.1
 */
enum rbmap_batch_format {
	RBMAP_BATCH_TEXT,
	RBMAP_BATCH_JSON
};

/**
 * rbmap_batch_open - a batch without records
 *
 * @ret: the batch on success, untouched otherwise; free it with rbmap_batch_close()
 * @format: of all its records
 * @size: bytes that its records may take before it is full; a record that is larger by
 *	itself is taken all the same
 *
 * Returns 0, -EINVAL for a format that is none, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_batch_open(struct rbmap_batch **ret, enum rbmap_batch_format format,
		     size_t size);

/**
 * rbmap_batch_close - free the batch
 *
 * @batch: may be NULL
 *
 * Since: 0.1
 */
void rbmap_batch_close(struct rbmap_batch *batch);

/**
 * rbmap_batch_add - add a record, to be printed later
 *
 * @batch: the batch
 * @events: of the record, borrowed until rbmap_batch_clear() or rbmap_batch_close()
 * @record: borrowed during the call; its data is copied
 * @tag: a number of the caller's, which rbmap_batch_record() gives back
 *
 * Does what depends on the order of the records or on libtraceevent, and so is to be
 * called in the order in which the records are to be printed, by the thread that uses
 * the events: the names of commands and functions are looked up, and what has no
 * compiled format is printed (see rbmap_events_why_not_compiled()).
 *
 * Returns 1, 0 where the batch is full and the record was not added, or -ENOMEM. An
 * empty batch is never full.
 *
 * Since: 0.1
 */
int rbmap_batch_add(struct rbmap_batch *batch, struct rbmap_events *events,
		    const struct rbmap_record *record, size_t tag);

/**
 * rbmap_batch_count - how many records there are
 *
 * @batch: the batch
 *
 * Since: 0.1
 */
size_t rbmap_batch_count(const struct rbmap_batch *batch);

/**
 * rbmap_batch_record - a record, as it was added
 *
 * @batch: the batch
 * @number: below rbmap_batch_count(), in the order in which they were added
 * @tag: set to what was added with it; may be NULL
 *
 * Returns the record, with its data copied; both are valid until the next
 * rbmap_batch_add() or rbmap_batch_clear().
 *
 * Since: 0.1
 */
const struct rbmap_record *rbmap_batch_record(const struct rbmap_batch *batch,
					      size_t number, size_t *tag);

/**
 * rbmap_batch_put - print a record
 *
 * @batch: the batch
 * @number: below rbmap_batch_count(), in any order
 * @out: a trace_seq of libtraceevent; the line or the object is added, without a
 *	newline
 *
 * Puts what rbmap_events_text() or rbmap_events_json() would have put at the time of
 * rbmap_batch_add(). Uses nothing but the batch: several threads can print a batch
 * each, while another one adds records of the same events to a further batch. No two
 * threads may use one batch at the same time.
 *
 * Returns 0, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_batch_put(struct rbmap_batch *batch, size_t number, struct trace_seq *out);

/**
 * rbmap_batch_clear - forget the records
 *
 * @batch: the batch; its memory is kept for the next ones
 *
 * Since: 0.1
 */
void rbmap_batch_clear(struct rbmap_batch *batch);

#ifdef __cplusplus
}
#endif

#endif
