// SPDX-License-Identifier: LGPL-2.1-only
/* Takes spans out of a trace.dat again that were overwritten while they were stored. */
#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

/* The header alone: nothing of the sub-buffer, or all of it behind a loss. */
static int write_header(struct rbmap_tracedat_writer *writer,
			const struct tracedat_region *region, uint64_t slot,
			const struct rbmap_span *span, uint32_t size)
{
	unsigned char header[TRACEDAT_MAX_HEADER], count[8];

	/* How many is not known, so that there is no count to store. */
	rbmap_subbuf_make_header(&writer->layout, header, count, span->time_stamp, size,
				 RBMAP_LOST_UNKNOWN);
	return rbmap_tracedat_write(&writer->file, header, writer->layout.data_offset,
				    region->start + slot * writer->layout.subbuf_size);
}

void rbmap_tracedat_drop(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region, uint64_t slots)
{
	region->start += slots * writer->layout.subbuf_size;
	region->slots -= slots;
	region->dropped += slots;
	region->given -= slots < region->given ? slots : region->given;
	region->reserved -= slots < region->reserved ? slots : region->reserved;
}

static int discard_one(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region, uint64_t slot,
		       const struct rbmap_span *span)
{
	if (writer->unbroken) {
		if (span->flags & RBMAP_SPAN_TORN)
			rbmap_tracedat_drop(writer, region, slot + 1);
		return 0;
	}
	if (span->flags & RBMAP_SPAN_TORN)
		return write_header(writer, region, slot, span, 0);
	if (span->from || span->lost != RBMAP_LOST_UNKNOWN)
		return 0;
	if (slot + 1 == region->slots)
		region->lost = span->lost;
	return write_header(writer, region, slot, span, span->to);
}

/* Where it was stored: a slot before that of the span behind it, which has another seq.
 */
static uint64_t slot_of(const struct rbmap_span *spans, int nr, int index,
			const struct tracedat_region *region)
{
	uint64_t slot = region->slots - 1, seq = region->seq;

	for (int i = nr - 1; i >= index; i--) {
		if (spans[i].cpu != spans[index].cpu || spans[i].seq == seq)
			continue;
		seq = spans[i].seq;
		slot--;
	}
	return slot;
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
		r = discard_one(writer, writer->by_cpu[span->cpu],
				slot_of(spans, nr, i, writer->by_cpu[span->cpu]), span);
	}
	return r;
}
