// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/events.h>

#include "events/events.h"
#include "random.h"
#include "run.h"

#define COMMON \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

enum {
	ID_PRINT = 5,
	ID_STACK = 4,
	ID_BPRINT = 6,
	ID_MIX = 100,
	ID_UNKNOWN = 999
};

static const char print_format[] =
	"name: print\nID: 5\n" COMMON
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:char buf[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%ps: %s\", (void *)REC->ip, REC->buf\n";

static const char stack_format[] =
	"name: kernel_stack\nID: 4\n" COMMON
	"\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n\n"
	"print fmt: \"%ps\", (void *)REC->caller[0]\n";

static const char bprint_format[] =
	"name: bprint\nID: 6\n" COMMON
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:const char * fmt;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 buf[];\toffset:24;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%ps: %s\", (void *)REC->ip, REC->fmt\n";

static const char mix_format[] =
	"name: mix\nID: 100\n" COMMON
	"\tfield:s64 low;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield:u64 high;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:short small;\toffset:24;\tsize:2;\tsigned:1;\n"
	"\tfield:__u8 address[4];\toffset:26;\tsize:4;\tsigned:0;\n"
	"\tfield:char name[6];\toffset:30;\tsize:6;\tsigned:0;\n"
	"\tfield:__data_loc char[] path;\toffset:36;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc char[] near;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc u16[] list;\toffset:44;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"low=%lld high=%llu name=%s path=%s\", REC->low, "
	"REC->high, REC->name, __get_str(path)\n";

struct mix {
	uint16_t type;
	uint8_t flags, preempt_count;
	int32_t pid;
	int64_t low;
	uint64_t high;
	int16_t small;
	uint8_t address[4];
	char name[6];
	uint32_t path, near, list;
	char path_text[8];
	char near_text[4];
	uint16_t numbers[2];
};

static const struct mix mix = {
	.type = ID_MIX,
	.flags = 5,
	.preempt_count = 18,
	.pid = 42,
	.low = INT64_MIN,
	.high = UINT64_MAX,
	.small = -3,
	.address = { 127, 0, 0, 255 },
	.name = "a\"\xff\n\xc3\xa4",
	.path = 8 << 16 | 48,
	.near = 4 << 16 | 12,
	.list = 4 << 16 | 60,
	.path_text = "/tmp",
	.near_text = "by",
	.numbers = { 1, 65535 },
};

struct fixture {
	struct rbmap_events *events;
	struct trace_seq out;
	int cmdlines;
};

static int memory_file(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), strlen(text));
	return fd;
}

static void parse(struct tep_handle *tep, const char *format, const char *system)
{
	ck_assert_int_eq(tep_parse_event(tep, format, strlen(format), system), 0);
}

static struct fixture set_up(void)
{
	const struct rbmap_log log = { 0 };
	struct rbmap_names_files files = {
		.cmdlines = memory_file("42 init me\n"),
		.kallsyms = memory_file("ffffffff81000000 T first_one\n"
					"ffffffff81000100 T second_one\n"
					"ffffffff81000200 T last_one\n"),
		.proc = -1,
	};
	struct fixture f = { .cmdlines = files.cmdlines };
	struct tep_handle *tep = tep_alloc();

	parse(tep, print_format, "ftrace");
	parse(tep, stack_format, "ftrace");
	parse(tep, bprint_format, "ftrace");
	parse(tep, mix_format, "test");
	tep_set_long_size(tep, 8);
	ck_assert_int_eq(rbmap_events_new(&f.events, tep, &files, &log), 0);
	tep_unref(tep);
	ck_assert_int_eq(rbmap_names_resolve_functions(&f.events->names), 0);
	trace_seq_init(&f.out);
	return f;
}

static void tear_down(struct fixture *f)
{
	trace_seq_destroy(&f->out);
	rbmap_events_close(f->events);
}

/* A copy to the byte, so that a sanitizer sees what is read behind it. */
static struct rbmap_record record_of(const void *data, uint32_t size)
{
	void *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	return (struct rbmap_record){
		.data = copy,
		.size = size,
		.time_stamp = 1234567891500,
		.cpu = 3,
	};
}

static void expect_text(struct fixture *f, const void *data, uint32_t size,
			const char *line)
{
	struct rbmap_record record = record_of(data, size);

	trace_seq_reset(&f->out);
	ck_assert_int_eq(rbmap_events_text(f->events, &record, &f->out), 0);
	trace_seq_terminate(&f->out);
	ck_assert_str_eq(f->out.buffer, line);
	free((void *)record.data);
}

static void expect_json(struct fixture *f, const void *data, uint32_t size,
			const char *object)
{
	struct rbmap_record record = record_of(data, size);

	trace_seq_reset(&f->out);
	ck_assert_int_eq(rbmap_events_json(f->events, &record, &f->out), 0);
	trace_seq_terminate(&f->out);
	ck_assert_str_eq(f->out.buffer, object);
	free((void *)record.data);
}

static uint32_t make_print(uint64_t *data, uint64_t ip, const char *text)
{
	const uint32_t head[] = { ID_PRINT, 42 };

	memcpy(data, head, sizeof(head));
	data[1] = ip;
	strcpy((char *)(data + 2), text);
	return (16 + strlen(text) + 1 + 3) & ~3u;
}

START_TEST(line_has_names_and_rounded_time)
{
	struct fixture f = set_up();

	expect_text(&f, &mix, sizeof(mix),
		    "         init me-42    [003]  1234.567892: mix:                  "
		    "low=-9223372036854775808 high=18446744073709551615 "
		    "name=a\"\xff\n\xc3\xa4 path=/tmp");
	tear_down(&f);
}
END_TEST

START_TEST(clocks_that_count_are_plain_numbers)
{
	uint64_t data[8] = { 0 };
	struct fixture f = set_up();
	uint32_t size = make_print(data, 1, "x");

	rbmap_events_set_clock(f.events, "x86-tsc");
	expect_text(&f, data, size,
		    "         init me-42    [003]1234567891500: print:"
		    "                0x1: x");
	rbmap_events_set_clock(f.events, "boot");
	ck_assert(!f.events->usecs);
	rbmap_events_set_clock(f.events, "mono_raw");
	ck_assert(f.events->usecs);
	tear_down(&f);
}
END_TEST

static void expect_time(struct fixture *f, uint64_t time_stamp, const char *time)
{
	struct rbmap_record record = record_of(&mix, sizeof(mix));

	record.time_stamp = time_stamp;
	trace_seq_reset(&f->out);
	ck_assert_int_eq(rbmap_events_text(f->events, &record, &f->out), 0);
	trace_seq_terminate(&f->out);
	ck_assert_int_eq(strncmp(f->out.buffer + 27, time, strlen(time)), 0);
	free((void *)record.data);
}

START_TEST(times_in_the_format_asked_for)
{
	struct fixture f = set_up();

	setenv("TZ", "XST-02:30", 1);
	tzset();
	ck_assert_int_eq(rbmap_events_set_time_format(f.events, RBMAP_TIME_NS), 0);
	expect_time(&f, 1234567891500, "]  1234.567891500: mix: ");
	expect_time(&f, 1234999999999, "]  1234.999999999: mix: ");
	expect_time(&f, 1235000000000, "]  1235.000000000: mix: ");
	expect_time(&f, 7, "]     0.000000007: mix: ");
	expect_time(&f, UINT64_MAX, "] 18446744073.709551615: mix: ");
	rbmap_events_set_clock(f.events, "x86-tsc");
	ck_assert_int_eq(rbmap_events_set_time_format(f.events, RBMAP_TIME_SECONDS), 0);
	expect_time(&f, 1234567891500, "]  1234.567892: mix: ");
	ck_assert_int_eq(rbmap_events_set_time_format(f.events, RBMAP_TIME_DATE), 0);
	expect_time(&f, 1795727107123456789, "] 2026-11-26 23:35:07.123457: mix: ");
	expect_time(&f, 1795727107999999499, "] 2026-11-26 23:35:07.999999: mix: ");
	expect_time(&f, 1795727107999999500, "] 2026-11-26 23:35:08.000000: mix: ");
	expect_time(&f, 0, "] 1970-01-01 02:30:00.000000: mix: ");
	expect_time(&f, UINT64_MAX, "] 2554-07-22 02:04:33.709552: mix: ");
	ck_assert_int_eq(rbmap_events_set_time_format(f.events,
						      RBMAP_TIME_DATE | RBMAP_TIME_NS),
			 0);
	expect_time(&f, 1795727107999999500, "] 2026-11-26 23:35:07.999999500: mix: ");
	/* As the clock has it again, which is none of seconds. */
	ck_assert_int_eq(rbmap_events_set_time_format(f.events, RBMAP_TIME_CLOCK), 0);
	expect_time(&f, 1234567891500, "]1234567891500: mix: ");
	ck_assert_int_eq(rbmap_events_set_time_format(f.events, 3), -EINVAL);
	ck_assert_int_eq(rbmap_events_set_time_format(f.events, 1 << 9), -EINVAL);
	ck_assert_int_eq(rbmap_events_set_text_format(f.events, 1 << 9), -EINVAL);
	tear_down(&f);
}
END_TEST

START_TEST(functions_are_loaded_when_asked_for)
{
	uint64_t data[8] = { 0 };
	struct fixture f = set_up();
	uint32_t size = make_print(data, 0xffffffff81000110, "hello\n");

	expect_text(&f, &mix, 8,
		    "         init me-42    [003]  1234.567892: mix:"
		    "                  [RECORD CUT SHORT: 8 BYTES]");
	ck_assert_ptr_null(f.events->names.symbols);
	expect_text(&f, data, size,
		    "         init me-42    [003]  1234.567892: print:"
		    "                second_one: hello");
	ck_assert_ptr_nonnull(f.events->names.symbols);
	tear_down(&f);
}
END_TEST

START_TEST(json_has_real_types)
{
	struct fixture f = set_up();

	expect_json(&f, &mix, sizeof(mix),
		    "{\"ts\":1234567891500,\"cpu\":3,\"comm\":\"init me\",\"pid\":42,"
		    "\"event\":\"mix\",\"system\":\"test\",\"type\":100,\"flags\":5,"
		    "\"preempt_count\":18,\"fields\":{"
		    "\"low\":-9223372036854775808,\"high\":18446744073709551615,"
		    "\"small\":-3,\"address\":[127,0,0,255],"
		    "\"name\":\"a\\\"\xef\xbf\xbd\\n\xc3\xa4\",\"path\":\"/tmp\","
		    "\"near\":\"by\",\"list\":[1,65535]}}");
	tear_down(&f);
}
END_TEST

START_TEST(fields_beyond_the_record_are_null)
{
	struct fixture f = set_up();
	struct mix odd = mix;

	odd.path = 9 << 16 | 60;
	odd.near = UINT32_MAX;
	odd.list = 1 << 16 | 63;
	expect_json(&f, &odd, sizeof(odd),
		    "{\"ts\":1234567891500,\"cpu\":3,\"comm\":\"init me\",\"pid\":42,"
		    "\"event\":\"mix\",\"system\":\"test\",\"type\":100,\"flags\":5,"
		    "\"preempt_count\":18,\"fields\":{"
		    "\"low\":-9223372036854775808,\"high\":18446744073709551615,"
		    "\"small\":-3,\"address\":[127,0,0,255],"
		    "\"name\":\"a\\\"\xef\xbf\xbd\\n\xc3\xa4\",\"path\":null,"
		    "\"near\":null,\"list\":[255]}}");
	expect_json(&f, &mix, 20,
		    "{\"ts\":1234567891500,\"cpu\":3,\"comm\":\"init me\",\"pid\":42,"
		    "\"event\":\"mix\",\"system\":\"test\",\"type\":100,\"flags\":5,"
		    "\"preempt_count\":18,\"fields\":{"
		    "\"low\":-9223372036854775808,\"high\":null,\"small\":null,"
		    "\"address\":null,\"name\":null,\"path\":null,\"near\":null,"
		    "\"list\":null}}");
	tear_down(&f);
}
END_TEST

START_TEST(stacks_are_as_long_as_their_records)
{
	const uint64_t stack[] = { (uint64_t)42 << 32 | ID_STACK, 2, 7, 8 };
	struct fixture f = set_up();

	expect_json(
		&f, stack, sizeof(stack),
		"{\"ts\":1234567891500,\"cpu\":3,\"comm\":\"init me\",\"pid\":42,"
		"\"event\":\"kernel_stack\",\"system\":\"ftrace\",\"type\":4,\"flags\":0,"
		"\"preempt_count\":0,\"fields\":{\"size\":2,\"caller\":[7,8]}}");
	tear_down(&f);
}
END_TEST

START_TEST(binary_prints_find_their_format)
{
	const uint64_t data[] = {
		(uint64_t)42 << 32 | ID_BPRINT,
		0xffffffff81000000,
		0x1000,
		77,
	};
	char formats[] = "0x1000 : \"value %d\\n\"\n";
	struct fixture f = set_up();

	ck_assert_int_eq(tep_parse_printk_formats(rbmap_events_tep(f.events), formats),
			 0);
	expect_text(&f, data, sizeof(data),
		    "         init me-42    [003]  1234.567892: bprint:"
		    "               first_one: value 77");
	tear_down(&f);
}
END_TEST

START_TEST(unknown_events_are_told)
{
	const uint32_t data[] = { ID_UNKNOWN, 42, 0x04030201 };
	struct fixture f = set_up();
	struct rbmap_record record = { .data = data, .size = sizeof(data) };

	ck_assert_ptr_null(rbmap_events_find(f.events, &record));
	record.size = 1;
	ck_assert_ptr_null(rbmap_events_find(f.events, &record));
	expect_text(&f, data, sizeof(data),
		    "[UNKNOWN EVENT][UNKNOWN EVENT] (NULL):"
		    "               [UNKNOWN EVENT]");
	expect_json(&f, data, sizeof(data),
		    "{\"ts\":1234567891500,\"cpu\":3,\"comm\":\"init me\",\"pid\":42,"
		    "\"event\":null,\"raw\":[231,3,0,0,42,0,0,0,1,2,3,4]}");
	tear_down(&f);
}
END_TEST

static void rewrite(int fd, const char *text)
{
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), strlen(text));
}

/* As if the times had come to look again. */
static void let_time_pass(struct fixture *f)
{
	f->events->names.cmdlines_due = 0;
	memset(f->events->names.pids, 0, sizeof(f->events->names.pids));
}

/* Until then, however long the machine takes. */
static void let_no_time_pass(struct fixture *f)
{
	struct rbmap_names *names = &f->events->names;

	names->cmdlines_due = UINT64_MAX;
	for (size_t i = 0; i < sizeof(names->pids) / sizeof(*names->pids); i++)
		names->pids[i].due = UINT64_MAX - 1;
}

START_TEST(commands_are_looked_up_again)
{
	struct fixture f = set_up();

	ck_assert_str_eq(rbmap_events_comm(f.events, 0), "<idle>");
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "init me");
	rewrite(f.cmdlines, "42 newer\n7 seven\nnonsense\n-3 minus\n8\n");
	/* Too soon. */
	let_no_time_pass(&f);
	ck_assert_str_eq(rbmap_events_comm(f.events, 7), "<...>");
	let_time_pass(&f);
	ck_assert_str_eq(rbmap_events_comm(f.events, 7), "seven");
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "newer");
	let_time_pass(&f);
	ck_assert_str_eq(rbmap_events_comm(f.events, 8), "<...>");
	ck_assert_uint_ne(f.events->names.cmdlines_due, 0);
	/* Not at each event: it was looked for a moment ago. */
	f.events->names.cmdlines_due = 0;
	ck_assert_str_eq(rbmap_events_comm(f.events, 8), "<...>");
	ck_assert_uint_eq(f.events->names.cmdlines_due, 0);
	ck_assert_str_eq(rbmap_events_comm(f.events, -3), "<...>");
	tear_down(&f);
}
END_TEST

static void write_comm(const char *proc, const char *comm)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/42", proc);
	ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/42/comm", proc);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s\n", comm);
	fclose(file);
}

static void remove_proc(const char *proc)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/42/comm", proc);
	unlink(path);
	snprintf(path, sizeof(path), "%s/42", proc);
	rmdir(path);
	rmdir(proc);
}

/* A pid that was used before, and a command that called exec(2) since. */
START_TEST(who_lives_is_asked_first)
{
	char proc[] = "/tmp/rbmap-events-XXXXXX";
	struct fixture f = set_up();

	ck_assert_ptr_nonnull(mkdtemp(proc));
	f.events->names.files.proc = open(proc, O_PATH | O_DIRECTORY);
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "init me");
	let_time_pass(&f);
	write_comm(proc, "now me");
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "now me");
	write_comm(proc, "then me");
	let_no_time_pass(&f);
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "now me");
	let_time_pass(&f);
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "then me");
	let_time_pass(&f);
	write_comm(proc, "kworker/1:1-events_freezable");
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "kworker/1:1");
	let_time_pass(&f);
	write_comm(proc, "kworker/R-rcu_gp");
	ck_assert_str_eq(rbmap_events_comm(f.events, 42), "kworker/R-rcu_g");
	remove_proc(proc);
	tear_down(&f);
}
END_TEST

START_TEST(losses_are_told)
{
	struct rbmap_record record = { .time_stamp = 9, .cpu = 2, .lost = 12 };
	struct trace_seq out;

	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_events_lost_text(&record, &out), 0);
	ck_assert_int_eq(rbmap_events_lost_json(&record, &out), 0);
	record.lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_events_lost_text(&record, &out), 0);
	ck_assert_int_eq(rbmap_events_lost_json(&record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_str_eq(out.buffer,
			 "CPU:2 [12 EVENTS DROPPED]"
			 "{\"ts\":9,\"cpu\":2,\"lost\":12}CPU:2 [EVENTS DROPPED]"
			 "{\"ts\":9,\"cpu\":2,\"lost\":null}");
	trace_seq_destroy(&out);
}
END_TEST

static void spoil(struct random *random, unsigned char *data, uint32_t size)
{
	for (uint32_t nr = random_below(random, 8); nr && size; nr--)
		data[random_below(random, size)] = random_next(random);
}

START_TEST(spoilt_records_do_no_harm)
{
	const uint16_t ids[] = { ID_PRINT, ID_STACK, ID_BPRINT, ID_MIX };
	struct random random = { .state = 1 };
	struct fixture f = set_up();
	unsigned char data[sizeof(mix)];
	struct rbmap_record record;

	for (int i = 0; i < 20000; i++) {
		memcpy(data, &mix, sizeof(data));
		spoil(&random, data, sizeof(data));
		memcpy(data, &ids[i % 4], sizeof(ids[0]));
		record = record_of(data, random_below(&random, sizeof(data) + 1));
		trace_seq_reset(&f.out);
		ck_assert_int_eq(rbmap_events_text(f.events, &record, &f.out), 0);
		ck_assert_int_eq(rbmap_events_json(f.events, &record, &f.out), 0);
		free((void *)record.data);
	}
	tear_down(&f);
}
END_TEST

START_TEST(options_are_checked)
{
	struct {
		struct rbmap_events_options o;
		long more;
	} newer = {
		.o.size = sizeof(newer),
		.more = 1,
	};
	struct rbmap_events *events = NULL;

	ck_assert_int_eq(rbmap_events_open(&events, &newer.o), -E2BIG);
	ck_assert_ptr_null(events);
	rbmap_events_close(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		line_has_names_and_rounded_time,
		clocks_that_count_are_plain_numbers,
		times_in_the_format_asked_for,
		functions_are_loaded_when_asked_for,
		json_has_real_types,
		fields_beyond_the_record_are_null,
		stacks_are_as_long_as_their_records,
		binary_prints_find_their_format,
		unknown_events_are_told,
		commands_are_looked_up_again,
		who_lives_is_asked_first,
		losses_are_told,
		spoilt_records_do_no_harm,
		options_are_checked,
	};

	return RUN_TESTS("events", tests);
}
