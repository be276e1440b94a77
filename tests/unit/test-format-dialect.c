// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the versions of libtraceevent print differently: characters and signs as the
 * kernel means them beside each version, arrays as the one that is loaded has them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "events/events.h"
#include "format/dialect.h"
#include "run.h"

static const char fields[] =
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:int v;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:char c;\toffset:12;\tsize:1;\tsigned:0;\n"
	"\tfield:u8 a[4];\toffset:16;\tsize:4;\tsigned:0;\n\n";

struct line {
	const char *format, *text;
};

static const struct line lines[] = {
	{ "\"%c|%d|%d\", REC->c, REC->v, 7", "B|-5|7" },
	{ "\"%4c|%-4c|%hc|\", REC->c, REC->c, REC->c", "   B|B   |B|" },
	{ "\"%*c|\", 3, REC->c", "  B|" },
	{ "\"%+d %+d %+i|\", REC->v, 5, 0", "-5 +5 +0|" },
	{ "\"%+5d|%-+5d|%+05d|\", 5, 5, 5", "   +5|+5   |+0005|" },
	{ "\"%+lld %+u %+x\", 5, 5, 5", "+5 5 5" },
	{ "\"%c%c\", REC->v ? 'Y' : 'N', REC->v ? '1' : '0'", "Y1" },
	{ "\"%c\", REC->c == 'C' ? 'a' : (REC->c == 'B' ? '2' : 'c')", "2" },
	{ "\"%d %d\", REC->c == 'B', REC->c == 'C'", "1 0" },
};

/* Of these the libraries that know quotes keep the first character alone. */
static const struct line escapes[] = {
	{ "\"%c|\", '\\''", "'|" },
	{ "\"%d\", REC->c - 56 == '\\n'", "1" },
};

static struct rbmap_events *events;
static struct trace_seq out;
static const unsigned char data[20] = {
	[0] = 7,    [4] = 5,  [8] = 0xfb, [9] = 0xff,  [10] = 0xff, [11] = 0xff,
	[12] = 'B', [16] = 1, [17] = 2,	  [18] = 0x10, [19] = 255,
};

/* Prints the record by the format, which has to be compiled. */
static void print(const char *format)
{
	const struct rbmap_record record = { .data = data, .size = sizeof(data) };
	struct tep_handle *tep = tep_alloc();
	char text[2048];

	snprintf(text, sizeof(text), "name: made\nID: 7\nformat:\n%s\nprint fmt: %s\n",
		 fields, format);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	tep_unref(tep);
	ck_assert_int_eq(tep_parse_event(tep, text, strlen(text), "test"), 0);
	if (rbmap_events_why_not_compiled(events, rbmap_events_find(events, &record)))
		ck_abort_msg("%s: not compiled", format);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
}

static void expect(const char *format, const char *text)
{
	if (strcmp(strrchr(out.buffer, ']') +
			   strlen("]     0.000000: made:                 "),
		   text) != 0)
		ck_abort_msg("%s\nexpected: %s\nprinted:  %s", format, text,
			     out.buffer);
}

static void end(void)
{
	trace_seq_destroy(&out);
	rbmap_events_close(events);
}

static void expect_library(const char *format, const char *text)
{
	struct tep_record record = { .data = (void *)data,
				     .size = sizeof(data),
				     .record_size = sizeof(data) };

	trace_seq_reset(&out);
	tep_print_event(rbmap_events_tep(events), &out, &record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&out);
	if (strcmp(out.buffer, text) != 0)
		ck_abort_msg("%s\nexpected: %s\nlibrary:  %s", format, text,
			     out.buffer);
}

START_TEST(characters_and_signs_are_the_kernels)
{
	const struct format_dialect dialect = rbmap_dialect_try();

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		print(lines[i].format);
		expect(lines[i].format, lines[i].text);
		if (dialect.has_char && dialect.has_plus && dialect.has_quotes)
			expect_library(lines[i].format, lines[i].text);
		end();
	}
}
END_TEST

START_TEST(characters_after_a_backslash)
{
	if (rbmap_dialect_try().has_quotes)
		return;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		print(escapes[i].format);
		expect(escapes[i].format, escapes[i].text);
		end();
	}
}
END_TEST

START_TEST(arrays_are_the_librarys)
{
	static const char format[] = "\"%s %s\", __print_array(REC->a, 4, 1), "
				     "__print_array(REC->a, 2, 2)";
	const bool braces = rbmap_dialect_try().has_braces;
	const char *text =
		braces ? "{0x1,0x2,0x10,0xff} {0x201,0xff10}" : "1 2 16 255 513 65296";

	print(format);
	expect(format, text);
	expect_library(format, text);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		characters_and_signs_are_the_kernels,
		characters_after_a_backslash,
		arrays_are_the_librarys,
	};

	tep_set_loglevel(TEP_LOG_NONE);
	return RUN_TESTS("format-dialect", tests);
}
