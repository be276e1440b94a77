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

/* A writer that comes round within one scan hardly does so in all of them. */
#define SCANS 16

/*
 * @first: the place where begins what was not consumed
 * @from: the byte of its records that this is
 * @copy: memory of a sub-buffer
 */
struct scan {
	struct ring_order order;
	uint32_t first;
	uint32_t from;
	unsigned char *copy;
};

static uint32_t unread_from(const struct scan *scan, uint32_t place)
{
	return place == scan->first ? scan->from : 0;
}

/* What was not consumed of a place, copied and walked. */
static int tally_place(struct scan *scan, uint32_t index, struct rbmap_tally *ret)
{
	const struct ring_order *order = &scan->order;
	const struct ring_place *place = &order->places[index];
	const void *at = rbmap_mapping_subbuf(order->mapping, place->id);
	uint32_t size = rbmap_subbuf_load_size(&order->layout, at);
	struct rbmap_walk walk = { .seq = 0 };
	struct rbmap_span span = {
		.subbuf = scan->copy,
		.subbuf_size = order->layout.subbuf_size,
		.from = unread_from(scan, index),
		.to = size,
		.time_stamp = place->time_stamp,
	};
	int r;

	if (size > rbmap_layout_capacity(&order->layout))
		return -EBADMSG;
	if (!rbmap_ring_order_copy(order, place, scan->copy, 0, size))
		return -EAGAIN;
	r = rbmap_walk_span(&walk, &order->layout, &span);
	return r < 0 ? r : rbmap_walk_tally(&walk, ret);
}

/*
 * The time stamp of a sub-buffer is that of its first event. Where only padding is left
 * unread of the first, it is done with.
 */
static int find_oldest(struct scan *scan, uint64_t *oldest)
{
	struct rbmap_tally tally;
	int r;

	if (scan->from) {
		r = tally_place(scan, scan->first, &tally);
		if (r < 0)
			return r;
		*oldest = tally.first;
		if (tally.records)
			return 0;
		scan->first++;
		scan->from = 0;
	}
	if (scan->first < scan->order.nr)
		*oldest = scan->order.places[scan->first].time_stamp;
	return 0;
}

/* Padding and time stamps only are no events: then it is in one before. */
static int find_newest(struct scan *scan, uint64_t *newest)
{
	struct rbmap_tally tally = { .records = 0 };
	int r = 0;

	for (uint32_t i = scan->order.nr; i > scan->first && r == 0; i--) {
		r = tally_place(scan, i - 1, &tally);
		if (r == 0 && tally.records) {
			*newest = tally.last;
			return 1;
		}
	}
	return r;
}

/* Of those that are not overwritten by now. */
static uint64_t add_up(const struct scan *scan)
{
	const struct ring_order *order = &scan->order;
	uint64_t bytes = 0;

	for (uint32_t i = scan->first; i < order->nr; i++) {
		const struct ring_place *place = &order->places[i];
		const void *at = rbmap_mapping_subbuf(order->mapping, place->id);
		uint32_t size = rbmap_subbuf_load_size(&order->layout, at);

		if (rbmap_ring_order_holds(order, place) && size > unread_from(scan, i))
			bytes += size - unread_from(scan, i);
	}
	return bytes;
}

static int scan_once(struct scan *scan, struct rbmap_extent *ret)
{
	struct rbmap_extent extent = { .bytes = 0 };
	int r;

	rbmap_ring_order_find_all(&scan->order);
	scan->first = rbmap_ring_order_first_unread(&scan->order, &scan->from);
	r = find_oldest(scan, &extent.oldest);
	if (r == 0)
		r = find_newest(scan, &extent.newest);
	if (r < 0)
		return r;
	extent.bytes = add_up(scan);
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
	struct scan scan = { .first = 0 };
	int r;

	r = rbmap_ring_order_open(&scan.order, mapping, layout);
	if (r < 0)
		return r;
	scan.copy = malloc(layout->subbuf_size);
	r = scan.copy ? -EAGAIN : -ENOMEM;
	/* Also where the bytes make no sense: they may have been of two moments. */
	for (int i = 0; i < SCANS && (r == -EAGAIN || r == -EBADMSG); i++)
		r = scan_once(&scan, ret);
	free(scan.copy);
	rbmap_ring_order_close(&scan.order);
	return r;
}
