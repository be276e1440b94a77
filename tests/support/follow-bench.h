/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows over the FIFOs of fake-tracefs.h, with two events: made:number (77) and
 * made:other (78), which have a number each.
 */
#ifndef TEST_FOLLOW_BENCH_H
#define TEST_FOLLOW_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/follow.h>

#include "fake-tracefs.h"

#define FOLLOW_NUMBER 77
#define FOLLOW_OTHER 78
#define FOLLOW_CALLS 64

/* A record, or bytes that are none (id 0). */
struct follow_sent {
	uint64_t time;
	uint16_t id;
	uint32_t number;
};

/* What was called: the events' callbacks, those of all others ('*'), or 'L'. */
struct follow_call {
	char what;
	int source, cpu;
	uint32_t number;
	uint64_t time, lost;
};

struct follow_bench {
	struct rbmap_follow_options options;
	struct rbmap_follow *follow;
	struct rbmap_events *events;
	/* Each has the CPUs 0 and 3. */
	struct fake_tracefs fakes[2];
	struct follow_call calls[FOLLOW_CALLS];
	size_t nr_calls;
	/* At the call with this number, counted from 1, what is returned. */
	size_t last;
	int result;
	char warning[256];
	unsigned int warnings;
};

void follow_bench_open(struct follow_bench *bench);
void follow_bench_close(struct follow_bench *bench);

/* Adds the fake: what rbmap_follow_add_instance() returns. */
int follow_bench_add(struct follow_bench *bench, int fake);

/* A sub-buffer with these records, for the CPU at this index. */
void follow_bench_send(struct follow_bench *bench, int fake, size_t index,
		       const struct follow_sent *sent, size_t nr, uint64_t lost);

/* Callbacks that note calls of this letter; all of them get the bench. */
int follow_bench_number(const struct rbmap_follow_record *record, void *data);
int follow_bench_other(const struct rbmap_follow_record *record, void *data);
int follow_bench_any(const struct rbmap_follow_record *record, void *data);
int follow_bench_lost(const struct rbmap_follow_record *record, void *data);

/* All calls so far, "N1 O2 L5", which are forgotten; valid until the next. */
const char *follow_bench_calls(struct follow_bench *bench);

#endif
