// SPDX-License-Identifier: GPL-2.0-only
/* The records of a file as a stream of batches. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rbmap/columns.h>
#include <rbmap/tracedat.h>

#include "arrow-json.h"
#include "dat-make.h"
#include "run.h"

/* An option of a file. */
#define CPUSTAT 2
#define OF_CPU (MADE_SUBBUFS * MADE_RECORDS)

static const struct made_kind kinds[] = {
	{ 6, false, 8, NULL },
	{ 6, true, 4, NULL },
	{ 7, false, 8, NULL },
	{ 7, true, 8, "zstd" },
};

/* What the streams of a test are of. */
static struct made made;
static int fd;

static struct rbmap_tracedat_reader *open_reader(void)
{
	struct rbmap_tracedat_reader *reader;

	fd = made_file(&made, made.size);
	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fd, NULL), 0);
	return reader;
}

static struct ArrowArrayStream open_stream(struct rbmap_columns_options options)
{
	struct ArrowArrayStream stream;

	options.size = sizeof(options);
	options.event = "number";
	ck_assert_int_eq(rbmap_columns_stream_file(&stream, open_reader(), &options),
			 0);
	return stream;
}

static void put_rows(FILE *to, const struct ArrowSchema *schema,
		     const struct ArrowArray *batch)
{
	for (int64_t row = 0; row < batch->length; row++) {
		for (int64_t i = 0; i < schema->n_children; i++) {
			fputs(i ? " " : "", to);
			arrow_put(to, schema->children[i], batch->children[i], row);
		}
		putc('\n', to);
	}
}

/* The values of all rows, each row a line. @most: rows of a batch, 0: any. */
static char *rows_of(struct ArrowArrayStream *stream, int64_t most, int expected_error)
{
	struct ArrowSchema schema;
	struct ArrowArray batch;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int error;

	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	while ((error = stream->get_next(stream, &batch)) == 0 && batch.release) {
		arrow_check(&schema, &batch);
		ck_assert_int_gt(batch.length, 0);
		ck_assert(!most || batch.length <= most);
		put_rows(to, &schema, &batch);
		batch.release(&batch);
	}
	ck_assert_int_eq(error, expected_error);
	ck_assert_int_eq(!stream->get_last_error(stream), !error);
	fclose(to);
	schema.release(&schema);
	return text;
}

static void end(struct ArrowArrayStream *stream)
{
	stream->release(stream);
	ck_assert_ptr_null(stream->release);
	/* It was the stream's. */
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(errno, EBADF);
}

/* As rbmap_tracedat_reader_next() has them, or one CPU after the other. */
static char *expected_rows(bool ordered)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	for (int i = 0; i < 4 * OF_CPU; i++) {
		int buffer = ordered ? i % 4 / 2 : i / OF_CPU / 2;
		int cpu = ordered ? i % 4 % 2 : i / OF_CPU % 2;
		int number = ordered ? i / 4 : i % OF_CPU;

		/* Of equal times, that of the first buffer comes first. */
		if (ordered) {
			buffer = i % 2;
			cpu = i % 4 / 2;
		}
		fprintf(to, "%d \"%s\" %d 5 %d %d\n", 1000 + 10 * number + 2 * cpu,
			buffer ? "other" : "", cpu,
			cpu == 1 && number == MADE_RECORDS ? 3 : 0, number);
	}
	fclose(to);
	return text;
}

static const char *const columns[] = {
	"common_timestamp", "common_buffer", "common_cpu", "common_pid",
	"common_lost",	    "number",	     NULL
};

START_TEST(all_records_in_batches)
{
	struct rbmap_columns_options options = { .fields = columns };
	struct ArrowArrayStream stream;
	char *rows, *expected;

	made_build(&made, &kinds[_i]);
	for (int ordered = 0; ordered < 2; ordered++) {
		expected = expected_rows(ordered);
		options.flags = ordered ? 0 : RBMAP_COLUMNS_UNORDERED;
		for (options.rows = 0; options.rows < 9; options.rows += 4) {
			stream = open_stream(options);
			rows = rows_of(&stream, options.rows, 0);
			ck_assert_str_eq(rows, expected);
			free(rows);
			end(&stream);
		}
		free(expected);
	}
	made_free(&made);
}
END_TEST

START_TEST(damage_is_told_at_the_end)
{
	struct rbmap_columns_options options = { .fields = columns };
	struct ArrowArrayStream stream;
	struct ArrowArray batch;
	char *rows, *accepted;

	made_build(&made, &kinds[_i]);
	/* The size of a sub-buffer, or of a compressed chunk. */
	made.bytes[made.data[0][0] + (kinds[_i].compression ? 4 : 9)] = 0x7f;
	stream = open_stream(options);
	rows = rows_of(&stream, 0, EBADMSG);
	ck_assert_int_gt(strlen(rows), 100);
	ck_assert_ptr_nonnull(strstr(stream.get_last_error(&stream),
				     "the file is damaged"));
	/* Again, for who asks again. */
	ck_assert_int_eq(stream.get_next(&stream, &batch), EBADMSG);
	end(&stream);
	options.flags = RBMAP_COLUMNS_DAMAGED;
	stream = open_stream(options);
	accepted = rows_of(&stream, 0, 0);
	ck_assert_str_eq(rows, accepted);
	end(&stream);
	free(rows);
	free(accepted);
	made_free(&made);
}
END_TEST

START_TEST(what_fails_leaves_the_reader)
{
	struct rbmap_columns_options options = { .size = sizeof(options),
						 .event = "no" };
	struct rbmap_tracedat_reader *reader;
	struct ArrowArrayStream stream;
	struct rbmap_record record;

	made_build(&made, &kinds[_i]);
	reader = open_reader();
	ck_assert_int_eq(rbmap_columns_stream_file(&stream, reader, &options), -ENOENT);
	options.event = "number";
	options.flags = RBMAP_COLUMNS_REALTIME;
	ck_assert_int_eq(rbmap_columns_stream_file(&stream, reader, &options),
			 -ENODATA);
	ck_assert_int_eq(rbmap_tracedat_reader_next(reader, &record, NULL), 1);
	rbmap_tracedat_reader_close(reader);
	ck_assert_int_eq(close(fd), 0);
	made_free(&made);
}
END_TEST

static const struct made_option anchors[] = {
	{ CPUSTAT, "Clock anchor (ns): trace 1000 realtime 1700000000000000000 "
		   "monotonic 500 uncertainty 1\n" },
	{ 0, NULL },
};

START_TEST(the_time_of_the_wall_clock)
{
	static const char *const time[] = { "common_realtime", "common_cpu", NULL };
	struct rbmap_columns_options options = { .fields = time,
						 .flags = RBMAP_COLUMNS_REALTIME };
	struct ArrowArrayStream stream;
	struct ArrowSchema schema;
	char *rows;

	made_build_with(&made, &kinds[_i], anchors);
	stream = open_stream(options);
	ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
	ck_assert_str_eq(schema.children[0]->format, "tsn:UTC");
	schema.release(&schema);
	rows = rows_of(&stream, 0, 0);
	ck_assert_int_eq(strncmp(rows,
				 "1700000000000000000 0\n1700000000000000000 0\n"
				 "1700000000000000002 1\n",
				 66),
			 0);
	free(rows);
	end(&stream);
	made_free(&made);
}
END_TEST

START_TEST(a_program_fills_columns_itself)
{
	const struct rbmap_columns_options options = { .size = sizeof(options),
						       .event = "number",
						       .rows = 4 * OF_CPU - 1 };
	struct rbmap_tracedat_reader *reader;
	struct rbmap_columns *filled;
	struct ArrowArray batch;

	made_build(&made, &kinds[_i]);
	reader = open_reader();
	ck_assert_int_eq(rbmap_columns_open(&filled,
					    rbmap_tracedat_reader_events(reader, 0),
					    &options),
			 0);
	ck_assert_int_eq(rbmap_columns_fill(filled, reader), 1);
	ck_assert_int_eq(rbmap_columns_fill(filled, reader), 1);
	ck_assert_uint_eq(rbmap_columns_count(filled), 4 * OF_CPU - 1);
	ck_assert_int_eq(rbmap_columns_take(filled, &batch), 0);
	batch.release(&batch);
	ck_assert_int_eq(rbmap_columns_fill(filled, reader), 0);
	ck_assert_uint_eq(rbmap_columns_count(filled), 1);
	rbmap_columns_close(filled);
	rbmap_tracedat_reader_close(reader);
	close(fd);
	made_free(&made);
}
END_TEST

/* Batches go from one thread to another. */
#define HANDED 64

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct ArrowArray batches[HANDED];
	size_t nr;
	bool ended;
} handed = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, { { 0 } }, 0, false };

static void *release_batches(void *context)
{
	pthread_mutex_lock(&handed.lock);
	while (handed.nr || !handed.ended) {
		struct ArrowArray batch;

		if (!handed.nr) {
			pthread_cond_wait(&handed.changed, &handed.lock);
			continue;
		}
		batch = handed.batches[--handed.nr];
		pthread_mutex_unlock(&handed.lock);
		batch.release(&batch);
		pthread_mutex_lock(&handed.lock);
	}
	pthread_mutex_unlock(&handed.lock);
	return NULL;
}

static void hand_over(const struct ArrowArray *batch)
{
	pthread_mutex_lock(&handed.lock);
	if (batch)
		handed.batches[handed.nr++] = *batch;
	else
		handed.ended = true;
	pthread_cond_signal(&handed.changed);
	pthread_mutex_unlock(&handed.lock);
}

START_TEST(another_thread_releases_batches)
{
	/* Many rows have room, so that the memory is used again. */
	struct rbmap_columns_options options = { .rows = 1 };
	struct ArrowArrayStream stream;
	struct ArrowArray batch;
	pthread_t thread;

	made_build(&made, &kinds[_i]);
	handed.ended = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, release_batches, NULL), 0);
	stream = open_stream(options);
	while (stream.get_next(&stream, &batch) == 0 && batch.release)
		hand_over(&batch);
	end(&stream);
	hand_over(NULL);
	pthread_join(thread, NULL);
	made_free(&made);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		all_records_in_batches,		damage_is_told_at_the_end,
		what_fails_leaves_the_reader,	the_time_of_the_wall_clock,
		a_program_fills_columns_itself, another_thread_releases_batches,
	};
	Suite *suite = suite_create("columns-file");
	TCase *cases = tcase_create("columns-file");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(cases, 240);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_loop_test(cases, tests[i], 0, sizeof(kinds) / sizeof(*kinds));
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
