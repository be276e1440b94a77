/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace.dat writer, with a tree of files in place of tracefs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include <rbmap/record.h>

#include "dat-file.h"
#include "span/subbuf.h"
#include "tracedat/write/symbols.h"
#include "tracedat/write/writer.h"

#define MISSED (UINT32_C(1) << 31)
#define STORED (UINT32_C(1) << 30)
/* Of what a file system keeps for itself, and of the last block. */
#define ALLOCATION_SLACK (64 << 10)

static char tree[TREE_PATH];
static char path[128];
static int fd = -1;
static int warnings;
static struct rbmap_tracedat_symbols *symbols;
static unsigned int version = 6;
static struct rbmap_tracedat_writer *writer;
static struct rbmap_layout layout = { 4096, 16, 8, 8, false };

static void begin(const char *dir)
{
	dat_make_tree(tree);
	warnings = 0;
	snprintf(path, sizeof(path), "%s/rbmap-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
}

static void setup(void)
{
	layout = (struct rbmap_layout){ 4096, 16, 8, 8, false };
	begin("/tmp");
}

static void teardown(void)
{
	rbmap_tracedat_writer_close(writer);
	writer = NULL;
	rbmap_tracedat_symbols_free(symbols);
	symbols = NULL;
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}

static void count_warning(void *context, enum rbmap_log_level level,
			  const char *message)
{
	if (level == RBMAP_LOG_WARNING)
		warnings++;
}

static int open_with(int to, const int *cpus, size_t nr_cpus, const char *const *events)
{
	char kallsyms[96];
	struct rbmap_tracedat_options options = {
		.size = sizeof(options),
		.layout = &layout,
		.cpus = cpus,
		.nr_cpus = nr_cpus,
		.version = version,
		.events = events,
		.log = { count_warning, NULL },
	};
	struct tracedat_source source = {
		.instance_dir = strdup(tree),
		.top_dir = strdup(tree),
		.symbols = symbols,
	};

	snprintf(kallsyms, sizeof(kallsyms), "%s/kallsyms", tree);
	source.kallsyms = strdup(kallsyms);
	return rbmap_tracedat_open(&writer, to, &options, &source);
}

static void open_writer(void)
{
	static const int cpus[] = { 0, 2 };

	ck_assert_int_eq(open_with(fd, cpus, 2, NULL), 0);
}

static int put(struct rbmap_span span)
{
	int r = rbmap_tracedat_writer_put(writer, &span, 1);

	return r == 1 ? 0 : r;
}

static uint64_t writes(void)
{
	struct rbmap_tracedat_work work;

	rbmap_tracedat_writer_work(writer, &work);
	return work.writes;
}

static unsigned char *slot_of(const struct dat_parsed *parsed, int cpu, uint64_t slot)
{
	static unsigned char bytes[1 << 16];

	ck_assert_int_eq(pread(fd, bytes, layout.subbuf_size,
			       parsed->entries[cpu][0] + slot * layout.subbuf_size),
			 layout.subbuf_size);
	return bytes;
}

static uint32_t commit_of(const unsigned char *slot)
{
	uint32_t commit;

	memcpy(&commit, slot + layout.commit_offset, sizeof(commit));
	return commit;
}

static uint64_t count_of(const unsigned char *slot, uint32_t to)
{
	uint64_t count;

	memcpy(&count, slot + layout.data_offset + to, sizeof(count));
	return count;
}

/* Bytes of the disk. */
static uint64_t allocated(void)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return (uint64_t)status.st_blocks * 512;
}

static uint64_t file_size(void)
{
	struct stat status;

	ck_assert_int_eq(fstat(fd, &status), 0);
	return status.st_size;
}

START_TEST(head_is_whole)
{
	struct dat_parsed parsed;

	open_writer();
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.page_size, 4096);
	ck_assert_uint_eq(parsed.ftrace_events, 1);
	ck_assert_uint_eq(parsed.systems, 2);
	ck_assert_uint_eq(parsed.nr_cpus, 3);
	/* Clock, uname, version, trace id, two CPUs, and a clock anchor. */
	ck_assert_uint_eq(parsed.nr_options, 7);
	ck_assert_str_eq(parsed.clock, "[mono]");
	ck_assert_int_eq(strncmp(parsed.cmdlines, "1 init\n\n", 8), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(parsed.entries[i][1], 0);
		ck_assert_uint_le(parsed.entries[i][0], file_size());
	}
	ck_assert_uint_lt(file_size(), 1 << 20);
}
END_TEST

static void read_symbols(void)
{
	char name[96];

	snprintf(name, sizeof(name), "%s/kallsyms", tree);
	ck_assert_int_eq(rbmap_tracedat_symbols_from(&symbols, name), 0);
}

static bool file_has(const char *text)
{
	size_t size = file_size();
	char *bytes = malloc(size);
	bool has;

	ck_assert_int_eq(pread(fd, bytes, size, 0), size);
	has = memmem(bytes, size, text, strlen(text));
	free(bytes);
	return has;
}

/* More than the head is written in at once. */
START_TEST(symbols_that_were_read_before)
{
	static char many[20000 * 16 + 1];
	struct dat_parsed parsed;

	for (int i = 0; i < 20000; i++)
		snprintf(many + (size_t)i * 16, 17, "%08x T s%03x\n", i, i % 4096);
	dat_put_file(tree, "kallsyms", many);
	read_symbols();
	dat_put_file(tree, "kallsyms", "0 T of_later\n");
	open_writer();
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.nr_options, 7);
	ck_assert(file_has(many));
	ck_assert(!file_has("of_later"));
}
END_TEST

/* The head is the same as where they are compressed as it is written. */
START_TEST(symbols_compressed_ahead)
{
	char *before, *after;
	uint64_t size;

	version = 7;
	dat_put_file(tree, "kallsyms", "0 T begin\n1 T end\n");
	read_symbols();
	open_writer();
	size = writer->tail;
	before = malloc(size);
	after = malloc(size);
	ck_assert_int_eq(pread(fd, before, size, 0), size);
	rbmap_tracedat_writer_close(writer);
	ck_assert_int_eq(rbmap_tracedat_symbols_compress(symbols), 0);
	ck_assert_int_eq(rbmap_tracedat_symbols_compress(symbols), 0);
	dat_put_file(tree, "kallsyms", "0 T of_later\n");
	open_writer();
	ck_assert_uint_eq(writer->tail, size);
	ck_assert_int_eq(pread(fd, after, size, 0), size);
	ck_assert_mem_eq(after, before, size);
	free(before);
	free(after);
	rbmap_tracedat_writer_close(writer);
	/* Where nothing is compressed, they are there as well. */
	version = 6;
	open_writer();
	ck_assert(file_has("0 T begin\n1 T end\n"));
}
END_TEST

START_TEST(symbols_that_could_not_be_read_before)
{
	struct dat_parsed parsed;
	char name[96];

	snprintf(name, sizeof(name), "%s/kallsyms", tree);
	ck_assert_int_eq(unlink(name), 0);
	read_symbols();
	dat_put_file(tree, "kallsyms", "0 T of_later\n");
	open_writer();
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.nr_options, 7);
	ck_assert(!file_has("of_later"));
	ck_assert_int_eq(rbmap_tracedat_symbols_from(&symbols, tree), -EISDIR);
}
END_TEST

START_TEST(only_the_events_asked_for)
{
	static const char *const events[] = { "sched:sched_waking", "ftrace:print",
					      "sched:sched_waking", NULL };
	static const char *const none[] = { NULL };
	static const char *const unknown[] = { "sched:nothing", NULL };
	static const char *const bad[] = { "../x:y", NULL };
	static const int cpu = 0;
	struct dat_parsed parsed;

	ck_assert_int_eq(open_with(fd, &cpu, 1, unknown), -ENOENT);
	ck_assert_int_eq(open_with(fd, &cpu, 1, bad), -EINVAL);
	ck_assert_ptr_null(writer);
	ck_assert_int_eq(open_with(fd, &cpu, 1, none), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.systems, 0);
	rbmap_tracedat_writer_close(writer);
	ck_assert_int_eq(open_with(fd, &cpu, 1, events), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.ftrace_events, 1);
	ck_assert_uint_eq(parsed.systems, 1);
}
END_TEST

START_TEST(bad_options)
{
	static const int cpus[] = { 1, 1 }, negative = -1;
	int other, ends[2];

	ck_assert_int_eq(open_with(fd, cpus, 2, NULL), -EINVAL);
	ck_assert_int_eq(open_with(fd, &negative, 1, NULL), -EINVAL);
	ck_assert_int_eq(open_with(fd, cpus, 0, NULL), -EINVAL);
	layout.subbuf_size = 5000;
	ck_assert_int_eq(open_with(fd, cpus, 1, NULL), -EINVAL);
	layout.subbuf_size = 4096;
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(open_with(ends[1], cpus, 1, NULL), -ESPIPE);
	close(ends[0]);
	close(ends[1]);
	other = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(open_with(other, cpus, 1, NULL), -EBADF);
	close(other);
	other = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(open_with(other, cpus, 1, NULL), -EINVAL);
	close(other);
	ck_assert_ptr_null(writer);
}
END_TEST

START_TEST(adjacent_spans_are_one_write)
{
	unsigned char ring[4][4096] = { 0 };
	struct rbmap_span spans[4];
	struct dat_parsed parsed;
	uint64_t before;

	open_writer();
	for (int i = 0; i < 4; i++) {
		dat_fill(&layout, ring[i], 80, i * 10);
		spans[i] = dat_span(&layout, ring[i], 2, i + 7, 80);
	}
	before = writes();
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 4), 4);
	ck_assert_uint_eq(writes(), before + 1);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.entries[2][1], 0);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	ck_assert_uint_eq(writes(), before + 2);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.entries[0][1], 0);
	ck_assert_uint_eq(parsed.entries[2][1], 4 * 4096);
	for (int i = 0; i < 4; i++)
		ck_assert_mem_eq(slot_of(&parsed, 2, i), ring[i], 4096);
}
END_TEST

/* Sub-buffers of which the growth fits a page, and others. */
START_TEST(growing_keeps_its_slot)
{
	unsigned char subbuf[1 << 16] = { 0 }, *slot;
	struct rbmap_span span;
	struct dat_parsed parsed;
	uint32_t size = _i == 4096 ? 2048 : 9000;

	layout.subbuf_size = _i;
	open_writer();
	dat_fill(&layout, subbuf, 2 * size, 5);
	for (uint32_t to = size / 2; to <= size; to += size / 2) {
		/* The kernel's word is ahead of what the span tells. */
		span = dat_span(&layout, subbuf, 0, 9, to);
		span.flags = RBMAP_SPAN_GROWING;
		span.from = to - size / 2;
		span.lost = span.from ? 0 : 77;
		ck_assert_int_eq(put(span), 0);
		ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
		ck_assert_uint_ge(file_size(), (uint64_t)layout.subbuf_size);
		dat_parse(path, &parsed);
		ck_assert_uint_eq(parsed.entries[0][1], layout.subbuf_size);
		slot = slot_of(&parsed, 0, 0);
		ck_assert_uint_eq(commit_of(slot), to | MISSED | STORED);
		ck_assert_uint_eq(count_of(slot, to), 77);
		ck_assert_mem_eq(slot + 16, subbuf + 16, to);
		ck_assert_uint_eq(count_of(slot, to + 8), 0);
	}
	/* At last nothing is left to grow, and no room for the count. */
	dat_fill(&layout, subbuf, layout.subbuf_size - 16, 5);
	span = dat_span(&layout, subbuf, 0, 9, layout.subbuf_size - 16);
	span.from = size;
	ck_assert_int_eq(put(span), 0);
	slot = slot_of(&parsed, 0, 0);
	ck_assert_uint_eq(commit_of(slot), (layout.subbuf_size - 16) | MISSED);
	ck_assert_mem_eq(slot + 16, subbuf + 16, layout.subbuf_size - 16);
}
END_TEST

START_TEST(loss_is_stored)
{
	unsigned char subbuf[4096] = { 0 };
	struct rbmap_span span;
	struct dat_parsed parsed;

	open_writer();
	dat_fill(&layout, subbuf, 80, 0);
	span = dat_span(&layout, subbuf, 0, 1, 80);
	span.lost = 5;
	ck_assert_int_eq(put(span), 0);
	span.seq = 2;
	span.lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(put(span), 0);
	rbmap_subbuf_make_header(&layout, subbuf, subbuf + 16 + 80, 0, 80, 6);
	span.seq = 3;
	span.lost = 6;
	memset(subbuf + 4000, 0xaa, 96);
	ck_assert_int_eq(put(span), 0);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(commit_of(slot_of(&parsed, 0, 0)), 80 | MISSED | STORED);
	ck_assert_uint_eq(count_of(slot_of(&parsed, 0, 0), 80), 5);
	ck_assert_uint_eq(commit_of(slot_of(&parsed, 0, 1)), 80 | MISSED);
	/* It said so itself: it went out as it was. */
	ck_assert_mem_eq(slot_of(&parsed, 0, 2), subbuf, sizeof(subbuf));
}
END_TEST

/* Records that someone else consumed are not told again, and the time is right. */
START_TEST(first_span_from_the_middle)
{
	unsigned char subbuf[4096] = { 0 }, *slot;
	struct rbmap_record record;
	struct rbmap_walk walk = { 0 };
	struct rbmap_span span;
	struct dat_parsed parsed;
	uint32_t number;

	open_writer();
	dat_fill(&layout, subbuf, 80, 1000);
	span = dat_span(&layout, subbuf, 0, 0, 48);
	span.from = 24;
	ck_assert_int_eq(put(span), 0);
	span.from = 48;
	span.to = 80;
	ck_assert_int_eq(put(span), 0);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	dat_parse(path, &parsed);
	slot = slot_of(&parsed, 0, 0);
	span = dat_span(&layout, slot, 0, 0, 80);
	ck_assert_int_eq(rbmap_walk_span(&walk, &layout, &span), 0);
	for (uint32_t i = 3; i < 10; i++) {
		ck_assert_int_eq(rbmap_walk_next(&walk, &record), 1);
		memcpy(&number, record.data, sizeof(number));
		ck_assert_uint_eq(number, 1000 + i);
		ck_assert_uint_eq(record.time_stamp, 1000 + i + 1);
	}
	ck_assert_int_eq(rbmap_walk_next(&walk, &record), 0);
}
END_TEST

START_TEST(bad_spans)
{
	unsigned char subbuf[4096] = { 0 };
	struct rbmap_span span, good;
	uint64_t before;

	open_writer();
	dat_fill(&layout, subbuf, 80, 0);
	good = dat_span(&layout, subbuf, 0, 5, 80);
	ck_assert_int_eq(put(good), 0);
	span = good;
	span.cpu = 1;
	ck_assert_int_eq(put(span), -ENXIO);
	span.cpu = 3;
	ck_assert_int_eq(put(span), -ENXIO);
	span.cpu = -1;
	ck_assert_int_eq(put(span), -ENXIO);
	span = good;
	span.seq = 4;
	ck_assert_int_eq(put(span), -EINVAL);
	span = good;
	span.to = 4096;
	ck_assert_int_eq(put(span), -EINVAL);
	span = good;
	span.subbuf_size = 8192;
	ck_assert_int_eq(put(span), -EINVAL);
	before = writes();
	span = good;
	span.seq = 6;
	span.flags = RBMAP_SPAN_TORN;
	ck_assert_int_eq(put(span), 0);
	span.flags = 0;
	span.from = span.to;
	ck_assert_int_eq(put(span), 0);
	ck_assert_uint_eq(writes(), before);
}
END_TEST

static void put_many(int cpu, int nr, unsigned char mark)
{
	unsigned char subbuf[4096];

	memset(subbuf, mark, sizeof(subbuf));
	dat_fill(&layout, subbuf, 80, 0);
	for (int i = 0; i < nr; i++)
		ck_assert_int_eq(put(dat_span(&layout, subbuf, cpu, i, 80)), 0);
}

/* On file systems that can collapse a range and on those that cannot. */
START_TEST(finish_leaves_no_holes)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/dev/shm" };
	struct dat_parsed parsed;

	if (access(dirs[_i], W_OK) < 0)
		return;
	teardown();
	begin(dirs[_i]);
	open_writer();
	put_many(0, 40, 1);
	put_many(2, 300, 2);
	dat_put_file(tree, "saved_cmdlines", "1 init\n2 kthreadd\n");
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_int_eq(strncmp(parsed.cmdlines, "1 init\n2 kthreadd\n", 18), 0);
	ck_assert_uint_lt(parsed.cmdlines_size, 18 + 16);
	/* The second clock anchor is new. */
	ck_assert_uint_eq(parsed.nr_options, 8);
	ck_assert_uint_eq(parsed.entries[0][1], 40 * 4096);
	ck_assert_uint_eq(parsed.entries[2][1], 300 * 4096);
	ck_assert_uint_eq(parsed.entries[2][0] % 4096, 0);
	ck_assert_uint_eq(file_size(), parsed.entries[2][0] + parsed.entries[2][1]);
	ck_assert_uint_lt(file_size(), 3 << 20);
	ck_assert_uint_le(allocated(), file_size() + ALLOCATION_SLACK);
	for (int i = 0; i < 40; i++)
		ck_assert_uint_eq(slot_of(&parsed, 0, i)[4095], 1);
	for (int i = 0; i < 300; i++)
		ck_assert_uint_eq(slot_of(&parsed, 2, i)[4095], 2);
	ck_assert_int_eq(warnings, 0);
}
END_TEST

/* ext4 has blocks set aside; never more than were written, also of a writer that dies.
 */
START_TEST(at_most_as_much_again_is_set_aside)
{
	unsigned char subbuf[4096];
	uint64_t head, size;

	open_writer();
	head = allocated();
	dat_fill(&layout, subbuf, 80, 0);
	for (int i = 1; i <= 3000; i++) {
		ck_assert_int_eq(put(dat_span(&layout, subbuf, 2, i, 80)), 0);
		size = (uint64_t)i * sizeof(subbuf);
		ck_assert_uint_ge(allocated(), head + size);
		ck_assert_uint_le(allocated(), head + 2 * size + ALLOCATION_SLACK);
	}
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	ck_assert_uint_le(allocated(), file_size() + ALLOCATION_SLACK);
}
END_TEST

START_TEST(finish_with_empty_cpus)
{
	struct dat_parsed parsed;

	open_writer();
	if (_i)
		put_many(2, 3, 9);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.entries[0][1], 0);
	ck_assert_uint_eq(parsed.entries[2][1], _i ? 3 * 4096 : 0);
	ck_assert_uint_lt(file_size(), 1 << 20);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_le(parsed.entries[i][0] + parsed.entries[i][1],
				  file_size());
	if (_i)
		ck_assert_uint_eq(slot_of(&parsed, 2, 2)[4095], 9);
}
END_TEST

/* A region that is full says so before the kernel kills with SIGXFSZ. */
START_TEST(regions_keep_to_the_size_limit)
{
	struct rlimit limit = { 4 << 20, 4 << 20 };
	unsigned char subbuf[4096] = { 0 };
	struct dat_parsed parsed;
	uint64_t nr = 0;
	int r;

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	open_writer();
	dat_fill(&layout, subbuf, 80, 0);
	do {
		r = put(dat_span(&layout, subbuf, 2, nr, 80));
	} while (r == 0 && ++nr < 2000);
	ck_assert_int_eq(r, -EFBIG);
	ck_assert_uint_gt(nr, 256);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.entries[2][1], nr * 4096);
}
END_TEST

START_TEST(unreadable_files_are_left_out)
{
	char name[128];
	struct dat_parsed parsed;

	snprintf(name, sizeof(name), "%s/saved_cmdlines", tree);
	ck_assert_int_eq(unlink(name), 0);
	snprintf(name, sizeof(name), "%s/kallsyms", tree);
	ck_assert_int_eq(unlink(name), 0);
	open_writer();
	ck_assert_int_eq(warnings, 1);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_lt(parsed.cmdlines_size, 16);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tracedat");
	TCase *tests = tcase_create("writer");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, head_is_whole);
	tcase_add_test(tests, symbols_that_were_read_before);
	tcase_add_test(tests, symbols_compressed_ahead);
	tcase_add_test(tests, symbols_that_could_not_be_read_before);
	tcase_add_test(tests, only_the_events_asked_for);
	tcase_add_test(tests, bad_options);
	tcase_add_test(tests, adjacent_spans_are_one_write);
	tcase_add_loop_test(tests, growing_keeps_its_slot, 4096, 4097);
	tcase_add_loop_test(tests, growing_keeps_its_slot, 65536, 65537);
	tcase_add_test(tests, loss_is_stored);
	tcase_add_test(tests, first_span_from_the_middle);
	tcase_add_test(tests, bad_spans);
	tcase_add_loop_test(tests, finish_leaves_no_holes, 0, 3);
	tcase_add_test(tests, at_most_as_much_again_is_set_aside);
	tcase_add_loop_test(tests, finish_with_empty_cpus, 0, 2);
	tcase_add_test(tests, regions_keep_to_the_size_limit);
	tcase_add_test(tests, unreadable_files_are_left_out);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
