// SPDX-License-Identifier: GPL-2.0-only
/* Follows over rings of FIFOs: what is called, in which order, and how it ends. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include <traceevent/event-parse.h>

#include "follow-bench.h"
#include "run.h"

static struct follow_bench bench;

#define SEND(fake, index, lost, ...) \
	follow_bench_send(&bench, fake, index, \
			  (const struct follow_sent[]){ __VA_ARGS__ }, \
			  sizeof((const struct follow_sent[]){ __VA_ARGS__ }) / \
				  sizeof(struct follow_sent), \
			  lost)

static void open_bench(int fakes)
{
	follow_bench_open(&bench);
	for (int i = 0; i < fakes; i++)
		ck_assert_int_eq(follow_bench_add(&bench, i), i);
}

static void expect(const char *calls)
{
	ck_assert_str_eq(follow_bench_calls(&bench), calls);
}

static void call_for_all(void)
{
	struct rbmap_follow *follow = bench.follow;

	ck_assert_int_eq(rbmap_follow_event(follow, "made", "number",
					    follow_bench_number, &bench),
			 0);
	ck_assert_int_eq(rbmap_follow_event(follow, NULL, NULL, follow_bench_any,
					    &bench),
			 0);
	ck_assert_int_eq(rbmap_follow_lost(follow, follow_bench_lost, &bench), 0);
}

static void refuse_options(struct rbmap_follow_options options, int error)
{
	struct rbmap_follow *follow = NULL;

	ck_assert_int_eq(rbmap_follow_open(&follow, &options), error);
	ck_assert_ptr_null(follow);
}

START_TEST(options_are_checked)
{
	static const int cpus[] = { 3 }, absent[] = { 1 };
	struct rbmap_follow_options good = { .size = sizeof(good) }, bad = good;
	struct {
		struct rbmap_follow_options known;
		uint64_t unknown;
	} newer = { .known = good, .unknown = 1 };
	struct rbmap_follow *follow;

	bad.size = 4;
	refuse_options(bad, -EINVAL);
	bad = good;
	bad.engine = 99;
	refuse_options(bad, -EINVAL);
	bad = good;
	bad.cpus = cpus;
	refuse_options(bad, -EINVAL);
	bad = good;
	bad.nr_cpus = 1;
	refuse_options(bad, -EINVAL);
	newer.known.size = sizeof(newer);
	ck_assert_int_eq(rbmap_follow_open(&follow, &newer.known), -E2BIG);
	ck_assert_int_eq(rbmap_follow_open(&follow, NULL), 0);
	rbmap_follow_close(follow);
	rbmap_follow_close(NULL);

	open_bench(0);
	bench.options.cpus = absent;
	bench.options.nr_cpus = 1;
	rbmap_follow_close(bench.follow);
	ck_assert_int_eq(rbmap_follow_open(&bench.follow, &bench.options), 0);
	ck_assert_int_eq(follow_bench_add(&bench, 0), -ENXIO);
	ck_assert_int_eq(rbmap_follow_sources(bench.follow), 0);
	follow_bench_close(&bench);
}
END_TEST

START_TEST(calls_are_checked)
{
	const struct rbmap_follow_record *record = NULL;

	open_bench(0);
	ck_assert_int_eq(rbmap_follow_next(bench.follow, &record), -EINVAL);
	ck_assert_int_eq(rbmap_follow_step(bench.follow), -EINVAL);
	ck_assert_int_eq(rbmap_follow_run(bench.follow), -EINVAL);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "made", "number",
					    follow_bench_number, &bench),
			 -ENOENT);
	ck_assert_int_eq(follow_bench_add(&bench, 0), 0);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "made", "number", NULL, NULL),
			 -EINVAL);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "none", NULL,
					    follow_bench_number, &bench),
			 -ENOENT);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "made", "nothing",
					    follow_bench_number, &bench),
			 -ENOENT);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "none", "number",
					    follow_bench_number, &bench),
			 -ENOENT);
	ck_assert_int_eq(rbmap_follow_lost(bench.follow, NULL, NULL), -EINVAL);
	ck_assert_int_eq(rbmap_follow_next(bench.follow, &record), -EAGAIN);
	ck_assert_ptr_null(record);
	ck_assert_int_eq(follow_bench_add(&bench, 1), -EBUSY);
	ck_assert_int_eq(rbmap_follow_add_file(bench.follow, 0), -EINVAL);
	follow_bench_close(&bench);
}
END_TEST

START_TEST(sources_have_names_and_events)
{
	open_bench(2);
	ck_assert_int_eq(rbmap_follow_sources(bench.follow), 2);
	ck_assert_str_eq(rbmap_follow_name(bench.follow, 1), "");
	ck_assert_ptr_eq(rbmap_follow_events(bench.follow, 1), bench.events);
	ck_assert_ptr_nonnull(rbmap_follow_session(bench.follow, 1));
	ck_assert_ptr_null(rbmap_follow_reader(bench.follow, 1));
	for (int none = -1; none < 3; none += 3) {
		ck_assert_ptr_null(rbmap_follow_name(bench.follow, none));
		ck_assert_ptr_null(rbmap_follow_events(bench.follow, none));
		ck_assert_ptr_null(rbmap_follow_session(bench.follow, none));
		ck_assert_ptr_null(rbmap_follow_reader(bench.follow, none));
	}
	follow_bench_close(&bench);
}
END_TEST

/* Times of two clocks have no order. */
START_TEST(other_clocks_are_refused)
{
	open_bench(1);
	fake_tracefs_file(&bench.fakes[1], "trace_clock", "[local] mono\n");
	ck_assert_int_eq(follow_bench_add(&bench, 1), -EINVAL);
	ck_assert_uint_eq(bench.warnings, 1);
	ck_assert_ptr_nonnull(strstr(bench.warning, "local"));
	ck_assert_ptr_nonnull(strstr(bench.warning, "mono"));
	ck_assert_int_eq(rbmap_follow_sources(bench.follow), 1);
	follow_bench_close(&bench);
}
END_TEST

START_TEST(the_clock_of_a_failed_source_does_not_count)
{
	open_bench(0);
	fake_tracefs_file(&bench.fakes[0], "events/header_page", "nothing\n");
	ck_assert_int_eq(follow_bench_add(&bench, 0), -EBADMSG);
	fake_tracefs_file(&bench.fakes[1], "trace_clock", "[local] mono\n");
	ck_assert_int_eq(follow_bench_add(&bench, 1), 0);
	follow_bench_close(&bench);
}
END_TEST

START_TEST(order_over_cpus_and_sources)
{
	open_bench(2);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 }, { 400, 77, 5 }, { 500, 77, 6 });
	SEND(0, 1, 0, { 300, 77, 3 });
	SEND(1, 0, 0, { 200, 77, 2 }, { 700, 77, 8 });
	SEND(1, 1, 0, { 350, 77, 4 }, { 600, 77, 7 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	ck_assert_int_eq(bench.calls[1].source, 1);
	ck_assert_int_eq(bench.calls[2].cpu, 3);
	ck_assert_uint_eq(bench.calls[7].time, 700);
	expect("N1 N2 N3 N4 N5 N6 N7 N8");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(equal_times_come_by_source_and_cpu)
{
	open_bench(2);
	call_for_all();
	SEND(1, 1, 0, { 100, 77, 5 }, { 100, 77, 6 });
	SEND(1, 0, 0, { 100, 77, 4 });
	SEND(0, 1, 0, { 100, 77, 3 });
	SEND(0, 0, 0, { 100, 77, 1 }, { 100, 77, 2 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N1 N2 N3 N4 N5 N6");
	follow_bench_close(&bench);
}
END_TEST

/* What one ring has got in the meantime may come before what another had. */
START_TEST(nothing_comes_too_early)
{
	static const struct follow_sent late[] = { { 150, 77, 2 }, { 250, 77, 4 } };

	open_bench(1);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 }, { 200, 77, 3 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N1 N3");
	follow_bench_send(&bench, 0, 1, late, 2, 0);
	rbmap_follow_stop(bench.follow);
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 0);
	/* Sent after the time that it has, so that nothing else could be done. */
	expect("N2 N4");
	follow_bench_close(&bench);
}
END_TEST

/* Whatever is called for first: an event's own, that of its system, that of all. */
START_TEST(a_system_has_a_callback)
{
	open_bench(1);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, NULL, "number",
					    follow_bench_number, &bench),
			 0);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "made", NULL,
					    follow_bench_other, &bench),
			 0);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, NULL, NULL, follow_bench_any,
					    &bench),
			 0);
	ck_assert_int_eq(follow_bench_add(&bench, 1), 1);
	SEND(0, 0, 0, { 100, 77, 1 }, { 200, 78, 2 }, { 300, 79, 3 });
	SEND(1, 0, 0, { 400, 78, 4 }, { 500, 77, 5 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N1 O2 *3 O4 N5");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(losses_are_called_at_their_place)
{
	open_bench(1);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 }, { 400, 77, 4 });
	SEND(0, 0, 7, { 500, 77, 5 }, { 600, 77, 6 });
	SEND(0, 1, RBMAP_LOST_UNKNOWN, { 200, 78, 2 }, { 300, 77, 3 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	ck_assert_int_eq(bench.calls[1].cpu, 3);
	ck_assert_uint_eq(bench.calls[1].number, 2);
	ck_assert_uint_eq(bench.calls[5].number, 5);
	expect("N1 L? *2 N3 N4 L7 N5 N6");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(invalid_bytes_are_a_loss)
{
	open_bench(1);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 }, { 200, 0, 0 });
	SEND(0, 0, 0, { 300, 77, 3 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N1 L? N3");
	follow_bench_close(&bench);
}
END_TEST

/* Also where the record after it is of an event that has no callback. */
START_TEST(losses_without_a_callback_are_logged)
{
	open_bench(1);
	SEND(0, 0, 0, { 100, 77, 1 });
	SEND(0, 0, 7, { 200, 77, 2 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	ck_assert_uint_eq(bench.warnings, 1);
	ck_assert_str_eq(bench.warning, "CPU 0: 7 events lost");
	expect("");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(callbacks_by_name)
{
	struct rbmap_follow *follow;

	open_bench(1);
	follow = bench.follow;
	ck_assert_int_eq(rbmap_follow_event(follow, NULL, "other", follow_bench_number,
					    &bench),
			 0);
	ck_assert_int_eq(rbmap_follow_event(follow, NULL, "other", follow_bench_other,
					    &bench),
			 0);
	/* A source that is added later has them, too. */
	ck_assert_int_eq(follow_bench_add(&bench, 1), 1);
	SEND(0, 0, 0, { 100, 77, 1 }, { 200, 78, 2 }, { 300, 99, 3 });
	SEND(1, 0, 0, { 400, 78, 4 }, { 500, 12345, 5 });
	ck_assert_int_eq(rbmap_follow_step(follow), 1);
	expect("O2 O4");
	follow_bench_close(&bench);
	open_bench(1);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 }, { 200, 78, 2 }, { 300, 99, 3 });
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N1 *2 *3");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(callback_ends_it)
{
	open_bench(1);
	call_for_all();
	bench.last = 3;
	bench.result = 42;
	SEND(0, 0, 0, { 100, 77, 1 }, { 300, 77, 3 }, { 500, 77, 5 });
	SEND(0, 1, 0, { 200, 77, 2 }, { 400, 77, 4 });
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 42);
	expect("N1 N2 N3");
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N4 N5");
	follow_bench_close(&bench);
}
END_TEST

/* That of a loss as well; the record after it comes when it goes on. */
START_TEST(callback_of_a_loss_ends_it)
{
	open_bench(1);
	call_for_all();
	bench.last = 2;
	bench.result = -ECANCELED;
	SEND(0, 0, 0, { 100, 77, 1 });
	SEND(0, 0, 2, { 300, 77, 3 }, { 500, 77, 5 });
	ck_assert_int_eq(rbmap_follow_run(bench.follow), -ECANCELED);
	expect("N1 L2");
	bench.last = 0;
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
	expect("N3 N5");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(next_returns_all_records)
{
	const struct rbmap_follow_record *record = NULL;

	open_bench(1);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 });
	SEND(0, 0, 5, { 200, 99, 2 });
	ck_assert_int_eq(rbmap_follow_next(bench.follow, &record), 1);
	ck_assert_uint_eq(record->record.time_stamp, 100);
	ck_assert_uint_eq(record->record.lost, 0);
	ck_assert_int_eq(record->source, 0);
	ck_assert_int_eq(rbmap_follow_next(bench.follow, &record), 1);
	ck_assert_uint_eq(record->record.time_stamp, 200);
	ck_assert_uint_eq(record->record.lost, 5);
	ck_assert_int_eq(rbmap_follow_next(bench.follow, &record), -EAGAIN);
	rbmap_follow_stop(bench.follow);
	ck_assert_int_eq(rbmap_follow_next(bench.follow, &record), 0);
	expect("");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(what_was_written_before_a_stop_comes)
{
	open_bench(1);
	call_for_all();
	SEND(0, 0, 0, { 100, 77, 1 });
	SEND(0, 1, 0, { 200, 77, 2 });
	rbmap_follow_stop(bench.follow);
	rbmap_follow_stop(bench.follow);
	ck_assert_int_eq(rbmap_follow_wait(bench.follow, -1), 1);
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 0);
	expect("N1 N2");
	SEND(0, 0, 0, { 300, 77, 3 });
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 0);
	expect("");
	follow_bench_close(&bench);
}
END_TEST

static void stop_bench(int number)
{
	rbmap_follow_stop(bench.follow);
}

START_TEST(stopped_by_a_signal)
{
	static const struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	struct sigaction action = { .sa_handler = stop_bench };

	open_bench(1);
	call_for_all();
	sigaction(SIGALRM, &action, NULL);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 0);
	follow_bench_close(&bench);
}
END_TEST

static int stop_in_callback(const struct rbmap_follow_record *record, void *data)
{
	errno = 12345;
	rbmap_follow_stop(bench.follow);
	ck_assert_int_eq(errno, 12345);
	return follow_bench_number(record, data);
}

START_TEST(stopped_by_a_callback)
{
	open_bench(1);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "made", "number",
					    stop_in_callback, &bench),
			 0);
	SEND(0, 0, 0, { 100, 77, 1 }, { 200, 77, 2 });
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 0);
	expect("N1 N2");
	follow_bench_close(&bench);
}
END_TEST

START_TEST(own_poll_loop)
{
	struct pollfd fd = { .events = POLLIN };

	open_bench(2);
	call_for_all();
	fd.fd = rbmap_follow_fd(bench.follow);
	for (uint32_t i = 1; i <= 20; i++) {
		SEND(i % 2, i / 2 % 2, 0, { 100 * i, 77, i });
		while (bench.nr_calls < i) {
			ck_assert_int_eq(poll(&fd, 1, -1), 1);
			ck_assert_int_eq(rbmap_follow_step(bench.follow), 1);
		}
		ck_assert_uint_eq(bench.calls[i - 1].number, i);
	}
	rbmap_follow_stop(bench.follow);
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_eq(rbmap_follow_step(bench.follow), 0);
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	follow_bench_close(&bench);
}
END_TEST

/* Of one ring the records are not held back. */
START_TEST(a_single_ring)
{
	static const int cpus[] = { 3 };

	open_bench(0);
	bench.options.cpus = cpus;
	bench.options.nr_cpus = 1;
	rbmap_follow_close(bench.follow);
	ck_assert_int_eq(rbmap_follow_open(&bench.follow, &bench.options), 0);
	ck_assert_int_eq(follow_bench_add(&bench, 0), 0);
	call_for_all();
	bench.last = 2;
	bench.result = 1;
	SEND(0, 0, 0, { 50, 77, 99 });
	for (uint32_t i = 0; i < 10; i++)
		SEND(0, 1, 0, { 100 + 2 * i, 77, 2 * i },
		     { 101 + 2 * i, 77, 2 * i + 1 });
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 1);
	expect("N0 N1");
	rbmap_follow_stop(bench.follow);
	bench.last = 0;
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 0);
	expect("N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 N12 N13 N14 N15 N16 N17 N18 N19");
	follow_bench_close(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { options_are_checked,
				       calls_are_checked,
				       sources_have_names_and_events,
				       other_clocks_are_refused,
				       the_clock_of_a_failed_source_does_not_count,
				       order_over_cpus_and_sources,
				       equal_times_come_by_source_and_cpu,
				       nothing_comes_too_early,
				       a_system_has_a_callback,
				       losses_are_called_at_their_place,
				       invalid_bytes_are_a_loss,
				       losses_without_a_callback_are_logged,
				       callbacks_by_name,
				       callback_ends_it,
				       callback_of_a_loss_ends_it,
				       next_returns_all_records,
				       what_was_written_before_a_stop_comes,
				       stopped_by_a_signal,
				       stopped_by_a_callback,
				       own_poll_loop,
				       a_single_ring };

	return run_tests("follow", tests, sizeof(tests) / sizeof(tests[0]));
}
