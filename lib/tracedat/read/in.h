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
 * @look: where @bytes is NULL, reads so many from @at on; what a call returns is valid
 *	until the next one then
 * @error: why such bytes could not be read
 */
struct tracedat_in {
	const unsigned char *bytes;
	uint64_t size;
	uint64_t at;
	uint64_t offset;
	bool swap;
	int (*look)(const struct tracedat_in *in, size_t size,
		    const unsigned char **ret);
	void *context;
	int error;
};

static inline uint64_t tracedat_in_left(const struct tracedat_in *in)
{
	return in->size - in->at;
}

/*
 * All return 0, -ENODATA where the bytes end before, or @error; nothing is read then.
 * rbmap_datfile_cut() makes the fault of either.
 */
int rbmap_in_bytes(struct tracedat_in *in, const unsigned char **ret, uint64_t size);
int rbmap_in_u16(struct tracedat_in *in, uint16_t *ret);
int rbmap_in_u32(struct tracedat_in *in, uint32_t *ret);
int rbmap_in_u64(struct tracedat_in *in, uint64_t *ret);
/* One that a 0 ends; lies in the bytes. */
int rbmap_in_string(struct tracedat_in *in, const char **ret);
/* A part of its own, whose size stands before it in 4 or 8 bytes. */
int rbmap_in_part(struct tracedat_in *in, unsigned int width, struct tracedat_in *ret);
/* The same, which is passed over: where in the file it is. */
int rbmap_in_skip_part(struct tracedat_in *in, unsigned int width, uint64_t *ret_offset,
		       uint64_t *ret_size);

#endif
