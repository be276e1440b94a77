// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The engine for kernels that cannot map the ring: read(2) hands out copies, each a
 * sub-buffer of its own that never grows.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "ring/engine.h"
#include "base/internal.h"
#include "span/subbuf.h"

struct fallback {
	struct rbmap_engine_ring base;
	int fd;
	unsigned char *memory;
	uint32_t room;
	uint64_t seq;
	uint64_t lost;
	int error;
	unsigned int short_reads;
	bool round_over;
};

static struct fallback *to_fallback(struct rbmap_engine_ring *ring)
{
	return (struct fallback *)ring;
}

/*
 * Returns 1, or 0 where the ring is empty. A kernel copies into the buffer what it
 * has, so a short read(2) is not to be expected, and what is missing is no record.
 */
static int read_subbuf(struct fallback *fallback, unsigned char *to)
{
	uint32_t size = fallback->base.layout.subbuf_size;
	ssize_t got;

	fallback->base.work->reads++;
	got = read(fallback->fd, to, size);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (got < 0)
		return -errno;
	if (got == 0)
		return 0;
	if ((size_t)got < fallback->base.layout.data_offset)
		return -EPROTO;
	memset(to + got, 0, size - got);
	return 1;
}

/*
 * The writer's sub-buffer is handed out as far as it is filled, so one that is mostly
 * empty is the rest of a sub-buffer, one that a large record did not fit into (what
 * follows is mostly full then), or the writer's. To follow the writer would cost a
 * system call and a sub-buffer for each few records.
 */
static void judge_fill(struct fallback *fallback, uint32_t size)
{
	if (size >= rbmap_layout_capacity(&fallback->base.layout) / 2)
		fallback->short_reads = 0;
	else if (++fallback->short_reads == 3)
		fallback->round_over = true;
}

static int take_one(struct fallback *fallback, unsigned char *memory,
		    struct rbmap_span *ret)
{
	struct rbmap_subbuf_header header;
	int r;

	r = read_subbuf(fallback, memory);
	if (r > 0 && rbmap_subbuf_header(&fallback->base.layout, memory, &header) < 0)
		r = -EPROTO;
	if (r == -EPROTO)
		/* It is consumed and cannot be delivered. */
		fallback->lost = RBMAP_LOST_UNKNOWN;
	if (r <= 0) {
		fallback->round_over = true;
		return r;
	}
	judge_fill(fallback, header.size);
	*ret = (struct rbmap_span){
		.subbuf = memory,
		.subbuf_size = fallback->base.layout.subbuf_size,
		.to = header.size,
		.seq = ++fallback->seq,
		.time_stamp = header.time_stamp,
		.lost = fallback->lost ? fallback->lost : header.lost,
		.cpu = fallback->base.cpu,
	};
	fallback->lost = 0;
	return 1;
}

static int fallback_take(struct rbmap_engine_ring *ring, struct rbmap_span *spans,
			 int max)
{
	struct fallback *fallback = to_fallback(ring);
	uint32_t size = ring->layout.subbuf_size;
	int taken = 0, r = fallback->error;

	if (max < 1)
		return 0;
	fallback->error = 0;
	if (r < 0)
		return r;
	while (!fallback->round_over && taken < max &&
	       (uint32_t)taken < fallback->room) {
		r = take_one(fallback, fallback->memory + (size_t)taken * size,
			     &spans[taken]);
		if (r < 0 && taken == 0)
			return r;
		/* What was consumed is delivered first, then the error told. */
		if (r < 0)
			fallback->error = r;
		else
			taken += r;
	}
	return taken;
}

static void fallback_wake(struct rbmap_engine_ring *ring)
{
	struct fallback *fallback = to_fallback(ring);

	fallback->round_over = false;
	fallback->short_reads = 0;
}

static void fallback_close(struct rbmap_engine_ring *ring)
{
	struct fallback *fallback = to_fallback(ring);

	if (!fallback)
		return;
	free(fallback->memory);
	free(fallback);
}

static int fallback_open(struct rbmap_engine_ring **ret, int fd, int cpu,
			 const struct rbmap_layout *layout, bool copies,
			 struct rbmap_session_work *work)
{
	struct fallback *fallback = calloc(1, sizeof(*fallback));
	uint32_t room = RBMAP_TURN_BYTES / layout->subbuf_size;

	(void)copies;
	if (!fallback)
		return -ENOMEM;
	*fallback = (struct fallback){
		.base = { .ops = &rbmap_fallback_ops,
			  .layout = *layout,
			  .work = work,
			  .cpu = cpu },
		.fd = fd,
		.room = room ? room : 1,
		.round_over = true,
	};
	fallback->memory = calloc(fallback->room, layout->subbuf_size);
	if (!fallback->memory) {
		fallback_close(&fallback->base);
		return -ENOMEM;
	}
	*ret = &fallback->base;
	return 0;
}

const struct rbmap_engine_ops rbmap_fallback_ops = {
	.engine = RBMAP_ENGINE_READ,
	.open = fallback_open,
	.close = fallback_close,
	.wake = fallback_wake,
	.take = fallback_take,
};
