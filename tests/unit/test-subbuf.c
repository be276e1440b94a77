/* SPDX-License-Identifier: GPL-2.0-only */
/* The header of a sub-buffer: its layout, time stamp, size and loss bits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/internal.h"
#include "build.h"
#include "run.h"
#include "span/subbuf.h"

#define STAMP UINT64_C(0x0123456789abcdef)

static const char text_64[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
static const char text_32[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:12;\tsize:65524;\tsigned:1;\n";

START_TEST(layout_of_header_page)
{
	struct rbmap_layout layout;

	ck_assert_int_eq(rbmap_layout_parse(&layout, text_64, strlen(text_64)), 0);
	ck_assert_uint_eq(layout.subbuf_size, 4096);
	ck_assert_uint_eq(layout.data_offset, 16);
	ck_assert_uint_eq(layout.commit_offset, 8);
	ck_assert_uint_eq(layout.commit_size, 8);
	ck_assert(!layout.swap);
	ck_assert_int_eq(rbmap_layout_parse(&layout, text_32, strlen(text_32)), 0);
	ck_assert_uint_eq(layout.subbuf_size, 65536);
	ck_assert_uint_eq(layout.data_offset, 12);
	ck_assert_uint_eq(layout.commit_size, 4);
}
END_TEST

static void check_refused(const char *what, const char *instead)
{
	struct rbmap_layout layout = { .subbuf_size = 77 };
	const char *at = strstr(text_64, what);
	char text[1024];

	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - text_64), text_64, instead,
		 at + strlen(what));
	ck_assert_msg(rbmap_layout_parse(&layout, text, strlen(text)) == -EBADMSG,
		      "%s instead of %s was taken", instead, what);
	ck_assert_uint_eq(layout.subbuf_size, 77);
}

START_TEST(layout_of_nonsense)
{
	struct rbmap_layout layout;
	char *exact;

	check_refused("timestamp;", "stamp;");
	check_refused("offset:0;\tsize:8;", "offset:8;\tsize:8;");
	check_refused("offset:0;\tsize:8;", "offset:0;\tsize:4;");
	check_refused("commit;", "commits;");
	check_refused("commit;\toffset:8;\tsize:8", "commit;\toffset:8;\tsize:2");
	check_refused("commit;\toffset:8;\tsize:8", "commit;\toffset:8;\tsize:-8");
	check_refused("commit;\toffset:8", "commit;\toffset:12");
	check_refused("offset:16", "offset:15");
	check_refused("offset:16", "offset:4294967295");
	check_refused("size:4080", "size:0");
	check_refused("size:4080", "size:4294967295");
	check_refused("size:4080", "size:134217728");
	check_refused("size:4080", "size:x");
	ck_assert_int_eq(rbmap_layout_parse(&layout, "", 0), -EBADMSG);
	/* Cut off anywhere, and not terminated: nothing behind it is read. */
	for (size_t size = 0; size < strlen(text_64); size++) {
		exact = malloc(size ? size : 1);
		memcpy(exact, text_64, size);
		rbmap_layout_parse(&layout, exact, size);
		free(exact);
	}
}
END_TEST

START_TEST(layout_longer_than_any)
{
	size_t size = 1 << 16;
	struct rbmap_layout layout;
	char *text = malloc(size);

	memset(text, ' ', size);
	ck_assert_int_eq(rbmap_layout_parse(&layout, text, size), -EBADMSG);
	free(text);
}
END_TEST

static void check_header(const struct build *build, uint32_t size, uint64_t lost)
{
	struct rbmap_subbuf_header header, loaded;

	ck_assert_int_eq(rbmap_subbuf_header(&build->layout, build->memory, &header),
			 0);
	ck_assert_uint_eq(header.time_stamp, STAMP);
	ck_assert_uint_eq(header.size, size);
	ck_assert_uint_eq(header.lost, lost);
	if (build->layout.swap)
		return;
	ck_assert_int_eq(rbmap_subbuf_load_header(&build->layout, build->memory,
						  &loaded),
			 0);
	ck_assert_uint_eq(loaded.time_stamp, STAMP);
	ck_assert_uint_eq(loaded.size, size);
	ck_assert_uint_eq(loaded.lost, lost);
}

/* What the library makes reads back as what it was made of. */
static void check_made(const struct build *build, uint32_t size, uint64_t lost)
{
	const struct rbmap_layout *layout = &build->layout;
	unsigned char header[16], count[8], *copy = malloc(layout->subbuf_size);
	struct build made = { .layout = *layout, .memory = copy };
	uint32_t bytes;

	memset(copy, 0x5a, layout->subbuf_size);
	bytes = rbmap_subbuf_make_header(layout, header, count, STAMP, size, lost);
	memcpy(copy, header, layout->data_offset);
	memcpy(copy + layout->data_offset + size, count, bytes);
	check_header(&made, size, bytes == 0 && lost ? RBMAP_LOST_UNKNOWN : lost);
	free(copy);
}

static void check_sizes(const struct rbmap_layout *layout)
{
	uint32_t capacity = layout->subbuf_size - layout->data_offset;
	uint32_t word = layout->commit_size;
	const uint32_t sizes[] = {
		0, 4, 100, capacity - 12, capacity - 8, capacity - 4, capacity
	};
	struct build build;

	build_begin(&build, layout, malloc(layout->subbuf_size), STAMP);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t size = sizes[i];
		bool room = capacity - size >= word;

		build_commit(&build, size, 0);
		check_header(&build, size, 0);
		build_commit(&build, size, RBMAP_LOST_UNKNOWN);
		check_header(&build, size, RBMAP_LOST_UNKNOWN);
		build_commit(&build, size, 12345);
		check_header(&build, size, room ? 12345 : RBMAP_LOST_UNKNOWN);
		check_made(&build, size, 0);
		check_made(&build, size, RBMAP_LOST_UNKNOWN);
		check_made(&build, size, 12345);
	}
	free(build.memory);
}

START_TEST(header_and_loss)
{
	for (uint32_t size = 4096; size <= 65536; size *= 2)
		for (uint32_t word = 4; word <= 8; word += 4)
			for (int swap = 0; swap < 2; swap++) {
				struct rbmap_layout layout =
					build_layout(size, word, swap);

				check_sizes(&layout);
			}
}
END_TEST

/* A count that is said to be stored, but is no count or has no room. */
START_TEST(count_that_is_none)
{
	for (uint32_t word = 4; word <= 8; word += 4) {
		struct rbmap_layout layout = build_layout(4096, word, word == 4);
		uint32_t capacity = layout.subbuf_size - layout.data_offset;
		struct build build;

		build_begin(&build, &layout, malloc(4096), STAMP);
		build_commit(&build, 40, 99);
		build_put_long(&build, layout.data_offset + 40, 0);
		check_header(&build, 40, RBMAP_LOST_UNKNOWN);
		build_put_long(&build, layout.data_offset + 40, UINT64_MAX);
		check_header(&build, 40, RBMAP_LOST_UNKNOWN);
		build_commit_word(&build, UINT32_C(3) << 30 | (capacity - word + 4));
		check_header(&build, capacity - word + 4, RBMAP_LOST_UNKNOWN);
		/* Stored, but none missed: no loss. */
		build_commit_word(&build, UINT32_C(1) << 30 | 40);
		check_header(&build, 40, 0);
		free(build.memory);
	}
}
END_TEST

START_TEST(more_than_fits)
{
	struct rbmap_layout layout = build_layout(4096, 8, false);
	struct rbmap_subbuf_header header = { .size = 77 };
	const uint32_t words[] = { 4081, 4096, (UINT32_C(1) << 27) - 1, UINT32_MAX,
				   UINT32_C(1) << 31 | 4084 };
	struct build build;

	build_begin(&build, &layout, malloc(4096), STAMP);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		build_commit_word(&build, words[i]);
		ck_assert_int_eq(rbmap_subbuf_header(&layout, build.memory, &header),
				 -EBADMSG);
		ck_assert_int_eq(rbmap_subbuf_load_header(&layout, build.memory,
							  &header),
				 -EBADMSG);
		ck_assert_uint_eq(header.size, 77);
	}
	free(build.memory);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		layout_of_header_page, layout_of_nonsense, layout_longer_than_any,
		header_and_loss,       count_that_is_none, more_than_fits,
	};

	return RUN_TESTS("subbuf", tests);
}
