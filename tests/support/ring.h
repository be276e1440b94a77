/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring buffer of one CPU in ordinary memory: meta-page, sub-buffers, a writer, and a
 * stand-in for TRACE_MMAP_IOCTL_GET_READER with what kernel/trace/ring_buffer.c does.
 * One thread may write while another one consumes and others observe.
 */
#ifndef TEST_RING_H
#define TEST_RING_H

#include <pthread.h>

#include "build.h"
#include "ring/uapi/trace_mmap.h"

/* What every event says of itself; the rest of it is filler. */
struct ring_event {
	uint64_t number;
	uint64_t time;
};

struct ring_page {
	uint32_t read;
	uint32_t real_end;
	uint64_t entries;
};

struct ring {
	struct rbmap_layout layout;
	struct trace_buffer_meta meta;
	unsigned char *data;
	size_t data_size;
	uint32_t nr_subbufs;
	bool overwrite;

	/* Ids in the order of the ring; the reader's sub-buffer is not among them. */
	uint32_t *slots;
	uint32_t nr_slots;
	uint32_t head;
	/* Where a reset begins: cpu_buffer->pages. */
	uint32_t anchor;
	uint32_t tail_slot;
	bool tail_is_reader;
	uint32_t tail;
	uint32_t reader;
	struct ring_page *pages;
	pthread_mutex_t lock;

	/* The writer's own: the sub-buffer it writes to, first made here, and the
	 * clock. */
	unsigned char *draft;
	struct build build;
	unsigned char *event;
	bool started;
	uint64_t now;
	uint64_t numbers;

	uint64_t entries;
	uint64_t overrun;
	uint64_t last_overrun;
	uint64_t lost;
	uint64_t read;
	uint64_t dropped;
	uint64_t read_stamp;

	/* Called without the lock: before and after what a GET_READER does. */
	void (*before)(struct ring *ring);
	void (*after)(struct ring *ring);
	int error;
	unsigned int calls;
};

void ring_open(struct ring *ring, const struct rbmap_layout *layout,
	       uint32_t nr_subbufs);
void ring_close(struct ring *ring);

/*
 * One more event of size bytes (at least sizeof(struct ring_event)), delta after the
 * one before. Returns false where it was dropped.
 */
bool ring_write(struct ring *ring, uint32_t size, uint64_t delta);
void ring_write_many(struct ring *ring, uint32_t size, unsigned int nr);

/* The same in two steps; the first changes nothing that a reader may see. */
bool ring_reserve(struct ring *ring, uint32_t size, uint64_t delta);
void ring_commit(struct ring *ring);

/* Bytes that are left on the writer's sub-buffer. */
uint32_t ring_room(const struct ring *ring);

/* The ioctl; context is the struct ring. */
int ring_get_reader(void *context);

/* A read(2) of trace_pipe_raw: returns the bytes, 0 where the ring is empty. */
size_t ring_read(struct ring *ring, void *to);

/* echo > trace */
void ring_reset(struct ring *ring);

#endif
