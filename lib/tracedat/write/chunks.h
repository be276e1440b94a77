/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Sub-buffers that are stored compressed: copied out of the ring, and compressed once
 * it is known that none of them was overwritten meanwhile. What one put brought of a
 * CPU becomes one chunk, and a piece of a sub-buffer one with a header of its own: so
 * nothing in the file is ever written again.
 *
 * They are not compressed straight from the ring: a match with bytes that are then
 * overwritten would damage a sub-buffer which was not, and to copy half a megabyte
 * costs less than to begin a frame for each 64 KiB of it.
 */
#ifndef RBMAP_TRACEDAT_WRITE_CHUNKS_H
#define RBMAP_TRACEDAT_WRITE_CHUNKS_H

#include <stdbool.h>
#include <stdint.h>

#include <rbmap/span.h>

struct rbmap_tracedat_writer;
struct tracedat_region;
struct tracedat_spare;

int rbmap_spare_init(struct tracedat_spare *spare);
void rbmap_spare_free(struct tracedat_spare *spare);

/* @first: of this region in this put */
int rbmap_chunks_put(struct rbmap_tracedat_writer *writer,
		     struct tracedat_region *region, const struct rbmap_span *span,
		     bool first);
/* One more span was put, with or without something in it. */
int rbmap_chunks_count(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region);
/* Compresses and writes what is pending. */
int rbmap_chunks_write(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region);
/* What is torn of what was put last. */
void rbmap_chunks_discard(struct rbmap_tracedat_writer *writer,
			  struct tracedat_region *region,
			  const struct rbmap_span *span);
void rbmap_chunks_forget(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region);

#endif
