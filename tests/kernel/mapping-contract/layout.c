// SPDX-License-Identifier: GPL-2.0-only
/* What the meta-page says and what is in the sub-buffers. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DIRT 0xa5
#define DIRTY_BYTES (64UL << 20)

/* "field: char data; offset:16; size:4080; signed:1;" of events/header_page */
static bool header_page(const struct ring *ring, unsigned int *offset,
			unsigned int *size)
{
	char text[1024];
	const char *line;

	if (read_file(ring, "events/header_page", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "char data;");
	return line && sscanf(line, "char data; offset:%u; size:%u", offset, size) == 2;
}

static int geometry(struct ring *ring)
{
	unsigned int offset, data;
	const struct trace_buffer_meta *meta;
	long bytes;
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	meta = ring->meta;
	REQUIRE(meta->meta_struct_len == 80, "meta_struct_len %u",
		meta->meta_struct_len);
	REQUIRE(meta->meta_page_size >= ring->page &&
			meta->meta_page_size % ring->page == 0,
		"meta_page_size %u", meta->meta_page_size);
	REQUIRE(header_page(ring, &offset, &data), "events/header_page has no data");
	REQUIRE(meta->subbuf_size == offset + data,
		"subbuf_size %u, header_page %u + %u", meta->subbuf_size, offset, data);
	bytes = read_number(ring, cpu_file(ring, "buffer_size_kb")) * 1024;
	REQUIRE((long)(meta->nr_subbufs - 1) * data >= bytes &&
			(long)(meta->nr_subbufs - 2) * data < bytes,
		"%u sub-buffers for %ld bytes", meta->nr_subbufs, bytes);
	REQUIRE(meta->reader.id < meta->nr_subbufs, "reader.id %u of %u",
		meta->reader.id, meta->nr_subbufs);
	REQUIRE(!meta->flags && !meta->reader.lost_events && !meta->entries &&
			!meta->overrun && !meta->read,
		"the counters of an empty ring are not 0");
	for (size_t i = meta->meta_struct_len; i < meta->meta_page_size; i++)
		REQUIRE(!((const char *)meta)[i], "byte %zu of the meta-page is not 0",
			i);
	return 0;
}

static int geometry_of_pages(struct ring *ring, const struct contract *contract)
{
	return geometry(ring);
}

static int geometry_of_size(struct ring *ring, const char *kilobytes)
{
	int error = write_file(ring, "buffer_subbuf_size_kb", kilobytes);

	REQUIRE(!error, "buffer_subbuf_size_kb: %s", outcome_name(error));
	return geometry(ring);
}

static int geometry_of_16(struct ring *ring, const struct contract *contract)
{
	return geometry_of_size(ring, "16");
}

static int geometry_of_64(struct ring *ring, const struct contract *contract)
{
	return geometry_of_size(ring, "64");
}

/* Memory that the kernel gets back from us is what a page may still hold. */
static int dirty_memory(struct ring *ring)
{
	char *memory = malloc(DIRTY_BYTES);

	if (!memory)
		return ENOMEM;
	memset(memory, DIRT, DIRTY_BYTES);
	/* Without a look at it the compiler may leave it all out. */
	return *(volatile char *)(memory + DIRTY_BYTES / 2) ? 0 : EIO;
}

static int all_clean(struct ring *ring, bool whole)
{
	unsigned char dirt[8];
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	memset(dirt, DIRT, sizeof(dirt));
	for (uint32_t id = 0; id < ring->meta->nr_subbufs; id++) {
		const char *bytes = subbuf(ring, id);
		uint32_t size = ring->meta->subbuf_size;

		REQUIRE(!memmem(bytes, size, dirt, sizeof(dirt)),
			"sub-buffer %u shows memory of others", id);
		for (uint32_t i = 16; whole && i < size; i++)
			REQUIRE(!bytes[i], "byte %u of empty sub-buffer %u is not 0", i,
				id);
	}
	return 0;
}

static int resize_dirty(struct ring *ring, const char *name, const char *kilobytes)
{
	int error = in_child(ring, dirty_memory);

	return error ? error : write_file(ring, name, kilobytes);
}

static int clean_when_grown(struct ring *ring, const struct contract *contract)
{
	int error = resize_dirty(ring, "buffer_size_kb", "4096");

	REQUIRE(!error, "buffer_size_kb: %s", outcome_name(error));
	return all_clean(ring, true);
}

static int clean_when_larger(struct ring *ring, const struct contract *contract)
{
	int error = resize_dirty(ring, "buffer_subbuf_size_kb", "64");

	REQUIRE(!error, "buffer_subbuf_size_kb: %s", outcome_name(error));
	return all_clean(ring, true);
}

/* splice(2) takes pages away, and the ring gets others for them. */
static int clean_when_spliced(struct ring *ring, const struct contract *contract)
{
	int pipes[2], taken = 0, error;

	REQUIRE(pipe2(pipes, O_NONBLOCK | O_CLOEXEC) == 0, "pipe2");
	error = mark(ring, 1, 1000);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	error = in_child(ring, dirty_memory);
	REQUIRE(!error, "memory: %s", outcome_name(error));
	while (taken < 6 && splice(ring->fd, NULL, pipes[1], NULL, ring->page,
				   SPLICE_F_NONBLOCK) > 0)
		taken++;
	REQUIRE(taken == 6, "%d sub-buffers spliced", taken);
	return all_clean(ring, false);
}

/* read(2) does so with a page that it keeps for the next time. */
static int clean_when_read(struct ring *ring, const struct contract *contract)
{
	char page[65536];
	int taken = 0, error;

	error = in_child(ring, dirty_memory);
	REQUIRE(!error, "memory: %s", outcome_name(error));
	error = mark(ring, 1, 1000);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	while (read(ring->fd, page, ring->page) > 0)
		taken++;
	REQUIRE(taken > 6, "%d sub-buffers read", taken);
	return all_clean(ring, false);
}

static int reset(struct ring *ring, const struct contract *contract)
{
	const volatile struct trace_buffer_meta *meta;
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	meta = ring->meta;
	mark(ring, 1, 5000);
	take(ring, &tally);
	REQUIRE(meta->entries && meta->read && meta->overrun, "nothing was counted");
	error = write_file(ring, "trace", "");
	REQUIRE(!error, "trace: %s", outcome_name(error));
	REQUIRE(!meta->entries && !meta->overrun && !meta->read && !meta->reader.read,
		"after the reset entries %llu overrun %llu read %llu, reader.read %u",
		(unsigned long long)meta->entries, (unsigned long long)meta->overrun,
		(unsigned long long)meta->read, meta->reader.read);
	REQUIRE(!meta->pages_lost, "after the reset pages_lost %llu",
		(unsigned long long)meta->pages_lost);
	tally = (struct tally){ .events = 0 };
	ring->id = meta->reader.id;
	ring->read = 0;
	mark(ring, 1, 100);
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.events == 100 && !tally.losses && !tally.out_of_order,
		"after the reset %lu of 100 markers, losses %u", tally.events,
		tally.losses);
	return 0;
}

const struct contract layout_cases[] = {
	{ "geometry: meta-page and tracefs say the same", geometry_of_pages,
	  .right = 0 },
	{ "geometry: sub-buffers of 16 KB", geometry_of_16,
	  .needs = NEEDS_SUBBUF_SIZE },
	{ "geometry: sub-buffers of 64 KB", geometry_of_64,
	  .needs = NEEDS_SUBBUF_SIZE },
	{ "sub-buffers are zeroed: a ring that has grown", clean_when_grown,
	  .right = 0 },
	{ "sub-buffers are zeroed: larger ones", clean_when_larger,
	  .needs = NEEDS_SUBBUF_SIZE },
	{ "sub-buffers are zeroed: those that replace spliced ones", clean_when_spliced,
	  .right = 0 },
	{ "sub-buffers are zeroed: those that replace read ones", clean_when_read,
	  .right = 0 },
	{ "reset: the meta-page shows it at once", reset, .right = 0 },
	{ .name = NULL },
};
