/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_SPAN_H
#define RBMAP_SPAN_H

#include <stdint.h>

/**
 * enum rbmap_span_flags - what else is to be known of a span
 *
 * @RBMAP_SPAN_GROWING: the kernel may still be writing behind @to, and to the
 *	sub-buffer's own commit word: a sink that stores the sub-buffer stores a
 *	commit word of its own making
 * @RBMAP_SPAN_TORN: set by rbmap_session_settle(): what was read from this span
 *	was overwritten meanwhile and must not be used
 *
 * Since: 0.1
 */
enum rbmap_span_flags {
	RBMAP_SPAN_GROWING = 1 << 0,
	RBMAP_SPAN_TORN = 1 << 1
};

/**
 * struct rbmap_span - a stretch of one sub-buffer that may be looked at in place
 *
 * @subbuf: the sub-buffer, its header first; valid until the span is settled.
 *	Only the bytes before @to and, without RBMAP_SPAN_GROWING, the header may
 *	be relied on
 * @subbuf_size: bytes of the sub-buffer, its header included
 * @from: where the new records begin, in bytes behind the header
 * @to: where they end; @from <= @to <= @subbuf_size less the header
 * @seq: counts the sub-buffers delivered on this CPU: two spans with one @seq are
 *	one sub-buffer, grown meanwhile
 * @time_stamp: the sub-buffer's, in the units of the trace clock: the deltas of
 *	its records add up from here
 * @lost: events lost just before this sub-buffer, 0, a count, or
 *	RBMAP_LOST_UNKNOWN; only ever non-zero where @from is 0
 * @cpu: the CPU whose ring it is
 * @flags: enum rbmap_span_flags
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
