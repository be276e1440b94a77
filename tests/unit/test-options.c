/* SPDX-License-Identifier: GPL-2.0-only */
/* Option structs of older and newer callers. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/internal.h"
#include "run.h"

struct known {
	size_t size;
	uint64_t first;
	uint64_t second;
};

static int copy(struct known *ret, size_t given, unsigned char tail)
{
	/* Exactly as large as it says, so that a sanitizer sees what is read behind. */
	unsigned char *options = calloc(1, given);
	int r;

	memset(options, tail, given);
	memcpy(options, &given, given < sizeof(given) ? given : sizeof(given));
	r = rbmap_options_copy(ret, sizeof(*ret), options);
	free(options);
	return r;
}

START_TEST(same_size)
{
	struct known known;

	ck_assert_int_eq(copy(&known, sizeof(known), 1), 0);
	ck_assert_uint_eq(known.first, UINT64_C(0x0101010101010101));
	ck_assert_uint_eq(known.second, UINT64_C(0x0101010101010101));
}
END_TEST

START_TEST(older_caller)
{
	struct known known = { 9, 9, 9 };

	ck_assert_int_eq(copy(&known, 16, 1), 0);
	ck_assert_uint_eq(known.first, UINT64_C(0x0101010101010101));
	ck_assert_uint_eq(known.second, 0);
	ck_assert_int_eq(copy(&known, 8, 1), 0);
	ck_assert_uint_eq(known.first, 0);
}
END_TEST

START_TEST(newer_caller)
{
	struct known known = { 9, 9, 9 };

	ck_assert_int_eq(copy(&known, 64, 0), 0);
	ck_assert_uint_eq(known.first, 0);
	known.first = 9;
	ck_assert_int_eq(copy(&known, 64, 1), -E2BIG);
	ck_assert_int_eq(copy(&known, 25, 1), -E2BIG);
	ck_assert_uint_eq(known.first, 9);
}
END_TEST

START_TEST(no_size)
{
	const size_t sizes[] = { 0, 1, 7 };
	struct known known, none = { 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		none.size = sizes[i];
		ck_assert_int_eq(rbmap_options_copy(&known, sizeof(known), &none),
				 -EINVAL);
	}
	ck_assert_int_eq(rbmap_options_copy(&known, sizeof(known), NULL), -EINVAL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { same_size, older_caller, newer_caller, no_size };

	return RUN_TESTS("options", tests);
}
