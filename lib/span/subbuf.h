/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_SPAN_SUBBUF_H
#define RBMAP_SPAN_SUBBUF_H

#include <rbmap/subbuf.h>

/*
 * As rbmap_subbuf_header(), of a sub-buffer in the kernel's memory: where the
 * kernel may still write to it, the size is only a lower bound.
 */
int rbmap_subbuf_load_header(const struct rbmap_layout *layout, const void *subbuf,
			     struct rbmap_subbuf_header *ret);

/* Its parts, of a sub-buffer in the kernel's memory. */
uint64_t rbmap_subbuf_load_time_stamp(const void *subbuf);
uint32_t rbmap_subbuf_load_size(const struct rbmap_layout *layout, const void *subbuf);

/* Bytes of records that a sub-buffer has room for. */
static inline uint32_t rbmap_layout_capacity(const struct rbmap_layout *layout)
{
	return layout->subbuf_size - layout->data_offset;
}

/* Both lost before the same record; unknown where either is. */
static inline uint64_t rbmap_add_lost(uint64_t lost, uint64_t more)
{
	return more > RBMAP_LOST_UNKNOWN - lost ? RBMAP_LOST_UNKNOWN : lost + more;
}

/*
 * Makes the header of a sub-buffer that holds size bytes of records and says that
 * lost events went before it: data_offset bytes to header and, where the count of
 * lost events is to be stored behind the records, 8 (4 with 4-byte longs) to count.
 * Returns the bytes that count takes: 0 where there is no count or no room for it.
 */
uint32_t rbmap_subbuf_make_header(const struct rbmap_layout *layout, void *header,
				  void *count, uint64_t time_stamp, uint32_t size,
				  uint64_t lost);

#endif
