// SPDX-License-Identifier: GPL-2.0-only
/* Records printed later, and by other threads, beside those printed at once. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/batch.h>
#include <rbmap/events.h>

#include "events/events.h"
#include "random.h"
#include "run.h"

#define RECORDS 800
#define PIDS 150
#define MOST_DATA 64
#define BATCH 8192
#define PRINTERS 2

#define COMMON \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

/* Of which nothing is known in @formats: UNKNOWN. */
enum {
	NUMBER = 100,
	CALLER,
	BITS,
	NAMED,
	WAKEUP,
	UNKNOWN,
	NR_KINDS = UNKNOWN + 1 - NUMBER
};

static const struct {
	const char *system, *text;
} formats[] = {
	{ "test", "name: number\nID: 100\n" COMMON
		  "\tfield:u64 value;\toffset:8;\tsize:8;\tsigned:0;\n\n"
		  "print fmt: \"value=%llu 0x%llx\", REC->value, REC->value\n" },
	{ "test", "name: caller\nID: 101\n" COMMON
		  "\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
		  "\tfield:unsigned long parent;\toffset:16;\tsize:8;\tsigned:0;\n\n"
		  "print fmt: \"%ps <- %pS\", (void *)REC->ip, (void *)REC->parent\n" },
	/* Given up at each record: a mask in a width. */
	{ "test",
	  "name: bits\nID: 102\n" COMMON
	  "\tfield:__data_loc cpumask_t mask;\toffset:8;\tsize:4;\tsigned:0;\n\n"
	  "print fmt: \"mask=%20s\", __get_cpumask(mask)\n" },
	/* Does not compile: a string of the kernel's memory. */
	{ "test", "name: named\nID: 103\n" COMMON
		  "\tfield:const char * name;\toffset:8;\tsize:8;\tsigned:0;\n\n"
		  "print fmt: \"name=%s\", REC->name\n" },
	/* The plugin of it learns names. */
	{ "sched", "name: sched_wakeup\nID: 104\n" COMMON
		   "\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
		   "\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
		   "\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"
		   "\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n\n"
		   "print fmt: \"comm=%s pid=%d prio=%d target_cpu=%03d\", REC->comm, "
		   "REC->pid, REC->prio, REC->target_cpu\n" },
};

struct made_record {
	struct rbmap_record record;
	unsigned char data[MOST_DATA];
};

/* Events with their own handle: what is printed of a record may teach them a name. */
struct side {
	struct rbmap_events *events;
	struct tep_handle *tep;
	struct tep_plugin_list *plugins;
};

static struct made_record records[RECORDS];
static char *lines[RECORDS];
static enum rbmap_batch_format format;

static int memory_file(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), strlen(text));
	return fd;
}

static struct side open_side(void)
{
	const struct rbmap_log log = { 0 };
	const struct rbmap_names_files files = {
		.cmdlines = -1,
		.kallsyms = memory_file("ffffffff81000000 T first_one\n"
					"ffffffff81000100 T second_one\n"
					"ffffffff81000200 T last_one\n"),
		.proc = -1,
	};
	struct side side = { .tep = tep_alloc() };

	side.plugins = tep_load_plugins(side.tep);
	tep_set_long_size(side.tep, 8);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		ck_assert_int_eq(tep_parse_event(side.tep, formats[i].text,
						 strlen(formats[i].text),
						 formats[i].system),
				 0);
	for (int pid = 1; pid < PIDS / 2; pid++) {
		char name[64];

		snprintf(name, sizeof(name), "%s\"%d\"",
			 pid % 7 ? "task" : "a-name-that-no-head-has-room-for-at-all",
			 pid);
		tep_register_comm(side.tep, name, pid);
	}
	ck_assert_int_eq(rbmap_events_new(&side.events, side.tep, &files, &log), 0);
	ck_assert_int_eq(rbmap_names_resolve_functions(&side.events->names), 0);
	return side;
}

static void close_side(struct side *side)
{
	rbmap_events_close(side->events);
	tep_unload_plugins(side->plugins, side->tep);
	tep_unref(side->tep);
}

static void make_record(struct random *random, struct made_record *made, uint64_t time)
{
	static const uint32_t sizes[NR_KINDS] = { 16, 24, 20, 16, 36, 12 };
	uint32_t kind = random_below(random, NR_KINDS);
	uint16_t type = NUMBER + kind;
	int32_t pid = random_below(random, PIDS), other = random_below(random, PIDS);
	uint64_t value = random_next(random) >> random_below(random, 64);

	memset(made->data, 0, sizeof(made->data));
	memcpy(made->data, &type, sizeof(type));
	memcpy(made->data + 4, &pid, sizeof(pid));
	if (type == CALLER)
		value = UINT64_C(0xffffffff81000000) + random_below(random, 0x300);
	memcpy(made->data + 8, &value, sizeof(value));
	memcpy(made->data + 16, &value, sizeof(value));
	if (type == BITS)
		memcpy(made->data + 8, &(uint32_t){ 8 << 16 | 12 }, sizeof(uint32_t));
	if (type == WAKEUP) {
		snprintf((char *)made->data + 8, 16, "woken%d", other);
		memcpy(made->data + 24, &other, sizeof(other));
	}
	made->record = (struct rbmap_record){
		.data = made->data,
		/* Some end too early. */
		.size = random_below(random, 50) ? sizes[kind] : 12,
		.time_stamp = time,
		.cpu = random_below(random, 4),
	};
}

static void print_at_once(struct side *side)
{
	struct trace_seq out;

	trace_seq_init(&out);
	for (int i = 0; i < RECORDS; i++) {
		trace_seq_reset(&out);
		ck_assert_int_eq(format == RBMAP_BATCH_TEXT ?
					 rbmap_events_text(side->events,
							   &records[i].record, &out) :
					 rbmap_events_json(side->events,
							   &records[i].record, &out),
				 0);
		trace_seq_terminate(&out);
		lines[i] = strdup(out.buffer);
	}
	trace_seq_destroy(&out);
}

static void set_up(int which)
{
	struct random random = { 1 };
	struct side side = open_side();

	format = which ? RBMAP_BATCH_JSON : RBMAP_BATCH_TEXT;
	for (int i = 0; i < RECORDS; i++)
		make_record(&random, &records[i], UINT64_C(99999999) * 1000 + 700 * i);
	print_at_once(&side);
	close_side(&side);
}

static void tear_down(void)
{
	for (int i = 0; i < RECORDS; i++)
		free(lines[i]);
}

static struct rbmap_batch *open_batch(size_t size)
{
	struct rbmap_batch *batch;

	ck_assert_int_eq(rbmap_batch_open(&batch, format, size), 0);
	return batch;
}

/* From that record on; returns the first that is not in it. */
static int fill(struct rbmap_batch *batch, struct rbmap_events *events, int at)
{
	struct rbmap_record record;
	int r = 1;

	rbmap_batch_clear(batch);
	for (; at < RECORDS; at++) {
		/* Not even the data is needed any more. */
		record = records[at].record;
		record.data = malloc(record.size);
		memcpy((void *)record.data, records[at].data, record.size);
		r = rbmap_batch_add(batch, events, &record, at);
		free((void *)record.data);
		if (r <= 0)
			break;
	}
	ck_assert_int_ge(r, 0);
	ck_assert_uint_gt(rbmap_batch_count(batch), 0);
	return at;
}

/* The last first: each stands for itself. */
static void expect_lines(struct rbmap_batch *batch)
{
	const struct rbmap_record *record;
	struct trace_seq out;
	size_t tag;

	trace_seq_init(&out);
	for (size_t i = rbmap_batch_count(batch); i--;) {
		record = rbmap_batch_record(batch, i, &tag);
		ck_assert_uint_eq(record->time_stamp, records[tag].record.time_stamp);
		ck_assert_uint_eq(record->size, records[tag].record.size);
		ck_assert_mem_eq(record->data, records[tag].data, record->size);
		trace_seq_reset(&out);
		ck_assert_int_eq(rbmap_batch_put(batch, i, &out), 0);
		trace_seq_terminate(&out);
		ck_assert_str_eq(out.buffer, lines[tag]);
	}
	trace_seq_destroy(&out);
}

START_TEST(a_batch_prints_what_is_printed_at_once)
{
	struct rbmap_batch *batch;
	struct side side;

	set_up(_i);
	side = open_side();
	batch = open_batch(BATCH);
	for (int at = 0; at < RECORDS;) {
		at = fill(batch, side.events, at);
		expect_lines(batch);
	}
	rbmap_batch_close(batch);
	close_side(&side);
	tear_down();
}
END_TEST

START_TEST(all_records_in_one_batch)
{
	struct rbmap_batch *batch;
	struct side side;

	set_up(_i);
	side = open_side();
	batch = open_batch(RECORDS * 1024);
	ck_assert_int_eq(fill(batch, side.events, 0), RECORDS);
	expect_lines(batch);
	rbmap_batch_close(batch);
	close_side(&side);
	tear_down();
}
END_TEST

/* Each record is printed in the format that was set when it was added. */
START_TEST(formats_of_lines_change_in_a_batch)
{
	static const unsigned int times[] = { RBMAP_TIME_NS, RBMAP_TIME_DATE,
					      RBMAP_TIME_CLOCK,
					      RBMAP_TIME_DATE | RBMAP_TIME_NS };
	struct side side = open_side();
	struct rbmap_batch *batch;
	struct trace_seq at_once, later;
	struct random random = { 1 };

	format = RBMAP_BATCH_TEXT;
	batch = open_batch(BATCH * 16);
	trace_seq_init(&at_once);
	trace_seq_init(&later);
	for (int i = 0; i < 40; i++) {
		make_record(&random, &records[i], UINT64_C(1795727107999999700));
		ck_assert_int_eq(rbmap_events_set_time_format(side.events,
							      times[i % 4]),
				 0);
		ck_assert_int_eq(rbmap_events_set_text_format(side.events, i / 4 % 4),
				 0);
		ck_assert_int_eq(rbmap_events_text(side.events, &records[i].record,
						   &at_once),
				 0);
		ck_assert_int_eq(rbmap_batch_add(batch, side.events, &records[i].record,
						 i),
				 1);
	}
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(rbmap_batch_put(batch, i, &later), 0);
	trace_seq_terminate(&at_once);
	trace_seq_terminate(&later);
	ck_assert_str_eq(at_once.buffer, later.buffer);
	trace_seq_destroy(&at_once);
	trace_seq_destroy(&later);
	rbmap_batch_close(batch);
	close_side(&side);
}
END_TEST

static void *print(void *batch)
{
	expect_lines(batch);
	return NULL;
}

/* While others print, plans are made, names are learnt and symbols are loaded. */
START_TEST(threads_print_while_another_adds)
{
	struct rbmap_batch *batches[PRINTERS + 1];
	pthread_t threads[PRINTERS + 1];
	struct side side;
	int at = 0, turn = 0;

	set_up(_i);
	side = open_side();
	for (int i = 0; i <= PRINTERS; i++)
		batches[i] = open_batch(BATCH);
	for (; at < RECORDS; turn++) {
		int place = turn % (PRINTERS + 1);

		if (turn > PRINTERS)
			ck_assert_int_eq(pthread_join(threads[place], NULL), 0);
		at = fill(batches[place], side.events, at);
		ck_assert_int_eq(pthread_create(&threads[place], NULL, print,
						batches[place]),
				 0);
	}
	ck_assert_int_gt(turn, 3 * PRINTERS);
	for (int i = 0; i <= PRINTERS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		rbmap_batch_close(batches[i]);
	}
	close_side(&side);
	tear_down();
}
END_TEST

static int handle(struct trace_seq *out, struct tep_record *record,
		  struct tep_event *event, void *context)
{
	trace_seq_puts(out, "by hand");
	return 0;
}

/* The format is compiled anew; the batch has a record for the one before. */
START_TEST(a_handler_that_comes_later_is_for_later_records)
{
	struct rbmap_record record = { .size = 16 };
	struct rbmap_batch *batch;
	struct trace_seq out;
	struct side side;

	set_up(0);
	side = open_side();
	batch = open_batch(BATCH);
	record.data = (const uint16_t[8]){ NUMBER };
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &record, 0), 1);
	tep_register_event_handler(side.tep, NUMBER, "test", "number", handle, NULL);
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &record, 0), 1);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_batch_put(batch, 0, &out), 0);
	trace_seq_putc(&out, '\n');
	ck_assert_int_eq(rbmap_batch_put(batch, 1, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, "value=0 0x0\n"));
	ck_assert_ptr_nonnull(strstr(out.buffer, "by hand"));
	trace_seq_destroy(&out);
	rbmap_batch_close(batch);
	tep_unregister_event_handler(side.tep, NUMBER, "test", "number", handle, NULL);
	close_side(&side);
	tear_down();
}
END_TEST

/* Another pid takes the place where the name is remembered, and so it is asked for
 * anew. */
START_TEST(a_command_that_is_renamed_has_each_name_at_its_time)
{
	struct rbmap_record first = { .data = (const uint32_t[4]){ NUMBER, 5 },
				      .size = 16 };
	struct rbmap_record other = first;
	struct rbmap_batch *batch;
	struct trace_seq out;
	struct side side;

	set_up(0);
	side = open_side();
	batch = open_batch(BATCH);
	trace_seq_init(&out);
	other.data = (const uint32_t[4]){ NUMBER, 5 + RBMAP_PID_NAMES };
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &first, 0), 1);
	tep_override_comm(side.tep, "dent", 5);
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &other, 0), 1);
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &first, 0), 1);
	ck_assert_int_eq(rbmap_batch_put(batch, 0, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, " task\"5\"-5 "));
	trace_seq_reset(&out);
	ck_assert_int_eq(rbmap_batch_put(batch, 2, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, " dent-5 "));
	trace_seq_destroy(&out);
	rbmap_batch_close(batch);
	close_side(&side);
	tear_down();
}
END_TEST

START_TEST(full_is_told_and_an_empty_one_takes_all)
{
	const uint32_t large = 100000;
	struct rbmap_record record = { .size = 16 };
	struct rbmap_batch *batch;
	struct trace_seq out;
	struct side side;
	size_t nr = 0;
	int r;

	set_up(0);
	side = open_side();
	batch = open_batch(0);
	ck_assert_uint_eq(rbmap_batch_count(batch), 0);
	record.data = calloc(1, large);
	*(uint16_t *)record.data = NUMBER;
	while ((r = rbmap_batch_add(batch, side.events, &record, nr)) > 0)
		nr++;
	ck_assert_int_eq(r, 0);
	ck_assert_uint_gt(nr, 1);
	ck_assert_uint_eq(rbmap_batch_count(batch), nr);
	rbmap_batch_clear(batch);
	record.size = large;
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &record, 0), 1);
	ck_assert_int_eq(rbmap_batch_add(batch, side.events, &record, 0), 0);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_batch_put(batch, 0, &out), 0);
	trace_seq_destroy(&out);
	free((void *)record.data);
	rbmap_batch_close(batch);
	close_side(&side);
	tear_down();
}
END_TEST

/* A byte of an unknown event is four of its object. */
START_TEST(what_is_printed_at_once_fills_it_too)
{
	struct rbmap_record record = { .size = 1000 };
	struct rbmap_batch *batch;
	struct side side;
	size_t nr = 0;

	set_up(1);
	side = open_side();
	batch = open_batch(20 * record.size);
	record.data = memset(malloc(record.size), 0xff, record.size);
	while (rbmap_batch_add(batch, side.events, &record, nr) > 0)
		nr++;
	ck_assert_uint_gt(nr, 1);
	ck_assert_uint_lt(nr, 8);
	free((void *)record.data);
	rbmap_batch_close(batch);
	close_side(&side);
	tear_down();
}
END_TEST

START_TEST(a_format_that_is_none_is_refused)
{
	struct rbmap_batch *batch = NULL;

	ck_assert_int_eq(rbmap_batch_open(&batch, RBMAP_BATCH_JSON + 1, BATCH),
			 -EINVAL);
	ck_assert_ptr_null(batch);
	rbmap_batch_close(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("batch");
	TCase *tcase = tcase_create("batch");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, a_batch_prints_what_is_printed_at_once, 0, 2);
	tcase_add_loop_test(tcase, all_records_in_one_batch, 0, 2);
	tcase_add_loop_test(tcase, threads_print_while_another_adds, 0, 2);
	tcase_add_test(tcase, a_handler_that_comes_later_is_for_later_records);
	tcase_add_test(tcase, a_command_that_is_renamed_has_each_name_at_its_time);
	tcase_add_test(tcase, formats_of_lines_change_in_a_batch);
	tcase_add_test(tcase, full_is_told_and_an_empty_one_takes_all);
	tcase_add_test(tcase, what_is_printed_at_once_fills_it_too);
	tcase_add_test(tcase, a_format_that_is_none_is_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
