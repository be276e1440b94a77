// SPDX-License-Identifier: GPL-2.0-only
/* How many threads of rbmap-record drain the rings: by how full those become. */
#include "../../cli/record/balance.c"

#include <check.h>

#include "run.h"

#define SECOND NS_PER_SECOND

START_TEST(few_threads_for_few_rings)
{
	ck_assert_uint_eq(balance_first(1), 1);
	ck_assert_uint_eq(balance_first(8), 1);
	ck_assert_uint_eq(balance_first(9), 2);
	ck_assert_uint_eq(balance_first(256), 32);
	for (size_t cpus = 1; cpus <= 1024; cpus++) {
		ck_assert_uint_ge(balance_most(cpus), balance_first(cpus));
		ck_assert_uint_le(balance_most(cpus), cpus);
	}
	ck_assert_uint_eq(balance_most(2), 2);
}
END_TEST

static enum balance_advice judge(struct balance *balance, unsigned int pressure,
				 bool is_woken_late, bool round_is_over)
{
	struct balance_look look = { .pressure = pressure,
				     .is_woken_late = is_woken_late,
				     .round_is_over = round_is_over };

	return balance_judge(balance, &look);
}

START_TEST(a_full_ring_calls_for_a_thread_in_the_middle_of_a_round)
{
	struct balance balance = { 0 };

	ck_assert_int_eq(judge(&balance, 50, false, false), BALANCE_KEEP);
	ck_assert_int_eq(judge(&balance, 51, false, false), BALANCE_SHARE);
	/* Half full is what the kernel waits for. */
	ck_assert_int_eq(judge(&balance, 60, true, false), BALANCE_KEEP);
	ck_assert_int_eq(judge(&balance, 76, true, false), BALANCE_SHARE);
}
END_TEST

START_TEST(full_rings_in_two_rounds_are_no_burst)
{
	struct balance balance = { 0 };
	struct balance_look look = { 0 };

	ck_assert_int_eq(judge(&balance, 100, false, false), BALANCE_SHARE);
	ck_assert_int_eq(judge(&balance, 100, false, true), BALANCE_SHARE);
	ck_assert_int_eq(judge(&balance, 10, false, true), BALANCE_KEEP);
	ck_assert_int_eq(judge(&balance, 100, false, true), BALANCE_SHARE);
	ck_assert_int_eq(judge(&balance, 100, false, true), BALANCE_HURRY);
	balance_restart(&balance, &look);
	ck_assert_int_eq(judge(&balance, 100, false, true), BALANCE_SHARE);
}
END_TEST

/* A look after @seconds, of which the thread has worked @percent. */
static enum balance_advice after(struct balance *balance, struct balance_look *look,
				 unsigned int seconds, unsigned int percent)
{
	look->now += seconds * SECOND;
	look->waited += seconds * SECOND / 100 * (100 - percent);
	return balance_judge(balance, look);
}

START_TEST(calm_is_what_stays_calm)
{
	struct balance_look look = { .now = 77, .waited = 5, .round_is_over = true };
	struct balance balance = { .begun = 77, .waited = 5 };

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(after(&balance, &look, 1, 5), BALANCE_KEEP);
	ck_assert_uint_eq(balance.load, 5);
	ck_assert_int_eq(after(&balance, &look, 1, 40), BALANCE_KEEP);
	ck_assert_uint_eq(balance.load, 40);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(after(&balance, &look, 1, 5), BALANCE_KEEP);
	ck_assert_int_eq(after(&balance, &look, 1, 5), BALANCE_RELAX);
	/* Once in a second. */
	ck_assert_int_eq(after(&balance, &look, 0, 5), BALANCE_KEEP);
	ck_assert_int_eq(after(&balance, &look, 1, 5), BALANCE_RELAX);
	/* One long sleep is as good as many short ones. */
	balance_restart(&balance, &look);
	ck_assert_int_eq(after(&balance, &look, 6, 0), BALANCE_RELAX);
	look.pressure = 100;
	ck_assert_int_eq(after(&balance, &look, 1, 5), BALANCE_SHARE);
}
END_TEST

START_TEST(two_calm_threads_do_not_make_a_busy_one)
{
	ck_assert(balance_has_room(14, 14));
	ck_assert(!balance_has_room(14, 50));
	ck_assert(!balance_has_room(0, 30));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		few_threads_for_few_rings,
		a_full_ring_calls_for_a_thread_in_the_middle_of_a_round,
		full_rings_in_two_rounds_are_no_burst,
		calm_is_what_stays_calm,
		two_calm_threads_do_not_make_a_busy_one,
	};

	return RUN_TESTS("balance", tests);
}
