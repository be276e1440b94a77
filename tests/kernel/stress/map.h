/* SPDX-License-Identifier: GPL-2.0-only */
/* stress: a mapping of one ring. */
#ifndef STRESS_MAP_H
#define STRESS_MAP_H

#include "ring/uapi/trace_mmap.h"
#include "stress.h"

struct map {
	int fd;
	void *address;
	size_t size;
	const struct trace_buffer_meta *meta;
	const uint8_t *subbufs;
	uint32_t subbuf_size;
	uint32_t nr_subbufs;
};

/* 0 or a negative errno; the descriptor stays open until close_map(). */
int open_map(struct map *map, const struct stress *stress, int cpu);
void close_map(struct map *map);

/* The mapping of a descriptor that is open; drop_map() keeps it open. */
int make_map(struct map *map);
void drop_map(struct map *map);

const struct subbuf *map_subbuf(const struct map *map, uint32_t id);

/* Pair with the kernel's stores when it refreshes the meta-page or commits a record. */
static inline uint32_t load_u32(const void *address)
{
	return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE);
}

static inline uint64_t load_u64(const void *address)
{
	return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}

#endif
