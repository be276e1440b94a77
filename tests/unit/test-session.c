/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions over FIFOs: what is refused, waiting, fairness, settling, errors. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>
#include <rbmap/session.h>

#include "base/internal.h"
#include "build.h"
#include "fake-tracefs.h"
#include "run.h"

#define SPANS 8

static const int three[] = { 10, 0, 2 };

struct bench {
	struct fake_tracefs fake;
	struct rbmap_session_options options;
	struct rbmap_session *session;
	struct rbmap_span spans[SPANS];
	char warning[256];
	unsigned int warnings;
};

static void note(void *context, enum rbmap_log_level level, const char *message)
{
	struct bench *bench = context;

	if (level != RBMAP_LOG_WARNING)
		return;
	snprintf(bench->warning, sizeof(bench->warning), "%s", message);
	bench->warnings++;
}

static void prepare(struct bench *bench)
{
	*bench = (struct bench){ 0 };
	fake_tracefs_open(&bench->fake, three, 3);
	bench->options = (struct rbmap_session_options){
		.size = sizeof(bench->options),
		.instance = bench->fake.instance,
		.log = { note, bench },
	};
}

static void set_up(struct bench *bench)
{
	prepare(bench);
	ck_assert_int_eq(rbmap_session_open(&bench->session, &bench->options), 0);
}

static void tear_down(struct bench *bench)
{
	rbmap_session_close(bench->session);
	fake_tracefs_close(&bench->fake);
}

/* One sub-buffer with so many records, for the CPU at this index of three. */
static void send(struct bench *bench, size_t index, unsigned int nr)
{
	struct rbmap_layout layout = build_layout(FAKE_SUBBUF_SIZE, 8, false);
	unsigned char memory[FAKE_SUBBUF_SIZE] = { 0 };
	struct build build;

	build_begin(&build, &layout, memory, 1);
	while (nr--)
		ck_assert(build_data(&build, 1, "12345678", 8));
	build_commit(&build, build.size, 0);
	fake_tracefs_send(&bench->fake, index, memory, sizeof(memory));
}

static int take(struct bench *bench, int max)
{
	return rbmap_session_take(bench->session, bench->spans, max);
}

static int settle(struct bench *bench, int nr)
{
	return rbmap_session_settle(bench->session, bench->spans, nr);
}

/* Ends the round; returns how many spans it had. */
static int drain(struct bench *bench)
{
	int nr, all = 0;

	while ((nr = take(bench, SPANS)) > 0) {
		ck_assert_int_eq(settle(bench, nr), 0);
		all += nr;
	}
	ck_assert_int_eq(nr, 0);
	return all;
}

START_TEST(falls_back_and_says_so)
{
	const struct rbmap_layout *layout;
	struct bench bench;
	const int *cpus;

	set_up(&bench);
	ck_assert_int_eq(rbmap_session_engine(bench.session), RBMAP_ENGINE_READ);
	ck_assert_uint_eq(bench.warnings, 1);
	ck_assert_ptr_nonnull(strstr(bench.warning, "read(2)"));
	ck_assert_uint_eq(rbmap_session_cpus(bench.session, &cpus), 3);
	ck_assert_int_eq(cpus[0], 0);
	ck_assert_int_eq(cpus[1], 2);
	ck_assert_int_eq(cpus[2], 10);
	layout = rbmap_session_layout(bench.session);
	ck_assert_uint_eq(layout->subbuf_size, FAKE_SUBBUF_SIZE);
	tear_down(&bench);
}
END_TEST

START_TEST(read_asked_for_is_no_warning)
{
	struct bench bench;

	prepare(&bench);
	bench.options.engine = RBMAP_ENGINE_READ;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_uint_eq(bench.warnings, 0);
	tear_down(&bench);
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

static void check_refused(struct bench *bench, int error)
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
	struct bench bench;

	prepare(&bench);
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
	tear_down(&bench);
	rbmap_session_close(NULL);
}
END_TEST

START_TEST(refused_files)
{
	struct bench bench;

	prepare(&bench);
	fake_tracefs_file(&bench.fake, "events/header_page", "nothing of use\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_close(&bench.fake);
	prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "none\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "-4\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "0\n");
	check_refused(&bench, -EBADMSG);
	fake_tracefs_file(&bench.fake, "buffer_subbuf_size_kb", "64\n");
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_uint_eq(rbmap_session_layout(bench.session)->subbuf_size, 65536);
	tear_down(&bench);
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
	struct bench bench;
	int nr;

	prepare(&bench);
	send(&bench, 0, 100);
	send(&bench, 1, 200);
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	nr = take(&bench, SPANS);
	ck_assert_int_eq(nr, 2);
	/* In the order of the CPUs: three has 10 first, then 0. */
	ck_assert_int_eq(bench.spans[0].cpu, 0);
	ck_assert_uint_eq(bench.spans[0].to, 200 * 12);
	ck_assert_int_eq(bench.spans[1].cpu, 10);
	ck_assert_uint_eq(bench.spans[1].to, 100 * 12);
	ck_assert_int_eq(settle(&bench, nr), 0);
	ck_assert_int_eq(drain(&bench), 0);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_ge(work.reads, 5);
	ck_assert_uint_eq(work.get_readers, 0);
	tear_down(&bench);
}
END_TEST

START_TEST(settle_rules)
{
	struct bench bench;

	set_up(&bench);
	send(&bench, 0, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(settle(&bench, 1), -EINVAL);
	ck_assert_int_eq(settle(&bench, 0), 0);
	ck_assert_int_eq(take(&bench, SPANS), 1);
	ck_assert_int_eq(take(&bench, SPANS), -EBUSY);
	ck_assert_int_eq(settle(&bench, 0), -EINVAL);
	ck_assert_int_eq(settle(&bench, 2), -EINVAL);
	ck_assert_int_eq(take(&bench, SPANS), -EBUSY);
	ck_assert_int_eq(settle(&bench, 1), 0);
	ck_assert_int_eq(settle(&bench, 1), -EINVAL);
	ck_assert_int_eq(drain(&bench), 0);
	tear_down(&bench);
}
END_TEST

/* A CPU with much does not keep the others from their turn. */
START_TEST(fair_turns)
{
	struct bench bench;
	int seen[3] = { 0 }, nr;

	set_up(&bench);
	for (int i = 0; i < 12; i++)
		send(&bench, 1, 300);
	send(&bench, 0, 300);
	send(&bench, 2, 300);
	rbmap_session_wake_all(bench.session);
	/* One at a time: three turns reach all three CPUs. */
	for (int i = 0; i < 3; i++) {
		nr = take(&bench, 1);
		ck_assert_int_eq(nr, 1);
		seen[bench.spans[0].cpu == 0 ? 0 : bench.spans[0].cpu == 2 ? 1 : 2]++;
		ck_assert_int_eq(settle(&bench, nr), 0);
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(seen[i], 1);
	ck_assert_int_eq(drain(&bench), 11);
	tear_down(&bench);
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
	struct bench bench;
	double began;

	set_up(&bench);
	ck_assert_int_eq(drain(&bench), 0);
	began = now();
	ck_assert_int_eq(rbmap_session_wait(bench.session, 10000), 1);
	ck_assert_double_lt(now() - began, 5);
	ck_assert_int_eq(drain(&bench), 0);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 0), 0);
	send(&bench, 2, 300);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 0), 1);
	ck_assert_int_eq(drain(&bench), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 2);
	tear_down(&bench);
}
END_TEST

/* An error after spans of another CPU comes with the next take, and once. */
START_TEST(error_after_spans)
{
	unsigned char garbage[FAKE_SUBBUF_SIZE];
	struct bench bench;

	set_up(&bench);
	memset(garbage, 0xff, sizeof(garbage));
	send(&bench, 1, 300);
	fake_tracefs_send(&bench.fake, 2, garbage, sizeof(garbage));
	send(&bench, 0, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(take(&bench, SPANS), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 0);
	ck_assert_int_eq(settle(&bench, 1), 0);
	ck_assert_int_eq(take(&bench, SPANS), -EPROTO);
	ck_assert_int_eq(take(&bench, SPANS), 1);
	ck_assert_int_eq(bench.spans[0].cpu, 10);
	ck_assert_int_eq(settle(&bench, 1), 0);
	ck_assert_int_eq(drain(&bench), 0);
	send(&bench, 2, 1);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(take(&bench, SPANS), 1);
	ck_assert_uint_eq(bench.spans[0].lost, RBMAP_LOST_UNKNOWN);
	tear_down(&bench);
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
	ck_assert(rbmap_engine_consumes(RBMAP_ENGINE_AUTO));
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
		error_after_spans,
		names,
		engines_say_of_themselves,
	};

	return RUN_TESTS("session", tests);
}
