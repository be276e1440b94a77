// SPDX-License-Identifier: GPL-2.0-only
/* Follows of this kernel's rings, in private instances. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tracefs/tracefs.h>
#include <unistd.h>

#include <rbmap/follow.h>
#include <rbmap/tracedat.h>

#include "live.h"
#include "run.h"

#define MARKS 24

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

	if (name)
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
		ck_assert_int_eq(rbmap_follow_step(follow), 1);
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

START_TEST(only_the_formats_of_the_systems)
{
	static const char *const systems[] = { "sched", NULL };
	struct rbmap_follow_options options = { .size = sizeof(options),
						.systems = systems };
	struct seen seen;

	live_open(&live, "a");
	ck_assert_int_eq(rbmap_follow_open(&follow, &options), 0);
	ck_assert_int_eq(rbmap_follow_add_instance(follow, live.instance, NULL), 0);
	ck_assert_int_eq(rbmap_follow_event(follow, NULL, "sched_switch", see, &seen),
			 0);
	ck_assert_int_eq(rbmap_follow_event(follow, "sched", NULL, see, &seen), 0);
	ck_assert_int_eq(rbmap_follow_event(follow, "irq", NULL, see, &seen), -ENOENT);
}
END_TEST

#define MOST 4096

/* Markers that came, and what was lost between them. */
struct found {
	size_t nr;
	uint64_t lost, losses;
	struct {
		uint64_t time;
		uint32_t number;
		int cpu;
	} marks[MOST];
};

static int find(const struct rbmap_follow_record *record, void *data)
{
	struct found *found = data;

	ck_assert_uint_lt(found->nr, MOST);
	found->marks[found->nr].time = record->record.time_stamp;
	found->marks[found->nr].cpu = record->record.cpu;
	found->marks[found->nr++].number =
		live_number(record->record.data, record->record.size);
	return 0;
}

static int find_lost(const struct rbmap_follow_record *record, void *data)
{
	struct found *found = data;

	found->losses++;
	if (record->record.lost == RBMAP_LOST_UNKNOWN ||
	    found->lost == RBMAP_LOST_UNKNOWN)
		found->lost = RBMAP_LOST_UNKNOWN;
	else
		found->lost += record->record.lost;
	return 0;
}

static void find_all(struct found *found)
{
	ck_assert_int_eq(rbmap_follow_event(follow, "ftrace", "print", find, found), 0);
	ck_assert_int_eq(rbmap_follow_lost(follow, find_lost, found), 0);
	/* A file ends by itself, and nothing of it would come after a stop. */
	if (rbmap_follow_session(follow, 0))
		rbmap_follow_stop(follow);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
}

/* All that is in the rings. */
static int record_file(void)
{
	static const char *const formats[] = { "ftrace:print", NULL };
	struct rbmap_tracedat_options options = { .size = sizeof(options),
						  .events = formats };
	struct rbmap_session_options rings = { .size = sizeof(rings),
					       .instance = live.instance,
					       .flags = RBMAP_SESSION_COPIES };
	int fd = memfd_create("follow", MFD_CLOEXEC), nr;
	struct rbmap_tracedat_writer *writer;
	struct rbmap_session *session;
	struct rbmap_span spans[16];

	ck_assert_int_eq(rbmap_session_open(&session, &rings), 0);
	options.instance = live.instance;
	options.layout = rbmap_session_layout(session);
	options.nr_cpus = rbmap_session_cpus(session, &options.cpus);
	ck_assert_int_eq(rbmap_tracedat_writer_open(&writer, fd, &options), 0);
	while ((nr = rbmap_session_take(session, spans, 16)) > 0) {
		ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, nr), nr);
		ck_assert_int_eq(rbmap_session_settle(session, spans, nr), 0);
		ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, nr), 0);
	}
	ck_assert_int_eq(nr, 0);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	rbmap_tracedat_writer_close(writer);
	rbmap_session_close(session);
	return fd;
}

START_TEST(a_file_has_the_same_records)
{
	static struct found rings, file;
	struct rbmap_account account;
	int fd;

	open_follow(RBMAP_ENGINE_AUTO);
	add(&live, "a", 0);
	mark_in_turns(MARKS);
	/* Consumed events would not be in the file. */
	if (rbmap_engine_consumes(rbmap_session_engine(rbmap_follow_session(follow,
									    0))))
		return;
	fd = record_file();
	find_all(&rings);
	ck_assert_uint_eq(rings.nr, MARKS);
	rbmap_follow_close(follow);
	open_follow(RBMAP_ENGINE_AUTO);
	ck_assert_int_eq(rbmap_follow_add_file(follow, fd), 0);
	ck_assert_int_eq(rbmap_follow_account(follow, 0, &account), -EINVAL);
	find_all(&file);
	ck_assert_uint_eq(file.nr, rings.nr);
	ck_assert_mem_eq(file.marks, rings.marks, MARKS * sizeof(rings.marks[0]));
	ck_assert_uint_eq(file.losses + rings.losses, 0);
	rbmap_follow_close(follow);
	follow = NULL;
	close(fd);
}
END_TEST

static void check_account(uint64_t delivered, uint64_t written)
{
	struct rbmap_account account;

	ck_assert_int_eq(rbmap_follow_account(follow, 0, &account), 0);
	ck_assert_uint_eq(account.delivered, delivered);
	ck_assert_uint_eq(account.written, written);
	ck_assert_uint_eq(rbmap_account_lost(&account), written - delivered);
	ck_assert_int_eq(rbmap_follow_account(follow, 1, &account), -EINVAL);
	ck_assert_int_eq(rbmap_follow_account(follow, -1, &account), -EINVAL);
}

/* Rings that are too small: what is missing is told, with its number if it is known. */
START_TEST(what_is_overwritten_is_lost)
{
	static const enum rbmap_engine engines[] = { RBMAP_ENGINE_READ,
						     RBMAP_ENGINE_MAPPED,
						     RBMAP_ENGINE_AUTO };
	static struct found found;
	int cpu;

	found = (struct found){ 0 };
	live_cpus(&cpu, 1);
	live_open(&live, "small");
	ck_assert_int_gt(tracefs_instance_file_write(live.instance, "buffer_size_kb",
						     "16"),
			 0);
	open_follow(engines[_i]);
	add(&live, NULL, 0);
	live_mark(&live, cpu, 0, MOST);
	find_all(&found);
	ck_assert_uint_gt(found.nr, 0);
	ck_assert_uint_eq(found.losses, 1);
	ck_assert_uint_eq(found.marks[found.nr - 1].number, MOST - 1);
	for (size_t i = 1; i < found.nr; i++)
		ck_assert_uint_eq(found.marks[i].number, found.marks[i - 1].number + 1);
	if (found.lost != RBMAP_LOST_UNKNOWN)
		ck_assert_uint_eq(found.lost + found.nr, MOST);
	else
		ck_assert_int_eq(engines[_i], RBMAP_ENGINE_AUTO);
	check_account(found.nr, MOST);
}
END_TEST

#define FLOOD 20000

/* Numbers that came, in a flood. */
struct flood {
	int64_t last;
	bool lost;
	int64_t missing;
};

static int see_flood(const struct rbmap_follow_record *record, void *data)
{
	int64_t number = live_number(record->record.data, record->record.size);
	struct flood *flood = data;

	if (number != flood->last + 1)
		ck_assert_msg(flood->lost && number > flood->last,
			      "%lld after %lld, %s", (long long)number,
			      (long long)flood->last,
			      flood->lost ? "after a loss" : "without a loss");
	flood->missing += number - flood->last - 1;
	flood->last = number;
	flood->lost = false;
	return number == FLOOD - 1 ? -ECANCELED : 0;
}

static int see_flood_lost(const struct rbmap_follow_record *record, void *data)
{
	struct flood *flood = data;

	flood->lost = true;
	return 0;
}

/* The writer comes round a small ring again and again while that is read. */
START_TEST(nothing_torn_comes)
{
	struct flood flood = { .last = -1 };
	int cpu, status;
	pid_t writer;

	live_cpus(&cpu, 1);
	live_open(&live, "small");
	ck_assert_int_gt(tracefs_instance_file_write(live.instance, "buffer_size_kb",
						     "16"),
			 0);
	open_follow(RBMAP_ENGINE_AUTO);
	add(&live, NULL, 0);
	ck_assert_int_eq(rbmap_follow_event(follow, "ftrace", "print", see_flood,
					    &flood),
			 0);
	ck_assert_int_eq(rbmap_follow_lost(follow, see_flood_lost, &flood), 0);
	writer = fork();
	if (writer == 0) {
		live_mark(&live, cpu, 0, FLOOD);
		_exit(0);
	}
	ck_assert_int_eq(rbmap_follow_run(follow), -ECANCELED);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(flood.last, FLOOD - 1);
	ck_assert_int_gt(flood.missing, 0);
	check_account(FLOOD - flood.missing, FLOOD);
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
	tcase_add_checked_fixture(one, NULL, teardown);
	tcase_add_loop_test(one, order_over_cpus, 0, 6);
	tcase_add_test(one, only_the_formats_of_the_systems);
	tcase_add_test(one, a_file_has_the_same_records);
	tcase_add_loop_test(one, what_is_overwritten_is_lost, 0, 3);
	tcase_add_test(one, nothing_torn_comes);
	suite_add_tcase(suite, one);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	live_remove_left();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
