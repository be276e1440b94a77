/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_SPAN_H
#define RBMAP_SPAN_H

#include <stdint.h>

/**
 * enum rbmap_span_flags - properties of a span
 *
 * @RBMAP_SPAN_GROWING: the kernel may still write to the sub-buffer after @to, and to
 *	its commit word. A sink that stores the sub-buffer has to store a commit word of
 *	its own
 * @RBMAP_SPAN_TORN: set by rbmap_session_settle(): the span was overwritten while it
 *	was in use, so data read from it must be discarded
 *
 * Since: 0.1
 */
enum rbmap_span_flags {
	RBMAP_SPAN_GROWING = 1 << 0,
	RBMAP_SPAN_TORN = 1 << 1
};

/**
 * struct rbmap_span - a range of one sub-buffer that can be read in place
 *
 * @subbuf: the sub-buffer, starting with its header; valid until the span is settled.
 *	Only the bytes before @to are stable, and the header only without
 *	RBMAP_SPAN_GROWING
 * @subbuf_size: size of the sub-buffer in bytes, including its header
 * @from: start of the new records, in bytes after the header
 * @to: end of the new records; @from <= @to <= @subbuf_size minus the header
 * @seq: number of the sub-buffer on this CPU, in order of delivery. Two spans with the
 *	same @seq are parts of one sub-buffer that has grown in between
 * @time_stamp: time stamp of the sub-buffer, in units of the trace clock; the time
 *	deltas of its records add up from here
 * @lost: events lost directly before this sub-buffer: 0, a count, or
 *	RBMAP_LOST_UNKNOWN; always 0 if @from is not 0
 * @cpu: the CPU that the ring belongs to
 * @flags: flags of enum rbmap_span_flags
 *
 * Since: 0.1
 */
struct rbmap_span {
	const void *subbuf;
	uint32_t subbuf_size;
	uint32_t from;
	uint32_t to;
	uint32_t flags;
	uint64_t seq;
	uint64_t time_stamp;
	uint64_t lost;
	int cpu;
};

#endif
