// SPDX-License-Identifier: LGPL-2.1-only
/* Writes trace.dat, version 6: the sub-buffers. */
#define _GNU_SOURCE
#include <sys/uio.h>

#include <rbmap/record.h>

#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

#define MAX_RUN 64
/* What lies in one page is written in one piece, also when the writer is killed. */
#define ATOMIC_SIZE 4096
/* A padding record: its own word and the length of what is passed over. */
#define PADDING_SIZE 8

/* Sub-buffers that go out as they are, into adjacent slots of one region. */
struct run {
	struct tracedat_region *region;
	int nr;
	int nr_parts;
	const struct rbmap_span *spans[MAX_RUN];
	struct iovec parts[MAX_RUN];
	/* Where a write failed: the first that is not in the file. */
	const struct rbmap_span *failed;
};

/* What is written in place of the kernel's own header and count. */
struct patch {
	unsigned char header[TRACEDAT_MAX_HEADER];
	unsigned char count[8];
	uint32_t count_size;
};

static uint64_t slot_offset(const struct rbmap_tracedat_writer *writer,
			    const struct tracedat_region *region, uint64_t slot)
{
	return region->start + slot * writer->layout.subbuf_size;
}

static void note_slot(struct tracedat_region *region, const struct rbmap_span *span)
{
	region->slots++;
	region->seq = span->seq;
	region->to = span->to;
	region->lost = span->lost;
	region->time_stamp = span->time_stamp;
	region->hidden = false;
}

static int flush_run(struct rbmap_tracedat_writer *writer, struct run *run)
{
	uint64_t done, whole;
	int r;

	if (run->nr == 0)
		return 0;
	rbmap_tracedat_reserve(writer, run->region, run->nr);
	r = rbmap_tracedat_write_pages(&writer->file, run->parts, run->nr_parts,
				       slot_offset(writer, run->region,
						   run->region->slots),
				       &done);
	/* On a full disk the first of them may be in the file. */
	whole = done / writer->layout.subbuf_size;
	for (uint64_t i = 0; i < whole; i++)
		note_slot(run->region, run->spans[i]);
	if (r < 0)
		run->failed = run->spans[whole];
	run->nr = 0;
	run->nr_parts = 0;
	return r;
}

static void add_to_run(struct run *run, struct tracedat_region *region,
		       const struct rbmap_span *span)
{
	struct iovec *last = run->nr_parts ? &run->parts[run->nr_parts - 1] : NULL;

	run->region = region;
	run->spans[run->nr++] = span;
	if (last && (char *)last->iov_base + last->iov_len == span->subbuf)
		last->iov_len += span->subbuf_size;
	else
		run->parts[run->nr_parts++] = (struct iovec){
			.iov_base = (void *)span->subbuf,
			.iov_len = span->subbuf_size,
		};
}

/* Does the sub-buffer say of itself what the span says of it? */
static bool goes_straight(const struct rbmap_tracedat_writer *writer,
			  const struct rbmap_span *span)
{
	struct rbmap_subbuf_header header;

	if ((span->flags & RBMAP_SPAN_GROWING) || span->from)
		return false;
	return rbmap_subbuf_header(&writer->layout, span->subbuf, &header) == 0 &&
	       header.size == span->to && header.lost == span->lost &&
	       header.time_stamp == span->time_stamp;
}

static void make_patch(const struct rbmap_tracedat_writer *writer, struct patch *patch,
		       const struct tracedat_region *region, uint32_t to, uint64_t lost)
{
	patch->count_size =
		rbmap_subbuf_make_header(&writer->layout, patch->header, patch->count,
					 region->time_stamp, to, lost);
}

static const unsigned char *span_data(const struct rbmap_tracedat_writer *writer,
				      const struct rbmap_span *span)
{
	return (const unsigned char *)span->subbuf + writer->layout.data_offset;
}

static struct iovec part_of(const void *bytes, size_t size)
{
	return (struct iovec){ .iov_base = (void *)bytes, .iov_len = size };
}

/*
 * A first span that does not begin at 0: what is before it was consumed by someone
 * else. A padding record takes its place, and the time starts where the span does: at
 * the padding's one unit of time before it.
 */
static bool hide_others(const struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region, const struct rbmap_span *span,
			uint32_t *padding)
{
	struct rbmap_walk walk = { 0 };

	if (span->from < PADDING_SIZE ||
	    rbmap_walk_span(&walk, &writer->layout, span) < 0)
		return false;
	padding[0] =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 29 | 1 << 5 : 29u << 27 | 1;
	padding[1] = span->from - sizeof(padding[0]);
	region->time_stamp = walk.time_stamp - 1;
	region->hidden = true;
	return true;
}

/* The whole sub-buffer, so that neither the disk nor the file is ever too short. */
static int write_slot(struct rbmap_tracedat_writer *writer,
		      struct tracedat_region *region, const struct rbmap_span *span)
{
	uint32_t capacity = rbmap_layout_capacity(&writer->layout);
	const unsigned char *data = span_data(writer, span);
	struct tracedat_region noted = *region;
	uint32_t padding[2] = { 0 }, begin;
	struct iovec parts[6];
	struct patch patch;
	int r;

	note_slot(&noted, span);
	begin = hide_others(writer, &noted, span, padding) ? span->from : 0;
	make_patch(writer, &patch, &noted, span->to, span->lost);
	parts[0] = part_of(patch.header, writer->layout.data_offset);
	parts[1] = part_of(padding, begin ? PADDING_SIZE : 0);
	parts[2] = part_of(writer->zeros, begin ? begin - PADDING_SIZE : 0);
	parts[3] = part_of(data + begin, span->to - begin);
	parts[4] = part_of(patch.count, patch.count_size);
	parts[5] = part_of(writer->zeros, capacity - span->to - patch.count_size);
	r = rbmap_tracedat_write_parts(&writer->file, parts, 6,
				       slot_offset(writer, region, region->slots),
				       NULL);
	if (r == 0)
		*region = noted;
	return r;
}

/* New records first, then the header that tells of them. */
static int write_growth(struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region, const struct rbmap_span *span,
			uint64_t offset)
{
	const unsigned char *data = span_data(writer, span);
	uint32_t header_size = writer->layout.data_offset;
	struct patch old, patch;
	struct iovec parts[2];
	int r = 0;

	make_patch(writer, &patch, region, span->to, region->lost);
	make_patch(writer, &old, region, region->to, region->lost);
	if (old.count_size) {
		/* The new records overwrite the count: it is unknown meanwhile. */
		make_patch(writer, &old, region, region->to, RBMAP_LOST_UNKNOWN);
		r = rbmap_tracedat_write(&writer->file, old.header, header_size,
					 offset);
	}
	parts[0] = part_of(data + region->to, span->to - region->to);
	parts[1] = part_of(patch.count, patch.count_size);
	if (r == 0)
		r = rbmap_tracedat_write_parts(&writer->file, parts, 2,
					       offset + header_size + region->to, NULL);
	if (r == 0)
		r = rbmap_tracedat_write(&writer->file, patch.header, header_size,
					 offset);
	return r;
}

static int grow_slot(struct rbmap_tracedat_writer *writer,
		     struct tracedat_region *region, const struct rbmap_span *span)
{
	uint64_t offset = slot_offset(writer, region, region->slots - 1);
	uint32_t header_size = writer->layout.data_offset;
	struct iovec parts[3];
	struct patch patch;
	int r;

	if (span->to < region->to || span->from > region->to)
		return -EINVAL;
	if (span->to == region->to)
		return 0;
	make_patch(writer, &patch, region, span->to, region->lost);
	if (region->hidden || header_size + span->to + patch.count_size > ATOMIC_SIZE) {
		r = write_growth(writer, region, span, offset);
	} else {
		parts[0] = part_of(patch.header, header_size);
		parts[1] = part_of(span_data(writer, span), span->to);
		parts[2] = part_of(patch.count, patch.count_size);
		r = rbmap_tracedat_write_parts(&writer->file, parts, 3, offset, NULL);
	}
	if (r == 0)
		region->to = span->to;
	return r;
}

static int check_span(const struct rbmap_tracedat_writer *writer,
		      const struct rbmap_span *span)
{
	if (span->cpu < 0 || (uint32_t)span->cpu >= writer->nr_cpus ||
	    !writer->by_cpu[span->cpu])
		return -ENXIO;
	if (span->subbuf_size != writer->layout.subbuf_size || span->from > span->to ||
	    span->to > rbmap_layout_capacity(&writer->layout))
		return -EINVAL;
	return 0;
}

static bool joins_run(const struct run *run, const struct tracedat_region *region,
		      const struct rbmap_span *span)
{
	return run->nr && run->nr < MAX_RUN && run->region == region &&
	       span->seq > run->spans[run->nr - 1]->seq;
}

/* @joins: the run goes on, so that the region's last slot is not yet noted in it. */
static int put_new(struct rbmap_tracedat_writer *writer, struct run *run, bool joins,
		   struct tracedat_region *region, const struct rbmap_span *span)
{
	uint64_t slots = region->dropped + region->slots + (joins ? run->nr : 0);
	int r;

	if (slots >= writer->spacing / writer->layout.subbuf_size)
		return -EFBIG;
	if (goes_straight(writer, span)) {
		add_to_run(run, region, span);
		return 0;
	}
	r = flush_run(writer, run);
	return r < 0 ? r : write_slot(writer, region, span);
}

/* Where what was lost is no part of the file, neither is that it was. */
static int put_anew(struct rbmap_tracedat_writer *writer, struct run *run,
		    struct tracedat_region *region, const struct rbmap_span *span)
{
	struct rbmap_span first = *span;
	int r = flush_run(writer, run);

	if (r < 0)
		return r;
	first.lost = 0;
	rbmap_tracedat_drop(writer, region, region->slots);
	return write_slot(writer, region, &first);
}

static int put_one(struct rbmap_tracedat_writer *writer, struct run *run,
		   const struct rbmap_span *span)
{
	struct tracedat_region *region = writer->by_cpu[span->cpu];
	bool joins = joins_run(run, region, span);
	int r;

	if (writer->unbroken && span->lost)
		return put_anew(writer, run, region, span);
	r = joins ? 0 : flush_run(writer, run);

	if (r < 0)
		return r;
	if (joins || region->slots == 0 || span->seq > region->seq)
		return put_new(writer, run, joins, region, span);
	return span->seq == region->seq ? grow_slot(writer, region, span) : -EINVAL;
}

/* What grows behind a span with nothing new in it comes with the same seq. */
static bool has_something(const struct rbmap_span *span)
{
	return !(span->flags & RBMAP_SPAN_TORN) &&
	       (span->from < span->to || span->lost);
}

RBMAP_PUBLIC int rbmap_tracedat_writer_put(struct rbmap_tracedat_writer *writer,
					   const struct rbmap_span *spans, int nr)
{
	struct run run = { .nr = 0 };
	int r = 0, stored = 0, flushed;

	while (r == 0 && stored < nr) {
		r = check_span(writer, &spans[stored]);
		if (r == 0 && has_something(&spans[stored]))
			r = put_one(writer, &run, &spans[stored]);
		stored += r == 0;
	}
	flushed = flush_run(writer, &run);
	rbmap_tracedat_begin_writeback(writer);
	r = r < 0 ? r : flushed;
	if (run.failed)
		stored = run.failed - spans;
	return stored ? stored : r;
}

RBMAP_PUBLIC int rbmap_tracedat_writer_flush(struct rbmap_tracedat_writer *writer)
{
	return rbmap_tracedat_write_table(writer);
}

RBMAP_PUBLIC int rbmap_tracedat_writer_finish(struct rbmap_tracedat_writer *writer)
{
	int r = rbmap_tracedat_write_table(writer), tail, holes;

	/* The holes go even where the command lines could not be stored. */
	tail = rbmap_tracedat_end_tail(writer);
	rbmap_tracedat_give_back(writer);
	holes = r < 0 ? 0 : rbmap_tracedat_remove_holes(writer);
	if (r == 0)
		r = tail;
	return r < 0 ? r : holes;
}

RBMAP_PUBLIC void rbmap_tracedat_writer_work(const struct rbmap_tracedat_writer *writer,
					     struct rbmap_tracedat_work *ret)
{
	*ret = (struct rbmap_tracedat_work){ .writes = writer->file.writes };
	for (size_t i = 0; i < writer->nr_regions; i++)
		ret->bytes += tracedat_region_size(writer, &writer->regions[i]);
}
