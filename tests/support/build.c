/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "build.h"

#define HOST_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#define MISSED (UINT32_C(1) << 31)
#define STORED (UINT32_C(1) << 30)

static void put(const struct build *build, unsigned char *to, uint64_t value,
		unsigned int bytes)
{
	bool big = build->layout.swap != HOST_BIG;

	for (unsigned int i = 0; i < bytes; i++)
		to[big ? bytes - 1 - i : i] = value >> (8 * i);
}

static unsigned char *data_at(const struct build *build, uint32_t offset)
{
	return build->memory + build->layout.data_offset + offset;
}

static void put_word(struct build *build, uint32_t value)
{
	put(build, data_at(build, build->size), value, 4);
	build->size += 4;
}

static void put_head(struct build *build, uint32_t type, uint32_t delta)
{
	bool big = build->layout.swap != HOST_BIG;

	put_word(build, big ? type << 27 | delta : delta << 5 | type);
}

struct rbmap_layout build_layout(uint32_t subbuf_size, uint32_t long_size, bool swap)
{
	return (struct rbmap_layout){
		.subbuf_size = subbuf_size,
		.data_offset = 8 + long_size,
		.commit_offset = 8,
		.commit_size = long_size,
		.swap = swap,
	};
}

void build_begin(struct build *build, const struct rbmap_layout *layout, void *memory,
		 uint64_t time_stamp)
{
	*build = (struct build){
		.layout = *layout,
		.memory = memory,
		.time = time_stamp,
	};
	put(build, memory, time_stamp, 8);
}

uint32_t build_room(const struct build *build)
{
	return build->layout.subbuf_size - build->layout.data_offset - build->size;
}

static uint32_t rounded(uint32_t size)
{
	return (size + 3) & ~UINT32_C(3);
}

uint32_t build_record_bytes(uint32_t size)
{
	uint32_t bytes = rounded(size ? size : 1);

	return bytes <= BUILD_MAX_SHORT ? 4 + bytes : 8 + bytes;
}

static void put_bytes(struct build *build, const void *data, uint32_t size)
{
	memset(data_at(build, build->size), 0, rounded(size ? size : 1));
	memcpy(data_at(build, build->size), data, size);
	build->size += rounded(size ? size : 1);
}

bool build_data(struct build *build, uint32_t delta, const void *data, uint32_t size)
{
	uint32_t bytes = rounded(size ? size : 1);

	if (bytes > BUILD_MAX_SHORT)
		return build_long_data(build, delta, data, size);
	if (build_record_bytes(size) > build_room(build))
		return false;
	put_head(build, bytes / 4, delta);
	put_bytes(build, data, size);
	build->time += delta;
	return true;
}

bool build_long_data(struct build *build, uint32_t delta, const void *data,
		     uint32_t size)
{
	uint32_t bytes = rounded(size ? size : 1);

	if (8 + bytes > build_room(build))
		return false;
	put_head(build, 0, delta);
	put_word(build, 4 + bytes);
	put_bytes(build, data, size);
	build->time += delta;
	return true;
}

bool build_discarded(struct build *build, uint32_t delta, uint32_t size)
{
	uint32_t bytes = rounded(size < 4 ? 4 : size);

	if (4 + bytes > build_room(build))
		return false;
	/* A delta of 0 would end the sub-buffer, so the kernel makes it 1. */
	delta = delta ? delta : 1;
	put_head(build, 29, delta);
	put_word(build, bytes);
	memset(data_at(build, build->size), 0xa5, bytes - 4);
	build->size += bytes - 4;
	build->time += delta;
	return true;
}

static bool put_time(struct build *build, uint32_t type, uint64_t value)
{
	if (build_room(build) < 8)
		return false;
	put_head(build, type, value & BUILD_MAX_DELTA);
	put_word(build, value >> 27);
	return true;
}

bool build_extend(struct build *build, uint64_t delta)
{
	if (!put_time(build, 30, delta))
		return false;
	build->time += delta;
	return true;
}

bool build_absolute(struct build *build, uint64_t stamp)
{
	if (!put_time(build, 31, stamp & ((UINT64_C(1) << 59) - 1)))
		return false;
	build->time = stamp;
	return true;
}

void build_end(struct build *build)
{
	uint32_t room = build_room(build);

	if (room >= 8) {
		put_head(build, 29, 1);
		put_word(build, room - 4);
		build->size += room - 8;
	} else if (room >= 4) {
		put_head(build, 29, 0);
	}
}

void build_put_long(struct build *build, uint32_t offset, uint64_t value)
{
	put(build, build->memory + offset, value, build->layout.commit_size);
}

void build_commit_word(struct build *build, uint32_t word)
{
	build_put_long(build, build->layout.commit_offset, (uint64_t)(int32_t)word);
}

void build_commit(struct build *build, uint32_t size, uint64_t lost)
{
	uint32_t capacity = build->layout.subbuf_size - build->layout.data_offset;
	uint32_t word = size;

	if (lost)
		word |= MISSED;
	if (lost && lost != RBMAP_LOST_UNKNOWN &&
	    capacity - size >= build->layout.commit_size) {
		word |= STORED;
		build_put_long(build, build->layout.data_offset + size, lost);
	}
	build_commit_word(build, word);
}
