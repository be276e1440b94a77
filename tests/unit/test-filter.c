// SPDX-License-Identifier: GPL-2.0-only
/* Filters, as programs open them. What the kernel makes of them: tests/cli. */
#include <check.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include <rbmap/filter.h>

#include "run.h"

#define ID 77
#define COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char first[] =
	"name: first\nID: 77\nformat:\n" COMMON
	"\tfield:u64 large;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:s32 below;\toffset:16;\tsize:4;\tsigned:1;\n"
	"\tfield:char who[8];\toffset:20;\tsize:8;\tsigned:0;\n"
	"\tfield:__data_loc char[] name;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\tfield:const char * pointer;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 pair[2];\toffset:40;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->below\n";

static const char second[] = "name: second\nID: 300\nformat:\n" COMMON
			     "\tfield:int below;\toffset:8;\tsize:4;\tsigned:1;\n\n"
			     "print fmt: \"%d\", REC->below\n";

struct first {
	uint16_t id;
	uint8_t flags, preempt_count;
	int32_t pid;
	uint64_t large;
	int32_t below;
	char who[8];
	uint32_t name;
	uint64_t pointer;
	uint32_t pair[2];
	char rest[8];
};

static const struct first bytes = {
	.id = ID,
	.flags = 6,
	.pid = 7,
	.large = UINT64_C(0xffffffff81000000),
	.below = -3,
	.who = { 'e', 'i', 'g', 'h', 't', 'c', 'h', 'r' },
	.name = 48 | 6 << 16,
	.rest = "hello",
};

struct second {
	uint16_t id;
	uint8_t flags, preempt_count;
	int32_t pid;
	int32_t below;
};

static struct rbmap_record record_of(const void *data, size_t size)
{
	return (struct rbmap_record){ .data = data, .size = size, .cpu = 2 };
}

static struct rbmap_events *make_events(bool big)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_events *events;

	ck_assert_ptr_nonnull(tep);
	tep_set_long_size(tep, 8);
	tep_set_file_bigendian(tep, big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	tep_register_comm(tep, "seven", 7);
	ck_assert_int_eq(tep_parse_event(tep, first, strlen(first), "test"), 0);
	ck_assert_int_eq(tep_parse_event(tep, second, strlen(second), "test"), 0);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	tep_unref(tep);
	return events;
}

static struct rbmap_filter *open_filter(struct rbmap_events *events, const char *event,
					const char *text)
{
	struct rbmap_filter *filter = NULL;
	const char *error = NULL;
	size_t at;

	ck_assert_msg(rbmap_filter_open(&filter, events, "test", event, text, &error,
					&at) == 0,
		      "%s: %s", text, error);
	return filter;
}

static int match(struct rbmap_events *events, const char *text, const void *data,
		 size_t size)
{
	struct rbmap_filter *filter = open_filter(events, "first", text);
	struct rbmap_record record = record_of(data, size);
	int r = rbmap_filter_match(filter, &record);

	rbmap_filter_close(filter);
	return r;
}

static const struct {
	const char *text;
	int expected;
} cases[] = {
	{ "below == -3", 1 },
	{ "below != -3", 0 },
	{ "below < 0", 1 },
	{ "below <= -4", 0 },
	{ "below > -4 && below >= -3", 1 },
	{ "large > 0x7fffffffffffffff", 1 },
	{ "large == 0xffffffff81000000", 1 },
	{ "common_flags & 4", 1 },
	{ "common_flags & 010", 0 },
	{ "common_pid==7", 1 },
	{ "cpu == 2 && CPU < 3", 1 },
	{ "who == 'eightchr'", 1 },
	{ "who == 'eight'", 0 },
	{ "who != \"eightchr2\"", 1 },
	{ "who ~ 'eig*'", 1 },
	{ "who ~ '!eig*'", 0 },
	{ "name == \"hello\"", 1 },
	{ "name ~ 'h?llo' && name ~ '[gh]*'", 1 },
	{ "name ~ 'hell'", 0 },
	{ "comm == 'seven' && COMM ~ 's*'", 1 },
	/* && binds closer than ||. */
	{ "below == -3 || below == 1 && below == 2", 1 },
	{ "(below == -3 || below == 1) && below == 2", 0 },
	{ "!(below == 1) && !!(below == -3)", 1 },
	{ "! below == 1", 1 },
};

START_TEST(a_record_matches)
{
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_msg(match(events, cases[i].text, &bytes, sizeof(bytes)) ==
				      cases[i].expected,
			      "%s", cases[i].text);
	rbmap_events_close(events);
}
END_TEST

static const struct {
	const char *text, *error;
	size_t at;
} mistakes[] = {
	{ "", "a field is missing", 0 },
	{ "nothing == 1", "no such field", 0 },
	{ "below == 1 && nothing == 1", "no such field", 14 },
	{ "below 1", "an operator is missing", 6 },
	{ "below == ", "a number is missing", 9 },
	{ "below == 1x", "this is not a number", 9 },
	{ "below == 99999999999999999999", "the number is too large", 9 },
	{ "below ~ 'x'", "~ applies only to strings", 6 },
	{ "large == -1", "the field is never negative", 9 },
	{ "who == x", "a quoted string is missing", 7 },
	{ "who == 'x", "the string is not terminated", 7 },
	{ "who < 'x'", "strings are compared with ==, != and ~", 4 },
	{ "pair == 1", "the field is an array", 0 },
	{ "pointer == 1", "the field is a pointer; its string is not in the ring", 0 },
	{ "who.ustring == 'x'", "only the kernel can evaluate this", 3 },
	{ "(below == 1", "&&, || or ) is missing", 11 },
	{ "below == 1)", "&& or || is missing", 10 },
};

START_TEST(a_mistake_has_a_place)
{
	struct rbmap_events *events = make_events(false);

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		const char *text = mistakes[i].text, *error = NULL;
		struct rbmap_filter *filter = NULL;
		size_t at = 1000;

		ck_assert_int_eq(rbmap_filter_open(&filter, events, "test", "first",
						   text, &error, &at),
				 -EINVAL);
		ck_assert_ptr_null(filter);
		ck_assert_str_eq(error, mistakes[i].error);
		ck_assert_uint_eq(at, mistakes[i].at);
		/* Who does not want to know need not ask. */
		ck_assert_int_eq(rbmap_filter_open(&filter, events, "test", "first",
						   text, NULL, NULL),
				 -EINVAL);
	}
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_filter_is_no_deeper_than_the_stack)
{
	static const char opening[] = "!(";
	struct rbmap_events *events = make_events(false);
	struct rbmap_filter *filter = NULL;
	char *text = malloc(100001);
	const char *error;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < sizeof(opening) - 1; i++) {
		memset(text, opening[i], 100000);
		text[100000] = '\0';
		ck_assert_int_eq(rbmap_filter_open(&filter, events, NULL, "first", text,
						   &error, NULL),
				 -EINVAL);
		ck_assert_str_eq(error, "the filter is too long");
	}
	free(text);
	rbmap_events_close(events);
}
END_TEST

START_TEST(several_events)
{
	const struct second other = { .id = 300, .pid = 7, .below = -3 };
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_record one = record_of(&bytes, sizeof(bytes));
	struct rbmap_record two = record_of(&other, sizeof(other));
	struct rbmap_filter *filter = open_filter(events, NULL, "below == -3");

	ck_assert_int_eq(rbmap_filter_match(filter, &one), 1);
	ck_assert_int_eq(rbmap_filter_match(filter, &two), 1);
	rbmap_filter_close(filter);

	/* The second has no such field. */
	filter = open_filter(events, NULL, "large > 0 || below < 0");
	ck_assert_int_eq(rbmap_filter_match(filter, &one), 1);
	ck_assert_int_eq(rbmap_filter_match(filter, &two), 0);
	rbmap_filter_close(filter);

	filter = open_filter(events, "second", "below == -3");
	ck_assert_int_eq(rbmap_filter_match(filter, &one), 0);
	ck_assert_int_eq(rbmap_filter_match(filter, &two), 1);
	rbmap_filter_close(filter);
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_list_of_the_callers)
{
	const struct second other = { .id = 300, .below = -3 };
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct tep_handle *tep = rbmap_events_tep(events);
	struct tep_event *list[] = { tep_find_event(tep, 300), NULL };
	struct rbmap_record one = record_of(&bytes, sizeof(bytes));
	struct rbmap_record two = record_of(&other, sizeof(other));
	struct rbmap_filter *filter = NULL;
	const char *error;
	size_t at;

	ck_assert_int_eq(rbmap_filter_open_list(&filter, events, list, "below == -3",
						&error, &at),
			 0);
	ck_assert_int_eq(rbmap_filter_match(filter, &one), 0);
	ck_assert_int_eq(rbmap_filter_match(filter, &two), 1);
	rbmap_filter_close(filter);
	filter = NULL;
	ck_assert_int_eq(rbmap_filter_open_list(&filter, events, list, "large == 1",
						&error, &at),
			 -EINVAL);
	ck_assert_int_eq(rbmap_filter_open_list(&filter, events, list + 1, "below == 1",
						&error, &at),
			 -ENOENT);
	ck_assert_ptr_null(filter);
	rbmap_events_close(events);
}
END_TEST

START_TEST(the_event_that_gets_furthest_has_the_error)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_filter *filter = NULL;
	const char *error;
	size_t at;

	/* The second event has no large. */
	ck_assert_int_eq(rbmap_filter_open(&filter, events, NULL, NULL,
					   "large == 1 && who == 2", &error, &at),
			 -EINVAL);
	ck_assert_str_eq(error, "a quoted string is missing");
	ck_assert_uint_eq(at, 21);
	rbmap_events_close(events);
}
END_TEST

START_TEST(events_that_are_not_there)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_filter *filter = NULL;
	struct rbmap_events *none;
	struct tep_handle *tep = tep_alloc();

	ck_assert_int_eq(rbmap_filter_open(&filter, events, "no", NULL, "below == 1",
					   NULL, NULL),
			 -ENOENT);
	ck_assert_int_eq(rbmap_filter_open(&filter, events, "test", "third",
					   "below == 1", NULL, NULL),
			 -ENOENT);
	ck_assert_int_eq(rbmap_events_from_tep(&none, tep, NULL), 0);
	ck_assert_int_eq(rbmap_filter_open(&filter, none, NULL, NULL, "below == 1",
					   NULL, NULL),
			 -ENOENT);
	ck_assert_ptr_null(filter);
	rbmap_filter_close(NULL);
	rbmap_events_close(none);
	tep_unref(tep);
	rbmap_events_close(events);
}
END_TEST

START_TEST(records_that_are_cut_short)
{
	static const char *const texts[] = {
		"below == -3", "name == 'hello'", "name != 'other'",
		"who ~ '*'",   "large > 0",	  "name ~ '*llo'",
	};
	static const size_t ends[] = { 20, 54, 54, 28, 16, 54 };
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		for (size_t size = 0; size <= sizeof(bytes); size++) {
			/* A sanitizer sees each byte that is read beyond it. */
			void *cut = malloc(size);

			memcpy(cut, &bytes, size);
			ck_assert_int_eq(match(events, texts[i], cut, size),
					 size >= ends[i]);
			free(cut);
		}
	rbmap_events_close(events);
}
END_TEST

START_TEST(the_other_byte_order)
{
	struct rbmap_events *events = make_events(__BYTE_ORDER == __LITTLE_ENDIAN);
	struct first swapped = bytes;

	swapped.id = __builtin_bswap16(ID);
	swapped.pid = __builtin_bswap32(7);
	swapped.below = __builtin_bswap32(bytes.below);
	swapped.name = __builtin_bswap32(bytes.name);
	ck_assert_int_eq(match(events, "below == -3 && name == 'hello'", &swapped,
			       sizeof(swapped)),
			 1);
	ck_assert_int_eq(match(events, "comm == 'seven' && common_pid == 7", &swapped,
			       sizeof(swapped)),
			 1);
	rbmap_events_close(events);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_record_matches,
		a_mistake_has_a_place,
		a_filter_is_no_deeper_than_the_stack,
		several_events,
		a_list_of_the_callers,
		the_event_that_gets_furthest_has_the_error,
		events_that_are_not_there,
		records_that_are_cut_short,
		the_other_byte_order,
	};

	return RUN_TESTS("filter", tests);
}
