/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The observer on a ring in memory: each event once, in order, or a gap that is told,
 * and nothing asked of the kernel.
 */
#include <check.h>

#include "base/internal.h"
#include "observe-bench.h"
#include "random.h"
#include "ring.h"
#include "ring/engine-observe.h"
#include "ring/mapping.h"
#include "run.h"
#include "sink.h"

static unsigned int observe(struct observe_bench *bench)
{
	return sink_observe(&bench->sink, bench->engine, NULL, NULL);
}

START_TEST(nothing_to_take)
{
	struct rbmap_span span;
	struct observe_bench bench;

	observe_set_up(&bench);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 0);
	ck_assert_uint_eq(observe(&bench), 0);
	observe_write_events(&bench, 1);
	/* Not before it is woken. */
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 0);
	ck_assert_uint_eq(observe(&bench), 1);
	ck_assert_uint_eq(observe(&bench), 0);
	observe_check_whole(&bench);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(follows_the_writer)
{
	struct observe_bench bench;

	observe_set_up(&bench);
	for (unsigned int i = 0; i < 400; i++) {
		observe_write_events(&bench, i % 5 * i % (5 * PER_SUBBUF));
		observe(&bench);
	}
	observe_check_whole(&bench);
	observe_tear_down(&bench);
}
END_TEST

/* What the writer has left comes as it lies in memory, in a row. */
START_TEST(complete_ones_are_in_place)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, 3 * PER_SUBBUF + 5);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 8), 4);
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_eq(spans[i].subbuf, bench.ring.data + (i + 1) * SUBBUF);
		ck_assert_uint_eq(spans[i].flags, 0);
		ck_assert_uint_eq(spans[i].to, SUBBUF - 16);
	}
	ck_assert_uint_eq(spans[3].flags, RBMAP_SPAN_GROWING);
	ck_assert_uint_eq(spans[3].to, 5 * 44);
	ck_assert_int_eq(bench.engine->ops->settle(bench.engine, spans, 4), 0);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(ring_that_is_full_already)
{
	struct observe_bench bench;

	observe_begin(&bench, 8);
	observe_write_events(&bench, 20 * PER_SUBBUF + 3);
	observe_attach(&bench, false);
	/* Six whole ones, and the one that grows. */
	bench.sink.next = 14 * PER_SUBBUF;
	ck_assert_uint_eq(observe(&bench), 7);
	ck_assert_uint_eq(bench.sink.delivered, 6 * PER_SUBBUF + 3);
	observe_write_events(&bench, 2 * PER_SUBBUF);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.delivered, 8 * PER_SUBBUF + 3);
	ck_assert_uint_eq(bench.sink.unknown, 0);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(writer_that_came_round)
{
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, PER_SUBBUF + 2);
	observe(&bench);
	observe_write_events(&bench, 30 * PER_SUBBUF);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	observe_write_events(&bench, PER_SUBBUF);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	observe_tear_down(&bench);
}
END_TEST

/* A ring that was empty, and is left with what looks like the first of it. */
START_TEST(writer_that_came_round_at_once)
{
	struct observe_bench bench;

	observe_begin(&bench, 3);
	observe_attach(&bench, _i);
	observe_write_events(&bench, 3 * PER_SUBBUF);
	/* The second of two is made empty, and nothing is committed to it yet. */
	ring_reserve(&bench.ring, RECORD, 7);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	ck_assert_uint_eq(bench.sink.delivered, PER_SUBBUF);
	ring_commit(&bench.ring);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	observe_tear_down(&bench);
}
END_TEST

/* Overwritten between the take and the settle: the first ones, and they are named. */
START_TEST(torn_ones_are_told)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, 5 * PER_SUBBUF + 1);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 8), 6);
	/* The last two of seven, then the first two again. */
	observe_write_events(&bench, 3 * PER_SUBBUF);
	ck_assert_int_eq(bench.engine->ops->settle(bench.engine, spans, 6), 2);
	for (int i = 0; i < 6; i++)
		ck_assert_uint_eq(spans[i].flags & RBMAP_SPAN_TORN,
				  i < 2 ? RBMAP_SPAN_TORN : 0);
	ck_assert_uint_eq(spans[2].lost, RBMAP_LOST_UNKNOWN);
	ck_assert_uint_eq(spans[3].lost, 0);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(all_of_them_torn)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, 3 * PER_SUBBUF + 1);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 3), 3);
	observe_write_events(&bench, 9 * PER_SUBBUF);
	ck_assert_int_eq(bench.engine->ops->settle(bench.engine, spans, 3), 3);
	bench.sink.next = 3 * PER_SUBBUF;
	observe(&bench);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(copies_are_never_torn)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;
	int nr;

	observe_begin(&bench, 8);
	observe_attach(&bench, true);
	observe_write_events(&bench, 4 * PER_SUBBUF + 7);
	bench.engine->ops->wake(bench.engine);
	nr = bench.engine->ops->take(bench.engine, spans, 8);
	ck_assert_int_eq(nr, 5);
	observe_write_events(&bench, 20 * PER_SUBBUF);
	ck_assert_int_eq(bench.engine->ops->settle(bench.engine, spans, nr), 0);
	for (int i = 0; i < nr; i++)
		sink_span(&bench.sink, &spans[i]);
	ck_assert_uint_eq(bench.sink.delivered, 4 * PER_SUBBUF + 7);
	ck_assert_uint_eq(bench.sink.unknown, 0);
	observe_tear_down(&bench);
}
END_TEST

/* A copy says what a sub-buffer in the kernel would, the loss before it too. */
START_TEST(copies_have_a_header)
{
	struct rbmap_subbuf_header header;
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_begin(&bench, 8);
	observe_attach(&bench, true);
	observe_write_events(&bench, 1);
	observe(&bench);
	observe_write_events(&bench, 30 * PER_SUBBUF);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_gt(bench.engine->ops->take(bench.engine, spans, 8), 2);
	ck_assert_uint_eq(spans[0].lost, RBMAP_LOST_UNKNOWN);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(rbmap_subbuf_header(&bench.ring.layout,
						     spans[i].subbuf, &header),
				 0);
		ck_assert_uint_eq(header.lost, spans[i].lost);
		ck_assert_uint_eq(header.size, spans[i].to);
		ck_assert_uint_eq(header.time_stamp, spans[i].time_stamp);
	}
	observe_tear_down(&bench);
}
END_TEST

/* The settle tells a gap before what still grows: its header has it, when complete. */
START_TEST(gap_before_one_that_grows)
{
	struct rbmap_subbuf_header header;
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, PER_SUBBUF + 5);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 8), 2);
	/* To the end of the last of seven, and five more to the first again. */
	observe_write_events(&bench, 6 * PER_SUBBUF);
	ck_assert_int_eq(bench.engine->ops->settle(bench.engine, spans, 2), 1);
	ck_assert_uint_eq(spans[0].flags, RBMAP_SPAN_TORN);
	ck_assert_uint_eq(spans[1].lost, RBMAP_LOST_UNKNOWN);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_gt(bench.engine->ops->take(bench.engine, spans, 1), 0);
	ck_assert_uint_eq(spans[0].from, 5 * 44);
	ck_assert_uint_eq(spans[0].flags, 0);
	ck_assert_int_eq(rbmap_subbuf_header(&bench.ring.layout, spans[0].subbuf,
					     &header),
			 0);
	ck_assert_uint_eq(header.size, spans[0].to);
	ck_assert_uint_eq(header.lost, RBMAP_LOST_UNKNOWN);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(what_was_consumed_before_is_left_out)
{
	struct observe_bench bench;

	observe_begin(&bench, 8);
	observe_write_events(&bench, 2 * PER_SUBBUF + 9);
	for (int i = 0; i < 3; i++)
		ring_get_reader(&bench.ring);
	bench.ring.calls = 0;
	observe_write_events(&bench, 4);
	observe_attach(&bench, false);
	bench.sink.next = 2 * PER_SUBBUF + 9;
	observe(&bench);
	ck_assert_uint_eq(bench.sink.delivered, 4);
	observe_write_events(&bench, 30);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.delivered, 34);
	ck_assert_uint_eq(bench.sink.unknown, 0);
	ck_assert_uint_eq(bench.ring.calls, 0);
	observe_tear_down(&bench);
}
END_TEST

START_TEST(reset_goes_on)
{
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, 2 * PER_SUBBUF);
	observe(&bench);
	ring_reset(&bench.ring);
	ck_assert_uint_eq(observe(&bench), 0);
	observe_write_events(&bench, 3);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	observe_tear_down(&bench);
}
END_TEST

/* Behind that the writer goes on with what was given back to it. */
START_TEST(reset_of_what_is_consumed)
{
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, 5 * PER_SUBBUF);
	observe(&bench);
	for (int i = 0; i < 1 + _i; i++)
		ring_get_reader(&bench.ring);
	ring_reset(&bench.ring);
	for (int i = 0; i < 6; i++) {
		observe_write_events(&bench, PER_SUBBUF / 2);
		observe(&bench);
		ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	}
	ck_assert_uint_eq(bench.sink.unknown, 1);
	observe_tear_down(&bench);
}
END_TEST

static void empty_subbuf(struct ring *ring, uint32_t id)
{
	*(uint64_t *)(ring->data + (size_t)id * SUBBUF + ring->layout.commit_offset) =
		0;
}

/* One by one, and that of the reader last: what was read of it goes on as if whole. */
START_TEST(reset_that_is_under_way)
{
	struct observe_bench bench;
	struct ring *ring = &bench.ring;

	observe_begin(&bench, 8);
	for (int i = 0; i < 10; i++) {
		observe_write_events(&bench, PER_SUBBUF);
		ring_get_reader(ring);
	}
	observe_attach(&bench, false);
	bench.sink.next = 9 * PER_SUBBUF;
	observe(&bench);
	observe_write_events(&bench, 1);
	observe(&bench);
	ring_get_reader(ring);
	ring_get_reader(ring);
	observe_write_events(&bench, 4 * PER_SUBBUF);
	empty_subbuf(ring, ring->slots[(ring->head + _i) % ring->nr_slots]);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.next, ring->numbers);
	ck_assert_uint_eq(bench.sink.delivered, 1 + 4 * PER_SUBBUF);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	observe_tear_down(&bench);
}
END_TEST

/* A reset to another clock: all that comes is "before" what was read. */
START_TEST(reset_to_an_earlier_clock)
{
	struct observe_bench bench;

	observe_set_up(&bench);
	observe_write_events(&bench, 2 * PER_SUBBUF);
	observe(&bench);
	ring_reset(&bench.ring);
	bench.ring.now = 1000;
	observe_write_events(&bench, PER_SUBBUF + 3);
	observe(&bench);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	observe_tear_down(&bench);
}
END_TEST

/*
 * Hides what is in the ring, or shows it again: who looks at one sub-buffer after the
 * other may find each of them at the moment when the writer has just come to it.
 */
static void swap_commits(struct ring *ring, uint64_t *commits)
{
	for (uint32_t id = 0; id < ring->nr_subbufs; id++) {
		uint64_t *word = (void *)(ring->data + (size_t)id * SUBBUF +
					  ring->layout.commit_offset);
		uint64_t commit = *word;

		if (id == ring->reader)
			continue;
		*word = commits[id];
		commits[id] = commit;
	}
}

/* What was read of the reader's sub-buffer stays there, and is not read again. */
START_TEST(reader_subbuf_is_not_read_twice)
{
	uint64_t commits[4] = { 0 };
	struct observe_bench bench;

	observe_begin(&bench, 4);
	observe_attach(&bench, _i);
	observe_write_events(&bench, PER_SUBBUF + 5);
	ring_get_reader(&bench.ring);
	bench.sink.others = true;
	observe(&bench);
	observe_write_events(&bench, 5 * PER_SUBBUF);
	/* The writer has come round, and nothing is to be seen of it. */
	swap_commits(&bench.ring, commits);
	ck_assert_uint_eq(observe(&bench), 0);
	swap_commits(&bench.ring, commits);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	observe_tear_down(&bench);
}
END_TEST

/* Who consumes changes the order; what he has taken may be missed, but not untold. */
START_TEST(beside_a_consumer)
{
	struct random random = { _i };
	struct observe_bench bench;
	uint64_t seen = 0;

	observe_begin(&bench, 4 + random_below(&random, 12));
	if (random_below(&random, 2)) {
		observe_write_events(&bench, random_below(&random, 20 * PER_SUBBUF));
		for (uint32_t i = random_below(&random, 20); i; i--)
			ring_get_reader(&bench.ring);
	}
	observe_attach(&bench, random_below(&random, 2));
	bench.sink.others = bench.ring.numbers > 0;
	for (int i = 0; i < 300; i++) {
		observe_write_events(&bench, random_below(&random, 3 * PER_SUBBUF));
		if (random_below(&random, 3) == 0)
			for (uint32_t j = random_below(&random, 8); j; j--)
				ring_get_reader(&bench.ring);
		/* What was cleared before the first look leaves no trace. */
		if (_i % 2 && seen && random_below(&random, 10) == 0)
			ring_reset(&bench.ring);
		bench.engine->whole = random_below(&random, 2);
		if (random_below(&random, 2))
			observe(&bench);
		seen += bench.sink.delivered;
		bench.sink.others &= bench.sink.delivered == 0;
	}
	bench.engine->whole = false;
	observe_write_events(&bench, 1);
	observe(&bench);
	observe(&bench);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	ck_assert_uint_gt(seen, 0);
	ck_assert_uint_le(bench.sink.delivered, bench.ring.numbers);
	observe_tear_down(&bench);
}
END_TEST

struct disturbance {
	struct observe_bench *bench;
	struct random *random;
	bool resets;
};

static void disturb(void *context)
{
	struct disturbance *disturbance = context;
	struct random *random = disturbance->random;
	struct observe_bench *bench = disturbance->bench;

	if (random_below(random, 3) == 0)
		observe_write_events(bench, random_below(random, 12 * PER_SUBBUF));
	if (random_below(random, 20) == 0 && disturbance->resets)
		ring_reset(&bench->ring);
}

/* Whatever happens between the take and the settle. */
START_TEST(between_take_and_settle)
{
	struct random random = { 1000 + _i };
	struct observe_bench bench;
	struct disturbance disturbance = { &bench, &random, _i % 2 };

	observe_begin(&bench, 3 + random_below(&random, 10));
	observe_attach(&bench, random_below(&random, 2));
	for (int i = 0; i < 200; i++) {
		observe_write_events(&bench, random_below(&random, 4 * PER_SUBBUF));
		bench.engine->whole = random_below(&random, 2);
		sink_observe(&bench.sink, bench.engine, disturb, &disturbance);
	}
	bench.engine->whole = false;
	/* The end: nobody writes any more. */
	observe(&bench);
	observe(&bench);
	if (!disturbance.resets)
		ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	ck_assert_uint_eq(bench.ring.calls, 0);
	observe_tear_down(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine-observe");
	TCase *tests = tcase_create("engine-observe");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, nothing_to_take);
	tcase_add_test(tests, follows_the_writer);
	tcase_add_test(tests, complete_ones_are_in_place);
	tcase_add_test(tests, ring_that_is_full_already);
	tcase_add_test(tests, writer_that_came_round);
	tcase_add_loop_test(tests, writer_that_came_round_at_once, 0, 2);
	tcase_add_test(tests, torn_ones_are_told);
	tcase_add_test(tests, all_of_them_torn);
	tcase_add_test(tests, copies_are_never_torn);
	tcase_add_test(tests, copies_have_a_header);
	tcase_add_test(tests, gap_before_one_that_grows);
	tcase_add_test(tests, what_was_consumed_before_is_left_out);
	tcase_add_test(tests, reset_goes_on);
	tcase_add_loop_test(tests, reset_of_what_is_consumed, 0, 5);
	tcase_add_loop_test(tests, reset_that_is_under_way, 0, 3);
	tcase_add_test(tests, reset_to_an_earlier_clock);
	tcase_add_loop_test(tests, reader_subbuf_is_not_read_twice, 0, 2);
	tcase_add_loop_test(tests, beside_a_consumer, 0, 80);
	tcase_add_loop_test(tests, between_take_and_settle, 0, 30);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
