/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader engine beside a writer in another thread, which stores in the kernel's
 * order and takes no lock within a sub-buffer. For the thread sanitizer above all: the
 * engine reads nothing that the writer may still write.
 */
#include <pthread.h>
#include <sched.h>

#include <check.h>

#include "internal.h"
#include "mapping.h"
#include "reader.h"
#include "ring.h"
#include "run.h"
#include "sink.h"

#define EVENTS 200000

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
	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &ring.meta, ring.data,
						   ring.data_size, ring_get_reader,
						   &ring),
			 0);
	ck_assert_int_eq(rbmap_reader_open(&engine, mapping, 0, &layout, &work), 0);
	writer = (struct writer){ .ring = &ring, .pause_every = pause_every };
	ck_assert_int_eq(pthread_create(&writer.thread, NULL, write_events, &writer),
			 0);
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

int main(void)
{
	const TTest *const tests[] = { writer_with_pauses, writer_that_runs_over };

	return RUN_TESTS("race", tests);
}
