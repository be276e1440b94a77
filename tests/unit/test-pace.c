/* SPDX-License-Identifier: GPL-2.0-only */
/* How often a session looks: by how fast the rings fill, not by how fast this runs. */
#include <poll.h>

#include <check.h>

#include "ring/pace.h"
#include "run.h"

#define MS UINT64_C(1000000)
#define LONGEST (UINT64_C(1) << 40)

START_TEST(busy_rings_are_looked_at_often)
{
	struct pace pace;

	ck_assert_int_eq(rbmap_pace_open(&pace, LONGEST), 0);
	ck_assert_uint_eq(pace.interval_ns, LONGEST);
	/* Half of a ring in 80 ms, or a little longer: an eighth takes 20 ms. */
	pace.looked_ns -= 80 * MS;
	ck_assert_int_eq(rbmap_pace_adapt(&pace, 64, 128), 0);
	ck_assert_uint_ge(pace.interval_ns, 20 * MS);
	ck_assert_uint_lt(pace.interval_ns, LONGEST);
	rbmap_pace_close(&pace);
}
END_TEST

START_TEST(never_more_often_than_it_pays)
{
	struct pace pace;

	ck_assert_int_eq(rbmap_pace_open(&pace, 100 * MS), 0);
	/* A time that did not pass, and a ring that was lapped. */
	pace.looked_ns += 1000 * MS;
	ck_assert_int_eq(rbmap_pace_adapt(&pace, 8, 8), 0);
	ck_assert_uint_gt(pace.interval_ns, 0);
	ck_assert_uint_le(pace.interval_ns, 100 * MS);
	rbmap_pace_close(&pace);
}
END_TEST

START_TEST(calm_comes_by_and_by)
{
	struct pace pace;
	uint64_t before;

	ck_assert_int_eq(rbmap_pace_open(&pace, 100 * MS), 0);
	rbmap_pace_adapt(&pace, 1000000000, 1);
	ck_assert_uint_lt(pace.interval_ns, MS);
	do {
		before = pace.interval_ns;
		ck_assert_int_eq(rbmap_pace_adapt(&pace, 1, 100), 0);
		ck_assert_uint_le(pace.interval_ns, 2 * before);
		ck_assert_uint_le(pace.interval_ns, 100 * MS);
	} while (pace.interval_ns > before);
	ck_assert_uint_ge(pace.interval_ns, 75 * MS);
	rbmap_pace_close(&pace);
}
END_TEST

/* Told once, and silent until it is time again. */
START_TEST(the_timer_is_told_once)
{
	struct pace pace;
	struct pollfd fd;

	ck_assert_int_eq(rbmap_pace_open(&pace, MS), 0);
	fd = (struct pollfd){ .fd = pace.fd, .events = POLLIN };
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_eq(rbmap_pace_take(&pace), 0);
	ck_assert_int_eq(rbmap_pace_take(&pace), 0);
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	rbmap_pace_close(&pace);
}
END_TEST

/* A look in between puts off the next one. */
START_TEST(a_look_in_between)
{
	struct pace pace;
	struct pollfd fd;

	ck_assert_int_eq(rbmap_pace_open(&pace, MS), 0);
	fd = (struct pollfd){ .fd = pace.fd, .events = POLLIN };
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	pace.interval_ns = LONGEST;
	rbmap_pace_restart(&pace);
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	rbmap_pace_close(&pace);
}
END_TEST

/* Rarely only while it is known to be told; then at once often, and by and by less. */
START_TEST(rests_and_hurries)
{
	struct pace pace;

	ck_assert_int_eq(rbmap_pace_open(&pace, 1000 * MS), 0);
	ck_assert_int_eq(rbmap_pace_adapt(&pace, 1, 100), 0);
	ck_assert_uint_eq(pace.interval_ns, PACE_ALONE_NS);
	ck_assert_int_eq(rbmap_pace_rest(&pace), 0);
	ck_assert_uint_eq(pace.interval_ns, 1000 * MS);
	ck_assert_int_eq(rbmap_pace_hurry(&pace, 4 * MS), 0);
	ck_assert_uint_eq(pace.interval_ns, 4 * MS);
	ck_assert_int_eq(rbmap_pace_hurry(&pace, 8 * MS), 0);
	ck_assert_uint_eq(pace.interval_ns, 4 * MS);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(rbmap_pace_adapt(&pace, 1, 100), 0);
	ck_assert_uint_eq(pace.interval_ns, PACE_ALONE_NS);
	rbmap_pace_close(&pace);
}
END_TEST

/* Where a burst fills a ring faster than calm is looked at, calm is looked at as often.
 */
START_TEST(small_rings_are_never_left_alone_for_long)
{
	struct pace pace;

	ck_assert_int_eq(rbmap_pace_open(&pace, 1000 * MS), 0);
	ck_assert_int_eq(rbmap_pace_limit_alone(&pace, UINT64_C(16) << 20), 0);
	ck_assert_uint_eq(pace.interval_ns, (UINT64_C(16) << 20) / 4 * 5);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(rbmap_pace_adapt(&pace, 1, 100), 0);
	ck_assert_uint_eq(pace.interval_ns, (UINT64_C(16) << 20) / 4 * 5);
	ck_assert_int_eq(rbmap_pace_limit_alone(&pace, 65536), 0);
	ck_assert_uint_eq(pace.interval_ns, PACE_LEAST_ALONE_NS);
	ck_assert_int_eq(rbmap_pace_rest(&pace), 0);
	ck_assert_uint_eq(pace.interval_ns, 1000 * MS);
	rbmap_pace_close(&pace);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { busy_rings_are_looked_at_often,
				       never_more_often_than_it_pays,
				       calm_comes_by_and_by,
				       the_timer_is_told_once,
				       a_look_in_between,
				       rests_and_hurries,
				       small_rings_are_never_left_alone_for_long };

	return RUN_TESTS("pace", tests);
}
