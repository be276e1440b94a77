// SPDX-License-Identifier: LGPL-2.1-only
/* Takes spans out of a trace.dat again that were overwritten while they were stored. */
#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/chunks.h"
#include "tracedat/write/writer.h"

/*
 * The header alone: how much of the sub-buffer there is, and if it is behind a loss. Of
 * how many is not known, so that there is no count to store.
 */
static int write_header(struct rbmap_tracedat_writer *writer,
			const struct tracedat_region *region, uint64_t slot,
			uint64_t time_stamp, uint32_t size, bool lost)
{
	unsigned char header[TRACEDAT_MAX_HEADER], count[8];

	rbmap_subbuf_make_header(&writer->layout, header, count, time_stamp, size,
				 lost ? RBMAP_LOST_UNKNOWN : 0);
	return rbmap_tracedat_correct(&writer->file,
				      tracedat_region_index(writer, region), header,
				      writer->layout.data_offset,
				      region->start +
					      slot * writer->layout.subbuf_size);
}

/* Chunks begin anew, with a count of their own, where the file system can move them. */
void rbmap_tracedat_drop(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region, uint64_t bytes)
{
	uint64_t by =
		writer->compressed ? tracedat_align(bytes, writer->granule) : bytes;

	region->start += by;
	region->size -= bytes;
	region->dropped += by;
	region->given -= by < region->given ? by : region->given;
	region->reserved -= by < region->reserved ? by : region->reserved;
	if (!writer->compressed || !bytes)
		return;
	region->dropped_chunks += region->chunks;
	region->chunks = 0;
	region->told_chunks = 0;
	for (int i = 0; i < TRACEDAT_LEVELS; i++)
		region->bytes[i] = 0;
}

/* What was there before it grew was settled, and has not been written again. */
static int discard_torn(struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region, uint64_t slot,
			const struct rbmap_span *span)
{
	struct tracedat_last *grown = &region->grown;
	bool is_part = grown->seq == span->seq && grown->to;

	if (!is_part)
		return write_header(writer, region, slot, span->time_stamp, 0, true);
	if (span->from >= grown->to)
		return write_header(writer, region, slot, grown->time_stamp, grown->to,
				    grown->lost);
	grown->to = 0;
	return write_header(writer, region, slot, span->time_stamp, 0, true);
}

static int discard_one(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region, uint64_t slot,
		       const struct rbmap_span *span)
{
	if (writer->unbroken) {
		if (span->flags & RBMAP_SPAN_TORN)
			rbmap_tracedat_drop(writer, region,
					    (slot + 1) * writer->layout.subbuf_size);
		return 0;
	}
	if (span->flags & RBMAP_SPAN_TORN)
		return discard_torn(writer, region, slot, span);
	if (span->from || span->lost != RBMAP_LOST_UNKNOWN)
		return 0;
	if (slot + 1 == region->size / writer->layout.subbuf_size)
		region->last.lost = span->lost;
	return write_header(writer, region, slot, span->time_stamp, span->to, true);
}

/* Where it was stored: a slot before that of the span behind it, which has another seq.
 */
static uint64_t slot_of(const struct rbmap_span *spans, int nr, int index,
			const struct rbmap_tracedat_writer *writer,
			const struct tracedat_region *region)
{
	uint64_t slot = region->size / writer->layout.subbuf_size - 1;
	uint64_t seq = region->last.seq;

	for (int i = nr - 1; i >= index; i--) {
		if (spans[i].cpu != spans[index].cpu || spans[i].seq == seq)
			continue;
		seq = spans[i].seq;
		slot--;
	}
	return slot;
}

static int discard_of_region(struct rbmap_tracedat_writer *writer,
			     struct tracedat_region *region,
			     const struct rbmap_span *spans, int nr, int index)
{
	const struct rbmap_span *span = &spans[index];

	if (writer->compressed) {
		rbmap_chunks_discard(writer, region, span);
		return 0;
	}
	return discard_one(writer, region, slot_of(spans, nr, index, writer, region),
			   span);
}

/* What is left is not torn: once for each CPU. */
static int write_settled(struct rbmap_tracedat_writer *writer,
			 const struct rbmap_span *spans, int nr)
{
	int r = 0;

	for (int i = 0; writer->compressed && r == 0 && i < nr; i++)
		if (i + 1 == nr || spans[i].cpu != spans[i + 1].cpu)
			r = rbmap_chunks_write(writer, writer->by_cpu[spans[i].cpu]);
	return r;
}

/* Those of one CPU lie together in what a session hands out. */
RBMAP_PUBLIC int rbmap_tracedat_writer_discard(struct rbmap_tracedat_writer *writer,
					       const struct rbmap_span *spans, int nr)
{
	int r = 0;

	for (int i = 0; r == 0 && i < nr; i++) {
		const struct rbmap_span *span = &spans[i];

		if (span->cpu < 0 || (uint32_t)span->cpu >= writer->nr_cpus ||
		    !writer->by_cpu[span->cpu])
			return -ENXIO;
		if (span->from == span->to ||
		    !(span->flags & RBMAP_SPAN_TORN || span->lost))
			continue;
		r = discard_of_region(writer, writer->by_cpu[span->cpu], spans, nr, i);
	}
	return r < 0 ? r : write_settled(writer, spans, nr);
}
