/* SPDX-License-Identifier: GPL-2.0-only */
/* The geometry of a mapping, and the reader's numbers while it is used. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "ring.h"
#include "ring/engine-mapped.h"
#include "ring/mapping.h"
#include "run.h"

static const struct trace_buffer_meta good = {
	.meta_page_size = 65536,
	.meta_struct_len = sizeof(struct trace_buffer_meta),
	.subbuf_size = 65536,
	.nr_subbufs = 4,
};

static unsigned char memory[4 * 65536] __attribute__((aligned(8)));

static int try(const struct trace_buffer_meta *meta)
{
	struct rbmap_mapping *mapping = NULL;
	int r = rbmap_mapping_from_memory(&mapping, meta, memory, sizeof(memory),
					  ring_get_reader, NULL);

	ck_assert((r == 0) == (mapping != NULL));
	rbmap_mapping_close(mapping);
	return r;
}

START_TEST(good_geometry)
{
	struct trace_buffer_meta meta = good;
	uint32_t page = sysconf(_SC_PAGESIZE);

	ck_assert_int_eq(try(&meta), 0);
	for (meta.subbuf_size = page; meta.subbuf_size <= 65536; meta.subbuf_size *= 2)
		for (meta.meta_page_size = page; meta.meta_page_size <= 65536;
		     meta.meta_page_size *= 2)
			ck_assert_int_eq(try(&meta), 0);
	meta = good;
	meta.nr_subbufs = 3;
	ck_assert_int_eq(try(&meta), 0);
	/* A kernel to come may have more to tell. */
	meta.meta_struct_len = 128;
	ck_assert_int_eq(try(&meta), 0);
}
END_TEST

static void check_refused(size_t offset, uint32_t value)
{
	struct trace_buffer_meta meta = good;

	memcpy((unsigned char *)&meta + offset, &value, sizeof(value));
	ck_assert_msg(try(&meta) == -EPROTO, "%u at %zu was taken", value, offset);
}

START_TEST(bad_geometry)
{
	const uint32_t sizes[] = { 0,	 1,	   16,	       2048,	 4095,
				   4097, 3 * 4096, UINT32_MAX, 1u << 28, 1u << 31 };
	const uint32_t counts[] = {
		0, 1, 2, 5, 1 << 20, 1 << 28, 1u << 31, UINT32_MAX
	};
	const uint32_t lengths[] = { 0, 1, 63, 65537, UINT32_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_refused(offsetof(struct trace_buffer_meta, subbuf_size),
			      sizes[i]);
		check_refused(offsetof(struct trace_buffer_meta, meta_page_size),
			      sizes[i]);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		check_refused(offsetof(struct trace_buffer_meta, nr_subbufs),
			      counts[i]);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		check_refused(offsetof(struct trace_buffer_meta, meta_struct_len),
			      lengths[i]);
}
END_TEST

START_TEST(copy_and_addresses)
{
	struct trace_buffer_meta meta = good;
	struct rbmap_mapping *mapping;
	struct rbmap_meta copy;

	meta.reader.lost_events = 1;
	meta.reader.id = 2;
	meta.reader.read = 3;
	meta.flags = 4;
	meta.entries = 5;
	meta.overrun = 6;
	meta.read = 7;
	meta.pages_lost = 8;
	meta.pages_touched = 9;
	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &meta, memory,
						   sizeof(memory), NULL, NULL),
			 0);
	rbmap_mapping_meta(mapping, &copy);
	ck_assert_uint_eq(copy.subbuf_size, 65536);
	ck_assert_uint_eq(copy.nr_subbufs, 4);
	ck_assert_uint_eq(copy.reader_lost_events, 1);
	ck_assert_uint_eq(copy.reader_id, 2);
	ck_assert_uint_eq(copy.reader_read, 3);
	ck_assert_uint_eq(copy.flags, 4);
	ck_assert_uint_eq(copy.entries, 5);
	ck_assert_uint_eq(copy.overrun, 6);
	ck_assert_uint_eq(copy.read, 7);
	ck_assert_uint_eq(copy.pages_lost, 8);
	ck_assert_uint_eq(copy.pages_touched, 9);
	meta.meta_struct_len = 64;
	rbmap_mapping_meta(mapping, &copy);
	ck_assert_uint_eq(copy.pages_lost, 0);
	ck_assert_uint_eq(copy.pages_touched, 0);
	ck_assert_ptr_eq(rbmap_mapping_subbuf(mapping, 3), memory + 3 * 65536);
	ck_assert_ptr_null(rbmap_mapping_subbuf(mapping, 4));
	ck_assert_ptr_null(rbmap_mapping_subbuf(mapping, UINT32_MAX));
	/* What was checked at the begin counts, whatever the page says later. */
	meta.nr_subbufs = 1 << 20;
	meta.subbuf_size = 0;
	ck_assert_ptr_null(rbmap_mapping_subbuf(mapping, 4));
	rbmap_mapping_close(mapping);
	rbmap_mapping_close(NULL);
}
END_TEST

START_TEST(files_that_are_no_ring)
{
	struct rbmap_mapping *mapping = NULL;
	int ends[2], fd;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(rbmap_mapping_open(&mapping, ends[0]), -ENOTTY);
	close(ends[0]);
	close(ends[1]);
	/* All zeros, and nothing behind the first page. */
	fd = memfd_create("ring", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, 65536), 0);
	ck_assert_int_eq(rbmap_mapping_open(&mapping, fd), -EPROTO);
	/* As Linux 6.12.105 has it: a mapping without a page, and not a SIGBUS. */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(rbmap_mapping_open(&mapping, fd), -ENODEV);
	close(fd);
	ck_assert_int_eq(rbmap_mapping_open(&mapping, -1), -EBADF);
	ck_assert_ptr_null(mapping);
}
END_TEST

struct hostile {
	struct ring ring;
	struct rbmap_engine_ring *engine;
	struct rbmap_session_work work;
};

static int open_hostile(struct hostile *hostile)
{
	struct ring *ring = &hostile->ring;
	struct rbmap_mapping *mapping;

	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &ring->meta, ring->data,
						   ring->data_size, ring_get_reader,
						   ring),
			 0);
	return rbmap_mapped_open(&hostile->engine, mapping, 0, &ring->layout,
				 &hostile->work);
}

static void spoil_id(struct ring *ring)
{
	ring->meta.reader.id = 8;
}

static void spoil_read(struct ring *ring)
{
	ring->meta.reader.read = 4081;
}

static void spoil_commit(struct ring *ring)
{
	memset(ring->data + 4096 * ring->meta.reader.id + 8, 0x7f, 8);
}

static void check_spoilt(void (*spoil)(struct ring *ring))
{
	struct rbmap_layout layout = build_layout(4096, sizeof(long), false);
	struct hostile hostile = { 0 };
	struct rbmap_span span;

	ring_open(&hostile.ring, &layout, 8);
	ring_write_many(&hostile.ring, 24, 10);
	ck_assert_int_eq(open_hostile(&hostile), 0);
	hostile.ring.after = spoil;
	hostile.engine->ops->wake(hostile.engine);
	ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1), -EPROTO);
	/* Once a round, so that who goes on all the same comes to its end. */
	ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1), 0);
	hostile.engine->ops->wake(hostile.engine);
	ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1), -EPROTO);
	hostile.engine->ops->close(hostile.engine);
	spoil(&hostile.ring);
	ck_assert_int_eq(open_hostile(&hostile), -EPROTO);
	ring_close(&hostile.ring);
}

START_TEST(hostile_numbers)
{
	check_spoilt(spoil_id);
	check_spoilt(spoil_read);
	check_spoilt(spoil_commit);
}
END_TEST

static void spoil_once(struct ring *ring)
{
	ring->meta.reader.read = 4081;
	ring->after = NULL;
}

/* What a failed look has consumed is told as lost. */
START_TEST(lost_by_a_failure)
{
	struct rbmap_layout layout = build_layout(4096, sizeof(long), false);
	struct hostile hostile = { 0 };
	struct rbmap_span span;

	ring_open(&hostile.ring, &layout, 8);
	ring_write_many(&hostile.ring, 24, 10);
	ck_assert_int_eq(open_hostile(&hostile), 0);
	hostile.ring.after = spoil_once;
	hostile.engine->ops->wake(hostile.engine);
	ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1), -EPROTO);
	/* A ring that comes to its senses again. */
	ring_get_reader(&hostile.ring);
	ring_write_many(&hostile.ring, 24, 300);
	hostile.engine->ops->wake(hostile.engine);
	do
		ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1),
				 1);
	while (span.from > 0);
	ck_assert_uint_eq(span.lost, RBMAP_LOST_UNKNOWN);
	hostile.engine->ops->close(hostile.engine);
	ring_close(&hostile.ring);
}
END_TEST

START_TEST(errors_of_the_ioctl)
{
	struct rbmap_layout layout = build_layout(4096, sizeof(long), false);
	struct hostile hostile = { 0 };
	struct rbmap_span span;

	ring_open(&hostile.ring, &layout, 8);
	ring_write_many(&hostile.ring, 24, 10);
	ck_assert_int_eq(open_hostile(&hostile), 0);
	hostile.ring.error = -EINTR;
	hostile.engine->ops->wake(hostile.engine);
	ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1), -EINTR);
	hostile.ring.error = 0;
	hostile.engine->ops->wake(hostile.engine);
	ck_assert_int_eq(hostile.engine->ops->take(hostile.engine, &span, 1), 1);
	ck_assert_uint_eq(span.lost, 0);
	hostile.engine->ops->close(hostile.engine);
	ring_close(&hostile.ring);
}
END_TEST

START_TEST(another_size_than_the_layout)
{
	struct rbmap_layout layout = build_layout(4096, sizeof(long), false);
	struct hostile hostile = { 0 };

	ring_open(&hostile.ring, &layout, 8);
	hostile.ring.layout.subbuf_size = 8192;
	ck_assert_int_eq(open_hostile(&hostile), -EPROTO);
	ring_close(&hostile.ring);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		good_geometry,	     bad_geometry,
		copy_and_addresses,  files_that_are_no_ring,
		hostile_numbers,     lost_by_a_failure,
		errors_of_the_ioctl, another_size_than_the_layout,
	};

	return RUN_TESTS("mapping", tests);
}
