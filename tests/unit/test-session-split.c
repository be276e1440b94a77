/* SPDX-License-Identifier: GPL-2.0-only */
/* Rings that move from one session to another, and how full they become. */
#include <check.h>
#include <rbmap/session.h>
#include <stdio.h>
#include <unistd.h>

#include "base/internal.h"
#include "run.h"
#include "session-bench.h"

/* Halves of three rings, none of them busier than the others: 0 and 10 stay. */
static struct rbmap_session *split(struct session_bench *bench)
{
	struct rbmap_session *other;

	ck_assert_int_eq(rbmap_session_split(bench->session, &other), 0);
	return other;
}

static int first_cpu(const struct rbmap_session *session, size_t nr)
{
	const int *cpus;

	ck_assert_uint_eq(rbmap_session_cpus(session, &cpus), nr);
	for (size_t i = 1; i < nr; i++)
		ck_assert_int_gt(cpus[i], cpus[i - 1]);
	return cpus[0];
}

/* Takes one span, and settles it. */
static struct rbmap_span take_from(struct rbmap_session *session)
{
	struct rbmap_span span;

	ck_assert_int_eq(rbmap_session_take(session, &span, 1), 1);
	ck_assert_int_eq(rbmap_session_settle(session, &span, 1), 0);
	return span;
}

static void check_end(struct rbmap_session *session)
{
	struct rbmap_span span;

	ck_assert_int_eq(rbmap_session_take(session, &span, 1), 0);
}

START_TEST(split_rings_carry_on)
{
	struct rbmap_session *other;
	struct rbmap_span span;
	struct session_bench bench;

	bench_set_up(&bench);
	bench_send(&bench, 2, 300);
	bench_send(&bench, 2, 200);
	bench_send(&bench, 1, 300);
	rbmap_session_wake_all(bench.session);
	take_from(bench.session);
	span = take_from(bench.session);
	ck_assert_int_eq(span.cpu, 2);
	ck_assert_uint_eq(span.seq, 1);
	/* In the middle of a round, which goes on. */
	other = split(&bench);
	ck_assert_int_eq(rbmap_session_engine(other), RBMAP_ENGINE_READ);
	ck_assert_uint_eq(rbmap_session_layout(other)->subbuf_size, FAKE_SUBBUF_SIZE);
	ck_assert_int_eq(first_cpu(bench.session, 2), 0);
	ck_assert_int_eq(first_cpu(other, 1), 2);
	span = take_from(other);
	ck_assert_int_eq(span.cpu, 2);
	ck_assert_uint_eq(span.seq, 2);
	ck_assert_uint_eq(span.to, 200 * 12);
	check_end(other);
	check_end(bench.session);
	rbmap_session_close(other);
	bench_send(&bench, 1, 300);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	span = take_from(bench.session);
	ck_assert_int_eq(span.cpu, 0);
	ck_assert_uint_eq(span.seq, 2);
	bench_tear_down(&bench);
}
END_TEST

START_TEST(joined_rings_carry_on)
{
	struct rbmap_session_work work, rest;
	struct rbmap_session *other;
	struct rbmap_span span;
	struct session_bench bench;

	bench_set_up(&bench);
	check_end(bench.session);
	other = split(&bench);
	bench_send(&bench, 2, 300);
	bench_send(&bench, 2, 200);
	ck_assert_int_eq(rbmap_session_wait(other, -1), 1);
	ck_assert_uint_eq(take_from(other).seq, 1);
	rbmap_session_work(other, &work);
	ck_assert_uint_eq(work.waits, 1);
	ck_assert_uint_ge(work.reads, 1);
	rbmap_session_work(bench.session, &rest);
	ck_assert_int_eq(rbmap_session_join(bench.session, other), 0);
	rbmap_session_work(bench.session, &work);
	ck_assert_uint_eq(work.waits, rest.waits + 1);
	ck_assert_uint_gt(work.reads, rest.reads);
	ck_assert_int_eq(first_cpu(bench.session, 3), 0);
	/* The round of the other one goes on; what comes now is waited for. */
	span = take_from(bench.session);
	ck_assert_int_eq(span.cpu, 2);
	ck_assert_uint_eq(span.seq, 2);
	check_end(bench.session);
	rbmap_session_work(bench.session, &rest);
	ck_assert_uint_gt(rest.reads, work.reads);
	bench_send(&bench, 2, 300);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	ck_assert_uint_eq(take_from(bench.session).seq, 3);
	bench_tear_down(&bench);
}
END_TEST

/* At once, and not when it is time for it again: it may be full by then. */
START_TEST(moved_rings_are_looked_at_at_once)
{
	struct rbmap_session *other;
	struct session_bench bench;

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_percent", "50\n");
	bench.options.latency_ms = 1000000000;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	other = split(&bench);
	ck_assert_int_eq(rbmap_session_wait(other, -1), 1);
	ck_assert_int_eq(rbmap_session_wait(other, 0), 0);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 0), 0);
	ck_assert_int_eq(rbmap_session_join(bench.session, other), 0);
	ck_assert_int_eq(rbmap_session_wait(bench.session, -1), 1);
	ck_assert_int_eq(rbmap_session_wait(bench.session, 0), 0);
	bench_tear_down(&bench);
}
END_TEST

START_TEST(split_halves_the_load)
{
	struct rbmap_session *other;
	struct session_bench bench;

	bench_set_up(&bench);
	for (int i = 0; i < 3; i++)
		bench_send(&bench, 0, 300);
	bench_send(&bench, 1, 300);
	bench_send(&bench, 2, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_drain(&bench), 5);
	/* CPU 10 has more than the two others. */
	other = split(&bench);
	ck_assert_int_eq(first_cpu(bench.session, 1), 10);
	ck_assert_int_eq(first_cpu(other, 2), 0);
	ck_assert_int_eq(rbmap_session_join(other, bench.session), 0);
	bench.session = other;
	ck_assert_int_eq(first_cpu(bench.session, 3), 0);
	bench_tear_down(&bench);
}
END_TEST

START_TEST(split_and_join_are_refused)
{
	struct rbmap_session *other = NULL, *stranger, *one = NULL;
	static const int cpus[] = { 2 };
	struct rbmap_span span;
	struct session_bench bench;

	bench_set_up(&bench);
	bench_send(&bench, 2, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_take(&bench, BENCH_SPANS), 1);
	ck_assert_int_eq(rbmap_session_split(bench.session, &other), -EBUSY);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(bench_settle(&bench, 1), 0);
	other = split(&bench);
	ck_assert_int_eq(rbmap_session_split(other, &one), -EINVAL);
	ck_assert_ptr_null(one);
	bench_send(&bench, 2, 300);
	ck_assert_int_eq(rbmap_session_wait(other, -1), 1);
	ck_assert_int_eq(rbmap_session_take(other, &span, 1), 1);
	ck_assert_int_eq(rbmap_session_join(bench.session, other), -EBUSY);
	ck_assert_int_eq(rbmap_session_join(other, bench.session), -EBUSY);
	ck_assert_int_eq(rbmap_session_settle(other, &span, 1), 0);
	ck_assert_int_eq(rbmap_session_join(other, other), -EINVAL);
	/* A CPU that both have, and spans that hold still in one of them only. */
	bench.options.cpus = cpus;
	bench.options.nr_cpus = 1;
	ck_assert_int_eq(rbmap_session_open(&stranger, &bench.options), 0);
	ck_assert_int_eq(rbmap_session_join(other, stranger), -EINVAL);
	rbmap_session_close(stranger);
	bench.options.flags = RBMAP_SESSION_COPIES;
	ck_assert_int_eq(rbmap_session_open(&stranger, &bench.options), 0);
	ck_assert_int_eq(rbmap_session_join(bench.session, stranger), -EINVAL);
	rbmap_session_close(stranger);
	ck_assert_int_eq(rbmap_session_join(bench.session, other), 0);
	bench_tear_down(&bench);
}
END_TEST

/* Three sub-buffers of a ring that holds about eight. */
START_TEST(pressure_is_that_of_the_fullest_ring)
{
	struct session_bench bench;

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "per_cpu/cpu0/buffer_size_kb", "32\n");
	fake_tracefs_file(&bench.fake, "per_cpu/cpu2/buffer_size_kb", "4096\n");
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	ck_assert_int_eq(bench_drain(&bench), 0);
	ck_assert_uint_eq(rbmap_session_pressure(bench.session), 0);
	for (int i = 0; i < 3; i++)
		bench_send(&bench, 1, 300);
	bench_send(&bench, 2, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_drain(&bench), 4);
	ck_assert_uint_eq(rbmap_session_pressure(bench.session),
			  100 * 3 * 300 * 12 / 32768);
	for (int i = 0; i < 12; i++)
		bench_send(&bench, 1, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_drain(&bench), 12);
	ck_assert_uint_eq(rbmap_session_pressure(bench.session), 100);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_drain(&bench), 0);
	ck_assert_uint_eq(rbmap_session_pressure(bench.session), 0);
	bench_tear_down(&bench);
}
END_TEST

/* As for a thread that has dropped its privileges; the session is opened before. */
START_TEST(pressure_is_known_without_a_right_to_read_tracefs)
{
	struct session_bench bench;
	char size[300];

	bench_prepare(&bench);
	fake_tracefs_file(&bench.fake, "buffer_percent", "50\n");
	fake_tracefs_file(&bench.fake, "per_cpu/cpu0/buffer_size_kb", "32\n");
	bench.options.flags = RBMAP_SESSION_WHOLE;
	bench.options.latency_ms = 1000;
	ck_assert_int_eq(rbmap_session_open(&bench.session, &bench.options), 0);
	snprintf(size, sizeof(size), "%s/per_cpu/cpu0/buffer_size_kb", bench.fake.path);
	ck_assert_int_eq(unlink(size), 0);
	for (int i = 0; i < 3; i++)
		bench_send(&bench, 1, 300);
	rbmap_session_wake_all(bench.session);
	ck_assert_int_eq(bench_drain(&bench), 3);
	ck_assert_uint_eq(rbmap_session_pressure(bench.session),
			  100 * 3 * 300 * 12 / 32768);
	bench_tear_down(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		split_rings_carry_on,
		joined_rings_carry_on,
		moved_rings_are_looked_at_at_once,
		split_halves_the_load,
		split_and_join_are_refused,
		pressure_is_that_of_the_fullest_ring,
		pressure_is_known_without_a_right_to_read_tracefs,
	};

	return RUN_TESTS("session-split", tests);
}
