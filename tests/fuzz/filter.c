// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters of users, over records of anyone. The input: a byte of bits, the text of a
 * filter, a 0, the bytes of a record, which is matched at each of its sizes.
 */
#include <errno.h>
#include <stdbool.h>

#include <traceevent/event-parse.h>

#include <rbmap/filter.h>

#include "fuzz.h"

#define RECORD_MAX 256

enum {
	BIG = 1 << 0,
	BOTH = 1 << 1,
};

#define COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

/* Names of one letter: they are found sooner. */
static const char *const formats[] = {
	"name: first\nID: 7\nformat:\n" COMMON
	"\tfield:u64 a;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:s16 b;\toffset:16;\tsize:2;\tsigned:1;\n"
	"\tfield:u8 c;\toffset:18;\tsize:1;\tsigned:0;\n"
	"\tfield:char d[8];\toffset:20;\tsize:8;\tsigned:0;\n"
	"\tfield:__data_loc char[] e;\toffset:28;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc char[] f;\toffset:32;\tsize:4;\tsigned:0;\n"
	"\tfield:char * g;\toffset:40;\tsize:8;\tsigned:0;\n"
	"\tfield:u32 h[2];\toffset:48;\tsize:8;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->b\n",
	"name: second\nID: 8\nformat:\n" COMMON
	"\tfield:s32 b;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:char e[];\toffset:12;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->b\n",
};

/* In each byte order. */
static struct rbmap_events *events_of[2];

static struct rbmap_events *make_events(bool big)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_events *events;

	must(tep);
	tep_set_long_size(tep, 8);
	tep_set_file_bigendian(tep, big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	tep_register_comm(tep, "seven", 7);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		must(tep_parse_event(tep, formats[i], strlen(formats[i]), "test") == 0);
	must(rbmap_events_from_tep(&events, tep, NULL) == 0);
	tep_unref(tep);
	return events;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	tep_set_loglevel(TEP_LOG_NONE);
	events_of[0] = make_events(false);
	events_of[1] = make_events(true);
	return 0;
}

static struct rbmap_filter *open_filter(unsigned int bits, const char *text)
{
	struct rbmap_events *events = events_of[!!(bits & BIG)];
	struct rbmap_filter *filter = NULL;
	const char *error = NULL;
	size_t at = SIZE_MAX;
	int r = rbmap_filter_open(&filter, events, "test", bits & BOTH ? NULL : "first",
				  text, &error, &at);

	must(r == 0 || (r == -EINVAL && error && at <= strlen(text) && !filter));
	return filter;
}

/* In memory that ends with it. */
static void match(struct rbmap_filter *filter, const unsigned char *data, uint32_t size)
{
	unsigned char *copy = malloc(size);
	const struct rbmap_record record = { .data = copy, .size = size };
	int r;

	must(copy || !size);
	memcpy(copy, data, size);
	r = rbmap_filter_match(filter, &record);
	must(r == 0 || r == 1);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_in in = { bytes, size };
	unsigned int bits = fuzz_number(&in, 1);
	char *text = strndup((const char *)in.bytes, in.size);
	size_t length = text ? strlen(text) : 0;
	unsigned char data[RECORD_MAX] = { 0 };
	struct rbmap_filter *filter;

	must(text);
	in.bytes += length + (length < in.size);
	in.size -= length + (length < in.size);
	if (in.size > RECORD_MAX)
		in.size = RECORD_MAX;
	memcpy(data, in.bytes, in.size);
	filter = open_filter(bits, text);
	for (uint32_t nr = 0; filter && nr <= in.size; nr++)
		match(filter, data, nr);
	rbmap_filter_close(filter);
	free(text);
	return 0;
}
