// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The engine that consumes through the mapping. One TRACE_MMAP_IOCTL_GET_READER
 * either consumes the rest of the reader sub-buffer or swaps in the next one; what
 * it did is read off the meta-page. The records below reader.read stay as they are
 * until the next swap, which only this engine's next call makes.
 *
 * So there is but one sub-buffer at a time to hand out in place. Where sub-buffers are
 * small, that is a system call of the sink for each: several are copied then, to be
 * handed out as one stretch of memory. Measured (tests/bench/record.sh, 4 KB): a write
 * of its own for each costs more than half of what the ioctls cost.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/internal.h"
#include "ring/engine-mapped.h"
#include "span/subbuf.h"

struct mapped {
	struct rbmap_engine_ring base;
	struct rbmap_mapping *mapping;

	/* The reader sub-buffer as it was last seen, and what of it was delivered. */
	uint32_t id;
	uint32_t read;
	uint64_t time_stamp;

	/* The next span is of a sub-buffer that none was delivered of. */
	bool fresh;
	uint64_t seq;

	/* The counters as last seen: they fall only at a reset. */
	uint64_t entries;
	uint64_t consumed;
	uint64_t lost;

	/* What is told as lost before the sub-buffer that spans are taken of. */
	uint64_t subbuf_lost;

	/* How many events the ring had seen when the round began. */
	uint64_t goal;
	bool looked_this_round;
	bool round_over;

	/* Where small sub-buffers are gathered; NULL: spans are in place. */
	unsigned char *memory;
	int room;
	int error;
};

static struct mapped *to_mapped(struct rbmap_engine_ring *ring)
{
	return (struct mapped *)ring;
}

static int check_meta(const struct mapped *mapped, const struct rbmap_meta *meta)
{
	if (meta->reader_read > rbmap_layout_capacity(&mapped->base.layout) ||
	    !rbmap_mapping_subbuf(mapped->mapping, meta->reader_id))
		return -EPROTO;
	return 0;
}

static void remember(struct mapped *mapped, const struct rbmap_meta *meta,
		     uint64_t time_stamp)
{
	mapped->id = meta->reader_id;
	mapped->read = meta->reader_read;
	mapped->time_stamp = time_stamp;
	mapped->entries = meta->entries;
	mapped->consumed = meta->read;
}

static int load_header(const struct mapped *mapped, uint32_t id,
		       struct rbmap_subbuf_header *ret)
{
	return rbmap_subbuf_load_header(&mapped->base.layout,
					rbmap_mapping_subbuf(mapped->mapping, id),
					ret) ?
		       -EPROTO :
		       0;
}

static bool was_reset(const struct mapped *mapped, const struct rbmap_meta *meta)
{
	return meta->entries < mapped->entries || meta->read < mapped->consumed;
}

static bool same_subbuf(const struct mapped *mapped, const struct rbmap_meta *meta,
			uint64_t time_stamp)
{
	return meta->reader_id == mapped->id && meta->reader_read >= mapped->read &&
	       time_stamp == mapped->time_stamp && !was_reset(mapped, meta);
}

/*
 * Takes note of the ring as it is: what is consumed by now was delivered, or is
 * somebody else's.
 */
static int catch_up(struct mapped *mapped)
{
	struct rbmap_subbuf_header header;
	struct rbmap_meta meta;
	int r;

	rbmap_mapping_meta(mapped->mapping, &meta);
	if (meta.reader_id == mapped->id && meta.reader_read == mapped->read &&
	    !was_reset(mapped, &meta))
		return 0;
	r = check_meta(mapped, &meta);
	if (r == 0)
		r = load_header(mapped, meta.reader_id, &header);
	if (r < 0)
		return r;
	if (was_reset(mapped, &meta))
		mapped->lost = RBMAP_LOST_UNKNOWN;
	/*
	 * Also where somebody consumed a piece of this very sub-buffer: what follows
	 * does not go on from what was delivered.
	 */
	mapped->fresh = true;
	remember(mapped, &meta, header.time_stamp);
	return 0;
}

/*
 * Mainline leaves reader.lost_events 0. Where it is told, it is the count that the
 * header has, also while the writer is on the sub-buffer or where the header has no
 * room for it (packaging/kernel).
 */
static uint64_t lost_before(struct mapped *mapped, const struct rbmap_meta *meta,
			    const struct rbmap_subbuf_header *header)
{
	uint64_t lost = meta->reader_lost_events;

	if (!lost)
		lost = header->lost;
	if (mapped->lost)
		lost = RBMAP_LOST_UNKNOWN;
	mapped->lost = 0;
	return lost;
}

static void fill_span(struct mapped *mapped, const struct rbmap_meta *meta,
		      const struct rbmap_subbuf_header *header, uint32_t from,
		      struct rbmap_span *ret)
{
	bool full = mapped->read == rbmap_layout_capacity(&mapped->base.layout);

	if (mapped->fresh)
		mapped->subbuf_lost = from ? 0 : lost_before(mapped, meta, header);
	mapped->seq += mapped->fresh;
	*ret = (struct rbmap_span){
		.subbuf = rbmap_mapping_subbuf(mapped->mapping, mapped->id),
		.subbuf_size = mapped->base.layout.subbuf_size,
		.from = from,
		.to = mapped->read,
		/*
		 * The writer has left a sub-buffer that is full, and one with loss
		 * bits: the kernel stores them on no other. Of the rest it cannot be
		 * told.
		 */
		.flags = header->lost || full ? 0 : RBMAP_SPAN_GROWING,
		.seq = mapped->seq,
		.time_stamp = header->time_stamp,
		.lost = mapped->fresh ? mapped->subbuf_lost : 0,
		.cpu = mapped->base.cpu,
	};
	mapped->fresh = false;
}

/*
 * A round is over when all has left the ring that was in it at its begin, so that a
 * fast writer does not make it endless. Needs the counters that the ring is seen with
 * after a look; the first look of a round is after its begin.
 */
static void judge_round(struct mapped *mapped, const struct rbmap_meta *meta)
{
	bool reset = was_reset(mapped, meta);

	if (!mapped->looked_this_round || reset)
		mapped->goal = meta->entries;
	mapped->looked_this_round = true;
	if (meta->read + meta->overrun >= mapped->goal)
		mapped->round_over = true;
}

static int take_swapped(struct mapped *mapped, const struct rbmap_meta *meta,
			const struct rbmap_subbuf_header *header,
			struct rbmap_span *ret)
{
	if (was_reset(mapped, meta))
		mapped->lost = RBMAP_LOST_UNKNOWN;
	mapped->fresh = true;
	judge_round(mapped, meta);
	remember(mapped, meta, header->time_stamp);
	if (mapped->read == 0) {
		/* A reset, and nothing written since. */
		mapped->round_over = true;
		return 0;
	}
	fill_span(mapped, meta, header, 0, ret);
	return 1;
}

static int take_grown(struct mapped *mapped, const struct rbmap_meta *meta,
		      const struct rbmap_subbuf_header *header, struct rbmap_span *ret)
{
	uint32_t from = mapped->read;
	bool looked = mapped->looked_this_round;

	judge_round(mapped, meta);
	remember(mapped, meta, header->time_stamp);
	if (mapped->read == from) {
		mapped->round_over = true;
		return 0;
	}
	/*
	 * A sub-buffer that grows between two looks is the writer's: what is behind it
	 * came after the round began. To follow the writer record by record would cost
	 * an ioctl for each few of them.
	 */
	if (looked)
		mapped->round_over = true;
	fill_span(mapped, meta, header, from, ret);
	return 1;
}

/* One GET_READER: a span in place, or 0 where the round is over. */
static int look(struct mapped *mapped, struct rbmap_span *ret)
{
	struct rbmap_subbuf_header header;
	struct rbmap_meta meta;
	int r;

	r = catch_up(mapped);
	if (r == 0) {
		mapped->base.work->get_readers++;
		r = rbmap_mapping_get_reader(mapped->mapping);
	}
	if (r < 0) {
		mapped->round_over = true;
		return r;
	}
	rbmap_mapping_meta(mapped->mapping, &meta);
	r = check_meta(mapped, &meta);
	if (r == 0)
		r = load_header(mapped, meta.reader_id, &header);
	if (r < 0) {
		/* It may have consumed what cannot be delivered now. */
		mapped->lost = RBMAP_LOST_UNKNOWN;
		mapped->round_over = true;
		return r;
	}
	if (same_subbuf(mapped, &meta, header.time_stamp))
		return take_grown(mapped, &meta, &header, ret);
	return take_swapped(mapped, &meta, &header, ret);
}

/* Moves a span to a place where the next swap does not reach it. */
static void copy_out(const struct mapped *mapped, struct rbmap_span *span,
		     unsigned char *to)
{
	const struct rbmap_layout *layout = &mapped->base.layout;
	const unsigned char *from = span->subbuf;
	unsigned char *end = to + layout->data_offset + span->to;

	memcpy(to + layout->data_offset, from + layout->data_offset, span->to);
	memset(end, 0, rbmap_layout_capacity(layout) - span->to);
	rbmap_subbuf_make_header(layout, to, end, span->time_stamp, span->to,
				 mapped->subbuf_lost);
	span->subbuf = to;
}

/* A second span of one sub-buffer in a turn is the first one, grown. */
static bool goes_on(const struct rbmap_span *spans, int nr,
		    const struct rbmap_span *next)
{
	return nr && spans[nr - 1].seq == next->seq;
}

static int add_copy(struct mapped *mapped, struct rbmap_span *spans, int nr,
		    struct rbmap_span *next)
{
	size_t size = mapped->base.layout.subbuf_size;

	if (goes_on(spans, nr, next)) {
		nr--;
		next->from = spans[nr].from;
		next->lost = spans[nr].lost;
	} else if (nr) {
		/* Swapped out: the writer had left it. */
		spans[nr - 1].flags &= ~RBMAP_SPAN_GROWING;
	}
	copy_out(mapped, next, mapped->memory + nr * size);
	spans[nr] = *next;
	return nr + 1;
}

static int take_copies(struct mapped *mapped, struct rbmap_span *spans, int max)
{
	struct rbmap_span next;
	int nr = 0, r = mapped->error;

	mapped->error = 0;
	if (r < 0)
		return r;
	while (!mapped->round_over && nr < max && nr < mapped->room) {
		r = look(mapped, &next);
		if (r < 0 && nr == 0)
			return r;
		/* What was consumed is delivered first, then the error told. */
		if (r < 0) {
			mapped->error = r;
			break;
		}
		if (r > 0)
			nr = add_copy(mapped, spans, nr, &next);
	}
	return nr;
}

static int mapped_take(struct rbmap_engine_ring *ring, struct rbmap_span *spans,
		       int max)
{
	struct mapped *mapped = to_mapped(ring);

	if (mapped->memory)
		return take_copies(mapped, spans, max);
	return mapped->round_over || max < 1 ? 0 : look(mapped, spans);
}

static void mapped_wake(struct rbmap_engine_ring *ring)
{
	struct mapped *mapped = to_mapped(ring);

	mapped->round_over = false;
	mapped->looked_this_round = false;
}

static void mapped_close(struct rbmap_engine_ring *ring)
{
	struct mapped *mapped = to_mapped(ring);

	if (!mapped)
		return;
	rbmap_mapping_close(mapped->mapping);
	free(mapped->memory);
	free(mapped);
}

/* Records below reader.read were consumed by somebody before: not ours to deliver. */
static int begin(struct mapped *mapped)
{
	struct rbmap_subbuf_header header;
	struct rbmap_meta meta;
	int r;

	rbmap_mapping_meta(mapped->mapping, &meta);
	if (meta.subbuf_size != mapped->base.layout.subbuf_size)
		return -EPROTO;
	r = check_meta(mapped, &meta);
	if (r == 0)
		r = load_header(mapped, meta.reader_id, &header);
	if (r < 0)
		return r;
	remember(mapped, &meta, header.time_stamp);
	return 0;
}

static int make_room(struct mapped *mapped)
{
	uint32_t size = mapped->base.layout.subbuf_size;

	mapped->room = RBMAP_TURN_BYTES / size;
	if (mapped->room < 2)
		return 0;
	mapped->memory = malloc((size_t)mapped->room * size);
	return mapped->memory ? 0 : -ENOMEM;
}

int rbmap_mapped_open(struct rbmap_engine_ring **ret, struct rbmap_mapping *mapping,
		      int cpu, const struct rbmap_layout *layout,
		      struct rbmap_session_work *work)
{
	struct mapped *mapped = calloc(1, sizeof(*mapped));
	int r;

	if (!mapped) {
		rbmap_mapping_close(mapping);
		return -ENOMEM;
	}
	*mapped = (struct mapped){
		.base = { .ops = &rbmap_mapped_ops,
			  .layout = *layout,
			  .work = work,
			  .cpu = cpu },
		.mapping = mapping,
		.fresh = true,
		.round_over = true,
	};
	r = begin(mapped);
	if (r == 0)
		r = make_room(mapped);
	if (r < 0) {
		mapped_close(&mapped->base);
		return r;
	}
	*ret = &mapped->base;
	return 0;
}

static int mapped_open(struct rbmap_engine_ring **ret, int fd, int cpu,
		       const struct rbmap_layout *layout, bool copies,
		       struct rbmap_session_work *work)
{
	struct rbmap_mapping *mapping;
	int r;

	(void)copies;
	r = rbmap_mapping_open(&mapping, fd);
	if (r < 0)
		return r;
	return rbmap_mapped_open(ret, mapping, cpu, layout, work);
}

const struct rbmap_engine_ops rbmap_mapped_ops = {
	.engine = RBMAP_ENGINE_MAPPED,
	.name = "mapped",
	.consumes = true,
	.maps = true,
	.open = mapped_open,
	.close = mapped_close,
	.wake = mapped_wake,
	.take = mapped_take,
};
