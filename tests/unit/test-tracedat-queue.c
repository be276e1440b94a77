/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace.dat writer with a thread that writes: a disk that stalls, and one that
 * fails. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "dat-file.h"
#include "run.h"
#include "span/subbuf.h"
#include "tracedat/write/queue-entry.h"
#include "tracedat/write/writer.h"

#define SIZE 4096
#define RECORDS 400
#define NR 4

static char tree[TREE_PATH];
static char path[] = "/tmp/rbmap-XXXXXX";
static int fd;
static struct rbmap_tracedat_writer *writer;
static const struct rbmap_layout layout = { SIZE, 16, 8, 8, false };
/* The ring's memory, and what it held. */
static _Alignas(SIZE) unsigned char ring[NR][SIZE], before[NR][SIZE];
static pthread_t thread;

/*
 * @bad: the offset at which it takes nothing; -1: none
 * @from, @to: so may only @left writes into this part of it
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t released;
	bool held, checks;
	off_t bad, from, to;
	int left;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .released = PTHREAD_COND_INITIALIZER,
	   .bad = -1 };

/* All that the file promises is in it. */
static void check_file(struct dat_parsed *parsed)
{
	struct rbmap_subbuf_header header;
	unsigned char bytes[SIZE];

	dat_parse(path, parsed);
	for (int cpu = 0; cpu < 3; cpu++)
		for (uint64_t at = 0; at < parsed->entries[cpu][1]; at += SIZE) {
			ck_assert_int_eq(pread(fd, bytes, SIZE,
					       parsed->entries[cpu][0] + at),
					 SIZE);
			ck_assert_int_eq(rbmap_subbuf_header(&layout, bytes, &header),
					 0);
			ck_assert(header.size == RECORDS || header.size == 0);
		}
}

static ssize_t disk_pwritev(int to, const struct iovec *parts, int nr, off_t offset)
{
	struct dat_parsed parsed;
	bool fails;

	pthread_mutex_lock(&disk.lock);
	while (disk.held)
		pthread_cond_wait(&disk.released, &disk.lock);
	fails = offset == disk.bad;
	if (offset > disk.from && offset < disk.to)
		fails = disk.left-- <= 0;
	pthread_mutex_unlock(&disk.lock);
	if (disk.checks)
		check_file(&parsed);
	if (!fails)
		return pwritev(to, parts, nr, offset);
	errno = ENOSPC;
	return -1;
}

static void release(void)
{
	pthread_mutex_lock(&disk.lock);
	disk.held = false;
	pthread_cond_broadcast(&disk.released);
	pthread_mutex_unlock(&disk.lock);
}

static void *write_out(void *context)
{
	ck_assert_int_eq(rbmap_tracedat_writer_write_out(context), 0);
	return NULL;
}

static void begin_version(unsigned int version, uint64_t queue_size)
{
	static const int cpus[] = { 0, 2 };
	struct rbmap_tracedat_options options = {
		.size = sizeof(options),
		.layout = &layout,
		.cpus = cpus,
		.nr_cpus = 2,
		.version = version,
		.queue_size = queue_size,
	};
	struct tracedat_source source;

	dat_make_tree(tree);
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	source = (struct tracedat_source){ .instance_dir = strdup(tree),
					   .top_dir = strdup(tree),
					   .kallsyms = strdup("/nowhere") };
	ck_assert_int_eq(rbmap_tracedat_open(&writer, fd, &options, &source), 0);
}

static void begin(uint64_t queue_size)
{
	begin_version(6, queue_size);
}

static void start(bool held, off_t bad)
{
	struct write_queue *queue = writer->file.queue;
	bool running = false;

	disk.held = held;
	disk.bad = bad;
	queue->options.pwritev = disk_pwritev;
	ck_assert_int_eq(pthread_create(&thread, NULL, write_out, writer), 0);
	while (!running) {
		sched_yield();
		pthread_mutex_lock(&queue->lock);
		running = queue->running;
		pthread_mutex_unlock(&queue->lock);
	}
}

static void end(void)
{
	rbmap_tracedat_writer_close(writer);
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}

static void fill(uint64_t seq)
{
	for (int i = 0; i < NR; i++) {
		dat_fill(&layout, ring[i], RECORDS, (seq + i) * 1000);
		memcpy(before[i], ring[i], SIZE);
	}
}

/* As many as there are, of this CPU. */
static void put(int cpu, uint64_t seq, struct rbmap_span *spans)
{
	for (int i = 0; i < NR; i++)
		spans[i] = dat_span(&layout, ring[i], cpu, seq + i, RECORDS);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, NR), NR);
}

static void check_slots(const struct dat_parsed *parsed, int cpu, uint64_t first)
{
	unsigned char bytes[NR][SIZE];

	ck_assert_int_eq(pread(fd, bytes, sizeof(bytes),
			       parsed->entries[cpu][0] + first * SIZE),
			 sizeof(bytes));
	ck_assert_mem_eq(bytes, before, sizeof(bytes));
}

START_TEST(without_a_queue_all_is_written)
{
	struct rbmap_span spans[NR];

	begin(0);
	ck_assert_int_eq(rbmap_tracedat_writer_write_out(writer), 0);
	fill(1);
	put(2, 1, spans);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), 0);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), NR);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 0), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 1), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 77), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, -1), 0);
	/* Each counts, whatever is in it. */
	spans[0] = dat_span(&layout, ring[0], 2, NR, RECORDS);
	spans[0].from = RECORDS;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), 1);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), NR + 1);
	end();
}
END_TEST

START_TEST(a_stall_holds_up_no_put)
{
	struct rbmap_tracedat_work work;
	struct rbmap_span spans[NR];
	struct dat_parsed parsed;

	begin(1 << 20);
	start(true, -1);
	fill(1);
	put(2, 1, spans);
	/* The ring goes on. */
	memset(ring, 0xff, sizeof(ring));
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.entries[2][1], 0);
	release();
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	check_file(&parsed);
	ck_assert_uint_eq(parsed.entries[2][1], NR * SIZE);
	check_slots(&parsed, 2, 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), NR);
	rbmap_tracedat_writer_work(writer, &work);
	ck_assert_uint_eq(work.queue_copied, NR * SIZE);
	ck_assert_uint_ge(work.queue_high, NR * SIZE);
	ck_assert_uint_eq(work.queue_full_ns, 0);
	end();
}
END_TEST

START_TEST(the_file_is_valid_at_each_write)
{
	struct rbmap_span spans[NR];
	struct dat_parsed parsed;

	begin(1 << 20);
	disk.checks = true;
	start(false, -1);
	for (uint64_t seq = 1; seq < 100; seq += NR) {
		fill(seq);
		put(2, seq, spans);
		put(0, seq, spans);
		if (seq % 3 == 0) {
			spans[1].flags |= RBMAP_SPAN_TORN;
			ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans,
								       NR),
					 0);
		}
		ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	}
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	check_file(&parsed);
	ck_assert_uint_eq(parsed.entries[2][1], 25 * NR * SIZE);
	ck_assert_uint_eq(parsed.entries[0][1], 25 * NR * SIZE);
	check_slots(&parsed, 2, 24 * NR);
	end();
}
END_TEST

START_TEST(what_was_not_written_is_no_part_of_the_file)
{
	struct rbmap_span spans[NR], torn[NR];
	struct rbmap_subbuf_header header;
	struct dat_parsed parsed;

	begin(1 << 20);
	start(true, writer->regions[0].start + NR * SIZE);
	fill(1);
	put(2, 1, torn);
	put(0, 1, spans);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	/* This is the one that fails. */
	fill(NR + 1);
	put(0, NR + 1, spans);
	torn[1].flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, torn, NR), 0);
	put(2, NR + 1, spans);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	release();
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), -ENOSPC);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	check_file(&parsed);
	ck_assert_uint_eq(parsed.entries[0][1], NR * SIZE);
	ck_assert_uint_eq(parsed.entries[2][1], NR * SIZE);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 0), NR);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), NR);
	/* What is in the file is corrected even so. */
	ck_assert_int_eq(pread(fd, before, SIZE, parsed.entries[2][0] + SIZE), SIZE);
	ck_assert_int_eq(rbmap_subbuf_header(&layout, before, &header), 0);
	ck_assert_uint_eq(header.size, 0);
	end();
}
END_TEST

/* Sub-buffers of a CPU that can be read back. */
static uint64_t count_subbufs(int cpu)
{
	const struct rbmap_tracedat_buffer *buffers;
	const struct rbmap_tracedat_fault *faults;
	struct rbmap_tracedat_reader *reader;
	struct rbmap_span span;
	uint64_t nr = 0;

	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fd, NULL), 0);
	ck_assert_uint_eq(rbmap_tracedat_reader_buffers(reader, &buffers), 1);
	for (size_t i = 0; i < buffers->nr_cpus; i++)
		while (buffers->cpus[i].cpu == cpu &&
		       rbmap_tracedat_reader_take(reader, 0, i, &span) == 1)
			nr++;
	ck_assert_uint_eq(rbmap_tracedat_reader_faults(reader, &faults), 0);
	rbmap_tracedat_reader_close(reader);
	return nr;
}

/* Compressed: what was put last waits in memory for the next put. */
START_TEST(chunks_are_counted_once_they_are_written)
{
	struct rbmap_span spans[NR];

	begin_version(7, 1 << 20);
	start(false, -1);
	for (uint64_t seq = 1; seq <= 10 * NR; seq += NR) {
		fill(seq);
		put(2, seq, spans);
		put(0, seq, spans);
		/* All of one chunk is torn; nothing comes with what has nothing new. */
		for (int i = 0; seq == 1 && i < NR; i++)
			spans[i].flags |= RBMAP_SPAN_TORN;
		ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, NR), 0);
		spans[0] = spans[NR - 1];
		spans[0].from = spans[0].to;
		ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), 1);
		ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	}
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), 10 * NR);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 0), 10 * (NR + 1));
	ck_assert_uint_eq(count_subbufs(2), 10 * NR);
	ck_assert_uint_eq(count_subbufs(0), 9 * NR);
	end();
}
END_TEST

START_TEST(chunks_that_were_not_written_are_no_part_of_the_file)
{
	struct rbmap_span spans[NR];
	int r = 0;

	begin_version(7, 1 << 20);
	start(true, -1);
	disk.from = writer->regions[0].start;
	disk.to = disk.from + writer->spacing;
	disk.left = 3;
	for (uint64_t seq = 1; seq <= 10 * NR; seq += NR) {
		fill(seq);
		put(2, seq, spans);
		put(0, seq, spans);
	}
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 0), 0);
	release();
	/* What is put from now on may be taken or not. */
	fill(10 * NR + 1);
	for (int i = 0; r >= 0 && i < NR; i++) {
		spans[0] = dat_span(&layout, ring[i], 0, 10 * NR + 1 + i, RECORDS);
		r = rbmap_tracedat_writer_put(writer, spans, 1);
	}
	ck_assert(r == 1 || r == -ENOSPC);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), -ENOSPC);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 0), 3 * NR);
	ck_assert_uint_eq(count_subbufs(0), 3 * NR);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), 4 * NR);
	ck_assert_uint_eq(count_subbufs(2), 4 * NR);
	end();
}
END_TEST

START_TEST(later_calls_tell_of_the_failure)
{
	struct rbmap_span spans[NR];

	begin(1 << 20);
	start(true, writer->regions[1].start);
	fill(1);
	put(2, 1, spans);
	release();
	while (rbmap_tracedat_writer_flush(writer) == 0)
		sched_yield();
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), -ENOSPC);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), -EINVAL);
	spans[0].seq = 100;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), -ENOSPC);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), -ENOSPC);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(rbmap_tracedat_writer_written(writer, 2), 0);
	end();
}
END_TEST

START_TEST(close_alone_ends_the_thread)
{
	struct rbmap_span spans[NR];
	struct dat_parsed parsed;

	begin(1 << 20);
	start(false, -1);
	fill(1);
	put(2, 1, spans);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	rbmap_tracedat_writer_close(writer);
	writer = NULL;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	check_file(&parsed);
	ck_assert_uint_eq(parsed.entries[2][1], NR * SIZE);
	check_slots(&parsed, 2, 0);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		without_a_queue_all_is_written,
		a_stall_holds_up_no_put,
		the_file_is_valid_at_each_write,
		what_was_not_written_is_no_part_of_the_file,
		chunks_are_counted_once_they_are_written,
		chunks_that_were_not_written_are_no_part_of_the_file,
		later_calls_tell_of_the_failure,
		close_alone_ends_the_thread,
	};

	return RUN_TESTS("tracedat-queue", tests);
}
