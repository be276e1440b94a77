// SPDX-License-Identifier: GPL-2.0-only
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "random.h"
#include "run.h"
#include "span/sorter.h"

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

static struct rbmap_sorter *open_sorter(size_t nr_cpus)
{
	static struct rbmap_sorter sorter;
	int cpus[MANY_CPUS];

	layout = build_layout(SUBBUF_SIZE, 8, false);
	for (size_t i = 0; i < nr_cpus; i++)
		cpus[i] = nr_cpus - 1 - i;
	sorter = (struct rbmap_sorter){ .nr_sources = 0 };
	ck_assert_int_eq(rbmap_sorter_add(&sorter, &layout, cpus, nr_cpus), 0);
	return &sorter;
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

static int put_lost(struct rbmap_sorter *sorter, struct source *source, int cpu,
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
	int r;

	memcpy(&span.time_stamp, source->memory, sizeof(span.time_stamp));
	source->told = span.to;
	r = rbmap_sorter_stage(sorter, 0, &span, 1);
	return r < 0 ? r : rbmap_sorter_commit(sorter, &span, 1);
}

static void put(struct rbmap_sorter *sorter, struct source *source, int cpu)
{
	ck_assert_int_eq(put_lost(sorter, source, cpu, 0), 0);
}

static void put_one(struct rbmap_sorter *sorter, struct source *source, int cpu,
		    uint64_t time, uint64_t number)
{
	add(source, time, number);
	put(sorter, source, cpu);
}

static uint64_t number_of(const struct rbmap_record *record)
{
	uint64_t number;

	ck_assert_uint_eq(record->size, sizeof(number));
	memcpy(&number, record->data, sizeof(number));
	return number;
}

static struct rbmap_record expect(struct rbmap_sorter *sorter, uint64_t number)
{
	const struct sorter_stream *next = rbmap_sorter_next(sorter);

	ck_assert_ptr_nonnull(next);
	ck_assert_uint_eq(number_of(&next->record), number);
	return next->record;
}

static void expect_none(struct rbmap_sorter *sorter)
{
	ck_assert_ptr_null(rbmap_sorter_next(sorter));
}

START_TEST(arguments_are_checked)
{
	struct rbmap_sorter sorter = { .nr_sources = 0 };
	const int twice[] = { 3, 3 };

	layout = build_layout(SUBBUF_SIZE, 8, false);
	ck_assert_int_eq(rbmap_sorter_add(&sorter, &layout, NULL, 0), -EINVAL);
	ck_assert_int_eq(rbmap_sorter_add(&sorter, &layout, twice, 2), -EINVAL);
	ck_assert_uint_eq(sorter.nr_sources, 0);
	rbmap_sorter_free(&sorter);
}
END_TEST

START_TEST(unknown_cpu_is_refused)
{
	struct rbmap_sorter *sorter = open_sorter(2);
	struct source source = { 0 };

	add(&source, 10, 1);
	ck_assert_int_eq(put_lost(sorter, &source, 2, 0), -ENXIO);
	ck_assert_int_eq(put_lost(sorter, &source, -1, 0), -ENXIO);
	rbmap_sorter_end(sorter);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(a_round_tells_what_the_last_had_seen)
{
	struct rbmap_sorter *sorter = open_sorter(2);
	struct source a = { 0 }, b = { 0 };

	put_one(sorter, &a, 0, 100, 1);
	put_one(sorter, &a, 0, 200, 2);
	rbmap_sorter_end_round(sorter);
	expect_none(sorter);
	put_one(sorter, &b, 1, 150, 3);
	put_one(sorter, &b, 1, 300, 4);
	rbmap_sorter_end_round(sorter);
	expect(sorter, 1);
	expect(sorter, 3);
	expect(sorter, 2);
	expect_none(sorter);
	rbmap_sorter_end_round(sorter);
	expect(sorter, 4);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(nothing_is_told_before_a_round)
{
	struct rbmap_sorter *sorter = open_sorter(2);
	struct source a = { 0 };

	put_one(sorter, &a, 0, 0, 1);
	expect_none(sorter);
	rbmap_sorter_end_round(sorter);
	expect_none(sorter);
	rbmap_sorter_end_round(sorter);
	expect(sorter, 1);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(a_single_cpu_waits_for_nothing)
{
	struct rbmap_sorter *sorter = open_sorter(1);
	struct source a = { 0 };

	put_one(sorter, &a, 0, 0, 1);
	expect(sorter, 1);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
}
END_TEST

static struct rbmap_span whole_span(const struct source *source)
{
	struct rbmap_span span = {
		.subbuf = source->memory,
		.subbuf_size = SUBBUF_SIZE,
		.to = source->build.size,
		.seq = source->seq,
	};

	memcpy(&span.time_stamp, source->memory, sizeof(span.time_stamp));
	return span;
}

/* What was overwritten while it was copied; the span after it shows the loss. */
START_TEST(torn_spans_are_dropped)
{
	struct rbmap_sorter *sorter = open_sorter(1);
	struct source a = { .seq = 0 }, b = { .seq = 1 }, c = { .seq = 2 };
	struct rbmap_span spans[3];

	add(&a, 100, 1);
	begin(&b, 200);
	add(&b, 200, 2);
	begin(&c, 300);
	add(&c, 300, 3);
	spans[0] = whole_span(&a);
	spans[1] = whole_span(&b);
	spans[2] = whole_span(&c);
	ck_assert_int_eq(rbmap_sorter_stage(sorter, 0, spans, 3), 0);
	ck_assert_int_eq(rbmap_sorter_stage(sorter, 0, spans, 3), -EBUSY);
	expect_none(sorter);
	spans[1].flags = RBMAP_SPAN_TORN;
	spans[2].lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_sorter_commit(sorter, spans, 2), -EINVAL);
	ck_assert_int_eq(rbmap_sorter_commit(sorter, spans, 3), 0);
	ck_assert_uint_eq(expect(sorter, 1).lost, 0);
	ck_assert_uint_eq(expect(sorter, 3).lost, RBMAP_LOST_UNKNOWN);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(sources_have_layouts_of_their_own)
{
	struct rbmap_layout small = build_layout(512, 4, false);
	struct rbmap_sorter *sorter = open_sorter(1);
	struct source a = { 0 };
	uint64_t memory[512 / sizeof(uint64_t)], number = 2;
	const int cpu = 0;
	struct build build;
	struct rbmap_span span;

	ck_assert_int_eq(rbmap_sorter_add(sorter, &small, &cpu, 1), 1);
	put_one(sorter, &a, 0, 100, 1);
	put_one(sorter, &a, 0, 200, 3);
	build_begin(&build, &small, memory, 150);
	ck_assert(build_data(&build, 0, &number, sizeof(number)));
	span = (struct rbmap_span){
		.subbuf = memory,
		.subbuf_size = 512,
		.to = build.size,
		.seq = 1,
		.time_stamp = 150,
	};
	ck_assert_int_eq(rbmap_sorter_stage(sorter, 0, &span, 1), -EBADMSG);
	ck_assert_int_eq(rbmap_sorter_stage(sorter, 1, &span, 1), 0);
	ck_assert_int_eq(rbmap_sorter_commit(sorter, &span, 1), 0);
	rbmap_sorter_end(sorter);
	expect(sorter, 1);
	expect(sorter, 2);
	expect(sorter, 3);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(silent_cpu_holds_nothing_back)
{
	struct rbmap_sorter *sorter = open_sorter(3);
	struct source a = { 0 };

	put_one(sorter, &a, 1, 100, 1);
	rbmap_sorter_end_round(sorter);
	rbmap_sorter_end_round(sorter);
	expect(sorter, 1);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(equal_times_come_by_cpu)
{
	struct rbmap_sorter *sorter = open_sorter(3);
	struct source a = { 0 }, b = { 0 }, c = { 0 };

	put_one(sorter, &c, 2, 100, 3);
	put_one(sorter, &b, 1, 100, 2);
	put_one(sorter, &a, 0, 100, 1);
	put_one(sorter, &a, 0, 100, 11);
	rbmap_sorter_end(sorter);
	ck_assert_int_eq(expect(sorter, 1).cpu, 0);
	expect(sorter, 11);
	ck_assert_int_eq(expect(sorter, 2).cpu, 1);
	ck_assert_int_eq(expect(sorter, 3).cpu, 2);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(backward_times_keep_their_place)
{
	struct rbmap_sorter *sorter = open_sorter(2);
	struct source a = { 0 }, b = { 0 };

	put_one(sorter, &a, 0, 100, 1);
	put_one(sorter, &a, 0, 50, 2);
	put_one(sorter, &a, 0, 120, 3);
	put_one(sorter, &b, 1, 60, 4);
	put_one(sorter, &b, 1, 110, 5);
	rbmap_sorter_end(sorter);
	expect(sorter, 4);
	expect(sorter, 1);
	ck_assert_uint_eq(expect(sorter, 2).time_stamp, 50);
	expect(sorter, 5);
	expect(sorter, 3);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(losses_ride_on_the_next_record)
{
	struct rbmap_sorter *sorter = open_sorter(1);
	struct source a = { 0 };

	add(&a, 100, 1);
	ck_assert_int_eq(put_lost(sorter, &a, 0, 7), 0);
	begin(&a, 200);
	add(&a, 200, 2);
	ck_assert_int_eq(put_lost(sorter, &a, 0, RBMAP_LOST_UNKNOWN), 0);
	put_one(sorter, &a, 0, 300, 3);
	rbmap_sorter_end(sorter);
	ck_assert_uint_eq(expect(sorter, 1).lost, 7);
	ck_assert_uint_eq(expect(sorter, 2).lost, RBMAP_LOST_UNKNOWN);
	ck_assert_uint_eq(expect(sorter, 3).lost, 0);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(spoilt_span_keeps_what_came_before)
{
	struct rbmap_sorter *sorter = open_sorter(1);
	struct source a = { 0 };
	uint32_t good;

	add(&a, 100, 1);
	good = a.build.size;
	add(&a, 110, 2);
	/* Padding whose length leads far out of the sub-buffer. */
	memset((char *)a.memory + layout.data_offset + good, 0xfd, 12);
	ck_assert_int_eq(put_lost(sorter, &a, 0, 0), 0);
	begin(&a, 200);
	put_one(sorter, &a, 0, 200, 3);
	rbmap_sorter_end(sorter);
	ck_assert_uint_eq(expect(sorter, 1).lost, 0);
	ck_assert_uint_eq(expect(sorter, 3).lost, RBMAP_LOST_UNKNOWN);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
}
END_TEST

START_TEST(spans_that_are_refused_count_as_lost)
{
	struct rbmap_sorter *sorter = open_sorter(1);
	struct source a = { 0 };
	struct rbmap_span spans[2];

	add(&a, 100, 1);
	spans[0] = spans[1] = whole_span(&a);
	spans[1].to = SUBBUF_SIZE;
	ck_assert_int_eq(rbmap_sorter_stage(sorter, 0, spans, 2), -EBADMSG);
	begin(&a, 200);
	put_one(sorter, &a, 0, 200, 2);
	put_one(sorter, &a, 0, 300, 3);
	ck_assert_uint_eq(expect(sorter, 2).lost, RBMAP_LOST_UNKNOWN);
	ck_assert_uint_eq(expect(sorter, 3).lost, 0);
	expect_none(sorter);
	rbmap_sorter_free(sorter);
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
	struct rbmap_sorter *sorter = open_sorter(nr_cpus);
	struct source *sources = calloc(nr_cpus, sizeof(*sources));
	uint64_t written[MANY_CPUS] = { 0 }, told[MANY_CPUS] = { 0 };
	uint64_t now = 1000, time = 0;
	const struct sorter_stream *next;

	for (int round = 0; round < 300; round++) {
		/* Bursts, so that the memory grows and shrinks. */
		uint32_t nr = random_below(&random, round % 50 ? 30 : 4000);

		for (uint32_t i = 0; i < nr; i++) {
			uint32_t cpu = random_below(&random, nr_cpus);

			now += random_below(&random, 3);
			put_one(sorter, &sources[cpu], cpu, now, written[cpu]++);
		}
		rbmap_sorter_end_round(sorter);
		while ((next = rbmap_sorter_next(sorter)))
			check_order(&next->record, told, &time);
	}
	rbmap_sorter_end(sorter);
	while ((next = rbmap_sorter_next(sorter)))
		check_order(&next->record, told, &time);
	ck_assert_mem_eq(told, written, sizeof(told));
	rbmap_sorter_free(sorter);
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
		a_single_cpu_waits_for_nothing,
		torn_spans_are_dropped,
		sources_have_layouts_of_their_own,
		silent_cpu_holds_nothing_back,
		equal_times_come_by_cpu,
		backward_times_keep_their_place,
		losses_ride_on_the_next_record,
		spoilt_span_keeps_what_came_before,
		spans_that_are_refused_count_as_lost,
		many_rounds_of_one_cpu_are_in_order,
		many_rounds_of_many_cpus_are_in_order,
	};

	return RUN_TESTS("sorter", tests);
}
