// SPDX-License-Identifier: GPL-2.0-only
/* Fields of formats that someone has made up: nothing outside a record is read. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include <rbmap/field.h>

#include "run.h"

#define COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

/* open: of rbmap_field_open(); u64, bytes: of a record of 64 bytes */
static const struct {
	const char *field;
	int open, u64, bytes;
} hostile[] = {
	{ "u32 f;\toffset:4294967295;\tsize:4", -ENOENT, 0, 0 },
	{ "u32 f;\toffset:2147483648;\tsize:4", -ENOENT, 0, 0 },
	{ "u32 f;\toffset:-8;\tsize:4", -ENOENT, 0, 0 },
	{ "u32 f;\toffset:8;\tsize:4294967295", -ENOENT, 0, 0 },
	{ "u32 f;\toffset:8;\tsize:-4", -ENOENT, 0, 0 },
	/* These end beyond 2^31, but at a place that can be told. */
	{ "u32 f;\toffset:2147483647;\tsize:4", 0, -EBADMSG, -EBADMSG },
	{ "u64 f;\toffset:2147483640;\tsize:8", 0, -EBADMSG, -EBADMSG },
	{ "char f[8];\toffset:2147483647;\tsize:2147483647", 0, -ENOTSUP, -EBADMSG },
	{ "u64 f;\toffset:57;\tsize:8", 0, -EBADMSG, -EBADMSG },
	{ "u64 f;\toffset:56;\tsize:8", 0, 0, 0 },
	{ "u32 f;\toffset:8;\tsize:3", 0, -ENOTSUP, 0 },
	{ "u32 f;\toffset:8;\tsize:16", 0, -ENOTSUP, 0 },
	{ "u32 f;\toffset:0;\tsize:4", 0, 0, 0 },
	/* Not the last field, so not the rest of the record. */
	{ "u32 f;\toffset:8;\tsize:0", 0, -ENOTSUP, 0 },
	/* The word that gives the place has four bytes. */
	{ "__data_loc char[] f;\toffset:8;\tsize:8", -ENOENT, 0, 0 },
	{ "__data_loc char[] f;\toffset:8;\tsize:0", -ENOENT, 0, 0 },
	{ "__data_loc char[] f;\toffset:2147483647;\tsize:4", 0, -ENOTSUP, -EBADMSG },
	{ "__rel_loc char[] f;\toffset:60;\tsize:4", 0, -ENOTSUP, -EBADMSG },
	{ "u8 f[0];\toffset:8;\tsize:0", 0, -ENOTSUP, 0 },
	{ "int g[2] f;\toffset:8;\tsize:8", 0, -ENOTSUP, 0 },
	/* libtraceevent does not parse these, and then the event has no fields. */
	{ "u8 f[4][4];\toffset:8;\tsize:16", -ENOENT, 0, 0 },
	{ "__data_loc char[][] f;\toffset:8;\tsize:4", -ENOENT, 0, 0 },
	{ "char (*f)[4];\toffset:8;\tsize:4", -ENOENT, 0, 0 },
	{ "u8 f[;\toffset:8;\tsize:4", -ENOENT, 0, 0 },
};

static struct rbmap_events *parse_hostile(const char *field)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_events *events;
	char text[1024];

	ck_assert_ptr_nonnull(tep);
	snprintf(text, sizeof(text),
		 "name: hostile\nID: 77\nformat:\n" COMMON "\tfield:%s;\tsigned:0;\n"
		 "\tfield:u32 last;\toffset:8;\tsize:4;\tsigned:0;\n\n"
		 "print fmt: \"%%d\", REC->last\n",
		 field);
	tep_parse_event(tep, text, strlen(text), "test");
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	tep_unref(tep);
	return events;
}

START_TEST(formats_that_no_kernel_has)
{
	const uint16_t id = 77;

	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct rbmap_events *events = parse_hostile(hostile[i].field);
		unsigned char *data = malloc(64);
		struct rbmap_record record = { .data = data, .size = 64 };
		struct rbmap_field *field = NULL;
		const void *found;
		uint64_t value;
		size_t size;
		int r;

		memset(data, 0xff, 64);
		memcpy(data, &id, sizeof(id));
		r = rbmap_field_open(&field, events, "test", "hostile", "f");
		ck_assert_msg(r == hostile[i].open, "%s: %d", hostile[i].field, r);
		if (r == 0) {
			r = rbmap_field_u64(field, &record, &value);
			ck_assert_msg(r == hostile[i].u64, "%s: %d", hostile[i].field,
				      r);
			r = rbmap_field_bytes(field, &record, &found, &size);
			ck_assert_msg(r == hostile[i].bytes, "%s: %d", hostile[i].field,
				      r);
		}
		rbmap_field_close(field);
		free(data);
		rbmap_events_close(events);
	}
}
END_TEST

/* libtraceevent leaks a word of some of the fields that it cannot parse. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:tep_parse_event\n";
}

int main(void)
{
	const TTest *const tests[] = { formats_that_no_kernel_has };

	tep_set_loglevel(TEP_LOG_NONE);
	return RUN_TESTS("field-hostile", tests);
}
