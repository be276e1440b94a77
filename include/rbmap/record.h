/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a walk can be used by one thread at a time. Different walks are
 * independent, also on the same span.
 */
#ifndef RBMAP_RECORD_H
#define RBMAP_RECORD_H

#include <stdint.h>

#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rbmap_record - one event as stored in the ring buffer
 *
 * @data: the event's bytes, starting with the common fields; points into the span and
 *	is valid until the span is settled
 * @size: size of @data in bytes; the kernel rounds it up to a multiple of 4
 * @offset: offset of the record in its sub-buffer, counted from the start of the header
 * @time_stamp: in units of the trace clock
 * @lost: events lost between the previous record and this one: 0, a count, or
 *	RBMAP_LOST_UNKNOWN
 * @cpu: the CPU that wrote the event
 *
 * Since: 0.1
 */
struct rbmap_record {
	const void *data;
	uint32_t size;
	uint32_t offset;
	uint64_t time_stamp;
	uint64_t lost;
	int cpu;
};

/**
 * struct rbmap_walk - iterates over the records in the spans of one CPU
 *
 * Zero the struct, then pass it the spans of one CPU in order. Its fields are private
 * to the library. It does not need to be freed.
 *
 * Since: 0.1
 */
struct rbmap_walk {
	struct rbmap_layout layout;
	const unsigned char *data;
	uint64_t seq;
	uint64_t time_stamp;
	uint64_t lost;
	uint32_t next;
	uint32_t to;
	int cpu;
	int started;
};

/**
 * rbmap_walk_span - start walking a span
 *
 * @walk: zeroed before its first span
 * @layout: copied
 * @span: its memory is borrowed until the walk starts on another span
 *
 * If the span continues the previous one (same seq, starting where that one ended), the
 * time stamps continue as well. Otherwise the walk first skips the records before
 * span->from to compute the time.
 *
 * Returns 0, or -EBADMSG if the span does not fit the layout.
 *
 * Since: 0.1
 */
int rbmap_walk_span(struct rbmap_walk *walk, const struct rbmap_layout *layout,
		    const struct rbmap_span *span);

/**
 * rbmap_walk_next - get the next record of the span
 *
 * @walk: a walk that has started on a span
 * @ret: filled in if 1 is returned, untouched otherwise
 *
 * Padding, time extends and absolute time stamps are processed but not returned.
 * Nothing past the end of the span is read, whatever its bytes are.
 *
 * Returns 1, 0 at the end of the span, or -EBADMSG if the bytes are not valid records;
 * the rest of the span is then skipped.
 *
 * Since: 0.1
 */
int rbmap_walk_next(struct rbmap_walk *walk, struct rbmap_record *ret);

/**
 * struct rbmap_tally - a count of records and the time they cover
 *
 * @records: number of events
 * @first, @last: time stamps of the first and last event; 0 if @records is 0
 *
 * Since: 0.1
 */
struct rbmap_tally {
	uint64_t records;
	uint64_t first;
	uint64_t last;
};

/**
 * rbmap_walk_tally - count the remaining records of the span
 *
 * @walk: a walk that has started on a span
 * @ret: filled in; on failure, with the records before the invalid data
 *
 * Equivalent to calling rbmap_walk_next() until the end, but several times as fast.
 *
 * Returns 0, or -EBADMSG if the bytes are not valid records.
 *
 * Since: 0.1
 */
int rbmap_walk_tally(struct rbmap_walk *walk, struct rbmap_tally *ret);

#ifdef __cplusplus
}
#endif

#endif
