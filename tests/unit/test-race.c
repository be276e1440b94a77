/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engines on the mapping beside a writer in another thread, which stores in the
 * kernel's order and takes no lock within a sub-buffer. For the thread sanitizer above
 * all: the reader reads nothing that the writer may still write, and the observer what
 * it may by atomic loads only, and uses none of it that was overwritten.
 */
#include <pthread.h>
#include <sched.h>

#include <check.h>

#include <rbmap/stats.h>

#include "base/internal.h"
#include "ring.h"
#include "ring/engine-mapped.h"
#include "ring/engine-observe.h"
#include "ring/mapping.h"
#include "run.h"
#include "sink.h"

#define EVENTS 50000

struct writer {
	struct ring *ring;
	pthread_t thread;
	unsigned int pause_every;
	int done;
};

static void *write_events(void *context)
{
	struct writer *writer = context;

	for (unsigned int i = 0; i < EVENTS; i++) {
		/* 44 bytes a record leave room for the count in all sizes below. */
		ring_write(writer->ring, 40, i % 1000 ? 5 : UINT64_C(1) << 30);
		if (i % writer->pause_every == 0)
			sched_yield();
	}
	__atomic_store_n(&writer->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static struct rbmap_mapping *map(struct ring *ring)
{
	struct rbmap_mapping *mapping;

	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &ring->meta, ring->data,
						   ring->data_size, ring_get_reader,
						   ring),
			 0);
	return mapping;
}

static void start_writer(struct writer *writer, struct ring *ring,
			 unsigned int pause_every)
{
	*writer = (struct writer){ .ring = ring, .pause_every = pause_every };
	ck_assert_int_eq(pthread_create(&writer->thread, NULL, write_events, writer),
			 0);
}

static void race(uint32_t subbuf_size, uint32_t nr_subbufs, unsigned int pause_every)
{
	struct rbmap_layout layout = build_layout(subbuf_size, sizeof(long), false);
	struct rbmap_engine_ring *engine;
	struct rbmap_session_work work = { 0 };
	struct sink sink = { .layout = layout };
	struct rbmap_mapping *mapping;
	struct writer writer;
	struct ring ring;

	ring_open(&ring, &layout, nr_subbufs);
	mapping = map(&ring);
	ck_assert_int_eq(rbmap_mapped_open(&engine, mapping, 0, &layout, &work), 0);
	start_writer(&writer, &ring, pause_every);
	while (!__atomic_load_n(&writer.done, __ATOMIC_ACQUIRE))
		sink_round(&sink, engine);
	ck_assert_int_eq(pthread_join(writer.thread, NULL), 0);
	sink_drain(&sink, engine);
	ck_assert_uint_eq(sink.unknown, 0);
	ck_assert_uint_eq(sink.delivered + sink.lost, EVENTS);
	ck_assert_uint_eq(sink.lost, ring.overrun);
	engine->ops->close(engine);
	ring_close(&ring);
}

START_TEST(writer_with_pauses)
{
	race(4096, 8, 10);
	race(32768, 4, 100);
}
END_TEST

START_TEST(writer_that_runs_over)
{
	race(4096, 3, EVENTS);
	race(8192, 4, 5000);
}
END_TEST

static void *consume(void *context)
{
	struct writer *writer = context;

	while (!__atomic_load_n(&writer->done, __ATOMIC_ACQUIRE)) {
		ring_get_reader(writer->ring);
		sched_yield();
	}
	return NULL;
}

/* Returns the gaps. */
static unsigned int observe(uint32_t nr_subbufs, unsigned int pause_every, bool copies,
			    bool consumed)
{
	struct rbmap_layout layout = build_layout(4096, sizeof(long), false);
	struct rbmap_engine_ring *engine;
	struct rbmap_session_work work = { 0 };
	struct sink sink = { .layout = layout };
	struct rbmap_mapping *mapping;
	struct writer writer;
	struct ring ring;
	pthread_t consumer;

	ring_open(&ring, &layout, nr_subbufs);
	mapping = map(&ring);
	ck_assert_int_eq(rbmap_observe_open(&engine, mapping, 0, &layout, copies,
					    &work),
			 0);
	start_writer(&writer, &ring, pause_every);
	if (consumed)
		ck_assert_int_eq(pthread_create(&consumer, NULL, consume, &writer), 0);
	while (!__atomic_load_n(&writer.done, __ATOMIC_ACQUIRE))
		sink_observe(&sink, engine, NULL, NULL);
	ck_assert_int_eq(pthread_join(writer.thread, NULL), 0);
	if (consumed)
		ck_assert_int_eq(pthread_join(consumer, NULL), 0);
	sink_observe(&sink, engine, NULL, NULL);
	sink_observe(&sink, engine, NULL, NULL);
	if (!consumed)
		ck_assert_uint_eq(sink.next, EVENTS);
	engine->ops->close(engine);
	ring_close(&ring);
	return sink.unknown;
}

START_TEST(observer_that_keeps_up)
{
	/* The ring holds all of it. */
	ck_assert_uint_eq(observe(EVENTS / 80, 10, false, false), 0);
	ck_assert_uint_eq(observe(EVENTS / 80, 10, true, false), 0);
}
END_TEST

START_TEST(observer_that_is_lapped)
{
	ck_assert_uint_gt(observe(3, EVENTS, false, false), 0);
	ck_assert_uint_gt(observe(4, EVENTS, true, false), 0);
	observe(8, 100, false, false);
	observe(16, 1000, true, false);
}
END_TEST

START_TEST(observer_beside_a_consumer)
{
	observe(4, 10, false, true);
	observe(8, 100, true, true);
	observe(32, 1000, false, true);
}
END_TEST

/*
 * One look after the other: nothing of it ever goes back, nor beyond what was written.
 * Of what is consumed meanwhile the meta-page tells which sub-buffer it is and up to
 * where, but not of one moment: the oldest may go back. Returns how many saw something.
 */
static unsigned int watch_extent(const struct rbmap_mapping *mapping,
				 const struct ring *ring, const struct writer *writer,
				 bool consumed)
{
	struct rbmap_extent before = { .bytes = 0 }, extent;
	unsigned int seen = 0;
	bool done;
	int r;

	do {
		done = __atomic_load_n(&writer->done, __ATOMIC_ACQUIRE);
		r = rbmap_extent_read(&extent, mapping, &ring->layout);
		if (r == -EAGAIN)
			continue;
		ck_assert_int_eq(r, 0);
		if (!extent.newest)
			continue;
		ck_assert_uint_gt(extent.oldest, UINT64_C(1) << 40);
		ck_assert_uint_le(extent.oldest, extent.newest);
		if (!consumed)
			ck_assert_uint_ge(extent.oldest, before.oldest);
		ck_assert_uint_ge(extent.newest, before.newest);
		ck_assert_uint_le(extent.bytes, ring->data_size);
		before = extent;
		seen++;
	} while (!done);
	ck_assert_uint_le(before.newest, ring->now);
	return seen;
}

static unsigned int measure(uint32_t nr_subbufs, unsigned int pause_every,
			    bool consumed)
{
	struct rbmap_layout layout = build_layout(4096, sizeof(long), false);
	struct rbmap_mapping *mapping;
	struct writer writer;
	struct ring ring;
	pthread_t consumer;
	unsigned int seen;

	ring_open(&ring, &layout, nr_subbufs);
	mapping = map(&ring);
	start_writer(&writer, &ring, pause_every);
	if (consumed)
		ck_assert_int_eq(pthread_create(&consumer, NULL, consume, &writer), 0);
	seen = watch_extent(mapping, &ring, &writer, consumed);
	ck_assert_int_eq(pthread_join(writer.thread, NULL), 0);
	if (consumed)
		ck_assert_int_eq(pthread_join(consumer, NULL), 0);
	rbmap_mapping_close(mapping);
	ring_close(&ring);
	return seen;
}

START_TEST(extent_beside_a_writer)
{
	ck_assert_uint_gt(measure(3, 50, false), 0);
	ck_assert_uint_gt(measure(4, EVENTS, false), 0);
}
END_TEST

START_TEST(extent_beside_a_consumer)
{
	measure(8, 100, true);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		writer_with_pauses,	    writer_that_runs_over,
		observer_that_keeps_up,	    observer_that_is_lapped,
		observer_beside_a_consumer, extent_beside_a_writer,
		extent_beside_a_consumer
	};

	return RUN_TESTS("race", tests);
}
