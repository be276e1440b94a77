// SPDX-License-Identifier: GPL-2.0-only
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/merge.h>

#include "build.h"
#include "random.h"
#include "run.h"

#define SUBBUF_SIZE 4096
#define MANY_CPUS 256

/* One sub-buffer after the other on one CPU. */
struct source {
	struct build build;
	uint64_t seq;
	uint64_t time;
	uint32_t told;
	uint64_t memory[SUBBUF_SIZE / sizeof(uint64_t)];
};

static struct rbmap_layout layout;

static struct rbmap_merge *open_merge(size_t nr_cpus)
{
	int cpus[MANY_CPUS];
	struct rbmap_merge *merge;

	layout = build_layout(SUBBUF_SIZE, 8, false);
	for (size_t i = 0; i < nr_cpus; i++)
		cpus[i] = nr_cpus - 1 - i;
	ck_assert_int_eq(rbmap_merge_open(&merge, &layout, cpus, nr_cpus), 0);
	return merge;
}

static void begin(struct source *source, uint64_t time)
{
	build_begin(&source->build, &layout, source->memory, time);
	source->seq++;
	source->time = time;
	source->told = 0;
}

static void add(struct source *source, uint64_t time, uint64_t number)
{
	if (!source->seq || build_room(&source->build) < 20 || time < source->time)
		begin(source, time);
	ck_assert(build_data(&source->build, time - source->time, &number,
			     sizeof(number)));
	source->time = time;
}

static int put_lost(struct rbmap_merge *merge, struct source *source, int cpu,
		    uint64_t lost)
{
	struct rbmap_span span = {
		.subbuf = source->memory,
		.subbuf_size = SUBBUF_SIZE,
		.from = source->told,
		.to = source->build.size,
		.seq = source->seq,
		.lost = lost,
		.cpu = cpu,
	};

	memcpy(&span.time_stamp, source->memory, sizeof(span.time_stamp));
	source->told = span.to;
	return rbmap_merge_put(merge, &span);
}

static void put(struct rbmap_merge *merge, struct source *source, int cpu)
{
	ck_assert_int_eq(put_lost(merge, source, cpu, 0), 0);
}

static void put_one(struct rbmap_merge *merge, struct source *source, int cpu,
		    uint64_t time, uint64_t number)
{
	add(source, time, number);
	put(merge, source, cpu);
}

static uint64_t number_of(const struct rbmap_record *record)
{
	uint64_t number;

	ck_assert_uint_eq(record->size, sizeof(number));
	ck_assert_uint_eq(record->offset, 0);
	memcpy(&number, record->data, sizeof(number));
	return number;
}

static struct rbmap_record expect(struct rbmap_merge *merge, uint64_t number)
{
	struct rbmap_record record;

	ck_assert_int_eq(rbmap_merge_next(merge, &record), 1);
	ck_assert_uint_eq(number_of(&record), number);
	return record;
}

static void expect_none(struct rbmap_merge *merge)
{
	struct rbmap_record record = { .size = 12345 };

	ck_assert_int_eq(rbmap_merge_next(merge, &record), 0);
	ck_assert_uint_eq(record.size, 12345);
}

START_TEST(arguments_are_checked)
{
	struct rbmap_merge *merge = NULL;
	const int twice[] = { 3, 3 };

	layout = build_layout(SUBBUF_SIZE, 8, false);
	ck_assert_int_eq(rbmap_merge_open(&merge, &layout, NULL, 0), -EINVAL);
	ck_assert_int_eq(rbmap_merge_open(&merge, &layout, twice, 2), -EINVAL);
	ck_assert_ptr_null(merge);
	rbmap_merge_close(NULL);
}
END_TEST

START_TEST(unknown_cpu_is_refused)
{
	struct rbmap_merge *merge = open_merge(2);
	struct source source = { 0 };

	add(&source, 10, 1);
	ck_assert_int_eq(put_lost(merge, &source, 2, 0), -ENXIO);
	ck_assert_int_eq(put_lost(merge, &source, -1, 0), -ENXIO);
	rbmap_merge_end(merge);
	expect_none(merge);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(a_round_tells_what_the_last_had_seen)
{
	struct rbmap_merge *merge = open_merge(2);
	struct source a = { 0 }, b = { 0 };

	put_one(merge, &a, 0, 100, 1);
	put_one(merge, &a, 0, 200, 2);
	rbmap_merge_end_round(merge);
	expect_none(merge);
	put_one(merge, &b, 1, 150, 3);
	put_one(merge, &b, 1, 300, 4);
	rbmap_merge_end_round(merge);
	expect(merge, 1);
	expect(merge, 3);
	expect(merge, 2);
	expect_none(merge);
	rbmap_merge_end_round(merge);
	expect(merge, 4);
	expect_none(merge);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(nothing_is_told_before_a_round)
{
	struct rbmap_merge *merge = open_merge(1);
	struct source a = { 0 };

	put_one(merge, &a, 0, 0, 1);
	expect_none(merge);
	rbmap_merge_end_round(merge);
	expect_none(merge);
	rbmap_merge_end_round(merge);
	expect(merge, 1);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(silent_cpu_holds_nothing_back)
{
	struct rbmap_merge *merge = open_merge(3);
	struct source a = { 0 };

	put_one(merge, &a, 1, 100, 1);
	rbmap_merge_end_round(merge);
	rbmap_merge_end_round(merge);
	expect(merge, 1);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(equal_times_come_by_cpu)
{
	struct rbmap_merge *merge = open_merge(3);
	struct source a = { 0 }, b = { 0 }, c = { 0 };

	put_one(merge, &c, 2, 100, 3);
	put_one(merge, &b, 1, 100, 2);
	put_one(merge, &a, 0, 100, 1);
	put_one(merge, &a, 0, 100, 11);
	rbmap_merge_end(merge);
	ck_assert_int_eq(expect(merge, 1).cpu, 0);
	expect(merge, 11);
	ck_assert_int_eq(expect(merge, 2).cpu, 1);
	ck_assert_int_eq(expect(merge, 3).cpu, 2);
	expect_none(merge);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(backward_times_keep_their_place)
{
	struct rbmap_merge *merge = open_merge(2);
	struct source a = { 0 }, b = { 0 };

	put_one(merge, &a, 0, 100, 1);
	put_one(merge, &a, 0, 50, 2);
	put_one(merge, &a, 0, 120, 3);
	put_one(merge, &b, 1, 60, 4);
	put_one(merge, &b, 1, 110, 5);
	rbmap_merge_end(merge);
	expect(merge, 4);
	expect(merge, 1);
	ck_assert_uint_eq(expect(merge, 2).time_stamp, 50);
	expect(merge, 5);
	expect(merge, 3);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(losses_ride_on_the_next_record)
{
	struct rbmap_merge *merge = open_merge(1);
	struct source a = { 0 };

	add(&a, 100, 1);
	ck_assert_int_eq(put_lost(merge, &a, 0, 7), 0);
	begin(&a, 200);
	add(&a, 200, 2);
	ck_assert_int_eq(put_lost(merge, &a, 0, RBMAP_LOST_UNKNOWN), 0);
	put_one(merge, &a, 0, 300, 3);
	rbmap_merge_end(merge);
	ck_assert_uint_eq(expect(merge, 1).lost, 7);
	ck_assert_uint_eq(expect(merge, 2).lost, RBMAP_LOST_UNKNOWN);
	ck_assert_uint_eq(expect(merge, 3).lost, 0);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(spoilt_span_keeps_what_came_before)
{
	struct rbmap_merge *merge = open_merge(1);
	struct source a = { 0 };
	uint32_t good;

	add(&a, 100, 1);
	good = a.build.size;
	add(&a, 110, 2);
	/* Padding whose length leads far out of the sub-buffer. */
	memset((char *)a.memory + layout.data_offset + good, 0xfd, 12);
	ck_assert_int_eq(put_lost(merge, &a, 0, 0), -EBADMSG);
	begin(&a, 200);
	put_one(merge, &a, 0, 200, 3);
	rbmap_merge_end(merge);
	ck_assert_uint_eq(expect(merge, 1).lost, 0);
	ck_assert_uint_eq(expect(merge, 3).lost, RBMAP_LOST_UNKNOWN);
	expect_none(merge);
	rbmap_merge_close(merge);
}
END_TEST

START_TEST(span_that_does_not_fit_counts_as_lost)
{
	struct rbmap_merge *merge = open_merge(1);
	struct source a = { 0 };

	add(&a, 100, 1);
	a.build.size = SUBBUF_SIZE;
	ck_assert_int_eq(put_lost(merge, &a, 0, 0), -EBADMSG);
	begin(&a, 200);
	put_one(merge, &a, 0, 200, 2);
	rbmap_merge_end(merge);
	ck_assert_uint_eq(expect(merge, 2).lost, RBMAP_LOST_UNKNOWN);
	rbmap_merge_close(merge);
}
END_TEST

/* Each CPU's records are numbered; their times come from one clock for all. */
static void check_order(const struct rbmap_record *record, uint64_t *numbers,
			uint64_t *time)
{
	ck_assert_uint_eq(number_of(record), numbers[record->cpu]++);
	ck_assert_uint_ge(record->time_stamp, *time);
	*time = record->time_stamp;
}

static void many_rounds(size_t nr_cpus)
{
	struct random random = { .state = nr_cpus };
	struct rbmap_merge *merge = open_merge(nr_cpus);
	struct source *sources = calloc(nr_cpus, sizeof(*sources));
	uint64_t written[MANY_CPUS] = { 0 }, told[MANY_CPUS] = { 0 };
	uint64_t now = 1000, time = 0;
	struct rbmap_record record;

	for (int round = 0; round < 300; round++) {
		/* Bursts, so that the memory grows and shrinks. */
		uint32_t nr = random_below(&random, round % 50 ? 30 : 20000);

		for (uint32_t i = 0; i < nr; i++) {
			uint32_t cpu = random_below(&random, nr_cpus);

			now += random_below(&random, 3);
			put_one(merge, &sources[cpu], cpu, now, written[cpu]++);
		}
		rbmap_merge_end_round(merge);
		while (rbmap_merge_next(merge, &record))
			check_order(&record, told, &time);
	}
	rbmap_merge_end(merge);
	while (rbmap_merge_next(merge, &record))
		check_order(&record, told, &time);
	ck_assert_mem_eq(told, written, sizeof(told));
	rbmap_merge_close(merge);
	free(sources);
}

START_TEST(many_rounds_of_one_cpu_are_in_order)
{
	many_rounds(1);
}
END_TEST

START_TEST(many_rounds_of_many_cpus_are_in_order)
{
	many_rounds(MANY_CPUS);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		arguments_are_checked,
		unknown_cpu_is_refused,
		a_round_tells_what_the_last_had_seen,
		nothing_is_told_before_a_round,
		silent_cpu_holds_nothing_back,
		equal_times_come_by_cpu,
		backward_times_keep_their_place,
		losses_ride_on_the_next_record,
		spoilt_span_keeps_what_came_before,
		span_that_does_not_fit_counts_as_lost,
		many_rounds_of_one_cpu_are_in_order,
		many_rounds_of_many_cpus_are_in_order,
	};

	return RUN_TESTS("merge", tests);
}
