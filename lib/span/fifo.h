/* SPDX-License-Identifier: LGPL-2.1-only */
/* Copies of records, first in, first out, in one stretch of memory. */
#ifndef RBMAP_SPAN_FIFO_H
#define RBMAP_SPAN_FIFO_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/record.h>

struct fifo_record {
	uint64_t order;
	uint64_t time_stamp;
	uint64_t lost;
	uint32_t size;
	uint32_t stride;
	unsigned char data[];
};

/* Zeroed it is empty. Records lie from begin to end; most is what it held of late. */
struct fifo {
	unsigned char *memory;
	size_t size;
	size_t begin;
	size_t end;
	size_t most;
};

void rbmap_fifo_free(struct fifo *fifo);
int rbmap_fifo_add(struct fifo *fifo, const struct rbmap_record *record, uint64_t order,
		   uint64_t lost);

/* Gives memory back where less was held of late; to be called now and then. */
void rbmap_fifo_trim(struct fifo *fifo);

/* NULL where it is empty. */
static inline const struct fifo_record *fifo_first(const struct fifo *fifo)
{
	if (fifo->begin == fifo->end)
		return NULL;
	return (const struct fifo_record *)(fifo->memory + fifo->begin);
}

/* The dropped record stays readable until the next rbmap_fifo_add() or
 * rbmap_fifo_trim(). */
static inline void fifo_drop(struct fifo *fifo)
{
	fifo->begin += fifo_first(fifo)->stride;
}

#endif
