// SPDX-License-Identifier: GPL-2.0-only
/* Compiled formats of a libtraceevent handle that is the caller's. */
#include <check.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/events.h>

#include "events/events.h"
#include "run.h"

#define ID 77

static const char format[] =
	"name: called\nID: 77\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"%ps\", (void *)REC->ip\n";

struct called {
	uint16_t id;
	uint8_t flags, preempt_count;
	int32_t pid;
	uint64_t ip;
};

static struct tep_handle *make_handle(void)
{
	struct tep_handle *tep = tep_alloc();

	ck_assert_ptr_nonnull(tep);
	tep_set_long_size(tep, 8);
	tep_register_comm(tep, "theirs", 7);
	tep_register_function(tep, (char *)"their_function", 0x1000, NULL);
	tep_register_function(tep, (char *)"the_next", 0x2000, NULL);
	return tep;
}

static void parse(struct tep_handle *tep)
{
	ck_assert_int_eq(tep_parse_event(tep, format, strlen(format), "test"), 0);
}

static const char *print(struct rbmap_events *events, struct trace_seq *out)
{
	static const struct called bytes = { .id = ID, .pid = 7, .ip = 0x1010 };
	const struct rbmap_record record = { .data = &bytes,
					     .size = sizeof(bytes),
					     .time_stamp = 1500000000 };

	trace_seq_reset(out);
	ck_assert_int_eq(rbmap_events_text(events, &record, out), 0);
	trace_seq_terminate(out);
	return out->buffer;
}

START_TEST(names_are_those_of_the_handle)
{
	struct tep_handle *tep = make_handle();
	struct rbmap_events *events;
	struct trace_seq out;

	parse(tep);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	ck_assert_str_eq(print(events, &out),
			 "          theirs-7     [000]     1.500000: called:"
			 "               their_function");
	ck_assert_ptr_null(rbmap_events_why_not_compiled(events,
							 tep_find_event(tep, ID)));
	/* Nothing was loaded into it. */
	ck_assert_int_eq(tep_get_events_count(tep), 1);
	trace_seq_destroy(&out);
	rbmap_events_close(events);
	tep_unref(tep);
}
END_TEST

START_TEST(outlives_the_caller_s_reference)
{
	struct tep_handle *tep = make_handle();
	struct rbmap_events *events;
	struct trace_seq out;

	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, "x86-tsc"), 0);
	tep_unref(tep);
	trace_seq_init(&out);
	/* An event that it is given later. */
	parse(rbmap_events_tep(events));
	ck_assert_str_eq(print(events, &out),
			 "          theirs-7     [000]  1500000000: called:"
			 "               their_function");
	trace_seq_destroy(&out);
	rbmap_events_close(events);
}
END_TEST

/* Once the name that was looked up is a second old, which is not waited for here. */
START_TEST(a_command_that_changes_its_name)
{
	struct tep_handle *tep = make_handle();
	struct rbmap_events *events;
	struct trace_seq out;

	parse(tep);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	ck_assert_ptr_nonnull(strstr(print(events, &out), "theirs-7"));
	ck_assert_int_eq(tep_override_comm(tep, "changed", 7), 0);
	ck_assert_uint_ne(events->names.pids[7].due, UINT64_MAX);
	events->names.pids[7].due = 0;
	ck_assert_ptr_nonnull(strstr(print(events, &out), "changed-7"));
	trace_seq_destroy(&out);
	rbmap_events_close(events);
	tep_unref(tep);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		names_are_those_of_the_handle,
		outlives_the_caller_s_reference,
		a_command_that_changes_its_name,
	};

	return RUN_TESTS("events-tep", tests);
}
