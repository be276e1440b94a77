// SPDX-License-Identifier: GPL-2.0-only
/* Formats that were made to do harm; trace.dat files bring any. */
#define _GNU_SOURCE
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "events/events.h"
#include "format/run.h"
#include "run.h"

#define DISTRUST "[PRINT FORMAT NOT TRUSTED] {\"ip\":0,\"n\":"
/* This does not compile, so that libtraceevent is to print what follows. */
#define UNCOMPILED "%pI4 "

static struct rbmap_events *events;
static struct trace_seq out;

static void setup(void)
{
	static const struct rbmap_names_files none = { -1, -1, -1 };
	const struct rbmap_log log = { 0 };
	struct tep_handle *tep = tep_alloc();

	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(tep, 8);
	ck_assert_int_eq(rbmap_events_new(&events, tep, &none, &log), 0);
	tep_unref(tep);
	trace_seq_init(&out);
}

static void teardown(void)
{
	trace_seq_destroy(&out);
	rbmap_events_close(events);
}

static void parse(uint32_t pid_offset, const char *print_format)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "name: made\nID: 7\nformat:\n"
		 "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		 "\tfield:int common_pid;\toffset:%u;\tsize:4;\tsigned:1;\n\n"
		 "\tfield:u32 ip;\toffset:8;\tsize:4;\tsigned:0;\n"
		 "\tfield:u32 n;\toffset:12;\tsize:4;\tsigned:0;\n"
		 "\tfield:__data_loc u32[] list;\toffset:16;\tsize:4;\tsigned:0;\n\n"
		 "print fmt: %s\n",
		 pid_offset, print_format);
	ck_assert_int_eq(tep_parse_event(events->tep, text, strlen(text), "test"), 0);
}

/* What follows the name of the event; valid until the next. */
static const char *print(uint16_t id, uint32_t n)
{
	uint32_t data[5] = { id, 42, 0, n };
	const struct rbmap_record record = { .data = data, .size = sizeof(data) };

	trace_seq_reset(&out);
	ck_assert_int_eq(rbmap_events_json(events, &record, &out), 0);
	trace_seq_reset(&out);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, ": "));
	return strstr(out.buffer, "made: ") ? strstr(out.buffer, "made: ") + 22 :
					      out.buffer;
}

START_TEST(pid_at_no_place)
{
	parse(1000000000, "\"%d\", REC->n");
	print(7, 1);
	ck_assert_ptr_nonnull(strstr(out.buffer, "<idle>-0"));
	/* Of an event that is not known, where the pid lies is known from another. */
	print(8, 1);
}
END_TEST

/* What libtraceevent may not print for n, and may for another. */
static const struct {
	const char *format;
	uint32_t bad, good;
} doubtful[] = {
	{ "\"" UNCOMPILED "%d\", REC->ip, 10 / REC->n", 0, 1 },
	{ "\"" UNCOMPILED "%d\", REC->ip, 10 % REC->n", 0, 3 },
	{ "\"" UNCOMPILED "%s\", REC->ip, REC->n ? 1 / REC->n : 0", 0, 3 },
	{ "\"" UNCOMPILED "%s\", REC->ip, __print_hex(REC->list, REC->n)", 1u << 31,
	  1 },
	{ "\"" UNCOMPILED
	  "%s\", REC->ip, __print_flags(9 / REC->n, \"|\", { 1, \"A\" })",
	  0, 9 },
	{ "\"" UNCOMPILED "%*d\", REC->ip, REC->n, REC->n", 2000000000, 20 },
	{ "\"" UNCOMPILED "%.*s\", REC->ip, REC->n, __get_str(list)", 2000000000, 20 },
	{ "\"" UNCOMPILED "%d\", REC->ip, ((u32 *)__get_dynamic_array(list))[REC->n]",
	  1u << 30, 1 },
};

START_TEST(harm_is_not_done)
{
	parse(4, doubtful[_i].format);
	ck_assert_int_eq(strncmp(print(7, doubtful[_i].bad), DISTRUST,
				 strlen(DISTRUST)),
			 0);
	ck_assert_ptr_null(strstr(print(7, doubtful[_i].good), DISTRUST));
	ck_assert_ptr_nonnull(strstr(out.buffer, "0.0.0.0"));
}
END_TEST

START_TEST(widths_are_not_believed)
{
	parse(4, "\"" UNCOMPILED "%2000000000d\", REC->ip, REC->n");
	ck_assert_int_eq(strncmp(print(7, 1), DISTRUST, strlen(DISTRUST)), 0);
}
END_TEST

/* A dynamic array may be said to lie up to 128 KiB behind the record. */
START_TEST(fields_of_what_is_not_parsed)
{
	uint32_t data[5] = { 7, 42, 0, 1, UINT32_MAX };
	const struct rbmap_record record = { .data = data, .size = sizeof(data) };

	parse(4, "0");
	for (int i = 0; i < 100; i++) {
		trace_seq_reset(&out);
		ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	}
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, "[FAILED TO PARSE]"));
}
END_TEST

static const char *const ending[] = {
	"\"%d\", REC->de[endency",
	"\"%d\", 1/0",
	"\"%d\", 7 % 0x0",
	"\"%d\", 1/nothing",
	"\"%d\", 1/1*0",
	"\"%d\", 1/2%2",
	"\"%d\", 1/(1-1)",
	"\"%d\", 1/'\\0'",
	"\"%s\", __print_flags(REC->nothing, \"|\", { 1, \"one\" })",
	"\"%s\", __print_symbolic(REC->nothing, { 1, \"one\" })",
	"\"%d\", ((REC->n)",
	"\"%d\", REC->w[1]; 1",
	"\"%d\", REC->w[1]{2}",
	"\"%d\", REC->w[1][0] 1",
	"\"%d\", REC->w[1]->n",
	"\"%d\", REC->n ? 1 : 2 # 1",
	"\"%d\", REC->n ? 1 : 2 += 1",
	"\"%d\", REC->n ? 1 : REC->w[1]",
	"\"%d\", REC->n ? 1 : (3)[4]",
	"\"%d\", REC->n ? 1 : 2 REC->n 1",
	"\"%d\", REC->w[REC->n ? 1 : 2]",
	"\"%d\", REC->w[-REC->w[1]]",
	"\"%s\", __print_flags(REC->w[1], \"|\", { REC->w[1] } \"A\" , )",
	"\"%d\", sizeof(REC->n)",
	"\"%d\", sizeof(REC->n + 1)",
	"\"%d\", 1 ? 2 : (sizeof(u8))",
	"\"%d\", __print_flags(1, \"|\", { 1, \"A\" }), REC->nothing",
	"\"%d\", 7 / (__get_str dyn)",
	"\"%d\", 7 % ('x' != REC->n)",
	"\"%d\", 7 / (0 & REC->n)",
	NULL,
};

static char *hostile_format(const char *print_format)
{
	static const char head[] =
		"name: made\nID: 7\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		"\tfield:u32 n;\toffset:8;\tsize:4;\tsigned:0;\n"
		"\tfield:u16 w[4];\toffset:12;\tsize:8;\tsigned:0;\n\n"
		"print fmt: ";
	const size_t nested = 300000;
	char *text = calloc(1, sizeof(head) + 2 * nested + 64), *at;

	ck_assert_ptr_nonnull(text);
	at = stpcpy(text, head);
	if (print_format) {
		strcpy(at, print_format);
		return text;
	}
	at = stpcpy(at, "\"%d\", ");
	memset(at, '(', nested);
	strcpy(at + nested, "1");
	memset(at + nested + 1, ')', nested);
	return text;
}

/* With any of them tep_parse_event() of 1.7.1 ends the program, or may. */
START_TEST(formats_that_end_the_parser_are_not_parsed)
{
	const uint32_t data[] = { 7, 0, 42, 0, 0 };
	const struct rbmap_record record = { .data = data, .size = sizeof(data) };
	char *text = hostile_format(ending[_i]);

	rbmap_events_parse(events->tep, &events->names.log, text, strlen(text), "test");
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, "n=42"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tests = tcase_create("hostile");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, pid_at_no_place);
	tcase_add_loop_test(tests, harm_is_not_done, 0,
			    sizeof(doubtful) / sizeof(*doubtful));
	tcase_add_test(tests, widths_are_not_believed);
	tcase_add_test(tests, fields_of_what_is_not_parsed);
	tcase_add_loop_test(tests, formats_that_end_the_parser_are_not_parsed, 0,
			    sizeof(ending) / sizeof(*ending));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
