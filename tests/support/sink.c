/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "ring.h"
#include "sink.h"
#include "span/shared-load.h"

#define SPANS 4

/* Check's own assertions tell the runner of each success: too slow for each record. */
#define must(a, op, b) \
	do { \
		unsigned long long left = (a), right = (b); \
\
		if (!(left op right)) \
			ck_abort_msg("%s %s %s: %llu, %llu", #a, #op, #b, left, \
				     right); \
	} while (0)

static void check_record(struct sink *sink, const struct rbmap_record *record)
{
	struct ring_event event;

	must(record->size, >=, sizeof(event));
	memcpy(&event, record->data, sizeof(event));
	must(event.time, ==, record->time_stamp);
	if (record->lost == RBMAP_LOST_UNKNOWN) {
		sink->unknown++;
		must(event.number, >=, sink->next);
	} else if (sink->others) {
		must(event.number, >=, sink->next + record->lost);
	} else {
		must(event.number, ==, sink->next + record->lost);
		sink->lost += record->lost;
		sink->losses += record->lost != 0;
	}
	sink->next = event.number + 1;
	sink->delivered++;
}

/* A sub-buffer grows without a gap, and a new one begins at its begin. */
static void check_place(const struct sink *sink, const struct rbmap_span *span)
{
	must(span->from, <, span->to);
	if (span->from > 0)
		must(span->lost, ==, 0);
	/* Behind what others took it does not go on: that needs a place of its own. */
	if (sink->began && span->seq == sink->seq)
		must(span->from, ==, sink->to);
	if (!sink->began || sink->others)
		return;
	if (span->seq == sink->seq) {
		must(span->from, ==, sink->to);
		must(sink->flags & RBMAP_SPAN_GROWING, !=, 0);
	} else {
		must(span->seq, ==, sink->seq + 1);
		must(span->from, ==, 0);
	}
}

void sink_span(struct sink *sink, const struct rbmap_span *span)
{
	uint64_t delivered = sink->delivered;
	struct rbmap_tally tally;
	struct rbmap_walk again;
	struct rbmap_record record;
	int r;

	check_place(sink, span);
	sink->began = true;
	sink->seq = span->seq;
	sink->to = span->to;
	sink->flags = span->flags;
	sink->spans++;
	must(rbmap_walk_span(&sink->walk, &sink->layout, span), ==, 0);
	again = sink->walk;
	while ((r = rbmap_walk_next(&sink->walk, &record)) == 1)
		check_record(sink, &record);
	must(r, ==, 0);
	must(rbmap_walk_tally(&again, &tally), ==, 0);
	must(tally.records, ==, sink->delivered - delivered);
}

unsigned int sink_round(struct sink *sink, struct rbmap_engine_ring *engine)
{
	struct rbmap_span spans[SPANS];
	unsigned int all = 0;
	int nr;

	engine->ops->wake(engine);
	while ((nr = engine->ops->take(engine, spans, SPANS)) > 0) {
		for (int i = 0; i < nr; i++)
			sink_span(sink, &spans[i]);
		all += nr;
		must(all, <, 1000000);
	}
	must(nr, ==, 0);
	return all;
}

void sink_drain(struct sink *sink, struct rbmap_engine_ring *engine)
{
	while (sink_round(sink, engine))
		;
}

static void settle_span(struct sink *sink, const struct rbmap_span *span)
{
	if (!(span->flags & RBMAP_SPAN_TORN)) {
		sink_span(sink, span);
		return;
	}
	sink->torn++;
	/* What comes next has a place of its own, and says that something is lost. */
	sink->began = false;
}

unsigned int sink_observe(struct sink *sink, struct rbmap_engine_ring *engine,
			  void (*between)(void *context), void *context)
{
	uint32_t size = sink->layout.subbuf_size;
	unsigned char *copies = malloc((size_t)SPANS * size);
	struct rbmap_span spans[SPANS];
	unsigned int all = 0;
	int nr;

	ck_assert_ptr_nonnull(copies);
	engine->ops->wake(engine);
	while ((nr = engine->ops->take(engine, spans, SPANS)) > 0) {
		for (int i = 0; i < nr; i++)
			shared_copy(copies + (size_t)i * size, spans[i].subbuf,
				    sink->layout.data_offset + spans[i].to);
		if (between)
			between(context);
		engine->ops->settle(engine, spans, nr);
		for (int i = 0; i < nr; i++) {
			spans[i].subbuf = copies + (size_t)i * size;
			settle_span(sink, &spans[i]);
		}
		all += nr;
		must(all, <, 1000000);
	}
	must(nr, ==, 0);
	free(copies);
	return all;
}
