// SPDX-License-Identifier: GPL-2.0-only
/* Observers that rest, on this kernel: the first event after a quiet time wakes them. */
#include <errno.h>
#include <stdlib.h>

#include <check.h>
#include <tracefs/tracefs.h>

#include <rbmap/session.h>

#include "live.h"
#include "ring/session.h"

#define SPANS 16
/* Looks by time are too far apart to be taken for the alarm. */
#define LATENCY_MS 600000
#define LIMIT_MS 20000

static struct live live;
static struct rbmap_session *session;

static void teardown(void)
{
	rbmap_session_close(session);
	live_close(&live);
}

static void set_watermark(const char *percent)
{
	ck_assert_int_gt(tracefs_instance_file_write(live.instance, "buffer_percent",
						     percent),
			 0);
}

static bool can_observe(void)
{
	struct rbmap_session_options options = { .size = sizeof(options),
						 .instance = live.instance,
						 .engine = RBMAP_ENGINE_OBSERVE,
						 .flags = RBMAP_SESSION_WHOLE,
						 .latency_ms = LATENCY_MS };
	int r = rbmap_session_open(&session, &options);

	if (r != -EOPNOTSUPP)
		ck_assert_int_eq(r, 0);
	return r == 0;
}

static void run_round(void)
{
	struct rbmap_span spans[SPANS];
	int nr;

	while ((nr = rbmap_session_take(session, spans, SPANS)) > 0)
		ck_assert_int_ge(rbmap_session_settle(session, spans, nr), 0);
	ck_assert_int_eq(nr, 0);
}

static void wait_for_rest(void)
{
	while (!session->alarm.armed) {
		ck_assert_int_eq(rbmap_session_wait(session, LIMIT_MS), 1);
		run_round();
	}
}

/* _i: the watermark is set after the session is open; 2: and once more, to another */
START_TEST(each_first_event_wakes)
{
	int cpu;

	live_cpus(&cpu, 1);
	live_open(&live, "alarm");
	if (_i == 0)
		set_watermark("0");
	if (!can_observe())
		return;
	if (_i == 2) {
		set_watermark("100");
		live_mark(&live, cpu, 0, 1);
		ck_assert_int_eq(rbmap_session_wait(session, LIMIT_MS), 1);
		run_round();
	}
	set_watermark("0");
	for (uint32_t i = 1; i < 5; i++) {
		wait_for_rest();
		live_mark(&live, cpu, i, 1);
		ck_assert_int_eq(rbmap_session_wait(session, LIMIT_MS), 1);
		ck_assert(!session->alarm.armed);
		run_round();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alarm-live");
	TCase *one = tcase_create("alarm-live");
	SRunner *runner;
	int failed;

	if (!live_is_possible())
		return 77;
	tcase_set_timeout(one, 240);
	tcase_add_checked_fixture(one, NULL, teardown);
	tcase_add_loop_test(one, each_first_event_wakes, 0, 3);
	suite_add_tcase(suite, one);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	live_remove_left();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
