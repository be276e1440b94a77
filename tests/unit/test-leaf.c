// SPDX-License-Identifier: GPL-2.0-only
/* Functions that call no other: when an entry and an exit are one line, and that line.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/batch.h>
#include <rbmap/events.h>
#include <rbmap/subbuf.h>

#include "run.h"

#define COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
#define FIELD(type, name, offset, size) \
	"\tfield:" type " " name ";\toffset:" #offset ";\tsize:" #size ";\tsigned:0;\n"
#define LINE "           <...>-9     [002]     0.000000: "

/* As Linux 6.18 has them. */
static const char *const formats[] = {
	"name: funcgraph_entry\nID: 11\nformat:\n" COMMON FIELD("unsigned long", "func",
								8, 8)
		FIELD("unsigned int", "depth", 16, 4)
			FIELD("unsigned long", "args[]", 24,
			      0) "\nprint fmt: \"entry\"\n",
	"name: funcgraph_exit\nID: 10\nformat:\n" COMMON FIELD("unsigned long", "func",
							       8, 8)
		FIELD("unsigned int", "depth", 16,
		      4) FIELD("unsigned int", "overrun", 20,
			       4) FIELD("unsigned long long", "calltime", 24, 8)
			FIELD("unsigned long long", "rettime", 32, 8) "\nprint fmt: "
								      "\"exit\"\n",
	"name: function\nID: 1\nformat:\n" COMMON FIELD("unsigned long", "ip", 8, 8)
		FIELD("unsigned long", "parent_ip", 16,
		      8) "\nprint fmt: \"function\"\n",
};

struct call {
	uint16_t id;
	uint16_t common;
	int32_t pid;
	uint64_t func;
	uint32_t depth, overrun;
	uint64_t start, end;
};

static struct rbmap_events *events;
static struct trace_seq out;
static struct call enter, leave;

static struct rbmap_record record_of(const struct call *call)
{
	return (struct rbmap_record){ .data = call,
				      .size = call->id == 11 ? 24 : sizeof(*call),
				      .cpu = 2 };
}

static void set_up_with(size_t nr_formats)
{
	struct tep_handle *tep = tep_alloc();
	char name[] = "known";

	tep_set_long_size(tep, 8);
	tep_register_function(tep, name, 0x1000, NULL);
	for (size_t i = 0; i < nr_formats; i++)
		ck_assert_int_eq(tep_parse_event(tep, formats[i], strlen(formats[i]),
						 "ftrace"),
				 0);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	tep_unref(tep);
	trace_seq_init(&out);
	enter = (struct call){ .id = 11, .pid = 9, .func = 0x1000, .depth = 1 };
	leave = enter;
	leave.id = 10;
	leave.start = 1000;
	leave.end = 21500;
}

static void set_up(void)
{
	set_up_with(3);
}

static void tear_down(void)
{
	trace_seq_destroy(&out);
	rbmap_events_close(events);
}

static bool are_leaf(void)
{
	const struct rbmap_record entry = record_of(&enter), exit = record_of(&leave);

	return rbmap_events_is_leaf(events, &entry, &exit);
}

static void expect(const char *text)
{
	trace_seq_terminate(&out);
	ck_assert_str_eq(out.buffer, text);
	trace_seq_reset(&out);
}

START_TEST(of_one_function_and_thread)
{
	struct rbmap_record entry, exit;

	set_up();
	entry = record_of(&enter);
	ck_assert(are_leaf());
	leave.func++;
	ck_assert(!are_leaf());
	leave.func--;
	leave.pid++;
	ck_assert(!are_leaf());
	leave.pid--;
	leave.id = 11;
	ck_assert(!are_leaf());
	leave.id = 10;
	exit = record_of(&leave);
	exit.cpu++;
	ck_assert(!rbmap_events_is_leaf(events, &entry, &exit));
	exit = record_of(&enter);
	ck_assert(rbmap_events_is_leaf(events, &exit, NULL));
	exit = record_of(&leave);
	ck_assert(!rbmap_events_is_leaf(events, &exit, NULL));
	tear_down();
}
END_TEST

START_TEST(not_where_events_were_lost_in_between)
{
	const struct rbmap_record entry = record_of(&enter);
	struct rbmap_record exit;

	set_up();
	exit = record_of(&leave);
	exit.lost = RBMAP_LOST_UNKNOWN;
	ck_assert(!rbmap_events_is_leaf(events, &entry, &exit));
	ck_assert_int_eq(rbmap_events_leaf_text(events, &entry, &exit, &out), -EINVAL);
	tear_down();
}
END_TEST

START_TEST(records_that_are_cut_short_are_no_leaf)
{
	struct rbmap_record entry, exit;

	set_up();
	entry = record_of(&enter);
	exit = record_of(&leave);
	for (exit.size = 0; exit.size < sizeof(leave); exit.size++)
		ck_assert(!rbmap_events_is_leaf(events, &entry, &exit));
	for (entry.size = 0; entry.size < 24; entry.size++)
		ck_assert(!rbmap_events_is_leaf(events, &entry, &exit));
	tear_down();
}
END_TEST

START_TEST(a_leaf_is_one_line_also_in_a_batch)
{
	struct rbmap_record entry, exit;
	struct rbmap_batch *batch;
	size_t tag;

	set_up();
	entry = record_of(&enter);
	exit = record_of(&leave);
	ck_assert_int_eq(rbmap_events_leaf_text(events, &entry, &exit, &out), 0);
	expect(LINE "funcgraph_entry:      + 20.500 us  |    known();");
	ck_assert_int_eq(rbmap_batch_open(&batch, RBMAP_BATCH_TEXT, 4096), 0);
	ck_assert_int_eq(rbmap_batch_add_leaf(batch, events, &entry, &exit, 7), 1);
	ck_assert_int_eq(rbmap_batch_add_leaf(batch, events, &exit, &entry, 8),
			 -EINVAL);
	ck_assert_uint_eq(rbmap_batch_count(batch), 1);
	ck_assert_int_eq(rbmap_batch_record(batch, 0, &tag)->cpu, 2);
	ck_assert_uint_eq(tag, 7);
	ck_assert_int_eq(rbmap_batch_put(batch, 0, &out), 0);
	expect(LINE "funcgraph_entry:      + 20.500 us  |    known();");
	rbmap_batch_close(batch);
	ck_assert_int_eq(rbmap_batch_open(&batch, RBMAP_BATCH_JSON, 4096), 0);
	ck_assert_int_eq(rbmap_batch_add_leaf(batch, events, &entry, &exit, 7),
			 -EINVAL);
	rbmap_batch_close(batch);
	tear_down();
}
END_TEST

START_TEST(each_alone_is_a_line)
{
	struct rbmap_record record;

	set_up();
	record = record_of(&enter);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	expect(LINE "funcgraph_entry:                   |    known() {");
	enter.func = 0x10;
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	expect(LINE "funcgraph_entry:                   |    10() {");
	record = record_of(&leave);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	expect(LINE "funcgraph_exit:       + 20.500 us  |    }");
	tear_down();
}
END_TEST

/* A depth from a broken file asks for no more than that. */
START_TEST(a_depth_has_bounds)
{
	struct rbmap_record record;

	set_up();
	enter.depth = 0x3fffffff;
	record = record_of(&enter);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert_uint_lt(out.len, 4096);
	tear_down();
}
END_TEST

START_TEST(without_an_exit_the_print_format_counts)
{
	struct rbmap_record record;

	set_up_with(1);
	record = record_of(&enter);
	ck_assert(!rbmap_events_is_leaf(events, &record, NULL));
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	expect(LINE "funcgraph_entry:      entry");
	tear_down();
}
END_TEST

START_TEST(functions_without_a_plugin)
{
	struct rbmap_record record;

	set_up();
	enter.id = 1;
	enter.depth = 0x20;
	record = record_of(&enter);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	expect(LINE "function:             known <-- 0x20");
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		of_one_function_and_thread,
		not_where_events_were_lost_in_between,
		records_that_are_cut_short_are_no_leaf,
		a_leaf_is_one_line_also_in_a_batch,
		each_alone_is_a_line,
		a_depth_has_bounds,
		without_an_exit_the_print_format_counts,
		functions_without_a_plugin,
	};

	return RUN_TESTS("leaf", tests);
}
