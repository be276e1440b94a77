// SPDX-License-Identifier: GPL-2.0-only
/* Fields of records, by name. */
#include <check.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include <rbmap/events.h>
#include <rbmap/field.h>

#include "run.h"

#define ID 77
#define COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char all_kinds[] =
	"name: all_kinds\nID: 77\nformat:\n" COMMON
	"\tfield:u64 address;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:s16 below;\toffset:16;\tsize:2;\tsigned:1;\n"
	"\tfield:u8 small;\toffset:18;\tsize:1;\tsigned:0;\n"
	"\tfield:char comm[8];\toffset:20;\tsize:8;\tsigned:0;\n"
	"\tfield:__data_loc char[] name;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc u8[] mask;\toffset:32;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 pair[2];\toffset:36;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->small\n";

static const char open_end[] =
	"name: open_end\nID: 78\nformat:\n" COMMON
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:char buf[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%s\", REC->buf\n";

struct all_kinds {
	uint16_t id;
	uint8_t flags, preempt_count;
	int32_t pid;
	uint64_t address;
	int16_t below;
	uint8_t small, hole;
	char comm[8];
	uint32_t name, mask;
	uint32_t pair[2];
	char rest[12];
};

static const struct all_kinds bytes = {
	.id = ID,
	.flags = 3,
	.preempt_count = 254,
	.pid = -2,
	.address = UINT64_C(0xffffffff81000000),
	.below = -3,
	.small = 200,
	.comm = { 'e', 'i', 'g', 'h', 't', 'c', 'h', 'r' },
	.name = 44 | 6 << 16,
	/* Behind the word, which ends at 36. */
	.mask = 14 | 3 << 16,
	.pair = { 5, 6 },
	.rest = "hello\0\1\2\3",
};

static struct rbmap_record record_of(const void *data, size_t size)
{
	return (struct rbmap_record){ .data = data, .size = size };
}

static struct rbmap_events *make_events(bool big)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_events *events;

	ck_assert_ptr_nonnull(tep);
	tep_set_long_size(tep, 8);
	tep_set_file_bigendian(tep, big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	ck_assert_int_eq(tep_parse_event(tep, all_kinds, strlen(all_kinds), "test"), 0);
	ck_assert_int_eq(tep_parse_event(tep, open_end, strlen(open_end), "test"), 0);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	tep_unref(tep);
	return events;
}

static struct rbmap_field *field_of(struct rbmap_events *events, const char *event,
				    const char *name)
{
	struct rbmap_field *field = NULL;

	ck_assert_int_eq(rbmap_field_open(&field, events, event ? "test" : NULL, event,
					  name),
			 0);
	ck_assert_ptr_nonnull(field);
	return field;
}

/* The library's own functions: with optimization, calls by name are inline. */
static int (*const volatile call_u64)(const struct rbmap_field *,
				      const struct rbmap_record *,
				      uint64_t *) = rbmap_field_u64;
static int (*const volatile call_s64)(const struct rbmap_field *,
				      const struct rbmap_record *,
				      int64_t *) = rbmap_field_s64;

static uint64_t number(struct rbmap_events *events, const char *name)
{
	struct rbmap_field *field = field_of(events, "all_kinds", name);
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	uint64_t plain, called;
	int64_t with_sign, called_with_sign;

	ck_assert_int_eq(rbmap_field_u64(field, &record, &plain), 0);
	ck_assert_int_eq(rbmap_field_s64(field, &record, &with_sign), 0);
	ck_assert_uint_eq(plain, (uint64_t)with_sign);
	ck_assert_int_eq(call_u64(field, &record, &called), 0);
	ck_assert_int_eq(call_s64(field, &record, &called_with_sign), 0);
	ck_assert_uint_eq(called, plain);
	ck_assert_int_eq(called_with_sign, with_sign);
	rbmap_field_close(field);
	return plain;
}

START_TEST(numbers_of_each_size)
{
	struct rbmap_events *events = make_events(false);

	ck_assert_uint_eq(number(events, "address"), UINT64_C(0xffffffff81000000));
	ck_assert_int_eq((int64_t)number(events, "below"), -3);
	ck_assert_uint_eq(number(events, "small"), 200);
	ck_assert_int_eq((int64_t)number(events, "common_pid"), -2);
	/* Fewer than eight bytes from the start of the record. */
	ck_assert_uint_eq(number(events, "common_type"), ID);
	ck_assert_uint_eq(number(events, "common_flags"), 3);
	ck_assert_uint_eq(number(events, "common_preempt_count"), 254);
	rbmap_events_close(events);
}
END_TEST

static void check_bytes(struct rbmap_events *events, const char *name, const void *at,
			size_t size)
{
	struct rbmap_field *field = field_of(events, "all_kinds", name);
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	const void *found;
	size_t found_size;

	ck_assert_int_eq(rbmap_field_bytes(field, &record, &found, &found_size), 0);
	ck_assert_ptr_eq(found, at);
	ck_assert_uint_eq(found_size, size);
	rbmap_field_close(field);
}

START_TEST(bytes_where_they_are)
{
	struct rbmap_events *events = make_events(false);

	check_bytes(events, "comm", bytes.comm, 8);
	check_bytes(events, "name", bytes.rest, 6);
	check_bytes(events, "mask", bytes.rest + 6, 3);
	check_bytes(events, "pair", bytes.pair, 8);
	check_bytes(events, "below", &bytes.below, 2);
	rbmap_events_close(events);
}
END_TEST

static void check_text(struct rbmap_events *events, const char *event, const char *name,
		       const struct rbmap_record *record, const char *expected)
{
	struct rbmap_field *field = field_of(events, event, name);
	const char *text;
	size_t length;

	ck_assert_int_eq(rbmap_field_text(field, record, &text, &length), 0);
	ck_assert_uint_eq(length, strlen(expected));
	ck_assert_mem_eq(text, expected, length);
	rbmap_field_close(field);
}

START_TEST(texts_end_where_they_end)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	struct {
		uint16_t id, others;
		int32_t pid;
		uint64_t ip;
		char buf[8];
	} print = { .id = 78, .buf = "marker" }, full = print;

	/* Not terminated. */
	check_text(events, "all_kinds", "comm", &record, "eightchr");
	check_text(events, "all_kinds", "name", &record, "hello");
	record = record_of(&print, sizeof(print));
	check_text(events, "open_end", "buf", &record, "marker");
	memcpy(full.buf, "no-end-!", 8);
	record = record_of(&full, sizeof(full));
	check_text(events, "open_end", "buf", &record, "no-end-!");
	record.size -= 4;
	check_text(events, "open_end", "buf", &record, "no-e");
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_common_field_is_of_every_event)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_field *field = field_of(events, NULL, "common_pid");
	struct all_kinds other = bytes;
	struct rbmap_record record = record_of(&other, sizeof(other));
	int64_t pid;

	other.id = 78;
	other.pid = 4711;
	ck_assert_int_eq(rbmap_field_s64(field, &record, &pid), 0);
	ck_assert_int_eq(pid, 4711);
	rbmap_field_close(field);
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_record_of_another_event_is_refused)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_field *field = field_of(events, "open_end", "ip");
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	uint64_t untouched = 42;

	ck_assert_int_eq(rbmap_field_u64(field, &record, &untouched), -EINVAL);
	record.size = 1;
	ck_assert_int_eq(rbmap_field_u64(field, &record, &untouched), -EINVAL);
	ck_assert_uint_eq(untouched, 42);
	rbmap_field_close(field);
	rbmap_events_close(events);
}
END_TEST

/* A copy of its own of exactly that size: a sanitizer sees each byte read beyond it. */
static int read_cut(const struct rbmap_field *field, const struct all_kinds *whole,
		    size_t size)
{
	void *cut = malloc(size);
	struct rbmap_record record = record_of(cut, size);
	const void *found;
	size_t found_size;
	const char *text;
	uint64_t value;
	int r;

	memcpy(cut, whole, size);
	r = rbmap_field_bytes(field, &record, &found, &found_size);
	for (size_t i = 0; r == 0 && i < found_size; i++)
		value = ((const volatile unsigned char *)found)[i];
	ck_assert_int_eq(rbmap_field_u64(field, &record, &value),
			 call_u64(field, &record, &value));
	rbmap_field_text(field, &record, &text, &found_size);
	free(cut);
	return r;
}

START_TEST(nothing_outside_the_record_is_read)
{
	static const char *const names[] = { "address",	   "below",	  "comm",
					     "name",	   "mask",	  "pair",
					     "common_pid", "common_flags" };
	static const size_t ends[] = { 16, 18, 28, 50, 53, 44, 8, 3 };
	struct rbmap_events *events = make_events(false);
	struct all_kinds bad = bytes;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct rbmap_field *field = field_of(events, "all_kinds", names[i]);

		for (size_t size = 2; size <= sizeof(bytes); size++)
			ck_assert_int_eq(read_cut(field, &bytes, size),
					 size < ends[i] ? -EBADMSG : 0);
		rbmap_field_close(field);
	}
	bad.name = 0xffff | 0xffffu << 16;
	bad.mask = bad.name;
	for (size_t i = 3; i < 5; i++) {
		struct rbmap_field *field = field_of(events, "all_kinds", names[i]);

		ck_assert_int_eq(read_cut(field, &bad, sizeof(bad)), -EBADMSG);
		rbmap_field_close(field);
	}
	rbmap_events_close(events);
}
END_TEST

START_TEST(the_other_byte_order)
{
	struct rbmap_events *events = make_events(__BYTE_ORDER == __LITTLE_ENDIAN);
	struct rbmap_field *below = field_of(events, "all_kinds", "below");
	struct rbmap_field *name = field_of(events, "all_kinds", "name");
	struct all_kinds swapped = bytes;
	struct rbmap_record record = record_of(&swapped, sizeof(swapped));
	const char *text;
	size_t length;
	int64_t value;

	swapped.id = __builtin_bswap16(ID);
	swapped.below = __builtin_bswap16(bytes.below);
	swapped.name = __builtin_bswap32(bytes.name);
	ck_assert_int_eq(rbmap_field_s64(below, &record, &value), 0);
	ck_assert_int_eq(value, -3);
	ck_assert_int_eq(rbmap_field_text(name, &record, &text, &length), 0);
	ck_assert_uint_eq(length, 5);
	rbmap_field_close(below);
	rbmap_field_close(name);
	rbmap_events_close(events);
}
END_TEST

START_TEST(what_every_record_has)
{
	struct rbmap_events *events = make_events(false);
	struct all_kinds other = bytes;
	struct rbmap_record record = record_of(&other, sizeof(other));

	other.pid = 4711;
	ck_assert_int_eq(rbmap_record_id(events, &record), ID);
	ck_assert_int_eq(rbmap_record_pid(events, &record), 4711);
	other.id = 0xffff;
	ck_assert_int_eq(rbmap_record_id(events, &record), 0xffff);
	ck_assert_int_eq(rbmap_record_pid(events, &record), 4711);
	other.pid = -2;
	ck_assert_int_eq(rbmap_record_pid(events, &record), -EBADMSG);
	rbmap_events_close(events);

	events = make_events(__BYTE_ORDER == __LITTLE_ENDIAN);
	other.id = __builtin_bswap16(ID);
	other.pid = __builtin_bswap32(4711);
	ck_assert_int_eq(rbmap_record_id(events, &record), ID);
	ck_assert_int_eq(rbmap_record_pid(events, &record), 4711);
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_record_too_short_for_an_id_or_a_thread)
{
	struct rbmap_events *events = make_events(false);

	for (size_t size = 0; size <= 8; size++) {
		/* Of exactly that size: a sanitizer sees what is read beyond it. */
		void *cut = malloc(size);
		struct rbmap_record record = record_of(cut, size);

		memset(cut, 1, size);
		ck_assert_int_eq(rbmap_record_id(events, &record),
				 size < 2 ? -EBADMSG : 0x0101);
		ck_assert_int_eq(rbmap_record_pid(events, &record),
				 size < 8 ? -EBADMSG : 0x01010101);
		free(cut);
	}
	rbmap_events_close(events);
}
END_TEST

START_TEST(without_formats_a_record_has_an_id_and_no_thread)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	struct rbmap_events *events;

	ck_assert_ptr_nonnull(tep);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	ck_assert_int_eq(rbmap_record_id(events, &record), ID);
	ck_assert_int_eq(rbmap_record_pid(events, &record), -ENOENT);
	/* They can come later. */
	ck_assert_int_eq(tep_parse_event(tep, open_end, strlen(open_end), "test"), 0);
	ck_assert_int_eq(rbmap_record_pid(events, &record), -EBADMSG);
	rbmap_events_close(events);
	tep_unref(tep);
}
END_TEST

START_TEST(libtraceevent_reads_the_same_record)
{
	struct rbmap_events *events = make_events(false);
	struct tep_handle *tep = rbmap_events_tep(events);
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	struct tep_record ret;
	unsigned long long value;

	record.time_stamp = 1234567890123;
	record.cpu = 3;
	record.lost = RBMAP_LOST_UNKNOWN;
	memset(&ret, 0xff, sizeof(ret));
	rbmap_record_tep(&record, &ret);
	ck_assert_ptr_eq(ret.data, &bytes);
	ck_assert_int_eq(ret.size, sizeof(bytes));
	ck_assert_uint_eq(ret.ts, record.time_stamp);
	ck_assert_int_eq(ret.cpu, 3);
	ck_assert_int_eq(ret.missed_events, -1);
	ck_assert_int_eq(ret.ref_count, 0);
	ck_assert_ptr_null(ret.priv);
	ck_assert_int_eq(tep_get_field_val(NULL, tep_find_event_by_record(tep, &ret),
					   "small", &ret, &value, 0),
			 0);
	ck_assert_uint_eq(value, 200);
	rbmap_events_close(events);
}
END_TEST

START_TEST(what_is_not_there)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_field *field = NULL;

	ck_assert_int_eq(rbmap_field_open(&field, events, "test", "all_kinds", "no"),
			 -ENOENT);
	ck_assert_int_eq(rbmap_field_open(&field, events, "test", "no", "address"),
			 -ENOENT);
	ck_assert_int_eq(rbmap_field_open(&field, events, "no", "all_kinds", "address"),
			 -ENOENT);
	ck_assert_int_eq(rbmap_field_open(&field, events, NULL, NULL, "address"),
			 -ENOENT);
	ck_assert_int_eq(rbmap_field_open(&field, events, "test", NULL, "common_pid"),
			 -EINVAL);
	ck_assert_ptr_null(field);
	rbmap_field_close(NULL);
	rbmap_events_close(events);
}
END_TEST

START_TEST(an_array_is_no_number_and_a_number_no_text)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_field *comm = field_of(events, "all_kinds", "comm");
	struct rbmap_field *below = field_of(events, "all_kinds", "below");
	struct rbmap_record record = record_of(&bytes, sizeof(bytes));
	const char *text = NULL;
	uint64_t value = 42;
	size_t length;

	ck_assert_int_eq(rbmap_field_u64(comm, &record, &value), -ENOTSUP);
	ck_assert_int_eq(rbmap_field_text(below, &record, &text, &length), -ENOTSUP);
	ck_assert_uint_eq(value, 42);
	ck_assert_ptr_null(text);
	rbmap_field_close(comm);
	rbmap_field_close(below);
	rbmap_events_close(events);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		numbers_of_each_size,
		bytes_where_they_are,
		texts_end_where_they_end,
		a_common_field_is_of_every_event,
		a_record_of_another_event_is_refused,
		nothing_outside_the_record_is_read,
		the_other_byte_order,
		what_every_record_has,
		a_record_too_short_for_an_id_or_a_thread,
		without_formats_a_record_has_an_id_and_no_thread,
		libtraceevent_reads_the_same_record,
		what_is_not_there,
		an_array_is_no_number_and_a_number_no_text,
	};

	return RUN_TESTS("field", tests);
}
