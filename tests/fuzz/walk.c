// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record walk. The input: a byte of bits, the size of a sub-buffer (2 bytes), the
 * number of spans less 1 (1 byte), where the layout is wild four numbers of 4 bytes for
 * it, the spans (8 bytes each), and the sub-buffer.
 */
#include <errno.h>
#include <stdbool.h>

#include <rbmap/record.h>
#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#include "fuzz.h"

#define SPANS_MAX 8

enum {
	NARROW = 1 << 0,
	SWAP = 1 << 1,
	WILD = 1 << 2,
	/* Of a span. */
	NEW_WALK = 1 << 0,
	WRONG_SIZE = 1 << 1,
	HIGH = 1 << 2,
};

/* Reads all bytes, so that AddressSanitizer sees where they lie. */
static volatile unsigned char seen;

static void touch(const unsigned char *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		seen ^= bytes[i];
}

static struct rbmap_layout make_layout(struct fuzz_in *in, unsigned int bits,
				       uint32_t subbuf_size)
{
	uint32_t word = bits & NARROW ? 4 : 8;
	struct rbmap_layout layout = {
		.subbuf_size = subbuf_size,
		.data_offset = 8 + word,
		.commit_offset = 8,
		.commit_size = word,
		.swap = bits & SWAP,
	};

	if (bits & WILD) {
		layout.data_offset = fuzz_number(in, 4);
		layout.commit_offset = fuzz_number(in, 4);
		layout.commit_size = fuzz_number(in, 4);
	}
	return layout;
}

static struct rbmap_span make_span(struct fuzz_in *in, uint32_t subbuf_size,
				   bool *new_walk)
{
	unsigned int bits = fuzz_number(in, 1);
	struct rbmap_span span = {
		.subbuf_size = bits & WRONG_SIZE ? subbuf_size - 1 : subbuf_size,
		.from = fuzz_number(in, 2),
		.to = fuzz_number(in, 2),
		.seq = fuzz_number(in, 1),
		.lost = fuzz_number(in, 1),
		.time_stamp = fuzz_number(in, 1) << 56,
		.cpu = 3,
	};

	if (bits & HIGH)
		span.to |= UINT32_C(0xffff0000);
	*new_walk = bits & NEW_WALK;
	return span;
}

/* Each record behind the one before, in the span, with its data behind its head. */
static void check_records(struct rbmap_walk *walk, const struct rbmap_layout *layout,
			  const struct rbmap_span *span, struct rbmap_tally *tally,
			  int *ret)
{
	const unsigned char *subbuf = span->subbuf;
	uint64_t at = (uint64_t)layout->data_offset + span->from;
	uint64_t end = (uint64_t)layout->data_offset + span->to;
	struct rbmap_record record;
	uint64_t data;

	*tally = (struct rbmap_tally){ 0 };
	while ((*ret = rbmap_walk_next(walk, &record)) == 1) {
		data = (const unsigned char *)record.data - subbuf;
		must(record.offset >= at);
		must(data >= record.offset + 4);
		must(data + record.size <= end);
		must(record.cpu == span->cpu);
		must(!tally->records || !record.lost);
		touch(record.data, record.size);
		at = data + record.size;
		if (!tally->records++)
			tally->first = record.time_stamp;
		tally->last = record.time_stamp;
	}
	must(*ret == 0 || *ret == -EBADMSG);
	must(rbmap_walk_next(walk, &record) == 0);
}

static void check_span(struct rbmap_walk *walk, const struct rbmap_layout *layout,
		       const struct rbmap_span *span)
{
	struct rbmap_walk counted;
	struct rbmap_tally by_walk, tally;
	int end, r = rbmap_walk_span(walk, layout, span);

	must(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	counted = *walk;
	check_records(walk, layout, span, &by_walk, &end);
	must(rbmap_walk_tally(&counted, &tally) == end);
	must(tally.records == by_walk.records);
	must(tally.first == by_walk.first && tally.last == by_walk.last);
	must(counted.next == walk->next && counted.time_stamp == walk->time_stamp);
	must(counted.lost == walk->lost && counted.started == walk->started);
}

static void check_header(const struct rbmap_layout *layout, const void *subbuf)
{
	struct rbmap_subbuf_header header;
	int r = rbmap_subbuf_header(layout, subbuf, &header);

	must(r == 0 || r == -EBADMSG);
	must(r < 0 || header.size <= layout->subbuf_size - layout->data_offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_in in = { bytes, size };
	unsigned int bits = fuzz_number(&in, 1);
	uint32_t subbuf_size = fuzz_number(&in, 2);
	unsigned int nr = fuzz_number(&in, 1) % SPANS_MAX + 1;
	struct rbmap_layout layout = make_layout(&in, bits, subbuf_size);
	struct rbmap_span spans[SPANS_MAX];
	bool new_walk[SPANS_MAX];
	struct rbmap_walk walk = { 0 };
	unsigned char *subbuf = calloc(1, subbuf_size ? subbuf_size : 1);

	must(subbuf);
	for (unsigned int i = 0; i < nr; i++)
		spans[i] = make_span(&in, subbuf_size, &new_walk[i]);
	if (in.size)
		memcpy(subbuf, in.bytes, in.size < subbuf_size ? in.size : subbuf_size);
	if (!(bits & WILD) && subbuf_size >= layout.data_offset)
		check_header(&layout, subbuf);
	for (unsigned int i = 0; i < nr; i++) {
		spans[i].subbuf = subbuf;
		if (new_walk[i])
			walk = (struct rbmap_walk){ 0 };
		check_span(&walk, &layout, &spans[i]);
	}
	free(subbuf);
	return 0;
}
