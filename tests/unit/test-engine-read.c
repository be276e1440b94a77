/* SPDX-License-Identifier: GPL-2.0-only */
/* The read(2) engine on a socket: a message is a sub-buffer, none is an empty ring. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "ring.h"
#include "run.h"
#include "sink.h"

struct bench {
	struct rbmap_layout layout;
	struct ring ring;
	struct rbmap_engine_ring *engine;
	struct rbmap_session_work work;
	struct sink sink;
	unsigned char *copy;
	int ends[2];
};

static void set_up(struct bench *bench, uint32_t subbuf_size)
{
	struct rbmap_layout layout = build_layout(subbuf_size, sizeof(long), false);
	int r;

	*bench = (struct bench){ .layout = layout, .sink.layout = layout };
	ring_open(&bench->ring, &layout, 8);
	bench->copy = malloc(subbuf_size);
	r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       bench->ends);
	ck_assert_int_eq(r, 0);
	r = rbmap_read_ops.open(&bench->engine, bench->ends[0], 4, &layout, false,
				&bench->work);
	ck_assert_int_eq(r, 0);
}

static void tear_down(struct bench *bench)
{
	bench->engine->ops->close(bench->engine);
	ring_close(&bench->ring);
	free(bench->copy);
	close(bench->ends[0]);
	close(bench->ends[1]);
}

static void send_bytes(struct bench *bench, const void *bytes, size_t size)
{
	ck_assert_int_eq(write(bench->ends[1], bytes, size), (ssize_t)size);
}

/* All that the ring has, as a kernel that is read would hand it out. */
static unsigned int feed(struct bench *bench)
{
	unsigned int nr = 0;
	size_t size;

	while ((size = ring_read(&bench->ring, bench->copy)) > 0) {
		/* A socket holds less than a ring. */
		while (write(bench->ends[1], bench->copy, size) < 0)
			sink_drain(&bench->sink, bench->engine);
		nr++;
	}
	return nr;
}

START_TEST(each_event_once)
{
	struct bench bench;
	unsigned int nr = 0;

	for (uint32_t size = 4096; size <= 65536; size *= 2) {
		set_up(&bench, size);
		for (int i = 0; i < 40; i++) {
			ring_write_many(&bench.ring, 100, 10 + i);
			nr += feed(&bench);
			sink_drain(&bench.sink, bench.engine);
			ck_assert_uint_eq(bench.sink.delivered, bench.ring.numbers);
		}
		ck_assert_uint_eq(bench.sink.flags, 0);
		ck_assert_uint_ge(bench.work.reads, 40);
		tear_down(&bench);
	}
	ck_assert_uint_gt(nr, 200);
}
END_TEST

START_TEST(loss_is_told)
{
	struct bench bench;

	set_up(&bench, 4096);
	for (int i = 0; i < 10; i++) {
		ring_write_many(&bench.ring, 100, 1000);
		feed(&bench);
		sink_drain(&bench.sink, bench.engine);
	}
	ck_assert_uint_gt(bench.sink.lost, 0);
	ck_assert_uint_eq(bench.sink.lost, bench.ring.overrun);
	ck_assert_uint_eq(bench.sink.delivered + bench.sink.lost, bench.ring.numbers);
	tear_down(&bench);
}
END_TEST

static void send_events(struct bench *bench, uint32_t nr)
{
	struct build build;
	struct ring_event event;

	build_begin(&build, &bench->layout, bench->copy, bench->ring.now);
	for (uint32_t i = 0; i < nr; i++) {
		event = (struct ring_event){ bench->ring.numbers++, bench->ring.now };
		ck_assert(build_data(&build, 0, &event, sizeof(event)));
	}
	build_commit(&build, build.size, 0);
	send_bytes(bench, bench->copy, bench->layout.subbuf_size);
}

/*
 * The rest of a sub-buffer, then one that a large event did not fit into: neither is
 * the writer's, and the round has to go on to what was in the ring at its begin.
 */
START_TEST(short_ones_that_are_not_the_writers)
{
	struct bench bench;

	set_up(&bench, 4096);
	for (int i = 0; i < 10; i++) {
		send_events(&bench, 3);
		send_events(&bench, 50);
		send_events(&bench, 200);
		send_events(&bench, 40);
		send_events(&bench, 190);
		sink_round(&bench.sink, bench.engine);
		ck_assert_uint_eq(bench.sink.delivered, bench.ring.numbers);
	}
	tear_down(&bench);
}
END_TEST

/* The writer's sub-buffer again and again, a few records at a time. */
START_TEST(round_ends_beside_a_slow_writer)
{
	struct bench bench;

	set_up(&bench, 4096);
	for (int i = 0; i < 8; i++)
		send_events(&bench, 2);
	ck_assert_uint_le(sink_round(&bench.sink, bench.engine), 4);
	ck_assert_uint_ge(sink_round(&bench.sink, bench.engine), 1);
	tear_down(&bench);
}
END_TEST

START_TEST(no_more_than_asked_for)
{
	struct rbmap_span spans[4];
	struct bench bench;

	set_up(&bench, 4096);
	for (int i = 0; i < 5; i++)
		send_events(&bench, 200);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 4), 0);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 0), 0);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 3), 3);
	for (int i = 0; i < 3; i++) {
		sink_span(&bench.sink, &spans[i]);
		ck_assert_int_eq(spans[i].cpu, 4);
	}
	ck_assert_uint_eq(bench.sink.delivered, 600);
	tear_down(&bench);
}
END_TEST

/* Of large ones too: to hand each of them to what writes would cost the most. */
START_TEST(several_in_a_turn)
{
	struct rbmap_span spans[8];
	struct bench bench;

	set_up(&bench, 16384);
	for (int i = 0; i < 6; i++)
		send_events(&bench, 700);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 8), 6);
	for (int i = 0; i < 6; i++)
		sink_span(&bench.sink, &spans[i]);
	ck_assert_uint_eq(bench.sink.delivered, 6 * 700);
	tear_down(&bench);
}
END_TEST

/* What cannot be read is an error after what came before, and a loss. */
static void check_garbage(const void *bytes, size_t size)
{
	struct rbmap_span spans[4];
	struct bench bench;

	set_up(&bench, 4096);
	send_events(&bench, 200);
	send_bytes(&bench, bytes, size);
	send_events(&bench, 200);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 4), 1);
	ck_assert_uint_eq(spans[0].lost, 0);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 4), -EPROTO);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, spans, 4), 1);
	ck_assert_uint_eq(spans[0].lost, RBMAP_LOST_UNKNOWN);
	tear_down(&bench);
}

START_TEST(garbage)
{
	unsigned char bytes[4096];

	memset(bytes, 0xff, sizeof(bytes));
	check_garbage(bytes, sizeof(bytes));
	check_garbage(bytes, 15);
}
END_TEST

/* A message that is too short for what its header says. */
START_TEST(short_read)
{
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	struct rbmap_span span;
	struct bench bench;
	struct build build;
	unsigned int nr = 0;
	int r;

	set_up(&bench, 4096);
	build_begin(&build, &bench.layout, bench.copy, 1);
	while (build_data(&build, 1, "abcd", 4))
		;
	build_commit(&build, build.size, 0);
	send_bytes(&bench, bench.copy, 16 + 80);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 1);
	ck_assert_int_eq(rbmap_walk_span(&walk, &bench.layout, &span), 0);
	while ((r = rbmap_walk_next(&walk, &record)) == 1)
		nr++;
	ck_assert_int_eq(r, -EBADMSG);
	ck_assert_uint_eq(nr, 10);
	tear_down(&bench);
}
END_TEST

START_TEST(end_and_error)
{
	struct rbmap_span span;
	struct bench bench;

	set_up(&bench, 4096);
	bench.engine->ops->wake(bench.engine);
	shutdown(bench.ends[1], SHUT_RDWR);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), 0);
	bench.engine->ops->close(bench.engine);
	ck_assert_int_eq(rbmap_read_ops.open(&bench.engine, -1, 4, &bench.layout, false,
					     &bench.work),
			 0);
	bench.engine->ops->wake(bench.engine);
	ck_assert_int_eq(bench.engine->ops->take(bench.engine, &span, 1), -EBADF);
	tear_down(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_event_once,
		loss_is_told,
		short_ones_that_are_not_the_writers,
		round_ends_beside_a_slow_writer,
		no_more_than_asked_for,
		several_in_a_turn,
		garbage,
		short_read,
		end_and_error,
	};

	return RUN_TESTS("engine-read", tests);
}
