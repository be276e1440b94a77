/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RECORD_H
#define RBMAP_RECORD_H

#include <stdint.h>

#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rbmap_record - one event as the ring buffer holds it
 *
 * @data: the event's bytes, the common fields first; inside the span, so valid
 *	until the span is settled
 * @size: bytes of @data; the kernel rounds up to 4
 * @offset: where the record begins in its sub-buffer, the header included
 * @time_stamp: in the units of the trace clock
 * @lost: events lost between the record before and this one: 0, a count, or
 *	RBMAP_LOST_UNKNOWN
 * @cpu: the CPU that wrote it
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
 * struct rbmap_walk - walks the records of the spans of one CPU
 *
 * Zero it, then hand it the spans of one CPU in their order; everything inside
 * is the library's. Needs no freeing.
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
 * rbmap_walk_span - begin with a span
 *
 * @walk: zeroed before its first span
 * @layout: copied
 * @span: its memory is borrowed until the walk begins with another span
 *
 * Where the span goes on from the one before (same seq, same place) so does the
 * time; otherwise the records before span->from are passed over to find it.
 *
 * Returns 0, or -EBADMSG where the span does not fit the layout.
 *
 * Since: 0.1
 */
int rbmap_walk_span(struct rbmap_walk *walk, const struct rbmap_layout *layout,
		    const struct rbmap_span *span);

/**
 * rbmap_walk_next - the next record of the span
 *
 * @walk: a walk that began with a span
 * @ret: filled in where 1 is returned, untouched otherwise
 *
 * Padding, time extends and absolute time stamps are followed, not returned.
 * Whatever the bytes are, nothing outside the span is read.
 *
 * Returns 1, 0 at the end of the span, or -EBADMSG where the bytes are not
 * records; the rest of the span is then given up.
 *
 * Since: 0.1
 */
int rbmap_walk_next(struct rbmap_walk *walk, struct rbmap_record *ret);

/**
 * struct rbmap_tally - how many records, and from when to when
 *
 * @records: events
 * @first, @last: time stamps of the first and the last; 0 where @records is 0
 *
 * Since: 0.1
 */
struct rbmap_tally {
	uint64_t records;
	uint64_t first;
	uint64_t last;
};

/**
 * rbmap_walk_tally - count the rest of the span's records
 *
 * @walk: a walk that began with a span
 * @ret: filled in, also on failure with what came before it
 *
 * The same as rbmap_walk_next() to the end, several times as fast.
 *
 * Returns 0, or -EBADMSG where the bytes are not records.
 *
 * Since: 0.1
 */
int rbmap_walk_tally(struct rbmap_walk *walk, struct rbmap_tally *ret);

#ifdef __cplusplus
}
#endif

#endif
