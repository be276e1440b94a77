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

struct reader {
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

static struct reader *to_reader(struct rbmap_engine_ring *ring)
{
	return (struct reader *)ring;
}

static int check_meta(const struct reader *reader, const struct rbmap_meta *meta)
{
	if (meta->reader_read > rbmap_layout_capacity(&reader->base.layout) ||
	    !rbmap_mapping_subbuf(reader->mapping, meta->reader_id))
		return -EPROTO;
	return 0;
}

static void remember(struct reader *reader, const struct rbmap_meta *meta,
		     uint64_t time_stamp)
{
	reader->id = meta->reader_id;
	reader->read = meta->reader_read;
	reader->time_stamp = time_stamp;
	reader->entries = meta->entries;
	reader->consumed = meta->read;
}

static int load_header(const struct reader *reader, uint32_t id,
		       struct rbmap_subbuf_header *ret)
{
	return rbmap_subbuf_load_header(&reader->base.layout,
					rbmap_mapping_subbuf(reader->mapping, id),
					ret) ?
		       -EPROTO :
		       0;
}

static bool was_reset(const struct reader *reader, const struct rbmap_meta *meta)
{
	return meta->entries < reader->entries || meta->read < reader->consumed;
}

static bool same_subbuf(const struct reader *reader, const struct rbmap_meta *meta,
			uint64_t time_stamp)
{
	return meta->reader_id == reader->id && meta->reader_read >= reader->read &&
	       time_stamp == reader->time_stamp && !was_reset(reader, meta);
}

/*
 * Takes note of the ring as it is: what is consumed by now was delivered, or is
 * somebody else's.
 */
static int catch_up(struct reader *reader)
{
	struct rbmap_subbuf_header header;
	struct rbmap_meta meta;
	int r;

	rbmap_mapping_meta(reader->mapping, &meta);
	if (meta.reader_id == reader->id && meta.reader_read == reader->read &&
	    !was_reset(reader, &meta))
		return 0;
	r = check_meta(reader, &meta);
	if (r == 0)
		r = load_header(reader, meta.reader_id, &header);
	if (r < 0)
		return r;
	if (was_reset(reader, &meta))
		reader->lost = RBMAP_LOST_UNKNOWN;
	/*
	 * Also where somebody consumed a piece of this very sub-buffer: what follows
	 * does not go on from what was delivered.
	 */
	reader->fresh = true;
	remember(reader, &meta, header.time_stamp);
	return 0;
}

/*
 * Mainline leaves reader.lost_events 0. Where it is told, it is the count that the
 * header has, also while the writer is on the sub-buffer or where the header has no
 * room for it (packaging/kernel).
 */
static uint64_t lost_before(struct reader *reader, const struct rbmap_meta *meta,
			    const struct rbmap_subbuf_header *header)
{
	uint64_t lost = meta->reader_lost_events;

	if (!lost)
		lost = header->lost;
	if (reader->lost)
		lost = RBMAP_LOST_UNKNOWN;
	reader->lost = 0;
	return lost;
}

static void fill_span(struct reader *reader, const struct rbmap_meta *meta,
		      const struct rbmap_subbuf_header *header, uint32_t from,
		      struct rbmap_span *ret)
{
	bool full = reader->read == rbmap_layout_capacity(&reader->base.layout);

	if (reader->fresh)
		reader->subbuf_lost = from ? 0 : lost_before(reader, meta, header);
	reader->seq += reader->fresh;
	*ret = (struct rbmap_span){
		.subbuf = rbmap_mapping_subbuf(reader->mapping, reader->id),
		.subbuf_size = reader->base.layout.subbuf_size,
		.from = from,
		.to = reader->read,
		/*
		 * The writer has left a sub-buffer that is full, and one with loss
		 * bits: the kernel stores them on no other. Of the rest it cannot be
		 * told.
		 */
		.flags = header->lost || full ? 0 : RBMAP_SPAN_GROWING,
		.seq = reader->seq,
		.time_stamp = header->time_stamp,
		.lost = reader->fresh ? reader->subbuf_lost : 0,
		.cpu = reader->base.cpu,
	};
	reader->fresh = false;
}

/*
 * A round is over when all has left the ring that was in it at its begin, so that a
 * fast writer does not make it endless. Needs the counters that the ring is seen with
 * after a look; the first look of a round is after its begin.
 */
static void judge_round(struct reader *reader, const struct rbmap_meta *meta)
{
	bool reset = was_reset(reader, meta);

	if (!reader->looked_this_round || reset)
		reader->goal = meta->entries;
	reader->looked_this_round = true;
	if (meta->read + meta->overrun >= reader->goal)
		reader->round_over = true;
}

static int take_swapped(struct reader *reader, const struct rbmap_meta *meta,
			const struct rbmap_subbuf_header *header,
			struct rbmap_span *ret)
{
	if (was_reset(reader, meta))
		reader->lost = RBMAP_LOST_UNKNOWN;
	reader->fresh = true;
	judge_round(reader, meta);
	remember(reader, meta, header->time_stamp);
	if (reader->read == 0) {
		/* A reset, and nothing written since. */
		reader->round_over = true;
		return 0;
	}
	fill_span(reader, meta, header, 0, ret);
	return 1;
}

static int take_grown(struct reader *reader, const struct rbmap_meta *meta,
		      const struct rbmap_subbuf_header *header, struct rbmap_span *ret)
{
	uint32_t from = reader->read;
	bool looked = reader->looked_this_round;

	judge_round(reader, meta);
	remember(reader, meta, header->time_stamp);
	if (reader->read == from) {
		reader->round_over = true;
		return 0;
	}
	/*
	 * A sub-buffer that grows between two looks is the writer's: what is behind it
	 * came after the round began. To follow the writer record by record would cost
	 * an ioctl for each few of them.
	 */
	if (looked)
		reader->round_over = true;
	fill_span(reader, meta, header, from, ret);
	return 1;
}

/* One GET_READER: a span in place, or 0 where the round is over. */
static int look(struct reader *reader, struct rbmap_span *ret)
{
	struct rbmap_subbuf_header header;
	struct rbmap_meta meta;
	int r;

	r = catch_up(reader);
	if (r == 0) {
		reader->base.work->get_readers++;
		r = rbmap_mapping_get_reader(reader->mapping);
	}
	if (r < 0) {
		reader->round_over = true;
		return r;
	}
	rbmap_mapping_meta(reader->mapping, &meta);
	r = check_meta(reader, &meta);
	if (r == 0)
		r = load_header(reader, meta.reader_id, &header);
	if (r < 0) {
		/* It may have consumed what cannot be delivered now. */
		reader->lost = RBMAP_LOST_UNKNOWN;
		reader->round_over = true;
		return r;
	}
	if (same_subbuf(reader, &meta, header.time_stamp))
		return take_grown(reader, &meta, &header, ret);
	return take_swapped(reader, &meta, &header, ret);
}

/* Moves a span to a place where the next swap does not reach it. */
static void copy_out(const struct reader *reader, struct rbmap_span *span,
		     unsigned char *to)
{
	const struct rbmap_layout *layout = &reader->base.layout;
	const unsigned char *from = span->subbuf;
	unsigned char *end = to + layout->data_offset + span->to;

	memcpy(to + layout->data_offset, from + layout->data_offset, span->to);
	memset(end, 0, rbmap_layout_capacity(layout) - span->to);
	rbmap_subbuf_make_header(layout, to, end, span->time_stamp, span->to,
				 reader->subbuf_lost);
	span->subbuf = to;
}

/* A second span of one sub-buffer in a turn is the first one, grown. */
static bool goes_on(const struct rbmap_span *spans, int nr,
		    const struct rbmap_span *next)
{
	return nr && spans[nr - 1].seq == next->seq;
}

static int add_copy(struct reader *reader, struct rbmap_span *spans, int nr,
		    struct rbmap_span *next)
{
	size_t size = reader->base.layout.subbuf_size;

	if (goes_on(spans, nr, next)) {
		nr--;
		next->from = spans[nr].from;
		next->lost = spans[nr].lost;
	} else if (nr) {
		/* Swapped out: the writer had left it. */
		spans[nr - 1].flags &= ~RBMAP_SPAN_GROWING;
	}
	copy_out(reader, next, reader->memory + nr * size);
	spans[nr] = *next;
	return nr + 1;
}

static int take_copies(struct reader *reader, struct rbmap_span *spans, int max)
{
	struct rbmap_span next;
	int nr = 0, r = reader->error;

	reader->error = 0;
	if (r < 0)
		return r;
	while (!reader->round_over && nr < max && nr < reader->room) {
		r = look(reader, &next);
		if (r < 0 && nr == 0)
			return r;
		/* What was consumed is delivered first, then the error told. */
		if (r < 0) {
			reader->error = r;
			break;
		}
		if (r > 0)
			nr = add_copy(reader, spans, nr, &next);
	}
	return nr;
}

static int reader_take(struct rbmap_engine_ring *ring, struct rbmap_span *spans,
		       int max)
{
	struct reader *reader = to_reader(ring);

	if (reader->memory)
		return take_copies(reader, spans, max);
	return reader->round_over || max < 1 ? 0 : look(reader, spans);
}

static void reader_wake(struct rbmap_engine_ring *ring)
{
	struct reader *reader = to_reader(ring);

	reader->round_over = false;
	reader->looked_this_round = false;
}

static void reader_close(struct rbmap_engine_ring *ring)
{
	struct reader *reader = to_reader(ring);

	if (!reader)
		return;
	rbmap_mapping_close(reader->mapping);
	free(reader->memory);
	free(reader);
}

/* Records below reader.read were consumed by somebody before: not ours to deliver. */
static int begin(struct reader *reader)
{
	struct rbmap_subbuf_header header;
	struct rbmap_meta meta;
	int r;

	rbmap_mapping_meta(reader->mapping, &meta);
	if (meta.subbuf_size != reader->base.layout.subbuf_size)
		return -EPROTO;
	r = check_meta(reader, &meta);
	if (r == 0)
		r = load_header(reader, meta.reader_id, &header);
	if (r < 0)
		return r;
	remember(reader, &meta, header.time_stamp);
	return 0;
}

static int make_room(struct reader *reader)
{
	uint32_t size = reader->base.layout.subbuf_size;

	reader->room = RBMAP_TURN_BYTES / size;
	if (reader->room < 2)
		return 0;
	reader->memory = malloc((size_t)reader->room * size);
	return reader->memory ? 0 : -ENOMEM;
}

int rbmap_reader_open(struct rbmap_engine_ring **ret, struct rbmap_mapping *mapping,
		      int cpu, const struct rbmap_layout *layout,
		      struct rbmap_session_work *work)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader) {
		rbmap_mapping_close(mapping);
		return -ENOMEM;
	}
	*reader = (struct reader){
		.base = { .ops = &rbmap_reader_ops,
			  .layout = *layout,
			  .work = work,
			  .cpu = cpu },
		.mapping = mapping,
		.fresh = true,
		.round_over = true,
	};
	r = begin(reader);
	if (r == 0)
		r = make_room(reader);
	if (r < 0) {
		reader_close(&reader->base);
		return r;
	}
	*ret = &reader->base;
	return 0;
}

static int reader_open(struct rbmap_engine_ring **ret, int fd, int cpu,
		       const struct rbmap_layout *layout, bool copies,
		       struct rbmap_session_work *work)
{
	struct rbmap_mapping *mapping;
	int r;

	(void)copies;
	r = rbmap_mapping_open(&mapping, fd);
	if (r < 0)
		return r;
	return rbmap_reader_open(ret, mapping, cpu, layout, work);
}

const struct rbmap_engine_ops rbmap_reader_ops = {
	.engine = RBMAP_ENGINE_READER,
	.open = reader_open,
	.close = reader_close,
	.wake = reader_wake,
	.take = reader_take,
};
