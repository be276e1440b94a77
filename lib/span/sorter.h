/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Sorts the records of many streams by time. A stream is one CPU of one source; its
 * spans are copied as they are, and their records read when it is their turn: no record
 * is copied by itself, and what was torn is known before any of it is read.
 *
 * Works in rounds, each of which reads all rings once. What a round read was written
 * before it ended, so by the end of the next round everything up to the last of these
 * records has been read from every ring: while a record of a round before the last one
 * is left, whatever comes first may be returned.
 */
#ifndef RBMAP_SPAN_SORTER_H
#define RBMAP_SPAN_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/record.h>

#include "base/heap.h"
#include "span/walk.h"

struct sorter_piece;
struct sorter_source;

/*
 * @record: the one that is next
 * @order: its time stamp, but never before that of the record before it
 * @due: it was read in a round before the last one
 * @gap: spans could not be copied; the next one shows the loss
 * @walked: the piece that it is in; @first, @last: those after it
 */
struct sorter_stream {
	struct rbmap_record record;
	uint64_t order;
	size_t source;
	int cpu;
	bool waiting;
	bool due;
	bool gap;
	struct rbmap_walk walk;
	struct sorter_piece *walked;
	struct sorter_piece *first;
	struct sorter_piece *last;
};

/*
 * Zeroed it is empty.
 * @others: the least order of all streams but the first of the heap
 * @begun: something was staged
 * @must_advance: the first stream's record was returned
 * @must_sift: it has its next one already
 * @staged: what is copied, but may be torn
 * @rounds: that have ended
 */
struct rbmap_sorter {
	struct sorter_source **sources;
	size_t nr_sources;
	size_t nr_streams;
	struct heap heap;
	uint64_t others;
	size_t nr_due;
	bool begun;
	bool must_advance;
	bool must_sift;
	bool put;
	bool ended;
	uint64_t rounds;
	struct sorter_piece **staged;
	size_t nr_staged, staged_room;
};

/*
 * Before the first stage. Returns the number of the source, -EINVAL if there are no
 * CPUs or one is listed twice, or -ENOMEM.
 */
int rbmap_sorter_add(struct rbmap_sorter *sorter, const struct rbmap_layout *layout,
		     const int *cpus, size_t nr_cpus);
void rbmap_sorter_free(struct rbmap_sorter *sorter);

/*
 * Copies spans, until the next call of rbmap_sorter_commit(). -EBUSY: the last ones are
 * not committed; -ENXIO: no such CPU; -EBADMSG: a span does not fit the layout. On
 * failure, none of the spans is staged, and they count as lost.
 */
int rbmap_sorter_stage(struct rbmap_sorter *sorter, size_t source,
		       const struct rbmap_span *spans, int nr);

/* The same spans, settled: those that are not torn count. -EINVAL: not as many. */
int rbmap_sorter_commit(struct rbmap_sorter *sorter, const struct rbmap_span *spans,
			int nr);

/*
 * Whether the round brought something. Of several streams, another round lets it out.
 */
bool rbmap_sorter_end_round(struct rbmap_sorter *sorter);

/* All that is left may be returned. */
void rbmap_sorter_end(struct rbmap_sorter *sorter);

/* sorter_next(), if that is more than the next short record of the same stream. */
const struct sorter_stream *rbmap_sorter_next(struct rbmap_sorter *sorter);

static inline void sorter_set_order(struct sorter_stream *stream)
{
	if (stream->order < stream->record.time_stamp)
		stream->order = stream->record.time_stamp;
}

/*
 * The stream whose record is next, NULL: none may be returned yet. The record is valid
 * until the next call. A CPU writes many records between two of another: as long as
 * they come before all others, there is nothing to be sorted.
 */
static inline const struct sorter_stream *sorter_next(struct rbmap_sorter *sorter)
{
	struct sorter_stream *first;

	if (!sorter->must_advance)
		return rbmap_sorter_next(sorter);
	first = sorter->heap.items[0];
	if (!walk_short(&first->walk, &first->record))
		return rbmap_sorter_next(sorter);
	sorter_set_order(first);
	if (first->order < sorter->others)
		return first;
	sorter->must_sift = true;
	return rbmap_sorter_next(sorter);
}

#endif
