/* SPDX-License-Identifier: GPL-2.0-only */
/* The record walk: counting, spans in pieces, and bytes that are no records. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <rbmap/record.h>

#include "base/internal.h"
#include "records.h"
#include "run.h"

static void tally_by_walk(const struct rbmap_walk *begun, struct rbmap_tally *tally,
			  int *end)
{
	struct rbmap_walk walk = *begun;
	struct rbmap_record record;

	*tally = (struct rbmap_tally){ 0 };
	while ((*end = rbmap_walk_next(&walk, &record)) == 1) {
		if (tally->records++ == 0)
			tally->first = record.time_stamp;
		tally->last = record.time_stamp;
	}
}

/* Counting says what walking says, and leaves the walk in the same state. */
static void check_tally(const struct rbmap_walk *begun, uint64_t seed)
{
	struct rbmap_walk counted = *begun, walked = *begun;
	struct rbmap_record record;
	struct rbmap_tally by_walk, tally;
	int end;

	tally_by_walk(begun, &by_walk, &end);
	must(rbmap_walk_tally(&counted, &tally) == end);
	must(tally.records == by_walk.records);
	must(tally.first == by_walk.first);
	must(tally.last == by_walk.last);
	while (rbmap_walk_next(&walked, &record) == 1)
		;
	must(counted.next == walked.next);
	must(counted.to == walked.to);
	must(counted.lost == walked.lost);
	must(counted.started == walked.started);
	must(counted.time_stamp == walked.time_stamp);
}

START_TEST(tally_as_walk)
{
	struct random random;
	struct build build;

	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct rbmap_walk walk = { 0 };
		struct rbmap_span span;

		random = (struct random){ seed };
		records_random(&build, &random);
		span = records_span(&build);
		span.lost = random_below(&random, 3);
		must(rbmap_walk_span(&walk, &build.layout, &span) == 0);
		check_tally(&walk, seed);
		free(build.memory);
	}
}
END_TEST

/* A span of the records from one to another: has exactly those. */
static void check_part(struct rbmap_walk *walk, const struct build *build,
		       const struct rbmap_record *expected, unsigned int nr,
		       uint32_t from, uint32_t to, uint64_t seed)
{
	struct rbmap_span span = records_span(build);
	struct rbmap_record record;

	span.from = from;
	span.to = to;
	must(rbmap_walk_span(walk, &build->layout, &span) == 0);
	for (unsigned int i = 0; i < nr; i++) {
		must(rbmap_walk_next(walk, &record) == 1);
		must(record.time_stamp == expected[i].time_stamp);
		must(record.offset == expected[i].offset);
		must(record.size == expected[i].size);
	}
	must(rbmap_walk_next(walk, &record) == 0);
}

/* The sub-buffer in spans of some records each: the same records at the same times. */
static void check_partial(const struct build *build, unsigned int every, bool goes_on,
			  uint64_t seed)
{
	static struct rbmap_record all[65536 / 8];
	struct rbmap_span span = records_span(build);
	struct rbmap_walk walk = { 0 };
	unsigned int nr = 0;
	uint32_t from = 0, to;

	must(rbmap_walk_span(&walk, &build->layout, &span) == 0);
	while (rbmap_walk_next(&walk, &all[nr]) == 1)
		nr++;
	walk = (struct rbmap_walk){ 0 };
	for (unsigned int i = 0; i < nr; i += every) {
		unsigned int some = nr - i < every ? nr - i : every;

		to = i + some == nr ? build->size :
				      all[i + some].offset - build->layout.data_offset;
		if (!goes_on)
			walk = (struct rbmap_walk){ 0 };
		check_part(&walk, build, &all[i], some, from, to, seed);
		from = to;
	}
}

START_TEST(partial_spans)
{
	struct random random;
	struct build build;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		random = (struct random){ seed };
		records_random(&build, &random);
		for (unsigned int every = 1; every < 100; every = every * 5 + 2) {
			check_partial(&build, every, true, seed);
			check_partial(&build, every, false, seed);
		}
		free(build.memory);
	}
}
END_TEST

/*
 * Any span of any bytes: ends, reads nothing outside (the memory ends where the span
 * does, so that a sanitizer sees it), and all three ways agree.
 */
static void check_bytes(const struct build *build, uint32_t from, uint32_t to,
			uint64_t seed)
{
	uint32_t data_offset = build->layout.data_offset;
	unsigned char *exact = malloc(data_offset + to);
	struct rbmap_span span = records_span(build);
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	unsigned int nr = 0;
	int r;

	memcpy(exact, build->memory, data_offset + to);
	span.subbuf = exact;
	span.from = from;
	span.to = to;
	r = rbmap_walk_span(&walk, &build->layout, &span);
	must(r == 0 || r == -EBADMSG);
	check_tally(&walk, seed);
	while ((r = rbmap_walk_next(&walk, &record)) == 1) {
		const unsigned char *data = record.data;

		must(data >= exact + data_offset + from);
		must(data + record.size <= exact + data_offset + to);
		must(++nr <= to / 4);
	}
	must(r == 0 || r == -EBADMSG);
	must(rbmap_walk_next(&walk, &record) == 0);
	free(exact);
}

START_TEST(any_bytes)
{
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct random random = { seed };
		struct rbmap_layout layout = build_layout(4096, 8, seed & 1);
		struct build build;
		uint32_t to;

		records_begin(&build, &layout);
		for (uint32_t i = 16; i < 4096; i++)
			/* Small bytes make more of them pass for records. */
			build.memory[i] = random_next(&random) >>
					  (seed % 3 ? random_below(&random, 9) : 0);
		to = random_below(&random, 4081);
		check_bytes(&build, 0, to, seed);
		check_bytes(&build, random_below(&random, to + 1), to, seed);
		free(build.memory);
	}
}
END_TEST

START_TEST(cut_and_spoilt)
{
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct random random = { seed };
		struct build build;
		uint32_t to;

		records_random(&build, &random);
		for (int i = 0; i < 10; i++) {
			to = random_below(&random, build.size + 1);
			check_bytes(&build, 0, to, seed);
			check_bytes(&build, random_below(&random, to + 1), to, seed);
			if (build.size)
				build.memory[build.layout.data_offset +
					     random_below(&random, build.size)] ^=
					1 << random_below(&random, 8);
		}
		free(build.memory);
	}
}
END_TEST

START_TEST(spans_that_do_not_fit)
{
	struct rbmap_layout layout = build_layout(4096, 8, false);
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	struct rbmap_span span;
	struct build build;

	records_begin(&build, &layout);
	span = records_span(&build);
	span.from = 4;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), -EBADMSG);
	span.from = 0;
	span.to = 4081;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), -EBADMSG);
	span.to = UINT32_MAX;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), -EBADMSG);
	span.to = 0;
	span.subbuf_size = 8192;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), -EBADMSG);
	layout.data_offset = 5000;
	span.subbuf_size = 4096;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), -EBADMSG);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 0);
	free(build.memory);
}
END_TEST

/* The span before is not walked on in: its memory may be gone. */
START_TEST(nothing_after_a_span_that_does_not_fit)
{
	struct rbmap_layout layout = build_layout(4096, 8, false);
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	struct rbmap_span span;
	struct build build;

	records_begin(&build, &layout);
	build_data(&build, 1, "a", 1);
	build_data(&build, 1, "b", 1);
	span = records_span(&build);
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), 0);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 1);
	span.to = 5000;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), -EBADMSG);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 0);
	/* What it held is lost. */
	span = records_span(&build);
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), 0);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 1);
	ck_assert_uint_eq(record.lost, RBMAP_LOST_UNKNOWN);
	free(build.memory);
}
END_TEST

START_TEST(loss_goes_to_the_next_record)
{
	struct rbmap_layout layout = build_layout(4096, 8, false);
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	struct rbmap_span span;
	struct build build;

	records_begin(&build, &layout);
	build_discarded(&build, 1, 8);
	span = records_span(&build);
	span.lost = 3;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), 0);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 0);
	build_data(&build, 1, "a", 1);
	build_data(&build, 1, "b", 1);
	span = records_span(&build);
	span.seq = 2;
	span.lost = 4;
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), 0);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 1);
	ck_assert_uint_eq(record.lost, 7);
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 1);
	ck_assert_uint_eq(record.lost, 0);
	free(build.memory);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		tally_as_walk,
		partial_spans,
		any_bytes,
		cut_and_spoilt,
		spans_that_do_not_fit,
		nothing_after_a_span_that_does_not_fit,
		loss_goes_to_the_next_record,
	};

	return RUN_TESTS("record", tests);
}
