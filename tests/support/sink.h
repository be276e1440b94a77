/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes the spans of one struct ring and fails the test where an event comes twice,
 * out of order, at another time, or is missing without being told as lost.
 */
#ifndef TEST_SINK_H
#define TEST_SINK_H

#include <rbmap/record.h>

#include "ring/engine.h"

struct sink {
	struct rbmap_layout layout;
	struct rbmap_walk walk;
	/* Somebody else consumes too, so numbers may be missing. */
	bool others;

	uint64_t next;
	uint64_t delivered;
	uint64_t lost;
	unsigned int losses;
	unsigned int unknown;

	unsigned int spans;
	unsigned int torn;
	bool began;
	uint64_t seq;
	uint32_t to;
	uint32_t flags;
};

void sink_span(struct sink *sink, const struct rbmap_span *span);

/* One round; returns how many spans it had. */
unsigned int sink_round(struct sink *sink, struct rbmap_engine_ring *engine);

/* Rounds until one has no spans. */
void sink_drain(struct sink *sink, struct rbmap_engine_ring *engine);

/*
 * One round of an engine whose spans may be overwritten: each is copied, and looked at
 * only if it is whole behind that. @between, which may be NULL, is called before it is
 * settled. Returns how many spans there were.
 */
unsigned int sink_observe(struct sink *sink, struct rbmap_engine_ring *engine,
			  void (*between)(void *context), void *context);

#endif
