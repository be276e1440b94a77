// SPDX-License-Identifier: GPL-2.0-only
/* What a program has registered in its own libtraceevent handle, and when it is called. */
#include <stdbool.h>
#include <string.h>

#include <check.h>
#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/batch.h>
#include <rbmap/columns.h>
#include <rbmap/events.h>
#include <rbmap/field.h>
#include <rbmap/filter.h>

#include "run.h"

#define COMMON \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

enum {
	HANDLED = 77,
	COMPUTED,
	BPRINT
};

/* One that a plugin prints as well. */
static const char handled_format[] =
	"name: kfree\nID: 77\n" COMMON
	"\tfield:unsigned long call_site;\toffset:8;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"call_site=%lx\", REC->call_site\n";

static const char computed_format[] =
	"name: computed\nID: 78\n" COMMON
	"\tfield:unsigned long value;\toffset:8;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"%d\", twice(REC->value)\n";

static const char bprint_format[] =
	"name: bprint\nID: 79\n" COMMON
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:const char * fmt;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 buf[];\toffset:24;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%ps: %s\", (void *)REC->ip, REC->fmt\n";

struct record_bytes {
	uint16_t id;
	uint8_t flags, preempt_count;
	int32_t pid;
	uint64_t value;
	uint64_t format;
	uint32_t argument;
	uint32_t rest;
};

static struct record_bytes bytes;
static struct rbmap_record record;
static struct tep_handle *tep;
static struct rbmap_events *events;
static struct trace_seq out;
static unsigned int calls, computed, resolved;
static bool saw_the_record;

static int handle(struct trace_seq *s, struct tep_record *given,
		  struct tep_event *event, void *context)
{
	calls++;
	saw_the_record = given->size == (int)sizeof(bytes) &&
			 !memcmp(given->data, &bytes, sizeof(bytes));
	trace_seq_puts(s, "handled");
	return 0;
}

static unsigned long long twice(struct trace_seq *s, unsigned long long *arguments)
{
	computed++;
	return 2 * arguments[0];
}

static char *resolve(void *context, unsigned long long *address, char **module)
{
	static char name[] = "their_function";

	resolved++;
	*module = NULL;
	*address = 20;
	return name;
}

static void set_up(void)
{
	tep = tep_alloc();
	ck_assert_int_eq(tep_set_function_resolver(tep, resolve, NULL), 0);
	tep_set_long_size(tep, 8);
	tep_register_comm(tep, "theirs", 7);
	ck_assert_int_eq(tep_register_print_function(tep, twice, TEP_FUNC_ARG_LONG,
						     "twice", TEP_FUNC_ARG_LONG,
						     TEP_FUNC_ARG_VOID),
			 0);
	ck_assert_int_eq(tep_parse_event(tep, handled_format, strlen(handled_format),
					 "kmem"),
			 0);
	ck_assert_int_eq(tep_parse_event(tep, computed_format, strlen(computed_format),
					 "made"),
			 0);
	ck_assert_int_eq(tep_parse_event(tep, bprint_format, strlen(bprint_format),
					 "ftrace"),
			 0);
	ck_assert_int_eq(tep_register_print_string(tep, "number %d", 0x5000), 0);
	tep_register_event_handler(tep, -1, "kmem", "kfree", handle, NULL);
	tep_register_event_handler(tep, -1, "ftrace", "bprint", handle, NULL);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	trace_seq_init(&out);
	calls = computed = resolved = 0;
	saw_the_record = false;
}

static void tear_down(void)
{
	trace_seq_destroy(&out);
	rbmap_events_close(events);
	tep_unref(tep);
}

static void make_record(uint16_t id)
{
	bytes = (struct record_bytes){
		.id = id, .pid = 7, .value = 21, .format = 0x5000, .argument = 5
	};
	record = (struct rbmap_record){ .data = &bytes, .size = sizeof(bytes) };
}

static bool is_in(const char *text)
{
	trace_seq_terminate(&out);
	return strstr(out.buffer, text);
}

START_TEST(text_is_that_of_the_handler)
{
	make_record(HANDLED);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert(is_in("handled"));
	ck_assert_uint_eq(calls, 1);
	ck_assert(saw_the_record);
	make_record(COMPUTED);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert(is_in("42"));
	ck_assert_uint_eq(computed, 1);
	make_record(BPRINT);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert_uint_eq(calls, 2);
}
END_TEST

/* Once, by the thread that adds it. */
START_TEST(text_of_a_batch_too)
{
	struct rbmap_batch *batch;

	make_record(HANDLED);
	ck_assert_int_eq(rbmap_batch_open(&batch, RBMAP_BATCH_TEXT, 4096), 0);
	ck_assert_int_eq(rbmap_batch_add(batch, events, &record, 0), 1);
	ck_assert_uint_eq(calls, 1);
	ck_assert(saw_the_record);
	ck_assert_int_eq(rbmap_batch_put(batch, 0, &out), 0);
	ck_assert(is_in("handled"));
	ck_assert_uint_eq(calls, 1);
	rbmap_batch_close(batch);
}
END_TEST

START_TEST(a_record_that_is_cut_short_is_not_handled)
{
	make_record(HANDLED);
	record.size = 12;
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert(is_in("[RECORD CUT SHORT: 12 BYTES]"));
	ck_assert_uint_eq(calls, 0);
}
END_TEST

START_TEST(objects_call_no_handler)
{
	static const uint16_t ids[] = { HANDLED, COMPUTED, BPRINT };
	struct rbmap_batch *batch;

	ck_assert_int_eq(rbmap_batch_open(&batch, RBMAP_BATCH_JSON, 4096), 0);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		make_record(ids[i]);
		ck_assert_int_eq(rbmap_events_json(events, &record, &out), 0);
		ck_assert_int_eq(rbmap_batch_add(batch, events, &record, 0), 1);
		ck_assert_int_eq(rbmap_batch_put(batch, i, &out), 0);
		ck_assert_uint_eq(calls, 0);
		ck_assert_uint_eq(computed, 0);
	}
	/* With what the handler would have printed differently. */
	ck_assert(is_in("\"text\":\"number 5\""));
	ck_assert(!is_in("handled"));
	rbmap_batch_close(batch);
	ck_assert(is_in("\"functions\":{\"ip\":\"their_function\"}"));
	ck_assert_uint_ne(resolved, 0);
	/* The next line is the handler's again. */
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert(is_in("handled"));
}
END_TEST

static void add_to_columns(uint16_t id, const char *event)
{
	struct rbmap_columns_options options = { .size = sizeof(options),
						 .event = event,
						 .flags = RBMAP_COLUMNS_SYMBOLS };
	struct rbmap_columns *columns;

	make_record(id);
	ck_assert_int_eq(rbmap_columns_open(&columns, events, &options), 0);
	ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
	rbmap_columns_close(columns);
}

START_TEST(neither_do_columns)
{
	add_to_columns(HANDLED, "kfree");
	add_to_columns(COMPUTED, "computed");
	add_to_columns(BPRINT, "bprint");
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_eq(computed, 0);
	ck_assert_uint_eq(resolved, 0);
}
END_TEST

START_TEST(neither_do_filters)
{
	struct rbmap_filter *filter;

	make_record(HANDLED);
	ck_assert_int_eq(rbmap_filter_open(&filter, events, "kmem", "kfree",
					   "call_site == 21", NULL, NULL),
			 0);
	ck_assert_int_eq(rbmap_filter_match(filter, &record), 1);
	rbmap_filter_close(filter);
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_eq(computed, 0);
}
END_TEST

START_TEST(neither_do_fields_or_names)
{
	struct rbmap_field *field;
	uint64_t value;

	make_record(HANDLED);
	ck_assert_int_eq(rbmap_field_open(&field, events, "kmem", "kfree", "call_site"),
			 0);
	ck_assert_int_eq(rbmap_field_u64(field, &record, &value), 0);
	ck_assert_uint_eq(value, 21);
	rbmap_field_close(field);
	ck_assert_str_eq(rbmap_events_comm(events, 7), "theirs");
	ck_assert_ptr_eq(rbmap_events_find(events, &record),
			 tep_find_event(tep, HANDLED));
	ck_assert_str_eq(rbmap_events_why_not_compiled(events,
						       tep_find_event(tep, HANDLED)),
			 "a plugin prints it");
	ck_assert_ptr_nonnull(rbmap_events_why_not_compiled(events,
							    tep_find_event(tep,
									   COMPUTED)));
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_eq(computed, 0);
	ck_assert_uint_eq(resolved, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("handlers");
	Suite *suite = suite_create("handlers");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, text_is_that_of_the_handler);
	tcase_add_test(tcase, text_of_a_batch_too);
	tcase_add_test(tcase, a_record_that_is_cut_short_is_not_handled);
	tcase_add_test(tcase, objects_call_no_handler);
	tcase_add_test(tcase, neither_do_columns);
	tcase_add_test(tcase, neither_do_filters);
	tcase_add_test(tcase, neither_do_fields_or_names);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
