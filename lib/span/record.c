// SPDX-License-Identifier: LGPL-2.1-only
#include <rbmap/record.h>

#include "base/internal.h"
#include "span/subbuf.h"
#include "span/walk.h"

#define STAMP_BITS 59
#define STAMP_HIGH (~UINT64_C(0) << STAMP_BITS)

struct step {
	uint32_t data;
	uint32_t size;
	bool is_record;
};

/*
 * An absolute stamp lacks its top 5 bits. They are those of the time before, or one
 * more where the 59 bits have wrapped since.
 */
static uint64_t absolute_stamp(uint64_t stamp, uint64_t before)
{
	uint64_t high = before & STAMP_HIGH;

	if (!high)
		return stamp;
	stamp |= high;
	return stamp < before ? stamp + (UINT64_C(1) << STAMP_BITS) : stamp;
}

static int advance(struct rbmap_walk *walk, uint32_t bytes)
{
	if (bytes > walk->to - walk->next)
		return -EBADMSG;
	walk->next += bytes;
	return 0;
}

static int step_padding(struct rbmap_walk *walk, uint32_t delta)
{
	uint32_t length;

	if (delta == 0) {
		walk->next = walk->to;
		return 0;
	}
	if (walk->to - walk->next < 2 * WALK_WORD)
		return -EBADMSG;
	length = walk_word(walk, walk->next + WALK_WORD);
	if (length < WALK_WORD || length > walk->layout.subbuf_size)
		return -EBADMSG;
	/* A discarded event: the deltas of those behind it count from its time. */
	walk->time_stamp += delta;
	return advance(walk, WALK_WORD + length);
}

static int step_time(struct rbmap_walk *walk, uint32_t type, uint32_t delta)
{
	uint64_t wide;

	if (walk->to - walk->next < 2 * WALK_WORD)
		return -EBADMSG;
	wide = ((uint64_t)walk_word(walk, walk->next + WALK_WORD) << WALK_DELTA_BITS) +
	       delta;
	if (type == WALK_TIME_STAMP)
		walk->time_stamp = absolute_stamp(wide, walk->time_stamp);
	else
		walk->time_stamp += wide;
	return advance(walk, 2 * WALK_WORD);
}

static int step_long_record(struct rbmap_walk *walk, struct step *ret)
{
	uint32_t length;

	if (walk->to - walk->next < 2 * WALK_WORD)
		return -EBADMSG;
	length = walk_word(walk, walk->next + WALK_WORD);
	if (length < WALK_WORD || length > walk->layout.subbuf_size)
		return -EBADMSG;
	ret->data = walk->next + 2 * WALK_WORD;
	ret->size = length - WALK_WORD;
	return advance(walk, WALK_WORD + length);
}

/* One step on; the caller has made sure that walk->next is before walk->to. */
static inline int step(struct rbmap_walk *walk, struct step *ret)
{
	uint32_t type, delta;

	ret->is_record = false;
	if (walk->to - walk->next < WALK_WORD)
		return -EBADMSG;
	walk_split(walk, walk_word(walk, walk->next), &type, &delta);
	if (type == WALK_PADDING)
		return step_padding(walk, delta);
	if (type > WALK_PADDING)
		return step_time(walk, type, delta);
	walk->time_stamp += delta;
	ret->is_record = true;
	if (type == 0)
		return step_long_record(walk, ret);
	ret->data = walk->next + WALK_WORD;
	ret->size = type * WALK_WORD;
	return advance(walk, WALK_WORD + ret->size);
}

static int give_up(struct rbmap_walk *walk)
{
	walk->next = walk->to;
	/* The time is not known any more, so the next span must not go on from here. */
	walk->started = 0;
	walk->lost = RBMAP_LOST_UNKNOWN;
	return -EBADMSG;
}

static int find_from(struct rbmap_walk *walk, uint32_t from)
{
	struct step passed;

	while (walk->next < from)
		if (step(walk, &passed) < 0)
			return give_up(walk);
	return walk->next == from ? 0 : give_up(walk);
}

RBMAP_PUBLIC int rbmap_walk_span(struct rbmap_walk *walk,
				 const struct rbmap_layout *layout,
				 const struct rbmap_span *span)
{
	bool goes_on =
		walk->started && walk->seq == span->seq && walk->next == span->from;

	if (layout->data_offset > layout->subbuf_size ||
	    span->subbuf_size != layout->subbuf_size || span->from > span->to ||
	    span->to > rbmap_layout_capacity(layout))
		return give_up(walk);
	walk->layout = *layout;
	walk->data = (const unsigned char *)span->subbuf + layout->data_offset;
	walk->seq = span->seq;
	walk->to = span->to;
	walk->cpu = span->cpu;
	walk->lost = rbmap_add_lost(walk->lost, span->lost);
	walk->started = 1;
	if (goes_on)
		return 0;
	walk->next = 0;
	walk->time_stamp = span->time_stamp;
	return find_from(walk, span->from);
}

RBMAP_PUBLIC int rbmap_walk_next(struct rbmap_walk *walk, struct rbmap_record *ret)
{
	struct step found;
	uint32_t begin;

	while (walk->next < walk->to) {
		if (walk_short(walk, ret))
			return 1;
		begin = walk->next;
		if (step(walk, &found) < 0)
			return give_up(walk);
		if (!found.is_record)
			continue;
		*ret = (struct rbmap_record){
			.data = walk->data + found.data,
			.size = found.size,
			.offset = begin + walk->layout.data_offset,
			.time_stamp = walk->time_stamp,
			.lost = walk->lost,
			.cpu = walk->cpu,
		};
		walk->lost = 0;
		return 1;
	}
	return 0;
}

/*
 * Nearly all records are short ones: steps over a run of them with nothing but a
 * load and two additions each.
 */
static uint64_t pass_short_records(struct rbmap_walk *walk)
{
	const unsigned char *data = walk->data;
	uint64_t time_stamp = walk->time_stamp, records = 0;
	uint32_t next = walk->next, to = walk->to;
	uint32_t type, delta, bytes;

	while (to - next >= WALK_WORD) {
		walk_split(walk, walk_word(walk, next), &type, &delta);
		bytes = WALK_WORD + type * WALK_WORD;
		if (type - 1 >= WALK_SHORT_MAX || bytes > to - next)
			break;
		__builtin_prefetch(data + next + 512);
		time_stamp += delta;
		next += bytes;
		records++;
	}
	walk->next = next;
	walk->time_stamp = time_stamp;
	return records;
}

RBMAP_PUBLIC int rbmap_walk_tally(struct rbmap_walk *walk, struct rbmap_tally *ret)
{
	struct rbmap_tally tally = { 0 };
	struct step found;
	int r = 0;

	while (walk->next < walk->to) {
		r = step(walk, &found);
		if (r < 0)
			break;
		if (!found.is_record)
			continue;
		if (tally.records++ == 0)
			tally.first = walk->time_stamp;
		tally.records += pass_short_records(walk);
		tally.last = walk->time_stamp;
	}
	if (tally.records)
		walk->lost = 0;
	*ret = tally;
	return r < 0 ? give_up(walk) : 0;
}
