// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress: every record a consumer gets comes by here. Two bits for each number say
 * whether a mapping and whether a copy (read(2) or splice(2)) delivered it.
 *
 * GET_READER tells up to where the reader sub-buffer is consumed, not by whom: what
 * read(2) took of it since the last call looks new to the mapping reader. Where the
 * consumers of a ring take turns, those events are known, for they were copied after
 * the call before this one, and they are the first of what looks new. Anything else
 * that comes twice is an error. Without turns only copies can be told apart.
 */
#include <string.h>

#include "consume.h"

#define MAPPED 1
#define COPIED 2

void init_consumer(struct consumer *consumer, struct stress *stress, struct role *role,
		   enum consumer_kind kind, int index)
{
	memset(consumer, 0, sizeof(*consumer));
	consumer->stress = stress;
	consumer->role = role;
	consumer->result = &stress->shared->consumers[kind];
	consumer->ring = &stress->shared->rings[index];
	consumer->index = index;
	consumer->kind = kind;
}

struct loss subbuf_loss(const struct subbuf *subbuf, uint32_t subbuf_size)
{
	uint32_t size = subbuf->commit & COMMIT_MASK;
	struct loss loss = { .told = subbuf->commit & LOST_EVENTS };

	if (!loss.told || !(subbuf->commit & LOST_STORED) ||
	    size + SUBBUF_HEADER + sizeof(loss.count) > subbuf_size)
		return loss;
	memcpy(&loss.count, subbuf->data + size, sizeof(loss.count));
	loss.counted = loss.count != UINT64_MAX;
	return loss;
}

static unsigned int mark_taken(struct stress *stress, const struct mark *mark,
			       unsigned int bits)
{
	uint8_t *byte = &stress->taken[mark->writer][mark->seq / 4];
	unsigned int shift = mark->seq % 4 * 2;

	return __atomic_fetch_or(byte, bits << shift, __ATOMIC_ACQ_REL) >> shift & 3;
}

/* Whether a copy took it after the call before this one. */
static bool is_others(const struct consumer *consumer, const struct mark *mark)
{
	uint32_t epoch =
		consumer->stress->epochs[mark->writer][mark->seq & (EPOCHS - 1)];

	return epoch == consumer->call - 1;
}

static void note_taken(struct consumer *consumer, const struct mark *mark)
{
	struct consumer_result *result = consumer->result;
	bool mapping = consumer->kind == BY_MAPPING;
	unsigned int before;

	if (!mapping)
		consumer->stress->epochs[mark->writer][mark->seq & (EPOCHS - 1)] =
			consumer->call;
	before = mark_taken(consumer->stress, mark, mapping ? MAPPED : COPIED);
	if (consumer->stress->phase->with & TOGETHER) {
		if (mapping && before)
			result->others++;
		else if (before & COPIED)
			result->twice++;
		return;
	}
	if (mapping && before == COPIED && !consumer->own_seen &&
	    is_others(consumer, mark)) {
		result->others++;
		return;
	}
	consumer->own_seen = true;
	if (before)
		result->twice++;
}

/* With one writer for the ring, a hole in its numbers is a loss that was told of. */
static void note_loss(struct consumer *consumer, uint64_t missing)
{
	struct ring *ring = consumer->ring;
	struct loss loss = consumer->loss;

	consumer->loss = (struct loss){ .told = false };
	ring->missing += missing;
	if (loss.told) {
		ring->marks++;
		ring->told += loss.count;
		ring->marks_without_count += !loss.counted;
	}
	if (loss.counted ? loss.count != missing : loss.told != (missing > 0))
		ring->untold += missing ? missing : 1;
}

static void take_mark(struct consumer *consumer, const struct mark *mark)
{
	uint64_t *last = &consumer->last[mark->writer];

	consumer->result->records++;
	consumer->ring->records += consumer->kind == BY_MAPPING;
	if (mark->seq <= *last) {
		/* Without turns a mapping may show what another sub-buffer has by now.
		 */
		if (consumer->kind == BY_MAPPING &&
		    consumer->stress->phase->with & TOGETHER)
			return;
		consumer->result->disorder++;
		role_fail(consumer->role, "writer %u: number %llu after %llu",
			  mark->writer, (unsigned long long)mark->seq,
			  (unsigned long long)*last);
	} else {
		note_loss(consumer, mark->seq - *last - 1);
		*last = mark->seq;
	}
	note_taken(consumer, mark);
}

static void note_corrupt(struct consumer *consumer, uint32_t at, uint32_t to)
{
	consumer->result->corrupt++;
	role_fail(consumer->role, "no record of a writer at byte %u of %u", at, to);
}

void consume(struct consumer *consumer, const uint8_t *data, uint32_t size,
	     uint32_t from, uint32_t to)
{
	struct record record = { .end = 0 };
	int r;

	consumer->own_seen = false;
	while ((r = next_record(data, size, record.end, &record)) > 0) {
		const struct mark *mark;

		if (record.at < from)
			continue;
		if (record.at >= to)
			return;
		if (record.end > to) {
			/* Another consumer may have put another sub-buffer there. */
			if (!(consumer->stress->phase->with & TOGETHER))
				note_corrupt(consumer, record.at, to);
			return;
		}
		mark = record_mark(&record);
		if (mark && mark->writer < consumer->stress->nr_cpus &&
		    mark->seq < MAX_SEQ)
			take_mark(consumer, mark);
		else
			note_corrupt(consumer, record.at, to);
	}
	if (r < 0)
		note_corrupt(consumer, record.end, to);
}
