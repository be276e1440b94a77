// SPDX-License-Identifier: LGPL-2.1-only
#include "span/fifo.h"

#include <stdlib.h>

#include "base/internal.h"

#define SIZE_MIN ((size_t)64 * 1024)
#define ALIGNMENT sizeof(uint64_t)

void rbmap_fifo_free(struct fifo *fifo)
{
	free(fifo->memory);
}

static int grow(struct fifo *fifo, size_t need)
{
	size_t size = fifo->size ? fifo->size : SIZE_MIN;
	unsigned char *memory;

	while (size < need)
		size *= 2;
	memory = realloc(fifo->memory, size);
	if (!memory)
		return -ENOMEM;
	fifo->memory = memory;
	fifo->size = size;
	return 0;
}

static int make_room(struct fifo *fifo, size_t bytes)
{
	size_t held = fifo->end - fifo->begin;

	if (fifo->begin == fifo->end)
		fifo->begin = fifo->end = 0;
	if (bytes <= fifo->size - fifo->end)
		return 0;
	/* Only where half is free: a byte is moved once at the most, on the average. */
	if (fifo->begin && held <= fifo->size / 2 && held + bytes <= fifo->size) {
		memmove(fifo->memory, fifo->memory + fifo->begin, held);
		fifo->begin = 0;
		fifo->end = held;
		return 0;
	}
	return grow(fifo, fifo->end + bytes);
}

int rbmap_fifo_add(struct fifo *fifo, const struct rbmap_record *record, uint64_t order,
		   uint64_t lost)
{
	size_t stride = sizeof(struct fifo_record) + record->size;
	struct fifo_record *added;
	int r;

	stride = (stride + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	r = make_room(fifo, stride);
	if (r)
		return r;
	added = (struct fifo_record *)(fifo->memory + fifo->end);
	added->order = order;
	added->time_stamp = record->time_stamp;
	added->lost = lost;
	added->size = record->size;
	added->stride = stride;
	memcpy(added->data, record->data, record->size);
	fifo->end += stride;
	if (fifo->most < fifo->end - fifo->begin)
		fifo->most = fifo->end - fifo->begin;
	return 0;
}

void rbmap_fifo_trim(struct fifo *fifo)
{
	size_t held = fifo->end - fifo->begin, size = fifo->size / 2;
	unsigned char *memory;

	/* By halves, so that one quiet round does not give up what the next needs. */
	if (size >= SIZE_MIN && fifo->most <= size / 2) {
		memmove(fifo->memory, fifo->memory + fifo->begin, held);
		fifo->begin = 0;
		fifo->end = held;
		memory = realloc(fifo->memory, size);
		if (memory) {
			fifo->memory = memory;
			fifo->size = size;
		}
	}
	fifo->most = held;
}
