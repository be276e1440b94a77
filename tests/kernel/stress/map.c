// SPDX-License-Identifier: GPL-2.0-only
/* stress: a mapping of one ring. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map.h"

/* 64 MB: no phase has a ring like that, so a larger number is not a geometry. */
#define MOST_BYTES (64u << 20)

static int check_geometry(struct map *map, const struct trace_buffer_meta *meta,
			  size_t page)
{
	uint64_t size;

	map->subbuf_size = meta->subbuf_size;
	map->nr_subbufs = meta->nr_subbufs;
	size = meta->meta_page_size + (uint64_t)map->subbuf_size * map->nr_subbufs;
	if (meta->meta_page_size < page || map->subbuf_size < page ||
	    map->nr_subbufs < 3 || size > MOST_BYTES || size % page)
		return -EPROTO;
	map->size = size;
	return 0;
}

int make_map(struct map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	const struct trace_buffer_meta *meta;
	int r;

	map->address = NULL;
	meta = mmap(NULL, page, PROT_READ, MAP_SHARED, map->fd, 0);
	if (meta == MAP_FAILED)
		return -errno;
	r = check_geometry(map, meta, page);
	if (r == 0) {
		/* The first page stays mapped meanwhile: the geometry cannot change. */
		void *all = mmap(NULL, map->size, PROT_READ, MAP_SHARED, map->fd, 0);

		if (all == MAP_FAILED)
			r = -errno;
		else
			map->address = all;
	}
	munmap((void *)meta, page);
	if (r == 0) {
		map->meta = map->address;
		map->subbufs = (uint8_t *)map->address + map->meta->meta_page_size;
	}
	return r;
}

void drop_map(struct map *map)
{
	if (map->address)
		munmap(map->address, map->size);
	map->address = NULL;
}

int open_map(struct map *map, const struct stress *stress, int cpu)
{
	int r;

	map->fd = open_in(stress, O_RDONLY | O_NONBLOCK, "per_cpu/cpu%d/trace_pipe_raw",
			  cpu);
	if (map->fd < 0)
		return map->fd;
	r = make_map(map);
	if (r < 0)
		close(map->fd);
	return r;
}

void close_map(struct map *map)
{
	drop_map(map);
	close(map->fd);
}

const struct subbuf *map_subbuf(const struct map *map, uint32_t id)
{
	return (const struct subbuf *)(map->subbufs + (size_t)id * map->subbuf_size);
}
