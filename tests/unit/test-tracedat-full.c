/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace.dat writer on a full disk whose file system copies on write: what goes over
 * something needs room as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "dat-file.h"
#include "dat-read.h"
#include "run.h"
#include "tracedat/write/queue-entry.h"
#include "tracedat/write/writer.h"

#define SIZE 4096
#define BLOCK 4096
#define RECORDS 400
#define EACH (RECORDS / 8)

static char tree[TREE_PATH];
static char path[sizeof("/tmp/rbmap-XXXXXX")];
static int fd;
static struct rbmap_tracedat_writer *writer;
static const struct rbmap_layout layout = { SIZE, 16, 8, 8, false };
static _Alignas(SIZE) unsigned char ring[SIZE];
static struct dat_found found;
/* The most bytes that the file may take, and where it takes none. */
static _Atomic uint64_t limit;
static _Atomic int64_t bad;
static pthread_t thread;
static bool threaded;

static uint64_t used(void)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return status.st_blocks * UINT64_C(512);
}

static uint64_t size_of(const struct iovec *parts, int nr)
{
	uint64_t size = 0;

	for (int i = 0; i < nr; i++)
		size += parts[i].iov_len;
	return size;
}

static ssize_t disk_pwritev(int to, const struct iovec *parts, int nr, off_t offset)
{
	uint64_t begin = offset / BLOCK;
	uint64_t end = (offset + size_of(parts, nr) + BLOCK - 1) / BLOCK;

	if (offset != bad && used() + (end - begin) * BLOCK <= limit)
		return pwritev(to, parts, nr, offset);
	errno = ENOSPC;
	return -1;
}

static void *write_out(void *context)
{
	ck_assert_int_eq(rbmap_tracedat_writer_write_out(context), 0);
	return NULL;
}

static void wait_until_running(struct write_queue *queue)
{
	bool running = false;

	while (!running) {
		sched_yield();
		pthread_mutex_lock(&queue->lock);
		running = queue->running;
		pthread_mutex_unlock(&queue->lock);
	}
}

static void begin(unsigned int version, const char *compression, bool with_thread)
{
	static const int cpus[] = { 0, 2 };
	struct rbmap_tracedat_options options = {
		.size = sizeof(options),
		.layout = &layout,
		.cpus = cpus,
		.nr_cpus = 2,
		.version = version,
		.compression = compression,
		.queue_size = with_thread ? 1 << 20 : 0,
	};
	struct tracedat_source source = { .kallsyms = strdup("/nowhere") };

	dat_make_tree(tree);
	strcpy(path, "/tmp/rbmap-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	source.instance_dir = strdup(tree);
	source.top_dir = strdup(tree);
	ck_assert_int_eq(rbmap_tracedat_open(&writer, fd, &options, &source), 0);
	writer->file.queue->options.pwritev = disk_pwritev;
	limit = UINT64_MAX;
	bad = -1;
	threaded = with_thread;
	if (!threaded)
		return;
	ck_assert_int_eq(pthread_create(&thread, NULL, write_out, writer), 0);
	wait_until_running(writer->file.queue);
}

/* Returns the error of the rest of the file. */
static int finish(int expected)
{
	struct rbmap_tracedat_work work;

	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), expected);
	if (threaded)
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	rbmap_tracedat_writer_work(writer, &work);
	return work.finish_error;
}

/* What is counted is there, from the first on. */
static uint64_t check_cpu(int cpu)
{
	uint64_t written = rbmap_tracedat_writer_written(writer, cpu);

	dat_read_cpu(path, &layout, cpu, &found);
	ck_assert_uint_eq(found.nr, written * EACH);
	for (uint64_t i = 0; i < written; i++)
		dat_check_numbers(&found, i * EACH, (i + 1) * 1000, EACH);
	return written;
}

static void end(void)
{
	rbmap_tracedat_writer_close(writer);
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}

static struct rbmap_span span_of(int cpu, uint64_t seq)
{
	dat_fill(&layout, ring, RECORDS, seq * 1000);
	return dat_span(&layout, ring, cpu, seq, RECORDS);
}

static int put(int cpu, uint64_t seq)
{
	struct rbmap_span span = span_of(cpu, seq);
	int r = rbmap_tracedat_writer_put(writer, &span, 1);

	return r < 0 ? r : rbmap_tracedat_writer_discard(writer, &span, 1);
}

/* Until it fails; more of one CPU than of the other. */
static void fill_disk(int flush_each)
{
	uint64_t seq = 0;
	int r = 0;

	while (r >= 0) {
		seq++;
		r = put(0, seq);
		if (r >= 0 && seq % 3 == 0)
			r = put(2, seq / 3);
		if (r >= 0 && flush_each && seq % flush_each == 0)
			r = rbmap_tracedat_writer_flush(writer);
	}
	ck_assert_int_eq(r, -ENOSPC);
}

static const struct {
	unsigned int version;
	const char *compression;
	bool threaded;
	int flush_each;
} kinds[] = {
	{ 6, NULL, false, 10 },	  { 6, NULL, true, 10 },   { 6, NULL, true, 0 },
	{ 7, "none", false, 10 }, { 7, "none", true, 10 }, { 7, "none", true, 0 },
	{ 7, "zstd", false, 70 }, { 7, "zstd", true, 70 }, { 7, "zstd", true, 0 },
};

START_TEST(the_last_data_make_room_for_the_table)
{
	begin(kinds[_i].version, kinds[_i].compression, kinds[_i].threaded);
	/* Not a multiple of the first step back. */
	limit = used() + 150 * BLOCK;
	fill_disk(kinds[_i].flush_each);
	ck_assert_int_eq(finish(-ENOSPC), 0);
	ck_assert_uint_gt(check_cpu(0), 30);
	ck_assert_uint_gt(check_cpu(2), 10);
	ck_assert_uint_le(used(), limit);
	end();
}
END_TEST

/* The names of the commands, for which nothing can be given back. */
START_TEST(a_file_that_cannot_be_completed_is_an_error_of_its_own)
{
	begin(kinds[_i].version, kinds[_i].compression, kinds[_i].threaded);
	for (uint64_t seq = 1; seq <= 10; seq++)
		ck_assert_int_ge(put(2, seq), 0);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	while (rbmap_tracedat_writer_written(writer, 2) < 10)
		sched_yield();
	limit = 0;
	ck_assert_int_eq(finish(-ENOSPC), -ENOSPC);
	ck_assert_uint_eq(check_cpu(2), 10);
	ck_assert_uint_eq(check_cpu(0), 0);
	end();
}
END_TEST

START_TEST(what_is_not_flushed_does_not_count)
{
	begin(kinds[_i].version, kinds[_i].compression, kinds[_i].threaded);
	for (uint64_t seq = 1; seq <= 10; seq++)
		ck_assert_int_ge(put(2, seq), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), 0);
	limit = 0;
	ck_assert_int_eq(finish(-ENOSPC), -ENOSPC);
	ck_assert_uint_eq(check_cpu(2), 0);
	end();
}
END_TEST

/* Another CPU's data could not be written, so that nothing is any more. */
START_TEST(torn_data_that_could_not_be_taken_out_are_given_back)
{
	struct rbmap_span span;

	begin(6, NULL, true);
	ck_assert_int_ge(put(2, 1), 0);
	span = span_of(2, 2);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), 1);
	bad = writer->regions[0].start;
	ck_assert_int_eq(put(0, 1), -ENOSPC);
	span.flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, &span, 1), -ENOSPC);
	ck_assert_int_eq(finish(-ENOSPC), 0);
	ck_assert_uint_eq(check_cpu(2), 1);
	ck_assert_uint_eq(check_cpu(0), 0);
	end();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tracedat-full");
	Suite *suite = suite_create("tracedat-full");
	size_t nr = sizeof(kinds) / sizeof(kinds[0]);
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, the_last_data_make_room_for_the_table, 0, nr);
	tcase_add_loop_test(tests,
			    a_file_that_cannot_be_completed_is_an_error_of_its_own, 0,
			    nr);
	tcase_add_loop_test(tests, what_is_not_flushed_does_not_count, 0, nr);
	tcase_add_test(tests, torn_data_that_could_not_be_taken_out_are_given_back);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
