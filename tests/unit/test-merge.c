// SPDX-License-Identifier: GPL-2.0-only
/* Merges of sessions over FIFOs: what cannot be forgotten, and what is refused. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include <rbmap/merge.h>

#include "build.h"
#include "run.h"
#include "session-bench.h"

static struct session_bench bench;
static struct rbmap_merge *merge;

static void set_up(void)
{
	bench_set_up(&bench);
	ck_assert_int_eq(rbmap_merge_open(&merge), 0);
	ck_assert_int_eq(rbmap_merge_add(merge, bench.session), 0);
}

static void tear_down(void)
{
	rbmap_merge_close(merge);
	bench_tear_down(&bench);
}

/* A sub-buffer with one record at this time. */
static void send(size_t index, uint64_t time)
{
	struct rbmap_layout layout = build_layout(FAKE_SUBBUF_SIZE, 8, false);
	unsigned char memory[FAKE_SUBBUF_SIZE] = { 0 };
	struct build build;

	build_begin(&build, &layout, memory, time);
	ck_assert(build_data(&build, 0, "12345678", 8));
	build_commit(&build, build.size, 0);
	fake_tracefs_send(&bench.fake, index, memory, sizeof(memory));
}

static void put(int nr)
{
	ck_assert_int_eq(rbmap_merge_put(merge, 0, bench.spans, nr), 0);
	ck_assert_int_eq(bench_settle(&bench, nr), 0);
	ck_assert_int_eq(rbmap_merge_discard(merge, 0, bench.spans, nr), 0);
}

/* What rbmap_merge_end_round() returns. */
static int run_round(void)
{
	int nr;

	while ((nr = bench_take(&bench, BENCH_SPANS)) > 0)
		put(nr);
	ck_assert_int_eq(nr, 0);
	return rbmap_merge_end_round(merge);
}

static void expect(uint64_t time)
{
	struct rbmap_record record;
	int source = 12345;

	ck_assert_int_eq(rbmap_merge_next(merge, &record, &source), 1);
	ck_assert_uint_eq(record.time_stamp, time);
	ck_assert_int_eq(source, 0);
}

static void expect_none(void)
{
	struct rbmap_record record;

	ck_assert_int_eq(rbmap_merge_next(merge, &record, NULL), 0);
}

/* A wake-up for one ring reads them all: what the others have may come before it. */
START_TEST(each_round_reads_all_rings)
{
	set_up();
	ck_assert_int_eq(run_round(), 0);
	send(0, 200);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	/* It comes after the wake-up, so that nothing tells of this ring. */
	send(1, 100);
	ck_assert_int_eq(run_round(), 1);
	expect_none();
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(run_round(), 0);
	expect(100);
	expect(200);
	expect_none();
	tear_down();
}
END_TEST

/* To end a round that has not been one must not let anything out. */
START_TEST(only_rounds_that_read_all_count)
{
	set_up();
	send(0, 200);
	ck_assert_int_eq(run_round(), 1);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(rbmap_merge_end_round(merge), 0);
		expect_none();
	}
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(rbmap_merge_end_round(merge), -EBUSY);
	expect_none();
	ck_assert_int_eq(run_round(), 0);
	expect(200);
	tear_down();
}
END_TEST

START_TEST(spans_have_to_be_settled)
{
	set_up();
	send(0, 100);
	ck_assert_int_eq(bench_take(&bench, 1), 1);
	ck_assert_int_eq(rbmap_merge_discard(merge, 0, bench.spans, 1), -EBUSY);
	ck_assert_int_eq(rbmap_merge_put(merge, 0, bench.spans, 1), 0);
	ck_assert_int_eq(rbmap_merge_put(merge, 0, bench.spans, 1), -EBUSY);
	ck_assert_int_eq(rbmap_merge_discard(merge, 0, bench.spans, 1), -EBUSY);
	ck_assert_int_eq(rbmap_merge_end_round(merge), -EBUSY);
	ck_assert_int_eq(bench_settle(&bench, 1), 0);
	ck_assert_int_eq(rbmap_merge_discard(merge, 0, bench.spans, 0), -EINVAL);
	ck_assert_int_eq(rbmap_merge_discard(merge, 0, bench.spans, 1), 0);
	rbmap_merge_end(merge);
	expect(100);
	tear_down();
}
END_TEST

START_TEST(what_is_refused)
{
	struct rbmap_session *other = NULL;
	struct rbmap_merge *second;

	set_up();
	ck_assert_int_eq(rbmap_merge_add(merge, bench.session), -EINVAL);
	ck_assert_int_eq(rbmap_merge_open(&second), 0);
	ck_assert_int_eq(rbmap_merge_add(second, bench.session), -EINVAL);
	ck_assert_int_eq(rbmap_merge_end_round(second), 0);
	rbmap_merge_close(second);
	rbmap_merge_close(NULL);
	ck_assert_int_eq(rbmap_session_split(bench.session, &other), -EINVAL);
	ck_assert_ptr_null(other);
	send(0, 100);
	ck_assert_int_eq(bench_take(&bench, 1), 1);
	ck_assert_int_eq(rbmap_merge_put(merge, 1, bench.spans, 1), -EINVAL);
	ck_assert_int_eq(rbmap_merge_put(merge, -1, bench.spans, 1), -EINVAL);
	bench.spans[0].cpu = 1;
	ck_assert_int_eq(rbmap_merge_put(merge, 0, bench.spans, 1), -ENXIO);
	ck_assert_int_eq(bench_settle(&bench, 1), 0);
	ck_assert_int_eq(rbmap_session_open(&other, &bench.options), 0);
	ck_assert_int_eq(rbmap_merge_add(merge, other), -EBUSY);
	rbmap_session_close(other);
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_round_reads_all_rings,
		only_rounds_that_read_all_count,
		spans_have_to_be_settled,
		what_is_refused,
	};

	return RUN_TESTS("merge", tests);
}
