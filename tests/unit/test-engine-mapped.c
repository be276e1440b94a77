/* SPDX-License-Identifier: GPL-2.0-only */
/* The engine mapped on a ring in memory: each event once, in order, or told as lost. */
#include <check.h>

#include "base/internal.h"
#include "ring.h"
#include "ring/engine-mapped.h"
#include "ring/mapping.h"
#include "run.h"
#include "sink.h"

struct bench {
	struct ring ring;
	struct rbmap_engine_ring *engine;
	struct rbmap_session_work work;
	struct sink sink;
};

static void attach(struct bench *bench)
{
	struct ring *ring = &bench->ring;
	struct rbmap_mapping *mapping;

	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &ring->meta, ring->data,
						   ring->data_size, ring_get_reader,
						   ring),
			 0);
	ck_assert_int_eq(rbmap_mapped_open(&bench->engine, mapping, 3, &ring->layout,
					   &bench->work),
			 0);
}

static void set_up_sized(struct bench *bench, uint32_t subbuf_size, uint32_t nr_subbufs)
{
	struct rbmap_layout layout = build_layout(subbuf_size, sizeof(long), false);

	*bench = (struct bench){ .sink.layout = layout };
	ring_open(&bench->ring, &layout, nr_subbufs);
	attach(bench);
}

static void set_up(struct bench *bench)
{
	set_up_sized(bench, 4096, 8);
}

static void tear_down(struct bench *bench)
{
	bench->engine->ops->close(bench->engine);
	ring_close(&bench->ring);
}

/* All that was written is delivered or lost, and the ring says the same. */
static void check_all(struct bench *bench)
{
	ck_assert_uint_eq(bench->sink.delivered + bench->sink.lost,
			  bench->ring.numbers - bench->ring.dropped);
	ck_assert_uint_eq(bench->sink.lost, bench->ring.overrun);
	ck_assert_uint_eq(bench->sink.unknown, 0);
	ck_assert_uint_eq(bench->work.get_readers, bench->ring.calls);
}

START_TEST(nothing_to_take)
{
	struct bench bench;

	set_up(&bench);
	ck_assert_uint_eq(sink_round(&bench.sink, bench.engine), 0);
	ck_assert_uint_eq(bench.ring.calls, 1);
	check_all(&bench);
	tear_down(&bench);
}
END_TEST

START_TEST(nothing_without_a_wake)
{
	struct rbmap_span span;
	struct bench bench;

	set_up(&bench);
	ring_write(&bench.ring, 16, 1);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 0);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 0), 0);
	ck_assert_uint_eq(bench.ring.calls, 0);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 1);
	ck_assert_int_eq(span.cpu, 3);
	ck_assert_uint_eq(span.subbuf_size, 4096);
	tear_down(&bench);
}
END_TEST

/* The reader sub-buffer is the writer's: it comes in pieces. */
START_TEST(partial_spans)
{
	struct bench bench;

	set_up(&bench);
	for (int i = 0; i < 20; i++) {
		ring_write_many(&bench.ring, 24, 3);
		ck_assert_uint_eq(sink_round(&bench.sink, bench.engine), 1);
		ck_assert_uint_eq(bench.sink.delivered, bench.ring.numbers);
		ck_assert(bench.sink.flags & RBMAP_SPAN_GROWING);
	}
	ck_assert_uint_eq(bench.sink.seq, 1);
	check_all(&bench);
	tear_down(&bench);
}
END_TEST

START_TEST(reserved_is_not_delivered)
{
	struct bench bench;

	set_up(&bench);
	ring_write_many(&bench.ring, 24, 3);
	ring_reserve(&bench.ring, 24, 5);
	sink_drain(&bench.sink, bench.engine);
	ck_assert_uint_eq(bench.sink.delivered, 3);
	ring_commit(&bench.ring);
	sink_drain(&bench.sink, bench.engine);
	ck_assert_uint_eq(bench.sink.delivered, 4);
	tear_down(&bench);
}
END_TEST

/* Every fill of the ring, across every border of a sub-buffer. */
static void check_steps(uint32_t subbuf_size, uint32_t event, unsigned int step)
{
	struct bench bench;

	set_up_sized(&bench, subbuf_size, 5);
	for (int i = 0; i < 300; i++) {
		ring_write_many(&bench.ring, event, step);
		if (i % 7 == 0)
			ring_write(&bench.ring, event, UINT64_C(3) << 33);
		sink_drain(&bench.sink, bench.engine);
	}
	check_all(&bench);
	tear_down(&bench);
}

START_TEST(sizes_and_steps)
{
	for (uint32_t size = 4096; size <= 65536; size *= 2)
		for (uint32_t event = 16; event < 4000; event = event * 2 + 4)
			for (unsigned int step = 1; step < 60; step = step * 3 + 1)
				check_steps(size, event, step);
}
END_TEST

/* The ring is run over again and again: written = delivered + lost, each time. */
static void check_overrun(uint32_t subbuf_size, uint32_t event, unsigned int nr)
{
	struct bench bench;

	set_up_sized(&bench, subbuf_size, 4);
	for (int i = 0; i < 30; i++) {
		ring_write_many(&bench.ring, event, nr + i);
		if (i % 3 == 0)
			sink_round(&bench.sink, bench.engine);
	}
	sink_drain(&bench.sink, bench.engine);
	check_all(&bench);
	ck_assert_uint_gt(bench.sink.losses, 5);
	tear_down(&bench);
}

START_TEST(overrun_with_count)
{
	/* 40 bytes a record leave 80 bytes of 4080 - 4000: room for the count. */
	check_overrun(4096, 300, 100);
	check_overrun(8192, 1000, 100);
	check_overrun(65536, 3000, 300);
}
END_TEST

/* Records that fill a sub-buffer to its last byte leave no room for the count. */
START_TEST(overrun_without_room_for_the_count)
{
	struct bench bench;

	set_up(&bench);
	/* 4080 bytes are 204 records of 20 bytes. */
	for (int i = 0; i < 10; i++) {
		ring_write_many(&bench.ring, 16, 4000);
		sink_drain(&bench.sink, bench.engine);
	}
	ck_assert_uint_eq(bench.sink.delivered + bench.ring.overrun,
			  bench.ring.numbers);
	ck_assert_uint_gt(bench.ring.overrun, 0);
	ck_assert_uint_eq(bench.sink.lost, 0);
	ck_assert_uint_eq(bench.sink.unknown, 10);
	tear_down(&bench);
}
END_TEST

static void write_one(struct ring *ring)
{
	ring_write(ring, 16, 1);
}

static void tell_seven_lost(struct ring *ring)
{
	ring->meta.reader.lost_events = 7;
}

/*
 * A kernel that fills reader.lost_events tells a loss while the writer is still on the
 * sub-buffer, whose header cannot say it yet.
 */
START_TEST(loss_told_by_the_meta_page_alone)
{
	struct rbmap_subbuf_header header;
	struct rbmap_span span;
	struct bench bench;

	set_up(&bench);
	bench.ring.after = tell_seven_lost;
	for (int i = 0; i < 3; i++) {
		write_one(&bench.ring);
		bench.engine->ops->wake(bench.engine);
		ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 1);
		ck_assert_uint_eq(span.lost, i == 0 ? 7 : 0);
		/* A sink that writes the grown sub-buffer again keeps the loss. */
		ck_assert_int_eq(rbmap_subbuf_header(&bench.ring.layout, span.subbuf,
						     &header),
				 0);
		ck_assert_uint_eq(header.lost, 7);
	}
	tear_down(&bench);
}
END_TEST

START_TEST(drops_are_no_loss_of_the_ring)
{
	struct bench bench;

	set_up(&bench);
	bench.ring.overwrite = false;
	bench.sink.others = true;
	for (int i = 0; i < 10; i++) {
		ring_write_many(&bench.ring, 100, 1000);
		sink_drain(&bench.sink, bench.engine);
	}
	ck_assert_uint_gt(bench.ring.dropped, 0);
	ck_assert_uint_eq(bench.sink.delivered + bench.ring.dropped,
			  bench.ring.numbers);
	ck_assert_uint_eq(bench.sink.unknown, 0);
	tear_down(&bench);
}
END_TEST

/* Only the writer's sub-buffer can grow: not a full one, nor one with loss bits. */
START_TEST(growing_only_where_it_may_grow)
{
	struct rbmap_span span;
	struct bench bench;
	int r;

	set_up(&bench);
	for (int i = 0; i < 4; i++) {
		ring_write_many(&bench.ring, 40, i == 2 ? 4000 : 200);
		bench.engine->ops->wake(bench.engine);
		while ((r = bench.engine->ops->take(bench.engine, &span, 1)) == 1) {
			bool writers = bench.ring.tail_is_reader;

			ck_assert_int_eq(!!(span.flags & RBMAP_SPAN_GROWING), writers);
			sink_span(&bench.sink, &span);
		}
		ck_assert_int_eq(r, 0);
	}
	check_all(&bench);
	tear_down(&bench);
}
END_TEST

static void write_a_subbuf(struct ring *ring)
{
	ring_write_many(ring, 100, 50);
}

/* What comes between the ioctl and the look at what it did is not lost. */
START_TEST(more_data_in_one_call)
{
	struct bench bench;

	set_up_sized(&bench, 4096, 16);
	bench.ring.before = bench.ring.after = write_one;
	for (int i = 0; i < 200; i++)
		sink_round(&bench.sink, bench.engine);
	bench.ring.before = bench.ring.after = write_a_subbuf;
	for (int i = 0; i < 20; i++)
		sink_round(&bench.sink, bench.engine);
	bench.ring.before = bench.ring.after = NULL;
	sink_drain(&bench.sink, bench.engine);
	check_all(&bench);
	tear_down(&bench);
}
END_TEST

static void check_round(struct bench *bench, unsigned int most)
{
	uint64_t written = bench->ring.numbers;
	unsigned int calls = bench->ring.calls;

	sink_round(&bench->sink, bench->engine);
	ck_assert_uint_ge(bench->sink.next, written);
	ck_assert_uint_le(bench->ring.calls - calls, most);
}

/* A writer that is there at every look does not make a round endless. */
START_TEST(round_ends_beside_a_slow_writer)
{
	struct bench bench;

	set_up_sized(&bench, 65536, 4);
	bench.ring.after = write_one;
	for (int i = 0; i < 20; i++)
		check_round(&bench, 3);
	ring_write_many(&bench.ring, 100, 1000);
	for (int i = 0; i < 20; i++)
		check_round(&bench, 5);
	tear_down(&bench);
}
END_TEST

START_TEST(round_ends_beside_a_fast_writer)
{
	struct bench bench;

	set_up(&bench);
	bench.ring.after = write_a_subbuf;
	for (int i = 0; i < 100; i++)
		check_round(&bench, 10);
	bench.ring.before = write_a_subbuf;
	for (int i = 0; i < 100; i++)
		check_round(&bench, 10);
	tear_down(&bench);
}
END_TEST

/* Should the counters ever not add up, the round ends all the same. */
START_TEST(round_ends_with_wrong_counters)
{
	struct bench bench;

	set_up_sized(&bench, 65536, 4);
	bench.ring.entries = 100;
	bench.ring.after = write_one;
	for (int i = 0; i < 20; i++)
		check_round(&bench, 3);
	tear_down(&bench);
}
END_TEST

START_TEST(unread_data_of_before)
{
	struct bench bench;

	set_up(&bench);
	bench.engine->ops->close(bench.engine);
	ring_write_many(&bench.ring, 24, 100);
	ring_get_reader(&bench.ring);
	ring_write_many(&bench.ring, 24, 200);
	attach(&bench);
	bench.sink.next = 100;
	sink_drain(&bench.sink, bench.engine);
	ck_assert_uint_eq(bench.sink.delivered, 200);
	tear_down(&bench);
}
END_TEST

START_TEST(reset_in_the_middle)
{
	struct bench bench;

	set_up(&bench);
	for (int i = 0; i < 20; i++) {
		ring_write_many(&bench.ring, 24, 5 + 100 * (i % 3));
		sink_round(&bench.sink, bench.engine);
		ring_write_many(&bench.ring, 24, 10);
		ring_reset(&bench.ring);
		if (i % 2)
			sink_round(&bench.sink, bench.engine);
		ring_write_many(&bench.ring, 24, i % 4 ? 3 : 400);
		bench.sink.unknown = 0;
		sink_drain(&bench.sink, bench.engine);
		ck_assert_uint_eq(bench.sink.unknown, 1);
		ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	}
	tear_down(&bench);
}
END_TEST

static void reset_once(struct ring *ring)
{
	ring->before = NULL;
	ring_reset(ring);
	ring_write_many(ring, 24, 4);
}

/* The reset comes after the look at the meta-page and before the ioctl. */
START_TEST(reset_within_a_take)
{
	struct bench bench;

	set_up(&bench);
	ring_write_many(&bench.ring, 24, 50);
	sink_drain(&bench.sink, bench.engine);
	ring_write_many(&bench.ring, 24, 50);
	bench.ring.before = reset_once;
	sink_drain(&bench.sink, bench.engine);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	ck_assert_uint_eq(bench.sink.delivered, 54);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	tear_down(&bench);
}
END_TEST

static void beside_get_reader(uint32_t nr_subbufs)
{
	struct bench bench;

	set_up_sized(&bench, 4096, nr_subbufs);
	bench.sink.others = true;
	for (int i = 0; i < 300; i++) {
		uint64_t read = bench.ring.read, delivered = bench.sink.delivered;

		ring_write_many(&bench.ring, 24, 20 + i % 50);
		for (int j = 0; j < i % 4; j++)
			ring_get_reader(&bench.ring);
		read = bench.ring.read;
		sink_drain(&bench.sink, bench.engine);
		/* What the other one got is not ours as well. */
		ck_assert_uint_eq(bench.sink.delivered - delivered,
				  bench.ring.read - read);
	}
	ck_assert_uint_gt(bench.sink.delivered, 1000);
	ck_assert_uint_eq(bench.sink.unknown, 0);
	tear_down(&bench);
}

START_TEST(another_get_reader)
{
	beside_get_reader(8);
	beside_get_reader(3);
}
END_TEST

/* A read(2) leaves no trace on the meta-page; ours come in order all the same. */
static void beside_read(uint32_t nr_subbufs)
{
	unsigned char copy[4096];
	struct bench bench;

	set_up_sized(&bench, 4096, nr_subbufs);
	bench.sink.others = true;
	for (int i = 0; i < 300; i++) {
		ring_write_many(&bench.ring, 24, 20 + i % 250);
		for (int j = 0; j < i % 5; j++)
			ring_read(&bench.ring, copy);
		sink_drain(&bench.sink, bench.engine);
		ck_assert_uint_le(bench.sink.delivered, bench.ring.numbers);
	}
	ck_assert_uint_gt(bench.sink.delivered, 1000);
	tear_down(&bench);
}

START_TEST(another_read)
{
	beside_read(8);
	/* So few that the reader's sub-buffer is often the one of before again. */
	beside_read(4);
	beside_read(3);
}
END_TEST

/* Somebody reads on until the same sub-buffer is the reader's again, and fuller. */
START_TEST(same_id_but_another_time)
{
	unsigned char copy[4096];
	struct bench bench;
	uint32_t id, read;
	bool away = false;

	set_up_sized(&bench, 4096, 3);
	bench.sink.others = true;
	ring_write_many(&bench.ring, 24, 10);
	sink_drain(&bench.sink, bench.engine);
	id = bench.ring.meta.reader.id;
	read = bench.ring.meta.reader.read;
	do {
		ring_write_many(&bench.ring, 24, 1);
		ring_read(&bench.ring, copy);
		away |= bench.ring.reader != id;
	} while (!away || bench.ring.reader != id || bench.ring.pages[id].read <= read);
	ring_write_many(&bench.ring, 24, 3);
	sink_drain(&bench.sink, bench.engine);
	ck_assert_uint_eq(bench.sink.next, bench.ring.numbers);
	ck_assert_uint_eq(bench.sink.seq, 2);
	tear_down(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		nothing_to_take,
		nothing_without_a_wake,
		partial_spans,
		reserved_is_not_delivered,
		sizes_and_steps,
		overrun_with_count,
		overrun_without_room_for_the_count,
		loss_told_by_the_meta_page_alone,
		drops_are_no_loss_of_the_ring,
		growing_only_where_it_may_grow,
		more_data_in_one_call,
		round_ends_beside_a_slow_writer,
		round_ends_beside_a_fast_writer,
		round_ends_with_wrong_counters,
		unread_data_of_before,
		reset_in_the_middle,
		reset_within_a_take,
		another_get_reader,
		another_read,
		same_id_but_another_time,
	};

	return RUN_TESTS("engine-mapped", tests);
}
