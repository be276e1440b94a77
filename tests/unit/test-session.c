/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions over FIFOs: what is refused, waiting, fairness, settling, errors. */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>
#include <rbmap/session.h>

#include "base/internal.h"
#include "run.h"
#include "session-bench.h"

START_TEST(falls_back_and_says_so)
{
	const struct rbmap_layout *layout;
	struct session_bench bench;
	const int *cpus;

	bench_set_up(&bench);
	ck_assert_int_eq(rbmap_session_engine(bench.session), RBMAP_ENGINE_READ);
	ck_assert_uint_eq(bench.warnings, 1);
	ck_assert_ptr_nonnull(strstr(bench.warning, "read(2)"));
	ck_assert_ptr_nonnull(strstr(rbmap_session_engine_reason(bench.session),
				     "cannot be mapped"));
	ck_assert_uint_eq(rbmap_session_cpus(bench.session, &cpus), 3);
	ck_assert_int_eq(cpus[0], 0);
	ck_assert_int_eq(cpus[1], 2);
	ck_assert_int_eq(cpus[2], 10);
	layout = rbmap_session_layout(bench.session);
	ck_assert_uint_eq(layout->subbuf_size, FAKE_SUBBUF_SIZE);
	bench_tear_down(&bench);
}
END_TEST

START_TEST(read_asked_for_is_no_warning)
{
	struct session_bench bench;

	bench_prepare(&bench);
	bench.options.engine = RBMAP_ENGINE_READ;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_uint_eq(bench.warnings, 0);
	bench_tear_down(&bench);
}
END_TEST

static int open_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int nr = 0;

	while (readdir(directory))
		nr++;
	closedir(directory);
	return nr;
}

static void check_refused(struct session_bench *bench, int error)
{
	struct rbmap_session *session = NULL;
	int before = open_fds(), r;

	r = rbmap_session_open(&session, &bench->options);
	ck_assert_msg(r == error, "%d instead of %d", r, error);
	ck_assert_ptr_null(session);
	ck_assert_int_eq(open_fds(), before);
}

START_TEST(refused_options)
{
	static const int twice[] = { 0, 2, 0 }, absent[] = { 0, 1 },
			 negative[] = { -1 };
	struct {
		struct rbmap_session_options known;
		uint64_t unknown;
	} newer;
	struct session_bench bench;

	bench_prepare(&bench);
	bench.options.engine = RBMAP_ENGINE_MAPPED;
	check_refused(&bench, -ENOTTY);
	bench.options.engine = 99;
	check_refused(&bench, -EINVAL);
	bench.options.engine = RBMAP_ENGINE_AUTO;
	bench.options.cpus = twice;
	bench.options.nr_cpus = 3;
	check_refused(&bench, -EINVAL);
	bench.options.nr_cpus = 0;
	check_refused(&bench, -EINVAL);
	bench.options.cpus = absent;
	bench.options.nr_cpus = 2;
	check_refused(&bench, -ENXIO);
	bench.options.cpus = negative;
	bench.options.nr_cpus = 1;
	check_refused(&bench, -ENXIO);
	bench.options.cpus = NULL;
	bench.options.nr_cpus = 0;
	bench.options.size = 4;
	check_refused(&bench, -EINVAL);
	newer.known = bench.options;
	newer.known.size = sizeof(newer);
	newer.unknown = 1;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &newer.known), -E2BIG);
	newer.unknown = 0;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &newer.known), 0);
	ck_assert_int_eq(rbmap_session_open(&bench.session, NULL), -EINVAL);
	bench_tear_down(&bench);
	rbmap_session_close(NULL);
}
END_TEST

START_TEST(refused_files)
{
	struct session_bench bench;

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "events/header_page", "nothing of use\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_close(&bench.fake);
	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "none\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "-4\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "0\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "64\n");
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_uint_eq(rbmap_session_layout(bench.session)->subbuf_size, 65536);
	bench_tear_down(&bench);
	fake_tracefs_open(&bench.fake, NULL, 0);
	bench.options.instance = bench.fake.instance;
	check_refused(&bench, -EINVAL);
	fake_tracefs_close(&bench.fake);
}
END_TEST

/* What is in the rings at the begin comes without a wait. */
START_TEST(begins_with_what_is_there)
{
	struct rbmap_session_work work;
	struct session_bench bench;
	int nr;

	bench_prepare(&bench);
	bench_send(&bench, 0, 100);
	bench_send(&bench, 1, 200);
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	nr = bench_take(&bench, BENCH_SPANS);
	ck_assert_int_eq(nr, 2);
	/* In the order of the CPUs: three has 10 first, then 0. */
	ck_assert_int_eq(bench.spans[0].cpu, 0);
	ck_assert_uint_eq(bench.spans[0].to, 200 * 12);
	ck_assert_int_eq(bench.spans[1].cpu, 10);
	ck_assert_uint_eq(bench.spans[1].to, 100 * 12);
	ck_assert_int_eq(bench_settle(&bench, nr), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_ge(work.reads, 5);
	ck_assert_uint_eq(work.get_readers, 0);
	bench_tear_down(&bench);
}
END_TEST

START_TEST(settle_rules)
{
	struct session_bench bench;

	bench_set_up(&bench);
	bench_send(&bench, 0, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_settle(&bench, 1), -EINVAL);
	ck_assert_int_eq(bench_settle(&bench, 0), 0);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), 1);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), -EBUSY);
	ck_assert_int_eq(bench_settle(&bench, 0), -EINVAL);
	ck_assert_int_eq(bench_settle(&bench, 2), -EINVAL);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), -EBUSY);
	ck_assert_int_eq(bench_settle(&bench, 1), 0);
	ck_assert_int_eq(bench_settle(&bench, 1), -EINVAL);
	ck_assert_int_eq(bench_drain(&bench), 0);
	bench_tear_down(&bench);
}
END_TEST

/* A CPU with much does not keep the others from their turn. */
START_TEST(fair_turns)
{
	struct session_bench bench;
	int seen[3] = { 0 }, nr;

	bench_set_up(&bench);
	for (int i = 0; i < 12; i++)
		bench_send(&bench, 1, 300);
	bench_send(&bench, 0, 300);
	bench_send(&bench, 2, 300);
	rbmap_session_wake_all(bench.session);
	/* One at a time: three turns reach all three CPUs. */
	for (int i = 0; i < 3; i++) {
		nr = bench_take(&bench, 1);
		ck_assert_int_eq(nr, 1);
		seen[bench.spans[0].cpu == 0 ? 0 : bench.spans[0].cpu == 2 ? 1 : 2]++;
		ck_assert_int_eq(bench_settle(&bench, nr), 0);
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(seen[i], 1);
	ck_assert_int_eq(bench_drain(&bench), 11);
	bench_tear_down(&bench);
}
END_TEST

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

START_TEST(waits_for_data_and_for_the_timer)
{
	struct session_bench bench;
	double began;

	bench_set_up(&bench);
	ck_assert_int_eq(bench_drain(&bench), 0);
	began = now();
	ck_assert_int_eq(rbmap_session_wait(bench.session, 10000), 1);
	ck_assert_double_lt(now() - began, 5);
	ck_assert_int_eq(bench_drain(&bench), 0);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 0), 0);
	bench_send(&bench, 2, 300);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 0), 1);
	ck_assert_int_eq(bench_drain(&bench), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 2);
	bench_tear_down(&bench);
}
END_TEST

static int wait_until_readable(const struct session_bench *bench, int timeout_ms)
{
	struct pollfd fd = { .fd = rbmap_session_fd(bench->session), .events = POLLIN };

	return poll(&fd, 1, timeout_ms);
}

/*
 * What a poll loop has called for is taken without a wait, and calls no longer. The
 * timer keeps out of it.
 */
START_TEST(a_poll_loop_needs_no_wait)
{
	struct session_bench bench;
	struct rbmap_session_work before, work;

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_percent", "50\n");
	bench.options.engine = RBMAP_ENGINE_READ;
	bench.options.latency_ms = 1000000000;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	bench_send(&bench, 2, 300);
	ck_assert_int_eq(wait_until_readable(&bench, 10000), 1);
	ck_assert_int_eq(bench_drain(&bench), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 2);
	ck_assert_int_eq(wait_until_readable(&bench, 0), 0);
	/* With a wait there is no second one. */
	bench_send(&bench, 1, 300);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 10000), 1);
	rbmap_session_work(bench.session, &before);
	ck_assert_int_eq(bench_drain(&bench), 1);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_eq(work.waits, before.waits);
	bench_tear_down(&bench);
}
END_TEST

/*
 * A FIFO is always beyond its watermark as soon as it holds something. So the timer is
 * told to wait: what comes of it alone, is not to be there before all is wanted.
 */
START_TEST(whole_ones_wait_for_the_watermark)
{
	struct session_bench bench;
	struct rbmap_session_work before, work;

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_percent", "50\n");
	bench.options.engine = RBMAP_ENGINE_READ;
	bench.options.flags = RBMAP_SESSION_WHOLE;
	bench.options.latency_ms = 1;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	rbmap_session_work(bench.session, &before);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	ck_assert_int_eq(bench_drain(&bench), 0);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_eq(work.reads, before.reads);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_drain(&bench), 0);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_eq(work.reads, before.reads + 3);
	bench_send(&bench, 1, 300);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	ck_assert_int_eq(bench_drain(&bench), 1);
	bench_tear_down(&bench);
}
END_TEST

/* A watermark that is told of too late is none to wait for; nor is the latency. */
START_TEST(whole_ones_with_a_late_watermark)
{
	struct session_bench bench;
	struct rbmap_session_work before, work;

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_percent", "100\n");
	bench.options.engine = RBMAP_ENGINE_READ;
	bench.options.flags = RBMAP_SESSION_WHOLE;
	bench.options.latency_ms = 1000000000;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	rbmap_session_work(bench.session, &before);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	ck_assert_int_eq(bench_drain(&bench), 0);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_eq(work.reads, before.reads + 3);
	bench_tear_down(&bench);
}
END_TEST

/* An error after spans of another CPU comes with the next take, and once. */
START_TEST(error_after_spans)
{
	unsigned char garbage[FAKE_SUBBUF_SIZE];
	struct session_bench bench;

	bench_set_up(&bench);
	memset(garbage, 0xff, sizeof(garbage));
	bench_send(&bench, 1, 300);
	fake_tracefs_send(&bench.fake, 2, garbage, sizeof(garbage));
	bench_send(&bench, 0, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 0);
	ck_assert_int_eq(bench_settle(&bench, 1), 0);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), -EPROTO);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 10);
	ck_assert_int_eq(bench_settle(&bench, 1), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	bench_send(&bench, 2, 1);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), 1);
	ck_assert_uint_eq(bench.spans[0].lost, RBMAP_LOST_UNKNOWN);
	bench_tear_down(&bench);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(rbmap_engine_name(RBMAP_ENGINE_AUTO), "auto");
	ck_assert_str_eq(rbmap_engine_name(RBMAP_ENGINE_MAPPED), "mapped");
	ck_assert_str_eq(rbmap_engine_name(RBMAP_ENGINE_READ), "read");
	ck_assert_str_eq(rbmap_engine_name(RBMAP_ENGINE_OBSERVE), "observe");
	ck_assert_str_eq(rbmap_engine_name(99), "unknown");
}
END_TEST

START_TEST(engines_say_of_themselves)
{
	ck_assert(!rbmap_engine_consumes(RBMAP_ENGINE_AUTO));
	ck_assert(rbmap_engine_consumes(RBMAP_ENGINE_MAPPED));
	ck_assert(rbmap_engine_consumes(RBMAP_ENGINE_READ));
	ck_assert(!rbmap_engine_consumes(RBMAP_ENGINE_OBSERVE));
	ck_assert(!rbmap_engine_consumes(99));
	ck_assert(!rbmap_engine_maps(RBMAP_ENGINE_AUTO));
	ck_assert(rbmap_engine_maps(RBMAP_ENGINE_MAPPED));
	ck_assert(!rbmap_engine_maps(RBMAP_ENGINE_READ));
	ck_assert(rbmap_engine_maps(RBMAP_ENGINE_OBSERVE));
	ck_assert(!rbmap_engine_maps(99));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		falls_back_and_says_so,
		read_asked_for_is_no_warning,
		refused_options,
		refused_files,
		begins_with_what_is_there,
		settle_rules,
		fair_turns,
		waits_for_data_and_for_the_timer,
		a_poll_loop_needs_no_wait,
		whole_ones_wait_for_the_watermark,
		whole_ones_with_a_late_watermark,
		error_after_spans,
		names,
		engines_say_of_themselves,
	};

	return RUN_TESTS("session", tests);
}
