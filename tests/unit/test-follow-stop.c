// SPDX-License-Identifier: GPL-2.0-only
/* A follow that another thread stops, at any time. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "follow-bench.h"
#include "run.h"

#define TIMES 50

static struct follow_bench bench;
static atomic_bool called;

static void *stop(void *context)
{
	rbmap_follow_stop(bench.follow);
	return NULL;
}

/* Not before the follow has called something. */
static void *stop_later(void *context)
{
	while (!called)
		sched_yield();
	rbmap_follow_stop(bench.follow);
	rbmap_follow_stop(bench.follow);
	return NULL;
}

static int call(const struct rbmap_follow_record *record, void *data)
{
	called = true;
	return follow_bench_number(record, data);
}

static void run(void *(*stopper)(void *))
{
	const struct follow_sent sent = { 100, FOLLOW_NUMBER, 1 };
	pthread_t thread;

	called = false;
	follow_bench_open(&bench);
	ck_assert_int_eq(follow_bench_add(&bench, 0), 0);
	ck_assert_int_eq(rbmap_follow_event(bench.follow, "made", "number", call,
					    &bench),
			 0);
	follow_bench_send(&bench, 0, 0, &sent, 1, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, stopper, NULL), 0);
	ck_assert_int_eq(rbmap_follow_run(bench.follow), 0);
	ck_assert_str_eq(follow_bench_calls(&bench), "N1");
	pthread_join(thread, NULL);
	follow_bench_close(&bench);
}

START_TEST(stopped_by_another_thread)
{
	for (int i = 0; i < TIMES; i++)
		run(stop);
}
END_TEST

START_TEST(stopped_while_it_waits)
{
	for (int i = 0; i < TIMES; i++)
		run(stop_later);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { stopped_by_another_thread,
				       stopped_while_it_waits };

	return RUN_TESTS("follow-stop", tests);
}
