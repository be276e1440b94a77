/* SPDX-License-Identifier: LGPL-2.1-only */
/* The steps of a walk that nearly all records take, for loops over many of them. */
#ifndef RBMAP_SPAN_WALK_H
#define RBMAP_SPAN_WALK_H

#include <byteswap.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rbmap/record.h>

/* include/linux/ring_buffer.h: enum ring_buffer_type, struct ring_buffer_event. */
enum {
	WALK_SHORT_MAX = 28,
	WALK_PADDING = 29,
	WALK_TIME_EXTEND = 30,
	WALK_TIME_STAMP = 31,
};

#define WALK_WORD 4
#define WALK_DELTA_BITS 27

#define HOST_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static inline uint32_t walk_word(const struct rbmap_walk *walk, uint32_t at)
{
	uint32_t word;

	memcpy(&word, walk->data + at, sizeof(word));
	return walk->layout.swap ? bswap_32(word) : word;
}

/* The head of a record is a C bit-field, so its order follows the byte order. */
static inline void walk_split(const struct rbmap_walk *walk, uint32_t head,
			      uint32_t *type, uint32_t *delta)
{
	if (walk->layout.swap != HOST_BIG) {
		*type = head >> WALK_DELTA_BITS;
		*delta = head & ((UINT32_C(1) << WALK_DELTA_BITS) - 1);
	} else {
		*type = head & 31;
		*delta = head >> 5;
	}
}

/* rbmap_walk_next(), if the next record is a short one; false: nothing was done. */
static inline bool walk_short(struct rbmap_walk *walk, struct rbmap_record *ret)
{
	uint32_t left = walk->to - walk->next, type, delta, size;

	if (left < WALK_WORD)
		return false;
	walk_split(walk, walk_word(walk, walk->next), &type, &delta);
	size = type * WALK_WORD;
	if (type - 1 >= WALK_SHORT_MAX || size > left - WALK_WORD)
		return false;
	walk->time_stamp += delta;
	ret->data = walk->data + walk->next + WALK_WORD;
	ret->size = size;
	ret->offset = walk->next + walk->layout.data_offset;
	ret->time_stamp = walk->time_stamp;
	ret->lost = walk->lost;
	ret->cpu = walk->cpu;
	walk->lost = 0;
	walk->next += WALK_WORD + size;
	return true;
}

#endif
