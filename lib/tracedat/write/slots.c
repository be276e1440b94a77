// SPDX-License-Identifier: LGPL-2.1-only
/* Stores sub-buffers as they are, each in a slot of its CPU's region. */
#define _GNU_SOURCE
#include <sys/uio.h>

#include <rbmap/record.h>

#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

/* A padding record: its own word and the length of what is passed over. */
#define PADDING_SIZE 8

/* What is written in place of the kernel's own header and count. */
struct patch {
	unsigned char header[TRACEDAT_MAX_HEADER];
	unsigned char count[8];
	uint32_t count_size;
};

static struct tracedat_last last_of(const struct rbmap_span *span)
{
	return (struct tracedat_last){
		.to = span->to,
		.seq = span->seq,
		.lost = span->lost,
		.time_stamp = span->time_stamp,
	};
}

int rbmap_slots_end_run(struct rbmap_tracedat_writer *writer, struct tracedat_run *run)
{
	uint64_t done, whole;
	int r;

	if (run->nr == 0)
		return 0;
	rbmap_tracedat_reserve(writer, run->region,
			       (uint64_t)run->nr * writer->layout.subbuf_size);
	r = rbmap_tracedat_write_subbufs(&writer->file,
					 tracedat_region_index(writer, run->region),
					 writer->layout.subbuf_size, run->parts,
					 run->nr_parts,
					 tracedat_region_end(run->region), &done);
	/* On a full disk the first of them may be in the file. */
	whole = done / writer->layout.subbuf_size;
	run->region->size += whole * writer->layout.subbuf_size;
	if (whole)
		run->region->last = last_of(run->spans[whole - 1]);
	if (r < 0)
		run->failed = run->spans[whole];
	run->nr = 0;
	run->nr_parts = 0;
	return r;
}

static void add_to_run(struct tracedat_run *run, struct tracedat_region *region,
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
		       uint64_t time_stamp, uint32_t to, uint64_t lost)
{
	patch->count_size =
		rbmap_subbuf_make_header(&writer->layout, patch->header, patch->count,
					 time_stamp, to, lost);
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
			struct tracedat_last *last, const struct rbmap_span *span,
			uint32_t *padding)
{
	struct rbmap_walk walk = { 0 };

	if (span->from < PADDING_SIZE ||
	    rbmap_walk_span(&walk, &writer->layout, span) < 0)
		return false;
	padding[0] =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 29 | 1 << 5 : 29u << 27 | 1;
	padding[1] = span->from - sizeof(padding[0]);
	last->time_stamp = walk.time_stamp - 1;
	last->hidden = true;
	return true;
}

/* The whole sub-buffer, so that neither the disk nor the file is ever too short. */
static int write_slot(struct rbmap_tracedat_writer *writer,
		      struct tracedat_region *region, const struct rbmap_span *span)
{
	uint32_t capacity = rbmap_layout_capacity(&writer->layout);
	const unsigned char *data = span_data(writer, span);
	struct tracedat_last last = last_of(span);
	uint32_t padding[2] = { 0 }, begin;
	struct iovec parts[6];
	struct patch patch;
	int r;

	begin = hide_others(writer, &last, span, padding) ? span->from : 0;
	make_patch(writer, &patch, last.time_stamp, span->to, span->lost);
	parts[0] = part_of(patch.header, writer->layout.data_offset);
	parts[1] = part_of(padding, begin ? PADDING_SIZE : 0);
	parts[2] = part_of(writer->zeros, begin ? begin - PADDING_SIZE : 0);
	parts[3] = part_of(data + begin, span->to - begin);
	parts[4] = part_of(patch.count, patch.count_size);
	parts[5] = part_of(writer->zeros, capacity - span->to - patch.count_size);
	r = rbmap_tracedat_write_data(&writer->file,
				      tracedat_region_index(writer, region), 1, parts,
				      6, tracedat_region_end(region));
	if (r < 0)
		return r;
	region->size += writer->layout.subbuf_size;
	region->last = last;
	return 0;
}

/*
 * New records first, then the header that tells of them. Those that are there are not
 * written again: by now they may be overwritten in the ring.
 */
static int write_growth(struct rbmap_tracedat_writer *writer,
			const struct tracedat_last *last, const struct rbmap_span *span,
			uint64_t offset)
{
	const unsigned char *data = span_data(writer, span);
	uint32_t header_size = writer->layout.data_offset;
	struct patch old, patch;
	struct iovec parts[2];
	int r = 0;

	make_patch(writer, &patch, last->time_stamp, span->to, last->lost);
	make_patch(writer, &old, last->time_stamp, last->to, last->lost);
	if (old.count_size) {
		/* The new records overwrite the count: it is unknown meanwhile. */
		make_patch(writer, &old, last->time_stamp, last->to,
			   RBMAP_LOST_UNKNOWN);
		r = rbmap_tracedat_write(&writer->file, old.header, header_size,
					 offset);
	}
	parts[0] = part_of(data + last->to, span->to - last->to);
	parts[1] = part_of(patch.count, patch.count_size);
	if (r == 0)
		r = rbmap_tracedat_write_parts(&writer->file, parts, 2,
					       offset + header_size + last->to);
	if (r == 0)
		r = rbmap_tracedat_write(&writer->file, patch.header, header_size,
					 offset);
	return r;
}

static int grow_slot(struct rbmap_tracedat_writer *writer,
		     struct tracedat_region *region, const struct rbmap_span *span)
{
	uint64_t offset = tracedat_region_end(region) - writer->layout.subbuf_size;
	struct tracedat_last *last = &region->last;
	int r;

	if (span->to < last->to || span->from > last->to)
		return -EINVAL;
	if (span->to == last->to)
		return rbmap_tracedat_note_spans(writer, region, 1);
	region->grown = *last;
	r = write_growth(writer, last, span, offset);
	if (r == 0)
		r = rbmap_tracedat_note_spans(writer, region, 1);
	if (r == 0)
		last->to = span->to;
	return r;
}

static bool joins_run(const struct tracedat_run *run,
		      const struct tracedat_region *region,
		      const struct rbmap_span *span)
{
	return run->nr && run->nr < TRACEDAT_MAX_RUN && run->region == region &&
	       span->seq > run->spans[run->nr - 1]->seq;
}

/* @joins: the run goes on, so that the region's last slot is not yet noted in it. */
static int put_new(struct rbmap_tracedat_writer *writer, struct tracedat_run *run,
		   bool joins, struct tracedat_region *region,
		   const struct rbmap_span *span)
{
	uint64_t size = writer->layout.subbuf_size;
	uint64_t used = region->dropped + region->size + (joins ? run->nr * size : 0);
	int r;

	if (used + size > writer->spacing)
		return -EFBIG;
	if (goes_straight(writer, span)) {
		add_to_run(run, region, span);
		return 0;
	}
	r = rbmap_slots_end_run(writer, run);
	return r < 0 ? r : write_slot(writer, region, span);
}

/* Where what was lost is no part of the file, neither is that it was. */
static int put_anew(struct rbmap_tracedat_writer *writer, struct tracedat_run *run,
		    struct tracedat_region *region, const struct rbmap_span *span)
{
	struct rbmap_span first = *span;
	int r = rbmap_slots_end_run(writer, run);

	if (r < 0)
		return r;
	first.lost = 0;
	rbmap_tracedat_drop(writer, region, region->size);
	return write_slot(writer, region, &first);
}

int rbmap_slots_put(struct rbmap_tracedat_writer *writer, struct tracedat_run *run,
		    struct tracedat_region *region, const struct rbmap_span *span)
{
	bool joins = joins_run(run, region, span);
	int r;

	if (writer->unbroken && span->lost)
		return put_anew(writer, run, region, span);
	r = joins ? 0 : rbmap_slots_end_run(writer, run);

	if (r < 0)
		return r;
	if (joins || region->size == 0 || span->seq > region->last.seq)
		return put_new(writer, run, joins, region, span);
	return span->seq == region->last.seq ? grow_slot(writer, region, span) :
					       -EINVAL;
}
