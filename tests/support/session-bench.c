/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "build.h"
#include "session-bench.h"

static const int three[] = { 10, 0, 2 };

static void note(void *context, enum rbmap_log_level level, const char *message)
{
	struct session_bench *bench = context;

	if (level != RBMAP_LOG_WARNING)
		return;
	snprintf(bench->warning, sizeof(bench->warning), "%s", message);
	bench->warnings++;
}

void bench_prepare(struct session_bench *bench)
{
	*bench = (struct session_bench){ 0 };
	fake_tracefs_open(&bench->fake, three, 3);
	bench->options = (struct rbmap_session_options){
		.size = sizeof(bench->options),
		.instance = bench->fake.instance,
		.log = { note, bench },
	};
}

void bench_set_up(struct session_bench *bench)
{
	bench_prepare(bench);
	ck_assert_int_eq(rbmap_session_open(&bench->session, &bench->options), 0);
}

void bench_tear_down(struct session_bench *bench)
{
	rbmap_session_close(bench->session);
	fake_tracefs_close(&bench->fake);
}

void bench_send(struct session_bench *bench, size_t index, unsigned int nr)
{
	struct rbmap_layout layout = build_layout(FAKE_SUBBUF_SIZE, 8, false);
	unsigned char memory[FAKE_SUBBUF_SIZE] = { 0 };
	struct build build;

	build_begin(&build, &layout, memory, 1);
	while (nr--)
		ck_assert(build_data(&build, 1, "12345678", 8));
	build_commit(&build, build.size, 0);
	fake_tracefs_send(&bench->fake, index, memory, sizeof(memory));
}

int bench_take(struct session_bench *bench, int max)
{
	return rbmap_session_take(bench->session, bench->spans, max);
}

int bench_settle(struct session_bench *bench, int nr)
{
	return rbmap_session_settle(bench->session, bench->spans, nr);
}

int bench_drain(struct session_bench *bench)
{
	int nr, all = 0;

	while ((nr = bench_take(bench, BENCH_SPANS)) > 0) {
		ck_assert_int_eq(bench_settle(bench, nr), 0);
		all += nr;
	}
	ck_assert_int_eq(nr, 0);
	return all;
}
