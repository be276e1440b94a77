/* SPDX-License-Identifier: GPL-2.0-only */
/* The alarm on FIFOs that are written to and never read. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <check.h>

#include "ring/alarm.h"
#include "run.h"

#define NR_RINGS 70
#define WHO 7

struct bench {
	struct alarm alarm;
	int watcher;
	int rings[NR_RINGS][2];
};

static void set_up(struct bench *bench)
{
	bench->watcher = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_int_ge(bench->watcher, 0);
	ck_assert_int_eq(rbmap_alarm_open(&bench->alarm, bench->watcher, WHO), 0);
	for (int i = 0; i < NR_RINGS; i++) {
		ck_assert_int_eq(pipe(bench->rings[i]), 0);
		ck_assert_int_eq(rbmap_alarm_add(&bench->alarm, bench->rings[i][0]), 0);
	}
}

static void tear_down(struct bench *bench)
{
	for (int i = 0; i < NR_RINGS; i++) {
		close(bench->rings[i][0]);
		close(bench->rings[i][1]);
	}
	rbmap_alarm_close(&bench->alarm);
	close(bench->watcher);
}

static void write_to(struct bench *bench, int ring)
{
	ck_assert_int_eq(write(bench->rings[ring][1], "e", 1), 1);
}

static bool is_told(const struct bench *bench)
{
	struct epoll_event event;
	int nr = epoll_wait(bench->watcher, &event, 1, 0);

	if (nr == 1)
		ck_assert_uint_eq(event.data.u32, WHO);
	return nr == 1;
}

START_TEST(tells_only_while_armed)
{
	struct bench bench;

	set_up(&bench);
	write_to(&bench, 3);
	ck_assert(!is_told(&bench));
	/* What was there before is not told, though nobody has read it. */
	ck_assert_int_eq(rbmap_alarm_arm(&bench.alarm), 0);
	ck_assert(!is_told(&bench));
	write_to(&bench, 3);
	ck_assert(is_told(&bench));
	rbmap_alarm_disarm(&bench.alarm);
	ck_assert(!is_told(&bench));
	write_to(&bench, 4);
	ck_assert(!is_told(&bench));
	ck_assert_int_eq(rbmap_alarm_arm(&bench.alarm), 0);
	ck_assert(!is_told(&bench));
	write_to(&bench, 5);
	ck_assert(is_told(&bench));
	tear_down(&bench);
}
END_TEST

/* More of them than are taken at a time. */
START_TEST(all_rings_are_armed)
{
	struct bench bench;

	set_up(&bench);
	for (int i = 0; i < NR_RINGS; i++)
		write_to(&bench, i);
	ck_assert_int_eq(rbmap_alarm_arm(&bench.alarm), 0);
	ck_assert(!is_told(&bench));
	write_to(&bench, NR_RINGS - 1);
	ck_assert(is_told(&bench));
	rbmap_alarm_disarm(&bench.alarm);
	ck_assert_int_eq(rbmap_alarm_arm(&bench.alarm), 0);
	rbmap_alarm_remove(&bench.alarm, bench.rings[0][0]);
	write_to(&bench, 0);
	ck_assert(!is_told(&bench));
	tear_down(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { tells_only_while_armed, all_rings_are_armed };

	return RUN_TESTS("alarm", tests);
}
