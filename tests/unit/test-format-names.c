// SPDX-License-Identifier: GPL-2.0-only
/* Names that stand for numbers in print formats, and where they come from. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "events/events.h"
#include "names/symbols.h"
#include "run.h"

static const char format[] =
	"name: made\nID: 7\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:u32 offset;\toffset:8;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"%lx %d\", known_one + REC->offset, nosuch\n";

static void expect(struct tep_handle *tep, const char *line, bool compiled)
{
	static const unsigned char data[12] = { 7, [8] = 2 };
	const struct rbmap_record record = { .data = data, .size = sizeof(data) };
	struct rbmap_events *events;
	struct trace_seq out;

	tep_set_long_size(tep, 8);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	ck_assert_int_eq(tep_parse_event(tep, format, sizeof(format) - 1, "test"), 0);
	ck_assert(!rbmap_events_why_not_compiled(events,
						 rbmap_events_find(events, &record)) ==
		  compiled);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_str_eq(strrchr(out.buffer, ':') + 18, line);
	trace_seq_destroy(&out);
	rbmap_events_close(events);
	tep_unref(tep);
}

START_TEST(a_handle_looks_into_its_own_list)
{
	struct tep_handle *tep = tep_alloc();
	char name[] = "known_one";

	ck_assert_int_eq(tep_register_function(tep, name, 0x1000, NULL), 0);
	expect(tep, "1002 0", false);
}
END_TEST

START_TEST(without_symbols_a_name_is_0)
{
	expect(tep_alloc(), "2 0", true);
}
END_TEST

START_TEST(of_several_symbols_the_lowest_counts)
{
	struct rbmap_symbols *symbols;
	uint64_t address;
	bool cut;

	ck_assert_int_eq(rbmap_symbols_parse(&symbols,
					     strdup("3000 t twice\n1000 T once\n"
						    "2000 t twice [module]\n"),
					     &cut),
			 0);
	ck_assert_int_eq(rbmap_symbols_address(symbols, "once", &address), 0);
	ck_assert_uint_eq(address, 0x1000);
	ck_assert_int_eq(rbmap_symbols_address(symbols, "twice", &address), 0);
	ck_assert_uint_eq(address, 0x2000);
	ck_assert_int_eq(rbmap_symbols_address(symbols, "twic", &address), -ENOENT);
	rbmap_symbols_free(symbols);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_handle_looks_into_its_own_list,
		without_symbols_a_name_is_0,
		of_several_symbols_the_lowest_counts,
	};

	return RUN_TESTS("format-names", tests);
}
