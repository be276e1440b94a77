// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The engine that does not consume: it watches the writer fill the ring. Sub-buffers
 * that the writer has left are handed out in place, and looked at once more when the
 * sink is done with them; what is still growing, and the rest of what was, is copied.
 * Nothing is asked of the kernel, so nothing is held up, and any number can do it.
 *
 * What the order of loads relies on is told in ring/ring-order.h.
 */
#include "ring/engine-observe.h"

#include <stdlib.h>

#include "base/internal.h"
#include "ring/observe-check.h"
#include "ring/ring-order.h"
#include "span/subbuf.h"

/* Of the sub-buffers that are left where the writer was faster. */
#define SKIPPED_PART 4

struct observer {
	struct rbmap_engine_ring base;
	struct rbmap_mapping *mapping;
	struct ring_order order;
	bool copies;

	/* What spans were last taken of: which, up to where, what was lost before it.
	 */
	bool begun;
	struct ring_place last;
	uint32_t to;
	uint64_t seq;
	uint64_t last_lost;

	/* Lost before what is taken next. */
	uint64_t lost;

	/* What the last look saw the writer at. */
	struct ring_place newest;
	uint32_t newest_size;

	/* The ring was empty when it was opened, and still was at the last look. */
	bool empty;

	/* The round: what of order.places is next. */
	bool looked;
	bool looked_again;
	bool round_over;
	uint32_t at;

	/* Copies: of the last, how much, and in which of the slots. */
	unsigned char *memory;
	uint32_t room;
	uint32_t slot;
	uint32_t copied;
	/* The slots that this turn has used. */
	uint32_t used;
};

static struct observer *to_observer(struct rbmap_engine_ring *ring)
{
	return (struct observer *)ring;
}

static bool is_last(const struct observer *observer, const struct ring_place *place)
{
	return observer->begun && observer->last.id == place->id &&
	       observer->last.time_stamp == place->time_stamp;
}

/* Nothing of it was taken before. */
static bool is_fresh(const struct observer *observer, const struct ring_place *place)
{
	return !is_last(observer, place) || observer->to == 0;
}

/* What @at is at is taken, or not to be. */
static void pass(struct observer *observer)
{
	rbmap_ring_order_pass(&observer->order,
			      &observer->order.places[observer->at++]);
}

static void note_gap(struct observer *observer)
{
	observer->lost = RBMAP_LOST_UNKNOWN;
}

/* Begins with the oldest in the ring, but for what was consumed. */
static void begin(struct observer *observer)
{
	struct ring_order *order = &observer->order;
	uint32_t first;

	rbmap_ring_order_find_all(order);
	observer->empty = order->nr == 0;
	if (observer->empty)
		return;
	first = rbmap_ring_order_first_unread(order, &observer->to);
	while (observer->at < first)
		pass(observer);
	if (first == order->nr)
		return;
	observer->begun = true;
	observer->last = order->places[first];
}

/* Of a ring that was empty all must be there: the writer has not come round. */
static void check_first_look(struct observer *observer)
{
	const struct ring_order *order = &observer->order;

	if (!observer->empty || order->nr == 0)
		return;
	observer->empty = false;
	if (rbmap_ring_order_is_first_turn(order))
		return;
	note_gap(observer);
	observer->order.cyclic = false;
}

/*
 * The writer came round. What is the oldest now it would overwrite again before it is
 * read, so that a part is given up. Where nothing later than what was read last is
 * found, the ring was reset, perhaps to another clock, or the writer had just come to
 * each sub-buffer as it was looked at: the next look takes all that was not passed.
 */
static void catch_up(struct observer *observer)
{
	note_gap(observer);
	while (observer->at < observer->order.nr / SKIPPED_PART)
		pass(observer);
	if (observer->order.nr == 0)
		observer->begun = false;
}

static void note_newest(struct observer *observer)
{
	const struct ring_order *order = &observer->order;
	struct ring_place newest = { .id = 0 };
	uint32_t size = 0;

	if (order->nr) {
		newest = order->places[order->nr - 1];
		size = rbmap_subbuf_load_size(&observer->base.layout,
					      rbmap_mapping_subbuf(observer->mapping,
								   newest.id));
	}
	if (newest.id != observer->newest.id ||
	    newest.time_stamp != observer->newest.time_stamp ||
	    size != observer->newest_size)
		observer->base.quiet = false;
	observer->newest = newest;
	observer->newest_size = size;
}

static void look_at_ring(struct observer *observer)
{
	struct ring_order *order = &observer->order;
	bool whole = true;

	observer->at = 0;
	if (observer->begun) {
		whole = rbmap_ring_order_follow(order, &observer->last);
	} else {
		rbmap_ring_order_find_all(order);
		check_first_look(observer);
	}
	observer->base.filled = whole ? order->nr : order->nr_subbufs;
	note_newest(observer);
	if (!whole)
		catch_up(observer);
	observer->looked = true;
}

static unsigned char *slot_memory(const struct observer *observer)
{
	return observer->memory +
	       (size_t)observer->slot * observer->base.layout.subbuf_size;
}

/* A slot of its own for each sub-buffer, until the turn is settled. */
static bool get_slot(struct observer *observer, bool fresh)
{
	bool has_one = !fresh && observer->copied;

	if (has_one && observer->used)
		return true;
	if (observer->used == observer->room)
		return false;
	if (!has_one) {
		observer->slot = (observer->slot + 1) % observer->room;
		observer->copied = 0;
	}
	observer->used++;
	return true;
}

static bool copy_new(struct observer *observer, const struct ring_place *place,
		     uint32_t size)
{
	if (!rbmap_ring_order_copy(&observer->order, place, slot_memory(observer),
				   observer->copied, size))
		return false;
	observer->copied = size;
	return true;
}

/* As the kernel would have it, with what this engine knows of losses. */
static void complete_copy(const struct observer *observer, uint32_t size)
{
	const struct rbmap_layout *layout = &observer->base.layout;
	unsigned char *to = slot_memory(observer);
	unsigned char *end = to + layout->data_offset + size;

	memset(end, 0, rbmap_layout_capacity(layout) - size);
	rbmap_subbuf_make_header(layout, to, end, observer->last.time_stamp, size,
				 observer->last_lost);
}

static void note_taken(struct observer *observer, const struct ring_place *place,
		       bool fresh, uint32_t size)
{
	if (fresh) {
		observer->begun = true;
		observer->last = *place;
		observer->last_lost = observer->lost;
		observer->lost = 0;
		observer->seq++;
	}
	observer->to = size;
}

static void fill_span(const struct observer *observer, const void *subbuf,
		      uint32_t from, bool complete, struct rbmap_span *ret)
{
	*ret = (struct rbmap_span){
		.subbuf = subbuf,
		.subbuf_size = observer->base.layout.subbuf_size,
		.from = from,
		.to = observer->to,
		.flags = complete ? 0 : RBMAP_SPAN_GROWING,
		.seq = observer->seq,
		.time_stamp = observer->last.time_stamp,
		.lost = from ? 0 : observer->last_lost,
		.cpu = observer->base.cpu,
	};
}

/* What came of a place: a span, nothing new, overwritten, or no room in this turn. */
enum taken {
	TAKEN,
	NOTHING_NEW,
	OVERWRITTEN,
	NO_ROOM
};

static enum taken take_copy(struct observer *observer, const struct ring_place *place,
			    bool complete, uint32_t from, uint32_t size,
			    struct rbmap_span *ret)
{
	bool fresh = is_fresh(observer, place);

	if (!get_slot(observer, fresh))
		return NO_ROOM;
	if (!copy_new(observer, place, size))
		return OVERWRITTEN;
	note_taken(observer, place, fresh, size);
	if (complete)
		complete_copy(observer, size);
	fill_span(observer, slot_memory(observer), from, complete, ret);
	return TAKEN;
}

static enum taken take_place(struct observer *observer, const struct ring_place *place,
			     bool complete, struct rbmap_span *ret)
{
	const void *subbuf = rbmap_mapping_subbuf(observer->mapping, place->id);
	uint32_t from = is_last(observer, place) ? observer->to : 0;
	uint32_t size = rbmap_subbuf_load_size(&observer->base.layout, subbuf);

	if (!rbmap_ring_order_holds(&observer->order, place))
		return OVERWRITTEN;
	/* It shrinks where the kernel makes room for a number of lost events. */
	if (size <= from || size > rbmap_layout_capacity(&observer->base.layout))
		return NOTHING_NEW;
	if (!complete || from || observer->copies)
		return take_copy(observer, place, complete, from, size, ret);
	note_taken(observer, place, true, size);
	observer->copied = 0;
	fill_span(observer, subbuf, from, complete, ret);
	return TAKEN;
}

/* Once a round: a writer that is faster would make it endless. */
static void look_again(struct observer *observer)
{
	note_gap(observer);
	if (observer->looked_again) {
		observer->round_over = true;
		return;
	}
	observer->looked_again = true;
	look_at_ring(observer);
}

/*
 * For another round. Where nothing was taken so far, it is what the next look goes on
 * from: so that it is told where the writer has come round by then.
 */
static void leave_growing(struct observer *observer, const struct ring_place *place)
{
	observer->round_over = true;
	if (observer->begun)
		return;
	observer->begun = true;
	observer->last = *place;
	observer->to = 0;
}

static int observer_take(struct rbmap_engine_ring *ring, struct rbmap_span *spans,
			 int max)
{
	struct observer *observer = to_observer(ring);
	struct ring_order *order = &observer->order;
	enum taken taken;
	int nr = 0;

	observer->used = 0;
	if (!observer->round_over && !observer->looked)
		look_at_ring(observer);
	while (!observer->round_over && nr < max && observer->at < order->nr) {
		bool complete = observer->at + 1 < order->nr;

		if (order->places[observer->at].gap)
			note_gap(observer);
		if (!complete && ring->whole) {
			leave_growing(observer, &order->places[observer->at]);
			break;
		}
		taken = take_place(observer, &order->places[observer->at], complete,
				   &spans[nr]);
		if (taken == NO_ROOM)
			return nr;
		if (taken == OVERWRITTEN) {
			look_again(observer);
			continue;
		}
		nr += taken == TAKEN;
		pass(observer);
	}
	if (observer->at >= order->nr)
		observer->round_over = true;
	return nr;
}

/* What grows on is told of it as well: its header, when it is complete. */
static void tell_gap(struct observer *observer, struct rbmap_span *span)
{
	span->lost = RBMAP_LOST_UNKNOWN;
	if (span->seq == observer->seq)
		observer->last_lost = RBMAP_LOST_UNKNOWN;
}

/* Whether a span that was handed out in place is as it was. */
static bool is_whole(const struct observer *observer, const struct rbmap_span *span)
{
	const unsigned char *first = rbmap_mapping_subbuf(observer->mapping, 0);
	size_t offset = (const unsigned char *)span->subbuf - first;
	struct ring_place place = { .time_stamp = span->time_stamp,
				    .id = offset / span->subbuf_size };

	return rbmap_ring_order_holds(&observer->order, &place) &&
	       rbmap_subbuf_load_size(&observer->base.layout, span->subbuf) == span->to;
}

static bool is_in_place(const struct observer *observer, const struct rbmap_span *span)
{
	uintptr_t first = (uintptr_t)rbmap_mapping_subbuf(observer->mapping, 0);
	uintptr_t at = (uintptr_t)span->subbuf;
	size_t size =
		(size_t)observer->order.nr_subbufs * observer->base.layout.subbuf_size;

	return at >= first && at - first < size;
}

static int observer_settle(struct rbmap_engine_ring *ring, struct rbmap_span *spans,
			   int nr)
{
	struct observer *observer = to_observer(ring);
	bool gap = false;
	int torn = 0;

	for (int i = 0; i < nr; i++) {
		if (is_in_place(observer, &spans[i]) &&
		    !is_whole(observer, &spans[i])) {
			spans[i].flags |= RBMAP_SPAN_TORN;
			gap = true;
			torn++;
		} else if (gap && spans[i].from == 0) {
			tell_gap(observer, &spans[i]);
			gap = false;
		}
	}
	if (gap)
		note_gap(observer);
	return torn;
}

static void observer_wake(struct rbmap_engine_ring *ring)
{
	struct observer *observer = to_observer(ring);

	ring->quiet = true;
	observer->round_over = false;
	observer->looked = false;
	observer->looked_again = false;
}

static void observer_close(struct rbmap_engine_ring *ring)
{
	struct observer *observer = to_observer(ring);

	if (!observer)
		return;
	rbmap_ring_order_close(&observer->order);
	rbmap_mapping_close(observer->mapping);
	free(observer->memory);
	free(observer);
}

/* Two: the rest of one sub-buffer, and the begin of the next one that grows. */
static int make_room(struct observer *observer)
{
	uint32_t size = observer->base.layout.subbuf_size;

	observer->room = observer->copies ? RBMAP_TURN_BYTES / size : 0;
	if (observer->room < 2)
		observer->room = 2;
	observer->memory = calloc(observer->room, size);
	return observer->memory ? 0 : -ENOMEM;
}

int rbmap_observe_open(struct rbmap_engine_ring **ret, struct rbmap_mapping *mapping,
		       int cpu, const struct rbmap_layout *layout, bool copies,
		       struct rbmap_session_work *work)
{
	struct observer *observer = calloc(1, sizeof(*observer));
	struct rbmap_meta meta;
	int r;

	if (!observer) {
		rbmap_mapping_close(mapping);
		return -ENOMEM;
	}
	*observer = (struct observer){
		.base = { .ops = &rbmap_observe_ops,
			  .layout = *layout,
			  .work = work,
			  .cpu = cpu },
		.mapping = mapping,
		.copies = copies,
		.round_over = true,
	};
	rbmap_mapping_meta(mapping, &meta);
	observer->base.nr_subbufs = meta.nr_subbufs;
	r = rbmap_ring_order_open(&observer->order, mapping, layout);
	if (r == 0)
		r = make_room(observer);
	if (r < 0) {
		observer_close(&observer->base);
		return r;
	}
	begin(observer);
	*ret = &observer->base;
	return 0;
}

bool rbmap_observe_is_alone(const struct rbmap_engine_ring *ring)
{
	const struct observer *observer = (const struct observer *)ring;

	return observer->order.may_be_cyclic;
}

static int open_ring(struct rbmap_engine_ring **ret, int fd, int cpu,
		     const struct rbmap_layout *layout, bool copies,
		     struct rbmap_session_work *work)
{
	struct rbmap_mapping *mapping;
	int r;

	r = rbmap_mapping_open(&mapping, fd);
	if (r < 0)
		return r;
	return rbmap_observe_open(ret, mapping, cpu, layout, copies, work);
}

const struct rbmap_engine_ops rbmap_observe_ops = {
	.engine = RBMAP_ENGINE_OBSERVE,
	.name = "observe",
	.maps = true,
	.check = rbmap_observe_check,
	.open = open_ring,
	.close = observer_close,
	.wake = observer_wake,
	.take = observer_take,
	.settle = observer_settle,
};
