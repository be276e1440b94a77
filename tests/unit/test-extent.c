/* SPDX-License-Identifier: GPL-2.0-only */
/* How much is in a ring in memory, and from when to when. */
#include <check.h>

#include <rbmap/record.h>
#include <rbmap/stats.h>

#include "base/internal.h"
#include "random.h"
#include "ring.h"
#include "ring/mapping.h"
#include "run.h"

#define SUBBUF 4096
#define CAPACITY (SUBBUF - 16)
#define RECORD 40
#define BYTES 44
/* Records of that size that a sub-buffer has room for; the rest is padding. */
#define PER_SUBBUF (CAPACITY / BYTES)
#define DELTA 7

static void set_up(struct ring *ring, uint32_t nr_subbufs)
{
	struct rbmap_layout layout = build_layout(SUBBUF, sizeof(long), false);

	ring_open(ring, &layout, nr_subbufs);
}

static int look(struct ring *ring, struct rbmap_extent *ret)
{
	struct rbmap_mapping *mapping;
	int r;

	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &ring->meta, ring->data,
						   ring->data_size, ring_get_reader,
						   ring),
			 0);
	r = rbmap_extent_read(ret, mapping, &ring->layout);
	rbmap_mapping_close(mapping);
	return r;
}

static void write_events(struct ring *ring, unsigned int nr)
{
	ring_write_many(ring, RECORD, nr);
}

/* When ring_write_many() wrote the event of that number. */
static uint64_t time_of(uint64_t number)
{
	return (UINT64_C(1) << 40) + DELTA * (number + 1);
}

/* From the event of that number to the last. */
static void check_extent(struct ring *ring, uint64_t oldest, uint64_t bytes)
{
	struct rbmap_extent extent;

	ck_assert_int_eq(look(ring, &extent), 0);
	ck_assert_uint_eq(extent.oldest, time_of(oldest));
	ck_assert_uint_eq(extent.newest, ring->now);
	ck_assert_uint_eq(extent.bytes, bytes);
}

static void check_empty(struct ring *ring)
{
	struct rbmap_extent extent = { 1, 2, 3 };

	ck_assert_int_eq(look(ring, &extent), 0);
	ck_assert_uint_eq(extent.bytes, 0);
	ck_assert_uint_eq(extent.oldest, 0);
	ck_assert_uint_eq(extent.newest, 0);
}

START_TEST(ring_that_fills)
{
	struct ring ring;

	set_up(&ring, 8);
	check_empty(&ring);
	write_events(&ring, 1);
	check_extent(&ring, 0, BYTES);
	write_events(&ring, 4);
	check_extent(&ring, 0, 5 * BYTES);
	write_events(&ring, 3 * PER_SUBBUF);
	check_extent(&ring, 0, 3 * CAPACITY + 5 * BYTES);
	ck_assert_uint_eq(ring.calls, 0);
	ring_close(&ring);
}
END_TEST

START_TEST(ring_that_was_lapped)
{
	struct ring ring;

	set_up(&ring, 8);
	write_events(&ring, 20 * PER_SUBBUF + 3);
	check_extent(&ring, 14 * PER_SUBBUF, 6 * CAPACITY + 3 * BYTES);
	ring_close(&ring);
}
END_TEST

START_TEST(ring_that_is_full_for_good)
{
	struct ring ring;
	uint64_t last;

	set_up(&ring, 4);
	write_events(&ring, 3 * PER_SUBBUF);
	last = ring.now;
	ring.overwrite = false;
	write_events(&ring, 10);
	ck_assert_uint_eq(ring.dropped, 10);
	ring.now = last;
	/* The end of the last one is padded by the event that it had no room for. */
	check_extent(&ring, 0, 2 * CAPACITY + PER_SUBBUF * BYTES);
	ring_close(&ring);
}
END_TEST

START_TEST(reader_subbuf_that_is_partly_read)
{
	struct ring ring;

	set_up(&ring, 8);
	write_events(&ring, 2 * PER_SUBBUF + 9);
	for (int i = 0; i < 3; i++)
		ring_get_reader(&ring);
	check_empty(&ring);
	write_events(&ring, 4);
	check_extent(&ring, 2 * PER_SUBBUF + 9, 4 * BYTES);
	write_events(&ring, PER_SUBBUF);
	check_extent(&ring, 2 * PER_SUBBUF + 9, CAPACITY - 9 * BYTES + 13 * BYTES);
	/* The writer passes it by. */
	write_events(&ring, 30 * PER_SUBBUF);
	check_extent(&ring, 2 * PER_SUBBUF + 9,
		     CAPACITY - 9 * BYTES + 6 * CAPACITY + 13 * BYTES);
	ring_close(&ring);
}
END_TEST

START_TEST(reader_subbuf_that_is_read)
{
	struct ring ring;

	set_up(&ring, 8);
	write_events(&ring, 3 * PER_SUBBUF + 5);
	ring_get_reader(&ring);
	check_extent(&ring, PER_SUBBUF, 2 * CAPACITY + 5 * BYTES);
	ring_close(&ring);
}
END_TEST

/* The padding was not there when it was read, and is no event. */
START_TEST(padding_only_is_left)
{
	struct ring ring;

	set_up(&ring, 8);
	write_events(&ring, PER_SUBBUF);
	ring_get_reader(&ring);
	check_empty(&ring);
	write_events(&ring, 1);
	ck_assert_uint_lt(ring.meta.reader.read, CAPACITY);
	check_extent(&ring, PER_SUBBUF, BYTES);
	ring_close(&ring);
}
END_TEST

START_TEST(reset_leaves_nothing)
{
	struct ring ring;

	set_up(&ring, 4);
	write_events(&ring, 5 * PER_SUBBUF);
	ring_get_reader(&ring);
	ring_reset(&ring);
	check_empty(&ring);
	write_events(&ring, 2);
	check_extent(&ring, 5 * PER_SUBBUF, 2 * BYTES);
	ring_close(&ring);
}
END_TEST

START_TEST(long_pause_before_the_newest)
{
	struct ring ring;

	set_up(&ring, 4);
	write_events(&ring, 2);
	ring_write(&ring, RECORD, UINT64_C(1) << 36);
	check_extent(&ring, 0, 3 * BYTES + 8);
	ring_close(&ring);
}
END_TEST

/* An event that is reserved is none yet. */
START_TEST(event_that_is_not_committed)
{
	struct ring ring;
	uint64_t last;

	set_up(&ring, 4);
	write_events(&ring, PER_SUBBUF);
	last = ring.now;
	ring_reserve(&ring, RECORD, DELTA);
	ring.now = last;
	check_extent(&ring, 0, CAPACITY);
	ring_close(&ring);
}
END_TEST

/* Turns the first event of a sub-buffer into one that was taken back. */
static void discard_first(struct ring *ring, uint32_t id)
{
	uint32_t *head = (void *)(ring->data + (size_t)id * SUBBUF + 16);

	head[0] = 29 | 1 << 5;
	head[1] = BYTES - 4;
}

START_TEST(events_that_were_taken_back)
{
	struct rbmap_extent extent;
	struct ring ring;

	set_up(&ring, 4);
	write_events(&ring, PER_SUBBUF + 1);
	discard_first(&ring, 2);
	ck_assert_int_eq(look(&ring, &extent), 0);
	ck_assert_uint_eq(extent.oldest, time_of(0));
	ck_assert_uint_eq(extent.newest, time_of(PER_SUBBUF - 1));
	ring_close(&ring);
	set_up(&ring, 4);
	write_events(&ring, 1);
	discard_first(&ring, 1);
	check_empty(&ring);
	ring_close(&ring);
}
END_TEST

/* Takes all that is left with read(2): what was it, from when to when? */
static struct rbmap_tally drain(struct ring *ring)
{
	unsigned char copy[SUBBUF];
	struct rbmap_tally all = { 0 }, tally;
	struct rbmap_subbuf_header header;

	while (ring_read(ring, copy)) {
		struct rbmap_walk walk = { .seq = 0 };
		struct rbmap_span span = { .subbuf = copy, .subbuf_size = SUBBUF };

		ck_assert_int_eq(rbmap_subbuf_header(&ring->layout, copy, &header), 0);
		span.time_stamp = header.time_stamp;
		span.to = header.size;
		ck_assert_int_eq(rbmap_walk_span(&walk, &ring->layout, &span), 0);
		ck_assert_int_eq(rbmap_walk_tally(&walk, &tally), 0);
		if (!tally.records)
			continue;
		if (!all.records)
			all.first = tally.first;
		all.records += tally.records;
		all.last = tally.last;
	}
	return all;
}

/* It is what a reader gets, whatever became of the ring before. */
START_TEST(what_a_reader_gets)
{
	struct random random = { _i };
	struct rbmap_extent extent;
	struct rbmap_tally tally;
	struct ring ring;

	set_up(&ring, 3 + random_below(&random, 10));
	for (uint32_t i = random_below(&random, 30); i; i--) {
		write_events(&ring, random_below(&random, 4 * PER_SUBBUF));
		for (uint32_t j = random_below(&random, 6); j; j--)
			ring_get_reader(&ring);
		if (random_below(&random, 20) == 0)
			ring_reset(&ring);
	}
	write_events(&ring, random_below(&random, 100));
	ck_assert_int_eq(look(&ring, &extent), 0);
	tally = drain(&ring);
	ck_assert_uint_eq(extent.oldest, tally.first);
	ck_assert_uint_eq(extent.newest, tally.last);
	ck_assert_uint_ge(extent.bytes, tally.records * BYTES);
	ck_assert_uint_le(extent.bytes, (tally.records / PER_SUBBUF + 2) * CAPACITY);
	ring_close(&ring);
}
END_TEST

START_TEST(bytes_that_are_no_records)
{
	struct rbmap_extent extent = { 1, 2, 3 };
	struct random random = { _i };
	struct ring ring;
	int r;

	set_up(&ring, 4);
	for (size_t i = 0; i < ring.data_size / 4; i++)
		((uint32_t *)(void *)ring.data)[i] = random_below(&random, UINT32_MAX);
	for (uint32_t id = 0; id < 4 && _i % 2; id++) {
		uint64_t commit = random_below(&random, CAPACITY);

		memcpy(ring.data + (size_t)id * SUBBUF + 8, &commit, sizeof(commit));
	}
	ring.meta.reader.id = random_below(&random, 6);
	ring.meta.reader.read = random_below(&random, 2 * SUBBUF);
	r = look(&ring, &extent);
	ck_assert(r == 0 || r == -EBADMSG);
	if (r < 0)
		ck_assert_uint_eq(extent.newest, 3);
	ring_close(&ring);
}
END_TEST

START_TEST(layout_of_another_ring)
{
	struct rbmap_extent extent;
	struct ring ring;

	set_up(&ring, 4);
	ring.layout = build_layout(2 * SUBBUF, sizeof(long), false);
	ck_assert_int_eq(look(&ring, &extent), -EPROTO);
	ring_close(&ring);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("extent");
	TCase *tests = tcase_create("extent");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, ring_that_fills);
	tcase_add_test(tests, ring_that_was_lapped);
	tcase_add_test(tests, ring_that_is_full_for_good);
	tcase_add_test(tests, reader_subbuf_that_is_partly_read);
	tcase_add_test(tests, reader_subbuf_that_is_read);
	tcase_add_test(tests, padding_only_is_left);
	tcase_add_test(tests, reset_leaves_nothing);
	tcase_add_test(tests, long_pause_before_the_newest);
	tcase_add_test(tests, event_that_is_not_committed);
	tcase_add_test(tests, events_that_were_taken_back);
	tcase_add_loop_test(tests, what_a_reader_gets, 0, 200);
	tcase_add_loop_test(tests, bytes_that_are_no_records, 0, 60);
	tcase_add_test(tests, layout_of_another_ring);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
