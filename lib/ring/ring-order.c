// SPDX-License-Identifier: LGPL-2.1-only
#include "ring/ring-order.h"

#include <stdlib.h>

#include "base/internal.h"
#include "span/shared-load.h"
#include "span/subbuf.h"

static const void *subbuf(const struct ring_order *order, uint32_t id)
{
	return rbmap_mapping_subbuf(order->mapping, id);
}

/*
 * Whether something is committed of the filling that @time_stamp is set to, or of a
 * later one. In this order: a commit that is loaded behind a new time stamp is not that
 * of the filling before, since 0 was stored in between.
 */
static bool look(const struct ring_order *order, uint32_t id, uint64_t *time_stamp)
{
	const void *at = subbuf(order, id);

	*time_stamp = rbmap_subbuf_load_time_stamp(at);
	return rbmap_subbuf_load_size(&order->layout, at) > 0;
}

bool rbmap_ring_order_holds(const struct ring_order *order,
			    const struct ring_place *place)
{
	const void *at = subbuf(order, place->id);

	/*
	 * Not before what was read of the sub-buffer: the compiler must not, and a CPU
	 * that the observer is used on does not (rbmap_observe_check()).
	 */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* In this order: a later filling's commit brings its time stamp with it. */
	return rbmap_subbuf_load_size(&order->layout, at) > 0 &&
	       rbmap_subbuf_load_time_stamp(at) == place->time_stamp;
}

static uint32_t next_id(const struct ring_order *order, uint32_t id)
{
	do
		id = (id + 1) % order->nr_subbufs;
	while (id == order->outside);
	return id;
}

/* The one that the writer fills before it begins with the first again. */
static uint32_t last_id(const struct ring_order *order)
{
	return (order->outside + order->nr_subbufs - 1) % order->nr_subbufs;
}

static int compare_places(const void *a, const void *b)
{
	const struct ring_place *left = a, *right = b;

	if (left->time_stamp != right->time_stamp)
		return left->time_stamp < right->time_stamp ? -1 : 1;
	return (left->id > right->id) - (left->id < right->id);
}

/* Later than @after, or, without one, not passed before. */
static bool is_new(const struct ring_order *order, uint32_t id, uint64_t time_stamp,
		   const struct ring_place *after)
{
	return after ? time_stamp > after->time_stamp : time_stamp != order->passed[id];
}

/* Whether there is any that is new; @newest is set to the last of them. */
static bool find_newest(const struct ring_order *order, const struct ring_place *after,
			uint64_t *newest)
{
	uint64_t time_stamp;
	bool any = false;

	for (uint32_t id = 0; id < order->nr_subbufs; id++) {
		if (!look(order, id, &time_stamp) ||
		    !is_new(order, id, time_stamp, after))
			continue;
		if (!any || time_stamp > *newest)
			*newest = time_stamp;
		any = true;
	}
	return any;
}

static void add(struct ring_order *order, uint32_t id, uint64_t time_stamp, bool gap)
{
	order->places[order->nr++] = (struct ring_place){ time_stamp, id, gap };
}

/*
 * Those without a record are only there to show where something was, before the time
 * of what follows: a reset keeps the time stamps, and takes the sub-buffers of a ring
 * one by one, the reader's last.
 */
static void drop_emptied(struct ring_order *order)
{
	uint32_t nr = 0;
	bool gap = false;

	for (uint32_t i = 0; i < order->nr; i++) {
		struct ring_place place = order->places[i];
		bool is_emptied = place.gap;

		place.gap = gap && nr > 0;
		gap = is_emptied;
		if (!is_emptied)
			order->places[nr++] = place;
	}
	order->nr = nr;
}

/*
 * By the time stamps, in two passes. What the writer filled before the newest that the
 * first has seen is published when the second begins, so that none of it is missed,
 * unless it was overwritten: then so was the oldest.
 */
static void find_by_time(struct ring_order *order, const struct ring_place *after)
{
	uint64_t newest = 0, time_stamp;

	if (!find_newest(order, after, &newest))
		return;
	for (uint32_t id = 0; id < order->nr_subbufs; id++) {
		bool is_filled = look(order, id, &time_stamp);

		if (time_stamp <= newest && is_new(order, id, time_stamp, after))
			add(order, id, time_stamp, !is_filled);
	}
	qsort(order->places, order->nr, sizeof(*order->places), compare_places);
	drop_emptied(order);
}

/* The writer overwrites the oldest first: from the first that is whole on, all are. */
static void drop_overwritten(struct ring_order *order)
{
	uint32_t gone = 0;

	while (gone < order->nr && !rbmap_ring_order_holds(order, &order->places[gone]))
		gone++;
	order->nr -= gone;
	memmove(order->places, order->places + gone,
		order->nr * sizeof(*order->places));
}

static bool has_older(const struct ring_order *order, const struct ring_place *than)
{
	uint64_t time_stamp;

	for (uint32_t id = 0; id < order->nr_subbufs; id++) {
		look(order, id, &time_stamp);
		if (id != than->id && time_stamp <= than->time_stamp)
			return true;
	}
	return false;
}

/*
 * The oldest may be the reader's, which the writer passes by: it is whole while the
 * ring was lapped. One in the ring that is older still shows that it was not: the
 * writer gets to that one before it gets to what follows the reader's.
 */
static void judge_first(struct ring_order *order)
{
	if (order->nr > 1 && !has_older(order, &order->places[0]))
		order->places[1].gap = true;
}

/*
 * Who consumes puts the sub-buffer outside into the ring before any other changes its
 * place, and the writer fills it before it gets to one that did. So this, looked at
 * behind all the others, tells whether they could be relied on.
 */
static bool is_consumed(const struct ring_order *order)
{
	uint64_t time_stamp;

	return look(order, order->outside, &time_stamp) || time_stamp;
}

static void find_in_turn(struct ring_order *order, const struct ring_place *from)
{
	uint64_t time_stamp, last = from->time_stamp;
	uint32_t id = from->id;

	add(order, from->id, from->time_stamp, false);
	while (order->nr < order->nr_subbufs - 1) {
		id = next_id(order, id);
		if (!look(order, id, &time_stamp) || time_stamp <= last)
			break;
		add(order, id, time_stamp, false);
		last = time_stamp;
	}
	order->cyclic = !is_consumed(order);
}

void rbmap_ring_order_pass(struct ring_order *order, const struct ring_place *place)
{
	order->passed[place->id] = place->time_stamp;
}

void rbmap_ring_order_find_all(struct ring_order *order)
{
	order->nr = 0;
	find_by_time(order, NULL);
	drop_overwritten(order);
	judge_first(order);
}

static uint32_t find_place(const struct ring_order *order, uint32_t id)
{
	uint32_t i = 0;

	while (i < order->nr && order->places[i].id != id)
		i++;
	return i;
}

/*
 * What was consumed may still be there: only read(2) and splice(2) of whole sub-buffers
 * leave empty ones behind, the reader's too. As a ring is mapped, the ids are given out
 * in turn, from the reader's on, so that the next one is the first that is unread.
 */
uint32_t rbmap_ring_order_first_unread(const struct ring_order *order, uint32_t *from)
{
	struct rbmap_meta meta;
	uint32_t first;

	*from = 0;
	rbmap_mapping_meta(order->mapping, &meta);
	first = find_place(order, meta.reader_id);
	if (first < order->nr)
		*from = meta.reader_read;
	else if (meta.read)
		first = find_place(order, (meta.reader_id + 1) % order->nr_subbufs);
	else
		first = 0;
	return first;
}

bool rbmap_ring_order_copy(const struct ring_order *order,
			   const struct ring_place *place, void *to, uint32_t from,
			   uint32_t size)
{
	const struct rbmap_layout *layout = &order->layout;
	const void *at = subbuf(order, place->id);
	uint32_t begin = layout->data_offset + (from & ~UINT32_C(7));

	shared_copy((unsigned char *)to + begin, (const unsigned char *)at + begin,
		    layout->data_offset + size - begin);
	return rbmap_ring_order_holds(order, place) &&
	       rbmap_subbuf_load_size(layout, at) >= size;
}

bool rbmap_ring_order_is_first_turn(const struct ring_order *order)
{
	const void *last = subbuf(order, last_id(order));

	return order->cyclic && !is_consumed(order) &&
	       rbmap_subbuf_load_time_stamp(last) == order->untouched &&
	       order->places[0].id == next_id(order, order->outside);
}

/*
 * Of a ring that is full: the time stamps rise from one id to the next, but for the one
 * place where the writer is.
 */
static bool is_full_in_turn(const struct ring_order *order)
{
	uint32_t first = next_id(order, order->outside), id = first, falls = 0;
	uint64_t time_stamp, last;

	if (!look(order, last_id(order), &last))
		return false;
	do {
		if (!look(order, id, &time_stamp))
			return false;
		falls += time_stamp <= last;
		last = time_stamp;
		id = next_id(order, id);
	} while (id != first);
	return falls == 1;
}

/*
 * Behind a reset the writer begins where somebody who consumed was last, and may get to
 * what was given back long before it gets to the sub-buffer outside. It has to come to
 * that one before it can have filled all the others.
 */
static void judge_again(struct ring_order *order)
{
	order->cyclic =
		order->may_be_cyclic && !is_consumed(order) && is_full_in_turn(order);
}

bool rbmap_ring_order_follow(struct ring_order *order, const struct ring_place *from)
{
	bool holds;

	order->nr = 0;
	if (!order->cyclic)
		judge_again(order);
	if (order->cyclic)
		find_in_turn(order, from);
	if (order->cyclic && rbmap_ring_order_holds(order, from))
		return true;
	order->cyclic = false;
	order->nr = 0;
	add(order, from->id, from->time_stamp, false);
	find_by_time(order, from);
	holds = rbmap_ring_order_holds(order, from);
	if (!holds)
		drop_overwritten(order);
	judge_first(order);
	return holds;
}

/* The ids of what is filled are in turn, as they are where nobody ever consumed. */
static bool is_in_turn(const struct ring_order *order)
{
	uint32_t unlike = 0;

	for (uint32_t i = 1; i < order->nr; i++)
		unlike +=
			next_id(order, order->places[i - 1].id) != order->places[i].id;
	return unlike == 0;
}

/*
 * A reader's sub-buffer that holds nothing was never swapped in, or else nothing that
 * shows how the ring was changed is left.
 */
static void judge(struct ring_order *order)
{
	struct rbmap_meta meta;

	rbmap_mapping_meta(order->mapping, &meta);
	if (meta.reader_id >= order->nr_subbufs || meta.read)
		return;
	order->outside = meta.reader_id;
	order->untouched = rbmap_subbuf_load_time_stamp(subbuf(order, last_id(order)));
	if (is_consumed(order))
		return;
	order->may_be_cyclic = true;
	rbmap_ring_order_find_all(order);
	order->cyclic = is_in_turn(order);
}

int rbmap_ring_order_open(struct ring_order *order, const struct rbmap_mapping *mapping,
			  const struct rbmap_layout *layout)
{
	struct rbmap_meta meta;

	rbmap_mapping_meta(mapping, &meta);
	if (meta.subbuf_size != layout->subbuf_size || layout->data_offset % 8)
		return -EPROTO;
	*order = (struct ring_order){
		.mapping = mapping,
		.layout = *layout,
		.nr_subbufs = meta.nr_subbufs,
	};
	/* One sub-buffer may be there twice: as it was, and filled again. */
	order->places = calloc(order->nr_subbufs + 1, sizeof(*order->places));
	order->passed = calloc(order->nr_subbufs, sizeof(*order->passed));
	if (!order->places || !order->passed) {
		rbmap_ring_order_close(order);
		return -ENOMEM;
	}
	judge(order);
	return 0;
}

void rbmap_ring_order_close(struct ring_order *order)
{
	free(order->places);
	free(order->passed);
	order->places = NULL;
	order->passed = NULL;
}
