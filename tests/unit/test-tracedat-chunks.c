/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace.dat writer, version 7 with zstd: what it stores, as the reader finds it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "dat-file.h"
#include "dat-read.h"
#include "run.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

#define SIZE 4096
#define RECORD 8
#define RECORDS 100
#define BYTES (RECORDS * RECORD)

static char tree[TREE_PATH];
static char path[64];
static int fd;
static struct rbmap_tracedat_writer *writer;
static struct rbmap_layout layout;
static const int cpus[] = { 0, 2 };

static struct dat_found found;

static int open_as(const struct rbmap_tracedat_options *more)
{
	struct rbmap_tracedat_options options = *more;
	struct tracedat_source source = {
		.instance_dir = strdup(tree),
		.top_dir = strdup(tree),
		.kallsyms = strdup("/nowhere"),
	};

	options.size = sizeof(options);
	options.layout = &layout;
	if (!options.cpus) {
		options.cpus = cpus;
		options.nr_cpus = 2;
	}
	return rbmap_tracedat_open(&writer, fd, &options, &source);
}

static void begin_in(const char *dir, uint32_t subbuf_size)
{
	layout = (struct rbmap_layout){ subbuf_size, 16, 8, 8, false };
	dat_make_tree(tree);
	dat_put_file(tree, "events/header_event", "header\n");
	snprintf(path, sizeof(path), "%s/rbmap-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	writer = NULL;
}

static void begin_with(const struct rbmap_tracedat_options *options)
{
	begin_in("/tmp", SIZE);
	ck_assert_int_eq(open_as(options), 0);
}

static void begin(void)
{
	begin_with(&(struct rbmap_tracedat_options){ 0 });
}

static void end(void)
{
	rbmap_tracedat_writer_close(writer);
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}

static void read_cpu(int cpu)
{
	dat_read_cpu(path, &layout, cpu, &found);
}

static void check_numbers(size_t at, uint32_t first, size_t nr)
{
	dat_check_numbers(&found, at, first, nr);
}

/* A sub-buffer that begins with the record @first, @bytes of it written. */
static struct rbmap_span make_span(unsigned char *memory, int cpu, uint64_t seq,
				   uint32_t first, uint32_t bytes)
{
	dat_fill(&layout, memory, bytes, first);
	return dat_span(&layout, memory, cpu, seq, bytes);
}

static void put(const struct rbmap_span *spans, int nr)
{
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, nr), nr);
}

static void flush(void)
{
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
}

static uint64_t file_size(void)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return status.st_size;
}

static void put_some(int cpu, uint64_t seq, int nr)
{
	static unsigned char memory[64][SIZE];
	struct rbmap_span spans[64];

	ck_assert_int_le(nr, 64);
	for (int i = 0; i < nr; i++)
		spans[i] =
			make_span(memory[i], cpu, seq + i, (seq + i) * RECORDS, BYTES);
	put(spans, nr);
	memset(memory, 0xee, sizeof(memory));
}

START_TEST(what_is_flushed_is_in_the_file)
{
	struct rbmap_tracedat_work work;

	begin();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 0);
	put_some(0, 0, 10);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 0);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 10 * RECORDS);
	check_numbers(0, 0, found.nr);
	/* More than one put, of one CPU and then of the other. */
	for (int i = 1; i < 5; i++) {
		put_some(0, 10 * i, 10);
		put_some(2, 7 * i - 7, 7);
	}
	ck_assert_int_eq(rbmap_tracedat_writer_flush_cpu(writer, 2), 0);
	read_cpu(2);
	ck_assert_uint_eq(found.nr, 28 * RECORDS);
	check_numbers(0, 0, found.nr);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 10 * RECORDS);
	ck_assert_int_eq(rbmap_tracedat_writer_flush_cpu(writer, 1), -ENXIO);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 50 * RECORDS);
	check_numbers(0, 0, found.nr);
	read_cpu(2);
	ck_assert_uint_eq(found.nr, 28 * RECORDS);
	rbmap_tracedat_writer_work(writer, &work);
	ck_assert_uint_eq(work.bytes, 78 * SIZE);
	ck_assert_uint_lt(work.file_bytes, work.bytes / 4);
	ck_assert_uint_lt(file_size(), 64 << 10);
	end();
}
END_TEST

/* A flush that has nothing to tell makes no system call. */
START_TEST(a_flush_writes_what_changed)
{
	struct rbmap_tracedat_work before, after;

	begin();
	put_some(0, 0, 3);
	rbmap_tracedat_writer_work(writer, &before);
	flush();
	rbmap_tracedat_writer_work(writer, &after);
	/* The chunk, its size in the table, the count. */
	ck_assert_uint_eq(after.writes, before.writes + 3);
	flush();
	rbmap_tracedat_writer_work(writer, &before);
	ck_assert_uint_eq(after.writes, before.writes);
	end();
}
END_TEST

/* Each piece has a header of its own, and the time goes on. */
START_TEST(what_grows_is_stored_in_pieces)
{
	static unsigned char memory[2][SIZE];
	struct rbmap_span span;

	begin();
	span = make_span(memory[0], 0, 5, 1000, BYTES);
	span.flags = RBMAP_SPAN_GROWING;
	span.lost = 77;
	for (uint32_t to = 80; to <= BYTES; to += 80) {
		span.to = to;
		put(&span, 1);
		flush();
		read_cpu(0);
		ck_assert_uint_eq(found.nr, to / RECORD);
		check_numbers(0, 1000, found.nr);
		ck_assert_uint_eq(found.lost[0], 77);
		for (size_t i = 1; i < found.nr; i++)
			ck_assert_uint_eq(found.lost[i], 0);
		span.from = to;
		span.lost = 0;
	}
	/* Nothing new, then less than there was, then a gap. */
	put(&span, 1);
	span.from = 0;
	span.to = 80;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), -EINVAL);
	span.from = BYTES + 8;
	span.to = BYTES + 16;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), -EINVAL);
	span = make_span(memory[1], 0, 4, 0, BYTES);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), -EINVAL);
	span.seq = 6;
	dat_fill(&layout, memory[1], BYTES, 1000 + RECORDS);
	memcpy(&span.time_stamp, memory[1], sizeof(span.time_stamp));
	put(&span, 1);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 2 * RECORDS);
	check_numbers(0, 1000, found.nr);
	end();
}
END_TEST

/* Records that someone else consumed are not told again. */
START_TEST(a_first_span_from_the_middle)
{
	static unsigned char memory[SIZE];
	struct rbmap_span span;

	begin();
	span = make_span(memory, 0, 0, 1000, BYTES);
	span.from = 24;
	span.to = 48;
	put(&span, 1);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 3);
	check_numbers(0, 1003, 3);
	end();
}
END_TEST

START_TEST(loss_is_stored)
{
	static unsigned char memory[4][SIZE];
	struct rbmap_span spans[4];

	begin();
	for (int i = 0; i < 4; i++)
		spans[i] = make_span(memory[i], 0, i, i * RECORDS, BYTES);
	spans[1].lost = 5;
	spans[2].lost = RBMAP_LOST_UNKNOWN;
	put(spans, 4);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 4 * RECORDS);
	ck_assert_uint_eq(found.lost[0], 0);
	ck_assert_uint_eq(found.lost[RECORDS], 5);
	ck_assert_uint_eq(found.lost[2 * RECORDS], RBMAP_LOST_UNKNOWN);
	ck_assert_uint_eq(found.lost[3 * RECORDS], 0);
	end();
}
END_TEST

START_TEST(torn_ones_are_left_out)
{
	static unsigned char memory[6][SIZE];
	struct rbmap_span spans[6];

	begin();
	for (int i = 0; i < 6; i++)
		spans[i] = make_span(memory[i], i < 4 ? 0 : 2, i, i * RECORDS, BYTES);
	put(spans, 6);
	/* Overwritten, which the copies of the others do not notice. */
	memset(memory, 0x55, sizeof(memory));
	spans[0].flags |= RBMAP_SPAN_TORN;
	spans[1].flags |= RBMAP_SPAN_TORN;
	spans[2].lost = RBMAP_LOST_UNKNOWN;
	spans[5].flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 6), 0);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 2 * RECORDS);
	check_numbers(0, 2 * RECORDS, found.nr);
	ck_assert_uint_eq(found.lost[0], RBMAP_LOST_UNKNOWN);
	ck_assert_uint_eq(found.lost[RECORDS], 0);
	read_cpu(2);
	ck_assert_uint_eq(found.nr, RECORDS);
	check_numbers(0, 4 * RECORDS, found.nr);
	/* All of a put: no chunk, and the next one goes on. */
	spans[0] = make_span(memory[0], 2, 7, 7 * RECORDS, BYTES);
	put(spans, 1);
	spans[0].flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 1), 0);
	put_some(2, 8, 1);
	flush();
	read_cpu(2);
	ck_assert_uint_eq(found.nr, 2 * RECORDS);
	check_numbers(RECORDS, 8 * RECORDS, RECORDS);
	end();
}
END_TEST

#define SCRIBBLED 6

struct scribbler {
	unsigned char (*memory)[SIZE];
	atomic_bool stop;
};

static void *scribble(void *argument)
{
	struct scribbler *scribbler = argument;
	uint32_t random = 1;

	while (!scribbler->stop) {
		random = random * 1664525 + 1013904223;
		scribbler->memory[random % SCRIBBLED][(random >> 8) % SIZE] =
			random >> 24;
	}
	return NULL;
}

/*
 * The kernel overwrites some of them meanwhile: whatever is read then, nothing outside
 * of them is touched, and the others are stored as they were.
 */
START_TEST(memory_that_changes_meanwhile)
{
	unsigned char(*memory)[SIZE] = calloc(8, SIZE);
	struct scribbler scribbler = { .memory = memory };
	struct rbmap_span spans[8];
	pthread_t thread;
	size_t kept = 0;

/* It is a race, which is what this is about. */
#ifdef __SANITIZE_THREAD__
	free(memory);
	return;
#endif
	begin();
	ck_assert_int_eq(pthread_create(&thread, NULL, scribble, &scribbler), 0);
	for (uint64_t turn = 0; turn < 500; turn++) {
		for (int i = 0; i < 8; i++) {
			uint64_t seq = turn * 8 + i;

			dat_fill(&layout, memory[i], BYTES, seq * 10);
			spans[i] = dat_span(&layout, memory[i], 0, seq, BYTES);
			spans[i].time_stamp = seq * 10;
		}
		spans[0].from = turn % 2 ? BYTES / 2 : 0;
		spans[7].to = 10 * RECORD;
		spans[6].to = 10 * RECORD;
		put(spans, 8);
		for (int i = 0; i < SCRIBBLED; i++)
			spans[i].flags |= RBMAP_SPAN_TORN;
		spans[SCRIBBLED].lost = RBMAP_LOST_UNKNOWN;
		ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 8), 0);
	}
	scribbler.stop = true;
	pthread_join(thread, NULL);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 500 * 20);
	for (uint64_t turn = 0; turn < 500; turn++, kept += 20) {
		check_numbers(kept, (turn * 8 + SCRIBBLED) * 10, 20);
		if (found.lost[kept] != RBMAP_LOST_UNKNOWN)
			ck_abort_msg("turn %llu: no loss", (unsigned long long)turn);
	}
	free(memory);
	end();
}
END_TEST

START_TEST(unbroken_begins_behind_a_loss)
{
	static const struct rbmap_tracedat_options unbroken = {
		.flags = RBMAP_TRACEDAT_UNBROKEN,
	};
	static unsigned char memory[4][SIZE];
	struct rbmap_span spans[4];

	begin_with(&unbroken);
	put_some(0, 0, 5);
	flush();
	for (int i = 0; i < 4; i++)
		spans[i] = make_span(memory[i], 0, 5 + i, (5 + i) * RECORDS, BYTES);
	spans[2].lost = 5;
	put(spans, 4);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 2 * RECORDS);
	check_numbers(0, 7 * RECORDS, found.nr);
	ck_assert_uint_eq(found.lost[0], 0);
	/* What was torn takes all before it along. */
	for (int i = 0; i < 4; i++)
		spans[i] = make_span(memory[i], 0, 9 + i, (9 + i) * RECORDS, BYTES);
	put(spans, 4);
	spans[1].flags |= RBMAP_SPAN_TORN;
	spans[2].lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 4), 0);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 2 * RECORDS);
	check_numbers(0, 11 * RECORDS, found.nr);
	ck_assert_uint_eq(found.lost[0], 0);
	ck_assert_uint_lt(file_size(), 64 << 10);
	end();
}
END_TEST

START_TEST(each_level_can_be_read)
{
	struct rbmap_tracedat_work work;

	begin();
	put_some(0, 0, 10);
	flush();
	ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 0,
							 RBMAP_TRACEDAT_FASTER),
			 0);
	put_some(0, 10, 20);
	flush();
	ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 0,
							 RBMAP_TRACEDAT_STORED),
			 0);
	put_some(0, 30, 40);
	flush();
	ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 0,
							 RBMAP_TRACEDAT_NORMAL),
			 0);
	put_some(0, 70, 5);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 75 * RECORDS);
	check_numbers(0, 0, found.nr);
	rbmap_tracedat_writer_work(writer, &work);
	ck_assert_uint_eq(work.bytes, 75 * SIZE);
	ck_assert_uint_eq(work.faster_bytes, 20 * SIZE);
	ck_assert_uint_eq(work.stored_bytes, 40 * SIZE);
	ck_assert_uint_gt(work.file_bytes, 40 * SIZE);
	ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 1,
							 RBMAP_TRACEDAT_FASTER),
			 -ENXIO);
	ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 0, 3), -EINVAL);
	end();
}
END_TEST

/* One alone may be more than a chunk otherwise is; stored, it is several frames. */
START_TEST(large_sub_buffers)
{
	static const uint32_t sizes[] = { 64 << 10, 256 << 10, 1 << 20 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *memory = calloc(2, sizes[i]);
		struct rbmap_span spans[2];

		begin_in("/tmp", sizes[i]);
		ck_assert_int_eq(open_as(&(struct rbmap_tracedat_options){ 0 }), 0);
		for (int j = 0; j < 2; j++)
			spans[j] = make_span(memory + j * sizes[i], 0, j, j * 2000,
					     2000 * RECORD);
		ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 0,
								 RBMAP_TRACEDAT_STORED),
				 0);
		put(spans, 2);
		flush();
		read_cpu(0);
		ck_assert_uint_eq(found.nr, 4000);
		check_numbers(0, 0, found.nr);
		end();
		free(memory);
	}
}
END_TEST

START_TEST(not_compressed)
{
	static const struct rbmap_tracedat_options plain = { .compression = "none" };

	begin_with(&plain);
	put_some(0, 0, 10);
	put_some(2, 0, 20);
	flush();
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 10 * RECORDS);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	read_cpu(0);
	ck_assert_uint_eq(found.nr, 10 * RECORDS);
	read_cpu(2);
	ck_assert_uint_eq(found.nr, 20 * RECORDS);
	check_numbers(0, 0, found.nr);
	end();
}
END_TEST

START_TEST(options_that_go_together)
{
	static const struct rbmap_tracedat_options bad[] = {
		{ .version = 5 },
		{ .version = 8 },
		{ .version = 6, .compression = "zstd" },
		{ .version = 6, .level = 1 },
		{ .compression = "none", .level = 1 },
		{ .compression = "zlib" },
		{ .compression = "zstd", .flags = RBMAP_TRACEDAT_DIRECT },
		{ .level = RBMAP_TRACEDAT_MAX_LEVEL + 1 },
		{ .level = RBMAP_TRACEDAT_MIN_LEVEL - 1 },
	};
	static const struct rbmap_tracedat_options good[] = {
		{ .version = 6, .compression = "none" },
		{ .version = 7, .compression = "none" },
		{ .compression = "zstd", .level = RBMAP_TRACEDAT_MAX_LEVEL },
		{ .compression = "zstd", .level = RBMAP_TRACEDAT_MIN_LEVEL },
	};

	begin_in("/tmp", SIZE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(open_as(&bad[i]), -EINVAL);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(open_as(&good[i]), 0);
		put_some(0, 0, 3);
		ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
		rbmap_tracedat_writer_close(writer);
		writer = NULL;
	}
	end();
}
END_TEST

/* A region that is full says so before the kernel kills with SIGXFSZ. */
START_TEST(regions_keep_to_the_size_limit)
{
	struct rlimit limit = { 4 << 20, 4 << 20 };
	static unsigned char memory[SIZE];
	struct rbmap_span span;
	uint64_t nr = 0;
	int r;

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	begin();
	ck_assert_int_eq(rbmap_tracedat_writer_set_level(writer, 2,
							 RBMAP_TRACEDAT_STORED),
			 0);
	do {
		span = make_span(memory, 2, nr, nr * RECORDS, BYTES);
		r = rbmap_tracedat_writer_put(writer, &span, 1);
	} while (r == 1 && ++nr < 2000);
	ck_assert_int_eq(r, -EFBIG);
	ck_assert_uint_gt(nr, 256);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	read_cpu(2);
	ck_assert_uint_eq(found.nr, nr * RECORDS);
	end();
}
END_TEST

#define THREADS 4
#define PUTS 200

static void *write_cpu(void *argument)
{
	unsigned char(*memory)[SIZE] = calloc(8, SIZE);
	int cpu = *(int *)argument;
	struct rbmap_span spans[8];

	for (uint64_t turn = 0; turn < PUTS; turn++) {
		for (int i = 0; i < 8; i++) {
			uint64_t seq = turn * 8 + i;

			dat_fill(&layout, memory[i], BYTES, seq * RECORDS);
			spans[i] = dat_span(&layout, memory[i], cpu, seq, BYTES);
		}
		if (rbmap_tracedat_writer_put(writer, spans, 8) != 8)
			break;
		/* Some callers settle, others do not. */
		if (turn % 2)
			rbmap_tracedat_writer_discard(writer, spans, 8);
		if (turn % 16 == 0)
			rbmap_tracedat_writer_flush_cpu(writer, cpu);
		rbmap_tracedat_writer_set_level(writer, cpu, turn / 8 % 3);
	}
	free(memory);
	return NULL;
}

START_TEST(several_threads)
{
	static const int all[THREADS] = { 0, 1, 2, 3 };
	static const struct rbmap_tracedat_options of_all = { .cpus = all,
							      .nr_cpus = THREADS };
	struct rbmap_tracedat_work work = { 0 };
	pthread_t threads[THREADS];

	begin_with(&of_all);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_cpu,
						(void *)&all[i]),
				 0);
	while (work.bytes < THREADS * SIZE)
		rbmap_tracedat_writer_work(writer, &work);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	for (int i = 0; i < THREADS; i++) {
		read_cpu(i);
		ck_assert_uint_eq(found.nr, PUTS * 8 * RECORDS);
		check_numbers(0, 0, found.nr);
	}
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_flushed_is_in_the_file,
		a_flush_writes_what_changed,
		what_grows_is_stored_in_pieces,
		a_first_span_from_the_middle,
		loss_is_stored,
		torn_ones_are_left_out,
		memory_that_changes_meanwhile,
		unbroken_begins_behind_a_loss,
		each_level_can_be_read,
		large_sub_buffers,
		not_compressed,
		options_that_go_together,
		regions_keep_to_the_size_limit,
		several_threads,
	};

	return RUN_TESTS("tracedat-chunks", tests);
}
