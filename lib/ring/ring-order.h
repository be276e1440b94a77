/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The order in which the writer filled the sub-buffers of a ring, worked out from the
 * mapping alone. Nothing is locked: what is told was true at some moment of the call.
 *
 * What it builds on, all in kernel/trace/ring_buffer.c: before the writer uses a
 * sub-buffer again, it stores 0 to its commit (rb_tail_page_update()); with the first
 * record it stores the time stamp (__rb_reserve_next()); commits are published in the
 * order of the ring (rb_set_commit_to_write()). A time stamp that is seen twice with a
 * commit that is not 0 in between is one filling of the sub-buffer, and within one the
 * records below commit do not change.
 */
#ifndef RBMAP_RING_RING_ORDER_H
#define RBMAP_RING_RING_ORDER_H

#include <stdbool.h>

#include <rbmap/mapping.h>
#include <rbmap/subbuf.h>

/* One filling of a sub-buffer. @gap: something may be missing before it. */
struct ring_place {
	uint64_t time_stamp;
	uint32_t id;
	bool gap;
};

/*
 * @nr_subbufs: of the ring, the reader's included
 * @cyclic: nobody has consumed: the writer goes through the ids in turn
 * @may_be_cyclic: it was, when the ring was opened
 * @outside: the reader's sub-buffer then, which the writer does not use
 * @untouched: the time stamp that the last sub-buffer of a turn had then
 * @places, @nr: what the last call found, oldest first; all but the last are complete
 * @passed: of each sub-buffer, the filling that the observer is past
 */
struct ring_order {
	const struct rbmap_mapping *mapping;
	struct rbmap_layout layout;
	uint32_t nr_subbufs;
	bool cyclic;
	bool may_be_cyclic;
	uint32_t outside;
	uint64_t untouched;
	struct ring_place *places;
	uint32_t nr;
	uint64_t *passed;
};

/*
 * The mapping is borrowed until rbmap_ring_order_close(). -EPROTO where it has not that
 * layout, and then, as on all failures, there is nothing to close.
 */
int rbmap_ring_order_open(struct ring_order *order, const struct rbmap_mapping *mapping,
			  const struct rbmap_layout *layout);
void rbmap_ring_order_close(struct ring_order *order);

/*
 * The observer has taken a place or left it out. The reader's sub-buffer stays as it is
 * while the ring is lapped, so that it could be found again as what is the oldest.
 */
void rbmap_ring_order_pass(struct ring_order *order, const struct ring_place *place);

/* All that is in the ring, but for what was passed. */
void rbmap_ring_order_find_all(struct ring_order *order);

/*
 * Where begins what was not consumed, as far as the meta-page tells: which of the
 * places (@nr: all was), and from which byte of its records on.
 */
uint32_t rbmap_ring_order_first_unread(const struct ring_order *order, uint32_t *from);

/*
 * Of a ring that was empty when it was opened: whether all that was written since is
 * among the places. They begin with the first sub-buffer, and the writer has put
 * nothing into the last one, which it gets to before it comes round. That one is empty
 * is not enough: so it is when the writer comes to it again.
 */
bool rbmap_ring_order_is_first_turn(const struct ring_order *order);

/*
 * From a place on what was written since: places[0] is @from. False where @from was
 * overwritten or reset: then what is later than it, if there is anything.
 */
bool rbmap_ring_order_follow(struct ring_order *order, const struct ring_place *from);

/* Whether the sub-buffer still holds that filling. What was read before, was of it. */
bool rbmap_ring_order_holds(const struct ring_order *order,
			    const struct ring_place *place);

/*
 * Copies the records from byte @from to @size to where they belong in the memory of a
 * sub-buffer, 8 bytes aligned. Whole words: those that hold the first and the last byte
 * are copied too. False where they were overwritten before that was done.
 */
bool rbmap_ring_order_copy(const struct ring_order *order,
			   const struct ring_place *place, void *to, uint32_t from,
			   uint32_t size);

#endif
