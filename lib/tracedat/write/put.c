// SPDX-License-Identifier: LGPL-2.1-only
/* Writes trace.dat: the sub-buffers. */
#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/chunks.h"
#include "tracedat/write/writer.h"

static struct tracedat_region *region_of(const struct rbmap_tracedat_writer *writer,
					 int cpu)
{
	if (cpu < 0 || (uint32_t)cpu >= writer->nr_cpus)
		return NULL;
	return writer->by_cpu[cpu];
}

static int check_span(const struct rbmap_tracedat_writer *writer,
		      const struct rbmap_span *span)
{
	if (!region_of(writer, span->cpu))
		return -ENXIO;
	if (span->subbuf_size != writer->layout.subbuf_size || span->from > span->to ||
	    span->to > rbmap_layout_capacity(&writer->layout))
		return -EINVAL;
	return 0;
}

/* What grows behind a span with nothing new in it comes with the same seq. */
static bool has_something(const struct rbmap_span *span)
{
	return !(span->flags & RBMAP_SPAN_TORN) &&
	       (span->from < span->to || span->lost);
}

/* Once for each CPU: those of one CPU lie together. */
static void begin_writeback(struct rbmap_tracedat_writer *writer,
			    const struct rbmap_span *spans, int nr)
{
	for (int i = 0; i < nr; i++)
		if (i + 1 == nr || spans[i].cpu != spans[i + 1].cpu)
			rbmap_tracedat_begin_writeback(writer,
						       writer->by_cpu[spans[i].cpu]);
}

static int put_nothing(struct rbmap_tracedat_writer *writer, struct tracedat_run *run,
		       const struct tracedat_region *region)
{
	int r = rbmap_slots_end_run(writer, run);

	return r < 0 ? r : rbmap_tracedat_note_spans(writer, region, 1);
}

static int put_slots(struct rbmap_tracedat_writer *writer,
		     const struct rbmap_span *spans, int nr, int *stored)
{
	struct tracedat_run run = { .nr = 0 };
	int r = 0, ended;

	while (r == 0 && *stored < nr) {
		const struct rbmap_span *span = &spans[*stored];

		r = check_span(writer, span);
		if (r == 0 && has_something(span))
			r = rbmap_slots_put(writer, &run, writer->by_cpu[span->cpu],
					    span);
		else if (r == 0)
			r = put_nothing(writer, &run, writer->by_cpu[span->cpu]);
		*stored += r == 0;
	}
	ended = rbmap_slots_end_run(writer, &run);
	if (run.failed)
		*stored = run.failed - spans;
	return r < 0 ? r : ended;
}

static int put_chunks(struct rbmap_tracedat_writer *writer,
		      const struct rbmap_span *spans, int nr, int *stored)
{
	struct tracedat_region *region = NULL;
	int r = 0;

	while (r == 0 && *stored < nr) {
		const struct rbmap_span *span = &spans[*stored];
		bool first;

		r = check_span(writer, span);
		if (r == 0 && has_something(span)) {
			first = region != writer->by_cpu[span->cpu];
			region = writer->by_cpu[span->cpu];
			r = rbmap_chunks_put(writer, region, span, first);
		}
		if (r == 0)
			r = rbmap_chunks_count(writer, writer->by_cpu[span->cpu]);
		*stored += r == 0;
	}
	if (r < 0 && region)
		region->cut_short = true;
	return r;
}

RBMAP_PUBLIC int rbmap_tracedat_writer_put(struct rbmap_tracedat_writer *writer,
					   const struct rbmap_span *spans, int nr)
{
	int stored = 0, r;

	if (writer->compressed)
		r = put_chunks(writer, spans, nr, &stored);
	else
		r = put_slots(writer, spans, nr, &stored);
	begin_writeback(writer, spans, stored);
	return stored ? stored : r;
}

RBMAP_PUBLIC int rbmap_tracedat_writer_set_level(struct rbmap_tracedat_writer *writer,
						 int cpu,
						 enum rbmap_tracedat_level level)
{
	struct tracedat_region *region = region_of(writer, cpu);

	if (!region)
		return -ENXIO;
	if ((unsigned int)level >= TRACEDAT_LEVELS)
		return -EINVAL;
	atomic_store_explicit(&region->level, level, memory_order_relaxed);
	return 0;
}

/* It may have failed where nothing is to be written now. */
static int flush_region(struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region)
{
	int r = rbmap_table_write_region(writer, region);

	return r < 0 ? r : rbmap_write_queue_error(writer->file.queue);
}

RBMAP_PUBLIC int rbmap_tracedat_writer_flush_cpu(struct rbmap_tracedat_writer *writer,
						 int cpu)
{
	struct tracedat_region *region = region_of(writer, cpu);

	if (!region)
		return -ENXIO;
	return flush_region(writer, region);
}

RBMAP_PUBLIC int rbmap_tracedat_writer_flush(struct rbmap_tracedat_writer *writer)
{
	int r = 0, failed;

	for (size_t i = 0; i < writer->nr_regions; i++) {
		failed = flush_region(writer, &writer->regions[i]);
		if (r == 0)
			r = failed;
	}
	return r;
}

RBMAP_PUBLIC int rbmap_tracedat_writer_write_out(struct rbmap_tracedat_writer *writer)
{
	return rbmap_write_queue_run(writer->file.queue);
}

RBMAP_PUBLIC void rbmap_tracedat_writer_cancel(struct rbmap_tracedat_writer *writer)
{
	rbmap_write_queue_cancel(writer->file.queue);
}

RBMAP_PUBLIC uint64_t
rbmap_tracedat_writer_written(const struct rbmap_tracedat_writer *writer, int cpu)
{
	const struct tracedat_region *region = region_of(writer, cpu);
	struct write_progress progress = { 0 };

	if (region)
		rbmap_write_queue_covered(writer->file.queue,
					  tracedat_region_index(writer, region),
					  &progress);
	return progress.spans;
}

static uint64_t bytes_at(const struct tracedat_region *region,
			 enum rbmap_tracedat_level level)
{
	return atomic_load_explicit(&region->bytes[level], memory_order_relaxed);
}

RBMAP_PUBLIC void rbmap_tracedat_writer_work(const struct rbmap_tracedat_writer *writer,
					     struct rbmap_tracedat_work *ret)
{
	struct write_queue_work queue;

	rbmap_write_queue_work(writer->file.queue, &queue);
	*ret = (struct rbmap_tracedat_work){
		.writes = writer->file.copies + queue.calls,
		.queue_high = queue.high,
		.queue_copied = queue.copied,
		.queue_full_ns = queue.full_ns,
		.finish_error = writer->finish_error,
	};
	for (size_t i = 0; i < writer->nr_regions; i++) {
		const struct tracedat_region *region = &writer->regions[i];

		ret->file_bytes += region->size;
		ret->bytes += bytes_at(region, RBMAP_TRACEDAT_NORMAL);
		ret->faster_bytes += bytes_at(region, RBMAP_TRACEDAT_FASTER);
		ret->stored_bytes += bytes_at(region, RBMAP_TRACEDAT_STORED);
	}
	ret->bytes += ret->faster_bytes + ret->stored_bytes;
	if (!writer->compressed)
		ret->bytes = ret->file_bytes;
}
