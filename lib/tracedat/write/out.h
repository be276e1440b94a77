/* SPDX-License-Identifier: LGPL-2.1-only */
/* Text and numbers of a trace.dat's head, put together in memory. */
#ifndef RBMAP_TRACEDAT_WRITE_OUT_H
#define RBMAP_TRACEDAT_WRITE_OUT_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed at first; to be freed with tracedat_out_free(). */
struct tracedat_out {
	unsigned char *bytes;
	size_t used;
	size_t room;
};

/* All of these return 0 or a negative errno. */
int rbmap_out_add(struct tracedat_out *out, const void *bytes, size_t size);
/* A number that is known only later, of @size bytes; it is 0 until then. */
int rbmap_out_reserve(struct tracedat_out *out, size_t size, size_t *ret_offset);
/*
 * What is in a file, with its size before it, which takes @width bytes. Nothing is
 * added where it cannot be read.
 */
int rbmap_out_file(struct tracedat_out *out, const char *path, size_t width);

void rbmap_out_number(struct tracedat_out *out, size_t offset, size_t size,
		      uint64_t number);
void rbmap_out_free(struct tracedat_out *out);

#endif
