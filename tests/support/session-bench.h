/* SPDX-License-Identifier: GPL-2.0-only */
/* A session over the FIFOs of fake-tracefs.h, for CPUs 10, 0 and 2. */
#ifndef TEST_SESSION_BENCH_H
#define TEST_SESSION_BENCH_H

#include <rbmap/session.h>

#include "fake-tracefs.h"

#define BENCH_SPANS 8

struct session_bench {
	struct fake_tracefs fake;
	struct rbmap_session_options options;
	struct rbmap_session *session;
	struct rbmap_span spans[BENCH_SPANS];
	char warning[256];
	unsigned int warnings;
};

/* All but the session, whose options can be changed. */
void bench_prepare(struct session_bench *bench);
void bench_set_up(struct session_bench *bench);
void bench_tear_down(struct session_bench *bench);

/* One sub-buffer with so many records, for the CPU at this index of three. */
void bench_send(struct session_bench *bench, size_t index, unsigned int nr);

int bench_take(struct session_bench *bench, int max);
int bench_settle(struct session_bench *bench, int nr);

/* Ends the round; returns how many spans it had. */
int bench_drain(struct session_bench *bench);

#endif
