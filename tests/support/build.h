/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lays out sub-buffers as the kernel writes them, with any size, long and byte order.
 * It shares no code with the library, so that neither hides the other's mistakes.
 */
#ifndef TEST_BUILD_H
#define TEST_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/subbuf.h>

#define BUILD_MAX_SHORT 112
#define BUILD_MAX_DELTA ((UINT32_C(1) << 27) - 1)

struct build {
	struct rbmap_layout layout;
	unsigned char *memory;
	/* Bytes of records so far, and the time of the last. */
	uint32_t size;
	uint64_t time;
};

struct rbmap_layout build_layout(uint32_t subbuf_size, uint32_t long_size, bool swap);

/* Stores the time stamp, but not the commit word. */
void build_begin(struct build *build, const struct rbmap_layout *layout, void *memory,
		 uint64_t time_stamp);

uint32_t build_room(const struct build *build);

/* Bytes that a record of size bytes of data takes. */
uint32_t build_record_bytes(uint32_t size);

/* All of these return false, and write nothing, where there is no room. */
bool build_data(struct build *build, uint32_t delta, const void *data, uint32_t size);
bool build_long_data(struct build *build, uint32_t delta, const void *data,
		     uint32_t size);
/* An event that the writer took back: padding of size bytes behind its head. */
bool build_discarded(struct build *build, uint32_t delta, uint32_t size);
bool build_extend(struct build *build, uint64_t delta);
bool build_absolute(struct build *build, uint64_t stamp);

/* Pads to the end, with or without a length, as room allows. */
void build_end(struct build *build);

/* The commit word for size bytes; lost as in struct rbmap_subbuf_header. */
void build_commit(struct build *build, uint32_t size, uint64_t lost);

/* A commit word of any value, sign-extended from 32 bits as the kernel's is. */
void build_commit_word(struct build *build, uint32_t word);

void build_put_long(struct build *build, uint32_t offset, uint64_t value);

#endif
