// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The engine for kernels that cannot map the ring: read(2) hands out copies, each a
 * sub-buffer of its own that never grows.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/internal.h"
#include "ring/engine.h"
#include "span/subbuf.h"

/*
 * To hand a turn to a thread that writes costs more than to read a sub-buffer, so there
 * are several in one. What is not read is not touched.
 */
#define TURN_BYTES (UINT32_C(1) << 19)

struct read_engine {
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

static struct read_engine *to_engine(struct rbmap_engine_ring *ring)
{
	return (struct read_engine *)ring;
}

/*
 * Returns 1, or 0 where the ring is empty. A kernel copies into the buffer what it
 * has, so a short read(2) is not to be expected, and what is missing is no record.
 */
static int read_subbuf(struct read_engine *engine, unsigned char *to)
{
	uint32_t size = engine->base.layout.subbuf_size;
	ssize_t got;

	engine->base.work->reads++;
	got = read(engine->fd, to, size);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (got < 0)
		return -errno;
	if (got == 0)
		return 0;
	if ((size_t)got < engine->base.layout.data_offset)
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
static void judge_fill(struct read_engine *engine, uint32_t size)
{
	if (size >= rbmap_layout_capacity(&engine->base.layout) / 2)
		engine->short_reads = 0;
	else if (++engine->short_reads == 3)
		engine->round_over = true;
}

static int take_one(struct read_engine *engine, unsigned char *memory,
		    struct rbmap_span *ret)
{
	struct rbmap_subbuf_header header;
	int r;

	r = read_subbuf(engine, memory);
	if (r > 0 && rbmap_subbuf_header(&engine->base.layout, memory, &header) < 0)
		r = -EPROTO;
	if (r == -EPROTO)
		/* It is consumed and cannot be delivered. */
		engine->lost = RBMAP_LOST_UNKNOWN;
	if (r <= 0) {
		engine->round_over = true;
		return r;
	}
	judge_fill(engine, header.size);
	*ret = (struct rbmap_span){
		.subbuf = memory,
		.subbuf_size = engine->base.layout.subbuf_size,
		.to = header.size,
		.seq = ++engine->seq,
		.time_stamp = header.time_stamp,
		.lost = engine->lost ? engine->lost : header.lost,
		.cpu = engine->base.cpu,
	};
	engine->lost = 0;
	return 1;
}

static int read_take(struct rbmap_engine_ring *ring, struct rbmap_span *spans, int max)
{
	struct read_engine *engine = to_engine(ring);
	uint32_t size = ring->layout.subbuf_size;
	int taken = 0, r = engine->error;

	if (max < 1)
		return 0;
	engine->error = 0;
	if (r < 0)
		return r;
	while (!engine->round_over && taken < max && (uint32_t)taken < engine->room) {
		r = take_one(engine, engine->memory + (size_t)taken * size,
			     &spans[taken]);
		if (r < 0 && taken == 0)
			return r;
		/* What was consumed is delivered first, then the error told. */
		if (r < 0)
			engine->error = r;
		else
			taken += r;
	}
	return taken;
}

static void read_wake(struct rbmap_engine_ring *ring)
{
	struct read_engine *engine = to_engine(ring);

	engine->round_over = false;
	engine->short_reads = 0;
}

static void read_close(struct rbmap_engine_ring *ring)
{
	struct read_engine *engine = to_engine(ring);

	if (!engine)
		return;
	free(engine->memory);
	free(engine);
}

static int read_open(struct rbmap_engine_ring **ret, int fd, int cpu,
		     const struct rbmap_layout *layout, bool copies,
		     struct rbmap_session_work *work)
{
	struct read_engine *engine = calloc(1, sizeof(*engine));
	uint32_t room = TURN_BYTES / layout->subbuf_size;

	(void)copies;
	if (!engine)
		return -ENOMEM;
	*engine = (struct read_engine){
		.base = { .ops = &rbmap_read_ops,
			  .layout = *layout,
			  .work = work,
			  .cpu = cpu },
		.fd = fd,
		.room = room ? room : 1,
		.round_over = true,
	};
	engine->memory = calloc(engine->room, layout->subbuf_size);
	if (!engine->memory) {
		read_close(&engine->base);
		return -ENOMEM;
	}
	*ret = &engine->base;
	return 0;
}

const struct rbmap_engine_ops rbmap_read_ops = {
	.engine = RBMAP_ENGINE_READ,
	.name = "read",
	.consumes = true,
	.open = read_open,
	.close = read_close,
	.wake = read_wake,
	.take = read_take,
};
