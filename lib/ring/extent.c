// SPDX-License-Identifier: LGPL-2.1-only
/*
 * From when to when a ring reaches, without its lock: as the observer looks at it, and
 * with the same checks (ring/ring-order.h).
 */
#include <stdlib.h>

#include <rbmap/record.h>
#include <rbmap/stats.h>

#include "base/internal.h"
#include "ring/observe-check.h"
#include "ring/ring-order.h"
#include "span/subbuf.h"

/* A writer that comes round within one look hardly does so in all of them. */
#define LOOKS 16

/*
 * @first: the place where begins what was not consumed
 * @from: the byte of its records that this is
 * @copy: memory of a sub-buffer
 */
struct look {
	struct ring_order order;
	uint32_t first;
	uint32_t from;
	unsigned char *copy;
};

static uint32_t unread_from(const struct look *look, uint32_t place)
{
	return place == look->first ? look->from : 0;
}

/* What was not consumed of a place, copied and walked. */
static int tally_place(struct look *look, uint32_t index, struct rbmap_tally *ret)
{
	const struct ring_order *order = &look->order;
	const struct ring_place *place = &order->places[index];
	const void *at = rbmap_mapping_subbuf(order->mapping, place->id);
	uint32_t size = rbmap_subbuf_load_size(&order->layout, at);
	struct rbmap_walk walk = { .seq = 0 };
	struct rbmap_span span = {
		.subbuf = look->copy,
		.subbuf_size = order->layout.subbuf_size,
		.from = unread_from(look, index),
		.to = size,
		.time_stamp = place->time_stamp,
	};
	int r;

	if (size > rbmap_layout_capacity(&order->layout))
		return -EBADMSG;
	if (!rbmap_ring_order_copy(order, place, look->copy, 0, size))
		return -EAGAIN;
	r = rbmap_walk_span(&walk, &order->layout, &span);
	return r < 0 ? r : rbmap_walk_tally(&walk, ret);
}

/*
 * The time stamp of a sub-buffer is that of its first event. Where only padding is left
 * unread of the first, it is done with.
 */
static int find_oldest(struct look *look, uint64_t *oldest)
{
	struct rbmap_tally tally;
	int r;

	if (look->from) {
		r = tally_place(look, look->first, &tally);
		if (r < 0)
			return r;
		*oldest = tally.first;
		if (tally.records)
			return 0;
		look->first++;
		look->from = 0;
	}
	if (look->first < look->order.nr)
		*oldest = look->order.places[look->first].time_stamp;
	return 0;
}

/* Padding and time stamps only are no events: then it is in one before. */
static int find_newest(struct look *look, uint64_t *newest)
{
	struct rbmap_tally tally = { .records = 0 };
	int r = 0;

	for (uint32_t i = look->order.nr; i > look->first && r == 0; i--) {
		r = tally_place(look, i - 1, &tally);
		if (r == 0 && tally.records) {
			*newest = tally.last;
			return 1;
		}
	}
	return r;
}

/* Of those that are not overwritten by now. */
static uint64_t add_up(const struct look *look)
{
	const struct ring_order *order = &look->order;
	uint64_t bytes = 0;

	for (uint32_t i = look->first; i < order->nr; i++) {
		const struct ring_place *place = &order->places[i];
		const void *at = rbmap_mapping_subbuf(order->mapping, place->id);
		uint32_t size = rbmap_subbuf_load_size(&order->layout, at);

		if (rbmap_ring_order_holds(order, place) && size > unread_from(look, i))
			bytes += size - unread_from(look, i);
	}
	return bytes;
}

static int look_once(struct look *look, struct rbmap_extent *ret)
{
	struct rbmap_extent extent = { .bytes = 0 };
	int r;

	rbmap_ring_order_find_all(&look->order);
	look->first = rbmap_ring_order_first_unread(&look->order, &look->from);
	r = find_oldest(look, &extent.oldest);
	if (r == 0)
		r = find_newest(look, &extent.newest);
	if (r < 0)
		return r;
	extent.bytes = add_up(look);
	/* All of it was overwritten meanwhile. */
	if (r > 0 && !extent.bytes)
		return -EAGAIN;
	*ret = r > 0 ? extent : (struct rbmap_extent){ .bytes = 0 };
	return 0;
}

RBMAP_PUBLIC int rbmap_extent_check(struct tracefs_instance *instance)
{
	return rbmap_observe_check_order(instance, NULL);
}

RBMAP_PUBLIC int rbmap_extent_read(struct rbmap_extent *ret,
				   const struct rbmap_mapping *mapping,
				   const struct rbmap_layout *layout)
{
	struct look look = { .first = 0 };
	int r;

	r = rbmap_ring_order_open(&look.order, mapping, layout);
	if (r < 0)
		return r;
	look.copy = malloc(layout->subbuf_size);
	r = look.copy ? -EAGAIN : -ENOMEM;
	/* Also where the bytes make no sense: they may have been of two moments. */
	for (int i = 0; i < LOOKS && (r == -EAGAIN || r == -EBADMSG); i++)
		r = look_once(&look, ret);
	free(look.copy);
	rbmap_ring_order_close(&look.order);
	return r;
}
