// SPDX-License-Identifier: GPL-2.0-only
/* Follows of files: the same calls as of rings. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rbmap/field.h>
#include <rbmap/follow.h>
#include <rbmap/tracedat.h>

#include "dat-make.h"
#include "follow-bench.h"
#include "run.h"

/* Of a buffer. */
#define RECORDS (2 * MADE_SUBBUFS * MADE_RECORDS)

static struct made made;
static struct rbmap_follow *follow;
static int fds[2] = { -1, -1 };

struct seen {
	unsigned int records, losses;
	uint64_t time, lost;
	int sources;
};

static void close_all(void)
{
	rbmap_follow_close(follow);
	follow = NULL;
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	made_free(&made);
}

static void open_files(const struct made_kind *kind, int nr)
{
	made_build(&made, kind);
	ck_assert_int_eq(rbmap_follow_open(&follow, NULL), 0);
	for (int i = 0; i < nr; i++) {
		fds[i] = made_file(&made, made.size);
		ck_assert_int_eq(rbmap_follow_add_file(follow, fds[i]), 2 * i);
	}
}

/* The number tells the time, and so does the order of the records. */
static int see(const struct rbmap_follow_record *record, void *data)
{
	struct seen *seen = data;
	struct rbmap_field *field;
	uint64_t number;

	ck_assert_int_eq(rbmap_field_open(&field, record->events, "made", "number",
					  "number"),
			 0);
	ck_assert_int_eq(rbmap_field_u64(field, &record->record, &number), 0);
	rbmap_field_close(field);
	ck_assert_uint_eq(record->record.time_stamp,
			  1000 + 10 * number + 2 * record->record.cpu);
	ck_assert_uint_ge(record->record.time_stamp, seen->time);
	seen->time = record->record.time_stamp;
	seen->sources |= 1 << record->source;
	seen->records++;
	return 0;
}

static int see_lost(const struct rbmap_follow_record *record, void *data)
{
	struct seen *seen = data;

	ck_assert_int_eq(record->record.cpu, 1);
	seen->lost += record->record.lost;
	seen->losses++;
	return 0;
}

static void call(struct seen *seen)
{
	ck_assert_int_eq(rbmap_follow_event(follow, "made", "number", see, seen), 0);
	ck_assert_int_eq(rbmap_follow_lost(follow, see_lost, seen), 0);
}

START_TEST(all_records_in_order)
{
	static const struct made_kind kinds[] = { { 6, false, 8, NULL },
						  { 7, false, 8, "zstd" },
						  { 7, true, 4, NULL } };
	struct seen seen = { 0 };

	open_files(&kinds[_i], 2);
	ck_assert_int_eq(rbmap_follow_sources(follow), 4);
	ck_assert_str_eq(rbmap_follow_name(follow, 0), "");
	ck_assert_str_eq(rbmap_follow_name(follow, 3), "other");
	ck_assert_ptr_null(rbmap_follow_session(follow, 0));
	ck_assert_ptr_eq(rbmap_follow_reader(follow, 2),
			 rbmap_follow_reader(follow, 3));
	call(&seen);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	ck_assert_uint_eq(seen.records, 4 * RECORDS);
	ck_assert_uint_eq(seen.losses, 4);
	ck_assert_uint_eq(seen.lost, 4 * 3);
	ck_assert_int_eq(seen.sources, 15);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	ck_assert_uint_eq(seen.records, 4 * RECORDS);
	close_all();
}
END_TEST

static const struct made_kind plain = { 7, false, 8, NULL };

START_TEST(some_cpus)
{
	static const int cpus[] = { 1, 7 };
	struct rbmap_follow_options options = { .size = sizeof(options),
						.cpus = cpus,
						.nr_cpus = 2 };
	struct seen seen = { 0 };

	made_build(&made, &plain);
	ck_assert_int_eq(rbmap_follow_open(&follow, &options), 0);
	fds[0] = made_file(&made, made.size);
	ck_assert_int_eq(rbmap_follow_add_file(follow, fds[0]), 0);
	call(&seen);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	ck_assert_uint_eq(seen.records, RECORDS);
	ck_assert_uint_eq(seen.losses, 2);
	close_all();
}
END_TEST

START_TEST(records_without_callbacks)
{
	const struct rbmap_follow_record *record;
	uint64_t time = 0;
	int nr = 0, r;

	open_files(&plain, 1);
	while ((r = rbmap_follow_next(follow, &record)) > 0) {
		ck_assert_uint_ge(record->record.time_stamp, time);
		time = record->record.time_stamp;
		ck_assert_ptr_eq(record->events,
				 rbmap_follow_events(follow, record->source));
		nr++;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(nr, 2 * RECORDS);
	close_all();
}
END_TEST

/* A file is always ready, also at its end. */
START_TEST(own_poll_loop)
{
	struct pollfd fd = { .events = POLLIN };
	struct seen seen = { 0 };

	open_files(&plain, 1);
	call(&seen);
	fd.fd = rbmap_follow_fd(follow);
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_eq(rbmap_follow_step(follow), 0);
	ck_assert_uint_eq(seen.records, 2 * RECORDS);
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_eq(rbmap_follow_wait(follow, -1), 1);
	close_all();
}
END_TEST

static int stop(const struct rbmap_follow_record *record, void *data)
{
	rbmap_follow_stop(follow);
	return see(record, data);
}

START_TEST(a_stop_ends_it_at_once)
{
	struct seen seen = { 0 };

	open_files(&plain, 1);
	ck_assert_int_eq(rbmap_follow_event(follow, "made", "number", stop, &seen), 0);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	ck_assert_uint_eq(seen.records, 1);
	close_all();
}
END_TEST

START_TEST(a_reader_of_the_caller)
{
	struct rbmap_tracedat_reader *reader;
	struct seen seen = { 0 };

	made_build(&made, &plain);
	fds[0] = made_file(&made, made.size);
	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fds[0], NULL), 0);
	ck_assert_int_eq(rbmap_follow_open(&follow, NULL), 0);
	ck_assert_int_eq(rbmap_follow_add_reader(follow, reader), 0);
	ck_assert_ptr_eq(rbmap_follow_reader(follow, 1), reader);
	call(&seen);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	ck_assert_uint_eq(seen.records, 2 * RECORDS);
	close_all();
	rbmap_tracedat_reader_close(reader);
}
END_TEST

/* Of what is damaged the rest comes, and a loss before it. */
START_TEST(a_damaged_file)
{
	const struct rbmap_tracedat_fault *faults;
	struct seen seen = { 0 };

	made_build(&made, &plain);
	/* The commit word of the second sub-buffer of CPU 1. */
	memset(made.bytes + made.data[0][1] + MADE_SUBBUF + 8, 0xff, 8);
	ck_assert_int_eq(rbmap_follow_open(&follow, NULL), 0);
	fds[0] = made_file(&made, made.size);
	ck_assert_int_eq(rbmap_follow_add_file(follow, fds[0]), 0);
	call(&seen);
	ck_assert_int_eq(rbmap_follow_run(follow), 0);
	ck_assert_uint_eq(seen.records, 2 * RECORDS - MADE_RECORDS);
	ck_assert_uint_eq(seen.losses, 2);
	ck_assert_uint_gt(rbmap_tracedat_reader_faults(rbmap_follow_reader(follow, 0),
						       &faults),
			  0);
	close_all();
}
END_TEST

START_TEST(what_is_refused)
{
	struct follow_bench bench;
	int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

	open_files(&plain, 1);
	follow_bench_open(&bench);
	ck_assert_int_eq(rbmap_follow_add_instance(follow, bench.fakes[0].instance,
						   bench.events),
			 -EINVAL);
	follow_bench_close(&bench);
	ck_assert_int_eq(rbmap_follow_add_file(follow, none), -ESPIPE);
	ck_assert_int_eq(rbmap_follow_sources(follow), 2);
	ck_assert_int_eq(rbmap_follow_step(follow), 0);
	ck_assert_int_eq(rbmap_follow_add_file(follow, fds[0]), -EBUSY);
	close(none);
	close_all();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("follow-file");
	TCase *one = tcase_create("follow-file");
	SRunner *runner;
	int failed;

	tcase_set_timeout(one, 240);
	tcase_add_loop_test(one, all_records_in_order, 0, 3);
	tcase_add_test(one, some_cpus);
	tcase_add_test(one, records_without_callbacks);
	tcase_add_test(one, own_poll_loop);
	tcase_add_test(one, a_stop_ends_it_at_once);
	tcase_add_test(one, a_reader_of_the_caller);
	tcase_add_test(one, a_damaged_file);
	tcase_add_test(one, what_is_refused);
	suite_add_tcase(suite, one);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
