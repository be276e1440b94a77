// SPDX-License-Identifier: GPL-2.0-only
/* Follows of this kernel's rings, in private instances. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs/tracefs.h>

#include <rbmap/follow.h>

#include "live.h"
#include "run.h"

#define MARKS 100

static struct live live, other;
/* Of both: only the ftrace system, where loading all would take long. */
static struct rbmap_events *events;
static struct rbmap_follow *follow;

static void teardown(void)
{
	rbmap_follow_close(follow);
	follow = NULL;
	rbmap_events_close(events);
	events = NULL;
	live_close(&live);
	live_close(&other);
}

static void open_follow(enum rbmap_engine engine)
{
	struct rbmap_follow_options options = { .size = sizeof(options),
						.engine = engine };

	ck_assert_int_eq(rbmap_follow_open(&follow, &options), 0);
}

static void add(struct live *to, const char *name, int source)
{
	const char *const no_more[] = { NULL };
	struct rbmap_events_options options = { .size = sizeof(options),
						.systems = no_more };

	live_open(to, name);
	options.instance = to->instance;
	if (!events)
		ck_assert_int_eq(rbmap_events_open(&events, &options), 0);
	if (source % 2)
		ck_assert_int_eq(rbmap_follow_add_instance_name(
					 follow,
					 tracefs_instance_get_name(to->instance),
					 events),
				 source);
	else
		ck_assert_int_eq(rbmap_follow_add_instance(follow, to->instance,
							   events),
				 source);
}

/* Markers as they come: each number is one more than the one before. */
struct seen {
	uint32_t next, last;
	uint64_t time;
	int result;
};

static int see(const struct rbmap_follow_record *record, void *data)
{
	struct seen *seen = data;

	ck_assert_uint_eq(live_number(record->record.data, record->record.size),
			  seen->next);
	ck_assert_uint_ge(record->record.time_stamp, seen->time);
	seen->time = record->record.time_stamp;
	if (seen->next++ == seen->last)
		return seen->result;
	return 0;
}

static int refuse(const struct rbmap_follow_record *record, void *data)
{
	ck_abort_msg("called for %d bytes of CPU %d, lost %lld",
		     (int)record->record.size, record->record.cpu,
		     (long long)record->record.lost);
	return 0;
}

static void expect_all_marks(struct seen *seen)
{
	ck_assert_int_eq(rbmap_follow_event(follow, "ftrace", "print", see, seen), 0);
	ck_assert_int_eq(rbmap_follow_event(follow, NULL, NULL, refuse, NULL), 0);
	ck_assert_int_eq(rbmap_follow_lost(follow, refuse, NULL), 0);
}

static void mark_in_turns(uint32_t nr)
{
	int cpus[8], nr_cpus = live_cpus(cpus, 8);

	for (uint32_t i = 0; i < nr; i++)
		live_mark(i % 3 && other.instance ? &other : &live, cpus[i % nr_cpus],
			  i, 1);
}

static void check_order(enum rbmap_engine engine, bool two)
{
	struct seen seen = { .last = MARKS - 1, .result = -ECANCELED };

	open_follow(engine);
	add(&live, "a", 0);
	if (two)
		add(&other, "b", 1);
	expect_all_marks(&seen);
	mark_in_turns(MARKS / 2);
	while (seen.next < MARKS / 2) {
		ck_assert_int_eq(rbmap_follow_wait(follow, -1), 1);
		ck_assert_int_eq(rbmap_follow_step(follow), -EAGAIN);
	}
	for (uint32_t i = MARKS / 2; i < MARKS; i++)
		live_mark(&live, 0, i, 1);
	ck_assert_int_eq(rbmap_follow_run(follow), -ECANCELED);
	ck_assert_uint_eq(seen.next, MARKS);
	rbmap_follow_stop(follow);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	teardown();
}

START_TEST(order_over_cpus)
{
	static const enum rbmap_engine engines[] = { RBMAP_ENGINE_AUTO,
						     RBMAP_ENGINE_READ,
						     RBMAP_ENGINE_MAPPED };

	check_order(engines[_i % 3], _i >= 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("follow-live");
	TCase *one = tcase_create("follow-live");
	SRunner *runner;
	int failed;

	if (!live_is_possible())
		return 77;
	tcase_set_timeout(one, 240);
	tcase_add_unchecked_fixture(one, NULL, teardown);
	tcase_add_loop_test(one, order_over_cpus, 0, 6);
	suite_add_tcase(suite, one);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
