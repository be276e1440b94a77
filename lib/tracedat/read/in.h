/* SPDX-License-Identifier: LGPL-2.1-only */
/* Numbers and strings of a trace.dat's head, from bytes that may end anywhere. */
#ifndef RBMAP_TRACEDAT_READ_IN_H
#define RBMAP_TRACEDAT_READ_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * @offset: where in the file the bytes begin; for messages
 * @swap: numbers are in another byte order than this machine's
 */
struct tracedat_in {
	const unsigned char *bytes;
	uint64_t size;
	uint64_t at;
	uint64_t offset;
	bool swap;
};

static inline uint64_t tracedat_in_left(const struct tracedat_in *in)
{
	return in->size - in->at;
}

/* All return 0, or -ENODATA where the bytes end before; nothing is read then. */
int rbmap_in_bytes(struct tracedat_in *in, const unsigned char **ret, uint64_t size);
int rbmap_in_u16(struct tracedat_in *in, uint16_t *ret);
int rbmap_in_u32(struct tracedat_in *in, uint32_t *ret);
int rbmap_in_u64(struct tracedat_in *in, uint64_t *ret);
/* One that a 0 ends; lies in the bytes. */
int rbmap_in_string(struct tracedat_in *in, const char **ret);
/* A part of its own, whose size stands before it in 4 or 8 bytes. */
int rbmap_in_part(struct tracedat_in *in, unsigned int width, struct tracedat_in *ret);

#endif
