/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace.dat reader, over files made by hand. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/events.h>
#include <rbmap/tracedat.h>

#include "dat-make.h"

/* Not at each byte of each kind of file: libtraceevent loads its plugins every time. */
#define STRIDE 17

#define ALL_RECORDS (4 * MADE_SUBBUFS * MADE_RECORDS)

static const struct made_kind kinds[] = {
	{ 6, false, 8, NULL },	 { 6, false, 4, NULL },	  { 6, true, 8, NULL },
	{ 6, true, 4, NULL },	 { 7, false, 8, NULL },	  { 7, false, 8, "zlib" },
	{ 7, false, 8, "zstd" }, { 7, false, 4, "zstd" }, { 7, true, 4, "zlib" },
	{ 7, true, 8, "zstd" },
};

#define NR_KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))
/* They come first. */
#define NR_KINDS_V6 4

static struct made made;
static struct rbmap_tracedat_reader *reader;
static int fd = -1;

static void close_file(void)
{
	rbmap_tracedat_reader_close(reader);
	reader = NULL;
	if (fd >= 0)
		close(fd);
	fd = -1;
}

static void teardown(void)
{
	close_file();
	made_free(&made);
}

static int open_first(size_t size)
{
	close_file();
	fd = made_file(&made, size);
	return rbmap_tracedat_reader_open(&reader, fd, NULL);
}

static void open_kind(const struct made_kind *kind)
{
	made_build(&made, kind);
	ck_assert_int_eq(open_first(made.size), 0);
}

static size_t nr_faults(void)
{
	const struct rbmap_tracedat_fault *faults;

	return rbmap_tracedat_reader_faults(reader, &faults);
}

static uint32_t number_of(const struct rbmap_record *record, size_t buffer)
{
	struct rbmap_events *events = rbmap_tracedat_reader_events(reader, buffer);

	ck_assert_int_eq(record->size, 12);
	ck_assert_ptr_nonnull(rbmap_events_find(events, record));
	return tep_read_number(rbmap_events_tep(events), (const char *)record->data + 8,
			       4);
}

/* All that is left, as far as it goes; @ret may be NULL. */
static int read_on(struct rbmap_record *ret)
{
	struct rbmap_record record;
	int nr = 0, r;

	while ((r = rbmap_tracedat_reader_next(reader, &record, NULL)) > 0) {
		nr++;
		if (ret)
			*ret = record;
	}
	ck_assert_int_eq(r, 0);
	return nr;
}

START_TEST(head)
{
	const struct rbmap_tracedat_buffer *buffers;
	const struct rbmap_tracedat_info *info;

	open_kind(&kinds[_i]);
	info = rbmap_tracedat_reader_info(reader);
	ck_assert_uint_eq(info->version, kinds[_i].version);
	ck_assert(info->big_endian == kinds[_i].big_endian);
	ck_assert_uint_eq(info->long_size, kinds[_i].long_size);
	ck_assert_uint_eq(info->size, made.size);
	ck_assert_uint_eq(info->nr_cpus, 2);
	ck_assert_str_eq(info->clock, "boot");
	ck_assert(!info->in_seconds);
	ck_assert_str_eq(info->system, "Linux made 6.18 x86_64");
	ck_assert_str_eq(info->writer, "maker 1");
	ck_assert_str_eq(info->compression,
			 kinds[_i].compression ? kinds[_i].compression : "none");
	ck_assert_str_eq(info->cpu_stats[0], "CPU: 0\nentries: 0\n");
	ck_assert_ptr_null(info->cpu_stats[1]);
	ck_assert_uint_eq(rbmap_tracedat_reader_buffers(reader, &buffers), 2);
	ck_assert_str_eq(buffers[0].name, "");
	ck_assert_str_eq(buffers[1].name, "other");
	ck_assert_uint_eq(buffers[0].layout.commit_size, kinds[_i].long_size);
	ck_assert_uint_eq(buffers[0].layout.subbuf_size, MADE_SUBBUF);
	ck_assert_uint_eq(buffers[0].nr_cpus, 2);
	ck_assert_uint_eq(buffers[0].cpus[1].offset, made.data[0][1]);
	ck_assert_uint_eq(nr_faults(), 0);
}
END_TEST

/* Of one number: of CPU 0 in both buffers, then of CPU 1 in both. */
START_TEST(records_in_order)
{
	struct rbmap_record record;
	size_t buffer;

	open_kind(&kinds[_i]);
	for (uint32_t i = 0; i < ALL_RECORDS; i++) {
		uint32_t number = i / 4;
		int cpu = i % 4 / 2;

		ck_assert_int_eq(rbmap_tracedat_reader_next(reader, &record, &buffer),
				 1);
		ck_assert_uint_eq(buffer, i % 2);
		ck_assert_int_eq(record.cpu, cpu);
		ck_assert_uint_eq(record.time_stamp, 1000 + 10 * number + 2 * cpu);
		ck_assert_uint_eq(number_of(&record, buffer), number);
		ck_assert_uint_eq(record.lost,
				  cpu == 1 && number == MADE_RECORDS ? 3 : 0);
	}
	ck_assert_int_eq(rbmap_tracedat_reader_next(reader, &record, &buffer), 0);
	ck_assert_uint_eq(nr_faults(), 0);
}
END_TEST

START_TEST(a_line)
{
	struct rbmap_record record;
	struct trace_seq text;
	size_t buffer;

	open_kind(&kinds[_i]);
	trace_seq_init(&text);
	ck_assert_int_eq(rbmap_tracedat_reader_next(reader, &record, &buffer), 1);
	ck_assert_int_eq(rbmap_events_text(rbmap_tracedat_reader_events(reader, buffer),
					   &record, &text),
			 0);
	trace_seq_terminate(&text);
	ck_assert_str_eq(text.buffer,
			 "           maker-5     [000]        1000: number:           "
			 "    number=0");
	trace_seq_destroy(&text);
}
END_TEST

START_TEST(names_of_functions)
{
	struct tep_handle *tep;

	open_kind(&kinds[_i]);
	tep = rbmap_events_tep(rbmap_tracedat_reader_events(reader, 0));
	ck_assert_str_eq(tep_find_function(tep, 0x1004), "made_function");
}
END_TEST

START_TEST(spans)
{
	struct rbmap_span span;

	open_kind(&kinds[_i]);
	for (unsigned int i = 0; i < MADE_SUBBUFS; i++) {
		ck_assert_int_eq(rbmap_tracedat_reader_take(reader, 1, 1, &span), 1);
		ck_assert_uint_eq(span.seq, i);
		ck_assert_uint_eq(span.to, 16 * MADE_RECORDS);
		ck_assert_uint_eq(span.time_stamp, 1002 + 10 * MADE_RECORDS * i);
		ck_assert_uint_eq(span.lost, i == 1 ? 3 : 0);
		ck_assert_int_eq(span.cpu, 1);
	}
	ck_assert_int_eq(rbmap_tracedat_reader_take(reader, 1, 1, &span), 0);
	ck_assert_int_eq(rbmap_tracedat_reader_take(reader, 1, 2, &span), -EINVAL);
	ck_assert_int_eq(rbmap_tracedat_reader_take(reader, 2, 0, &span), -EINVAL);
}
END_TEST

START_TEST(cpus_left_out_and_again)
{
	struct rbmap_record record;
	int cpu = 1;

	open_kind(&kinds[_i]);
	rbmap_tracedat_reader_choose(reader, &cpu, 1);
	ck_assert_int_eq(read_on(&record), ALL_RECORDS / 2);
	ck_assert_int_eq(record.cpu, 1);
	ck_assert_uint_ge(rbmap_tracedat_reader_place(reader), made.data[1][1]);
	rbmap_tracedat_reader_rewind(reader);
	rbmap_tracedat_reader_choose(reader, NULL, 0);
	ck_assert_int_eq(read_on(NULL), ALL_RECORDS);
}
END_TEST

/*
 * The longer the file, the more of it can be read, and what is missing is told; only
 * the fill before a section may miss unnoticed.
 */
START_TEST(cut_off_anywhere)
{
	int before = 0, nr, r;

	made_build(&made, &kinds[_i]);
	for (size_t size = _i % STRIDE; size < made.size; size += STRIDE) {
		r = open_first(size);
		if (r < 0) {
			ck_assert_int_eq(r, -EBADMSG);
			ck_assert_uint_lt(size, 32);
			continue;
		}
		nr = read_on(NULL);
		ck_assert_uint_gt(nr_faults(), 0);
		ck_assert_int_ge(nr, before);
		ck_assert_int_le(nr, ALL_RECORDS);
		before = nr;
	}
	/* At the most the end of the last options is missing. */
	ck_assert_int_eq(before, ALL_RECORDS);
}
END_TEST

/* AddressSanitizer's, where it is there. */
void __lsan_disable(void) __attribute__((weak));

/*
 * Whatever the bytes are, nothing is read but the file, and it ends. Not those of the
 * event's format, which libtraceevent parses. It leaks where it cannot.
 */
START_TEST(flipped_bytes)
{
	if (__lsan_disable)
		__lsan_disable();
	made_build(&made, &kinds[_i]);
	for (size_t at = _i % STRIDE; at < made.size; at += STRIDE) {
		if (at - made.format < made.format_size)
			continue;
		made.bytes[at] ^= 1 << at * 3 % 8;
		if (open_first(made.size) == 0)
			read_on(NULL);
		made.bytes[at] ^= 1 << at * 3 % 8;
	}
}
END_TEST

START_TEST(broken_subbuf_is_told_and_passed_over)
{
	const struct rbmap_tracedat_fault *faults;
	struct rbmap_record record;
	int nr = 0;

	made_build(&made, &kinds[0]);
	/* More than a sub-buffer has room for, in the second one of CPU 0. */
	made.bytes[made.data[0][0] + MADE_SUBBUF + 9] = 0x7f;
	ck_assert_int_eq(open_first(made.size), 0);
	while (rbmap_tracedat_reader_next(reader, &record, NULL) > 0) {
		if (record.lost == RBMAP_LOST_UNKNOWN) {
			ck_assert_uint_eq(number_of(&record, 0), 2 * MADE_RECORDS);
			nr += 1000;
		}
		nr++;
	}
	ck_assert_int_eq(nr, 1000 + ALL_RECORDS - MADE_RECORDS);
	ck_assert_uint_eq(rbmap_tracedat_reader_faults(reader, &faults), 1);
	ck_assert_uint_eq(faults[0].offset, made.data[0][0] + MADE_SUBBUF);
	ck_assert_ptr_nonnull(strstr(faults[0].text, "CPU 0: "));
	rbmap_tracedat_reader_rewind(reader);
	ck_assert_int_eq(read_on(NULL), ALL_RECORDS - MADE_RECORDS);
	ck_assert_uint_eq(nr_faults(), 1);
}
END_TEST

static int warnings_of_other;

static void count_message(void *context, enum rbmap_log_level level,
			  const char *message)
{
	(void)context;
	if (level == RBMAP_LOG_WARNING && strstr(message, "buffer other: "))
		warnings_of_other++;
}

static void open_with_log(void)
{
	static const struct rbmap_log log = { .write = count_message };

	close_file();
	warnings_of_other = 0;
	fd = made_file(&made, made.size);
	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fd, &log), 0);
}

static unsigned char *find_in_head(const char *text, size_t size)
{
	unsigned char *found = memmem(made.bytes, made.head, text, size);

	ck_assert_ptr_nonnull(found);
	return found;
}

/* As trace-cmd split leaves it. */
START_TEST(option_without_a_place_before_that_with_one)
{
	const struct rbmap_tracedat_buffer *buffers;
	unsigned char *place, *option;

	made_build(&made, &kinds[_i]);
	place = find_in_head("other", 6) - 8;
	option = find_in_head("not known here", 14);
	option[kinds[_i].big_endian - 6] = 3;
	memset(option, 0, 8);
	memcpy(option + 8, "other", 6);
	open_with_log();
	ck_assert_int_eq(warnings_of_other, 0);
	ck_assert_uint_eq(nr_faults(), 0);
	ck_assert_uint_eq(rbmap_tracedat_reader_buffers(reader, &buffers), 2);
	ck_assert_uint_eq(buffers[1].nr_cpus, 2);
	ck_assert_int_eq(read_on(NULL), ALL_RECORDS);
	/* And where the table is never written. */
	memset(place, 0, 8);
	open_with_log();
	ck_assert_int_eq(warnings_of_other, 1);
	ck_assert_uint_eq(nr_faults(), 0);
	ck_assert_uint_eq(rbmap_tracedat_reader_buffers(reader, &buffers), 1);
	ck_assert_int_eq(read_on(NULL), ALL_RECORDS / 2);
}
END_TEST

START_TEST(no_trace_dat)
{
	made_build(&made, &kinds[0]);
	made.bytes[3] = 'x';
	ck_assert_int_eq(open_first(made.size), -EBADMSG);
	made.bytes[3] = 't';
	made.bytes[10] = '5';
	ck_assert_int_eq(open_first(made.size), -EOPNOTSUPP);
	made_free(&made);
	made_build(&made, &(struct made_kind){ 7, false, 8, "zstd" });
	memcpy(made.bytes + 18, "brot", 4);
	ck_assert_int_eq(open_first(made.size), -EOPNOTSUPP);
	close_file();
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fd, NULL), -ESPIPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tracedat-read");
	TCase *tests = tcase_create("reader");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, head, 0, NR_KINDS);
	tcase_add_loop_test(tests, records_in_order, 0, NR_KINDS);
	tcase_add_loop_test(tests, a_line, 0, NR_KINDS);
	tcase_add_loop_test(tests, names_of_functions, 0, NR_KINDS);
	tcase_add_loop_test(tests, spans, 0, NR_KINDS);
	tcase_add_loop_test(tests, cpus_left_out_and_again, 0, NR_KINDS);
	tcase_add_loop_test(tests, cut_off_anywhere, 0, NR_KINDS);
	tcase_add_loop_test(tests, flipped_bytes, 0, NR_KINDS);
	tcase_add_test(tests, broken_subbuf_is_told_and_passed_over);
	tcase_add_loop_test(tests, option_without_a_place_before_that_with_one, 0,
			    NR_KINDS_V6);
	tcase_add_test(tests, no_trace_dat);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
