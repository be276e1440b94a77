// SPDX-License-Identifier: GPL-2.0-only
/* Clock anchors: taken, as text, in files, and what time they make of time stamps. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rbmap/tracedat.h>

#include "dat-file.h"
#include "dat-make.h"
#include "tracedat/anchor.h"
#include "tracefs/anchor.h"

#define CPUSTAT 2
#define TRACECLOCK 4
#define DATE 1

static const struct made_kind v6 = { 6, false, 8, NULL };
static const struct made_kind v7 = { 7, true, 4, "zstd" };

static struct made made;
static struct rbmap_tracedat_reader *reader;
static int fd = -1;

static void open_made(const struct made_kind *kind, const struct made_option *options)
{
	made_build_with(&made, kind, options);
	fd = made_file(&made, made.size);
	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fd, NULL), 0);
}

static void close_made(void)
{
	rbmap_tracedat_reader_close(reader);
	close(fd);
	made_free(&made);
}

static void expect(enum rbmap_tracedat_time time, uint64_t time_stamp, uint64_t wanted)
{
	uint64_t got = 0;

	ck_assert_int_eq(rbmap_tracedat_reader_convert(reader, time, time_stamp, &got),
			 0);
	ck_assert_uint_eq(got, wanted);
}

static void expect_none(enum rbmap_tracedat_time time)
{
	uint64_t got = 5;

	ck_assert_int_eq(rbmap_tracedat_reader_convert(reader, time, 1000, &got),
			 -ENODATA);
	ck_assert_uint_eq(got, 5);
}

START_TEST(an_anchor_lies_between_two_looks_at_the_clocks)
{
	static const char *const clocks[] = { "mono", "boot", "mono_raw", "tai" };
	static const clockid_t ids[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME,
					 CLOCK_MONOTONIC_RAW, CLOCK_TAI };
	struct timespec before[3], after[3];
	struct rbmap_anchor anchor;
	uint64_t got[3];

	for (int i = 0; i < 3; i++)
		clock_gettime((clockid_t[]){ ids[_i], CLOCK_REALTIME,
					     CLOCK_MONOTONIC }[i],
			      &before[i]);
	ck_assert_int_eq(rbmap_anchor_take(&anchor, "/nonexistent", clocks[_i], 0), 0);
	for (int i = 0; i < 3; i++)
		clock_gettime((clockid_t[]){ ids[_i], CLOCK_REALTIME,
					     CLOCK_MONOTONIC }[i],
			      &after[i]);
	memcpy(got, (uint64_t[]){ anchor.trace, anchor.realtime, anchor.monotonic },
	       sizeof(got));
	for (int i = 0; i < 3; i++) {
		uint64_t from =
			before[i].tv_sec * UINT64_C(1000000000) + before[i].tv_nsec;
		uint64_t to = after[i].tv_sec * UINT64_C(1000000000) + after[i].tv_nsec;

		ck_assert_uint_ge(got[i] + anchor.uncertainty, from);
		ck_assert_uint_le(got[i], to + anchor.uncertainty);
	}
}
END_TEST

START_TEST(a_clock_of_the_kernel_is_read_from_stats)
{
	struct rbmap_anchor anchor;
	char tree[TREE_PATH];

	dat_make_tree(tree);
	dat_put_file(tree, "per_cpu/cpu2/stats",
		     "entries: 0\noverrun: 0\ncommit overrun: 0\nbytes: 0\n"
		     "oldest event ts:     0.000000\nnow ts: 13283.663708\n"
		     "dropped events: 0\nread events: 0\n");
	ck_assert_int_eq(rbmap_anchor_take(&anchor, tree, "local", 2), 0);
	/* Not earlier than the file has it, but for its last digit. */
	ck_assert_uint_ge(anchor.trace + 500, UINT64_C(13283663708000));
	ck_assert_int_eq(rbmap_anchor_take(&anchor, tree, "local", 7), -ENOENT);
	/* These count no time. */
	ck_assert_int_eq(rbmap_anchor_take(&anchor, tree, "x86-tsc", 2), -ENODATA);
	ck_assert_int_eq(rbmap_anchor_take(&anchor, tree, "counter", 2), -ENODATA);
	ck_assert_int_eq(rbmap_anchor_take(&anchor, tree, "uptime", 2), -ENODATA);
	dat_put_file(tree, "per_cpu/cpu2/stats", "now ts: 1\n");
	ck_assert_int_eq(rbmap_anchor_take(&anchor, tree, "global", 2), -EBADMSG);
	dat_remove_tree(tree);
}
END_TEST

START_TEST(text_there_and_back)
{
	static const struct rbmap_anchor anchors[] = {
		{ 13491997773397, 1795727422528478675, 13491979618624, 1549 },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
		{ 0, 0, 0, 0 },
	};
	char text[TRACEDAT_ANCHOR_SIZE];
	struct rbmap_anchor back;

	for (size_t i = 0; i < sizeof(anchors) / sizeof(*anchors); i++) {
		rbmap_tracedat_anchor_print(text, &anchors[i]);
		ck_assert(rbmap_tracedat_anchor_is(text));
		ck_assert_int_eq(rbmap_tracedat_anchor_parse(&back, text), 0);
		ck_assert_mem_eq(&back, &anchors[i], sizeof(back));
	}
}
END_TEST

START_TEST(other_text_is_no_anchor)
{
	static const char *const texts[] = {
		"",
		"CPU: 0\nentries: 0\n",
		"Clock anchor (ns):",
		"Clock anchor (ns): trace 1 realtime 2 monotonic 3\n",
		"Clock anchor (ns): trace 1 realtime 2 monotonic 3 uncertainty \n",
		"Clock anchor (ns): trace 1 realtime 2 monotonic 3 uncertainty 4",
		"Clock anchor (ns): trace 1 realtime 2 monotonic 3 uncertainty 4\n\n",
		"Clock anchor (ns): trace 1 realtime -2 monotonic 3 uncertainty 4\n",
		"Clock anchor (ns): trace  1 realtime 2 monotonic 3 uncertainty 4\n",
		"Clock anchor (ns): trace 18446744073709551616 realtime 2 monotonic 3 "
		"uncertainty 4\n",
	};
	struct rbmap_anchor anchor;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		ck_assert_int_eq(rbmap_tracedat_anchor_parse(&anchor, texts[i]),
				 -EBADMSG);
		ck_assert(rbmap_tracedat_anchor_is(texts[i]) == (i >= 2));
	}
}
END_TEST

/* In any order in the file; they are no statistics of a CPU. */
START_TEST(files_have_them_in_order_of_time)
{
	static const struct made_option options[] = {
		{ CPUSTAT, "Clock anchor (ns): trace 2000 realtime 7000000 monotonic "
			   "5000 uncertainty 9\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 1000 realtime 6000000 monotonic "
			   "4000 uncertainty 8\n" },
		{ 0, NULL },
	};
	const struct rbmap_tracedat_fault *faults;
	const struct rbmap_tracedat_info *info;

	open_made(_i ? &v7 : &v6, options);
	info = rbmap_tracedat_reader_info(reader);
	ck_assert_uint_eq(info->nr_anchors, 2);
	ck_assert_uint_eq(info->anchors[0].trace, 1000);
	ck_assert_uint_eq(info->anchors[0].realtime, 6000000);
	ck_assert_uint_eq(info->anchors[0].monotonic, 4000);
	ck_assert_uint_eq(info->anchors[0].uncertainty, 8);
	ck_assert_uint_eq(info->anchors[1].trace, 2000);
	ck_assert_str_eq(info->cpu_stats[0], "CPU: 0\nentries: 0\n");
	ck_assert_ptr_null(info->cpu_stats[1]);
	ck_assert_uint_eq(rbmap_tracedat_reader_faults(reader, &faults), 0);
	close_made();
}
END_TEST

START_TEST(a_broken_one_is_a_fault_and_the_rest_is_read)
{
	static const struct made_option options[] = {
		{ CPUSTAT, "Clock anchor (ns): trace x\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 1000 realtime 6000000 monotonic "
			   "4000 uncertainty 8\n" },
		{ 0, NULL },
	};
	const struct rbmap_tracedat_buffer *buffers;
	const struct rbmap_tracedat_fault *faults;

	open_made(_i ? &v7 : &v6, options);
	ck_assert_uint_eq(rbmap_tracedat_reader_info(reader)->nr_anchors, 1);
	ck_assert_uint_eq(rbmap_tracedat_reader_faults(reader, &faults), 1);
	ck_assert_ptr_nonnull(strstr(faults[0].text, "clock anchor"));
	ck_assert_uint_eq(rbmap_tracedat_reader_buffers(reader, &buffers), 2);
	ck_assert_uint_eq(buffers[0].nr_cpus, 2);
	close_made();
}
END_TEST

/* The trace clock is slow by 1 in 10,000, or by nothing. */
START_TEST(between_anchors_time_is_interpolated)
{
	static const struct made_option options[] = {
		{ CPUSTAT, "Clock anchor (ns): trace 1000000000 realtime "
			   "1795727000000000000 monotonic 5000 uncertainty 9\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 2000000000 realtime "
			   "1795727001000100000 monotonic 1000005000 uncertainty 9\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 4000000000 realtime "
			   "1795727003000100000 monotonic 3000005000 uncertainty 9\n" },
		{ 0, NULL },
	};
	static const uint64_t from = UINT64_C(1795727000000000000);

	open_made(_i ? &v7 : &v6, options);
	expect(RBMAP_TRACEDAT_REALTIME, 1000000000, from);
	expect(RBMAP_TRACEDAT_REALTIME, 1500000000, from + 500050000);
	expect(RBMAP_TRACEDAT_REALTIME, 2000000000, from + 1000100000);
	expect(RBMAP_TRACEDAT_REALTIME, 3000000000, from + 2000100000);
	expect(RBMAP_TRACEDAT_REALTIME, UINT64_C(4000000000), from + 3000100000);
	/* Beyond them at the pace of the trace clock. */
	expect(RBMAP_TRACEDAT_REALTIME, 900000000, from - 100000000);
	expect(RBMAP_TRACEDAT_REALTIME, UINT64_C(5000000000), from + 4000100000);
	expect(RBMAP_TRACEDAT_MONOTONIC, 1500000000, 500005000);
	/* Nothing comes before 0, and nothing after the end. */
	expect(RBMAP_TRACEDAT_MONOTONIC, 1000, 0);
	expect(RBMAP_TRACEDAT_REALTIME, UINT64_MAX, UINT64_MAX);
	close_made();
}
END_TEST

START_TEST(a_clock_that_was_set_is_not_interpolated)
{
	static const struct made_option options[] = {
		{ CPUSTAT, "Clock anchor (ns): trace 1000000000 realtime "
			   "1795727000000000000 monotonic 5000 uncertainty 9\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 2000000000 realtime "
			   "1795720000000000000 monotonic 1000005000 uncertainty 9\n" },
		{ 0, NULL },
	};

	open_made(&v7, options);
	expect(RBMAP_TRACEDAT_REALTIME, 1999999999, UINT64_C(1795727000999999999));
	expect(RBMAP_TRACEDAT_REALTIME, 2000000001, UINT64_C(1795720000000000001));
	close_made();
}
END_TEST

/* What a broken file says of the clocks must not divide by 0 or overflow. */
START_TEST(hostile_anchors)
{
	static const struct made_option options[] = {
		{ CPUSTAT, "Clock anchor (ns): trace 0 realtime 18446744073709551615 "
			   "monotonic 0 uncertainty 0\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 5 realtime 0 monotonic "
			   "18446744073709551615 uncertainty 0\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 5 realtime 7 monotonic 7 "
			   "uncertainty 0\n" },
		{ CPUSTAT, "Clock anchor (ns): trace 18446744073709551615 realtime 0 "
			   "monotonic 18446744073709551615 uncertainty 0\n" },
		{ 0, NULL },
	};
	uint64_t got;

	open_made(&v6, options);
	for (int i = 0; i < 64; i++)
		for (int j = -1; j <= 1; j++)
			for (int time = 0; time < 2; time++)
				ck_assert_int_eq(rbmap_tracedat_reader_convert(
							 reader, time,
							 (UINT64_C(1) << i) + j, &got),
						 0);
	ck_assert_int_eq(rbmap_tracedat_reader_convert(reader, 2, 1, &got), -EINVAL);
	close_made();
}
END_TEST

START_TEST(without_anchors)
{
	static const struct made_option dated[] = { { DATE, "0x64" }, { 0, NULL } };
	static const struct made_option mono[] = {
		{ TRACECLOCK, "local [mono] boot\n" }, { DATE, "0x64" }, { 0, NULL }
	};

	open_made(&v7, NULL);
	ck_assert_ptr_null(rbmap_tracedat_reader_info(reader)->anchors);
	ck_assert_uint_eq(rbmap_tracedat_reader_info(reader)->nr_anchors, 0);
	expect_none(RBMAP_TRACEDAT_REALTIME);
	expect_none(RBMAP_TRACEDAT_MONOTONIC);
	close_made();
	/* By trace-cmd, the time stamps are those of the wall clock then. */
	open_made(&v7, dated);
	expect(RBMAP_TRACEDAT_REALTIME, 101000, 101000);
	expect_none(RBMAP_TRACEDAT_MONOTONIC);
	close_made();
	open_made(&v7, mono);
	expect(RBMAP_TRACEDAT_MONOTONIC, 101000, 1000);
	close_made();
}
END_TEST

/* The options that convert time stamps convert the anchors. */
START_TEST(an_offset_moves_the_anchors)
{
	static const struct made_option options[] = {
		{ CPUSTAT, "Clock anchor (ns): trace 1000 realtime 6000000 monotonic "
			   "4000 uncertainty 8\n" },
		{ DATE, "0x64" },
		{ 0, NULL },
	};

	open_made(&v6, options);
	ck_assert_uint_eq(rbmap_tracedat_reader_info(reader)->anchors[0].trace, 101000);
	expect(RBMAP_TRACEDAT_REALTIME, 101010, 6000010);
	close_made();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("anchor");
	TCase *tests = tcase_create("anchor");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, an_anchor_lies_between_two_looks_at_the_clocks, 0,
			    4);
	tcase_add_test(tests, a_clock_of_the_kernel_is_read_from_stats);
	tcase_add_test(tests, text_there_and_back);
	tcase_add_test(tests, other_text_is_no_anchor);
	tcase_add_loop_test(tests, files_have_them_in_order_of_time, 0, 2);
	tcase_add_loop_test(tests, a_broken_one_is_a_fault_and_the_rest_is_read, 0, 2);
	tcase_add_loop_test(tests, between_anchors_time_is_interpolated, 0, 2);
	tcase_add_test(tests, a_clock_that_was_set_is_not_interpolated);
	tcase_add_test(tests, hostile_anchors);
	tcase_add_test(tests, without_anchors);
	tcase_add_test(tests, an_offset_moves_the_anchors);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
