/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a batch can be used by one thread at a time. Several threads can each print
 * a batch of their own while another thread adds records to one more;
 * rbmap_batch_add() also uses the events.
 */
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
 * enum rbmap_batch_format - how a batch prints its records
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
 * rbmap_batch_open - create an empty batch
 *
 * @ret: the new batch on success, untouched on failure; free it with
 *	rbmap_batch_close()
 * @format: the output format of all its records
 * @size: the capacity of the batch, in bytes; a record larger than that still fits into
 *	an empty batch
 *
 * Returns 0, -EINVAL if @format is not a known format, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_batch_open(struct rbmap_batch **ret, enum rbmap_batch_format format,
		     size_t size);

/**
 * rbmap_batch_close - free a batch
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
 * @events: the events that the record belongs to; borrowed until rbmap_batch_clear() or
 *	rbmap_batch_close()
 * @record: borrowed during the call; its data is copied
 * @tag: any number; rbmap_batch_record() returns it
 *
 * Does all the work that depends on the order of records or on libtraceevent: it looks
 * up the names of commands and functions, and it prints the events that have no
 * compiled format (see rbmap_events_why_not_compiled()). Call it from the thread that
 * uses @events, in the order in which the records are to be printed.
 *
 * Returns 1 if the record was added, 0 if the batch is full, or -ENOMEM. An empty batch
 * is never full.
 *
 * Since: 0.1
 */
int rbmap_batch_add(struct rbmap_batch *batch, struct rbmap_events *events,
		    const struct rbmap_record *record, size_t tag);

/**
 * rbmap_batch_add_leaf - add a function that calls no other, to be printed later
 *
 * @batch: a batch of RBMAP_BATCH_TEXT
 * @events: as for rbmap_batch_add()
 * @entry: borrowed during the call; what is needed of its data is copied
 * @exit: likewise
 * @tag: any number; rbmap_batch_record() returns it
 *
 * Counts as one record, which rbmap_batch_put() prints as rbmap_events_leaf_text()
 * does. rbmap_batch_record() returns it as a record with the time stamp, the CPU and the
 * loss of the entry; its data has no defined form.
 *
 * Returns 1 if it was added, 0 if the batch is full, -EINVAL if the records are not a
 * leaf (see rbmap_events_is_leaf()) or the batch is not one of text, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_batch_add_leaf(struct rbmap_batch *batch, struct rbmap_events *events,
			 const struct rbmap_record *entry,
			 const struct rbmap_record *exit, size_t tag);

/**
 * rbmap_batch_count - the number of records in a batch
 *
 * @batch: the batch
 *
 * Returns the number of records.
 *
 * Since: 0.1
 */
size_t rbmap_batch_count(const struct rbmap_batch *batch);

/**
 * rbmap_batch_record - get a record that was added
 *
 * @batch: the batch
 * @number: less than rbmap_batch_count(); records are numbered in the order in which
 *	they were added
 * @tag: set to the tag that was added with the record; may be NULL
 *
 * Returns a copy of the record and its data, valid until the next rbmap_batch_add() or
 * rbmap_batch_clear().
 *
 * Since: 0.1
 */
const struct rbmap_record *rbmap_batch_record(const struct rbmap_batch *batch,
					      size_t number, size_t *tag);

/**
 * rbmap_batch_put - print a record
 *
 * @batch: the batch
 * @number: less than rbmap_batch_count(); records may be printed in any order
 * @out: a trace_seq of libtraceevent; the line or object is appended without a newline
 *
 * Prints exactly what rbmap_events_text() or rbmap_events_json() would have printed at
 * the time of rbmap_batch_add(). It uses nothing but the batch: several threads can
 * each print a batch while another thread adds records of the same events to yet
 * another batch. A single batch must not be used by two threads at the same time.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_batch_put(struct rbmap_batch *batch, size_t number, struct trace_seq *out);

/**
 * rbmap_batch_clear - remove all records
 *
 * @batch: the batch; it keeps its memory for the next records
 *
 * Since: 0.1
 */
void rbmap_batch_clear(struct rbmap_batch *batch);

#ifdef __cplusplus
}
#endif

#endif
