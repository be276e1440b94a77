// SPDX-License-Identifier: LGPL-2.1-only
/* The records of all CPUs in the order of time. */
#include "tracedat/read/datfile.h"

#include <stdlib.h>

#include <rbmap/events.h>

#include "base/internal.h"
#include "span/walk.h"

static bool is_before(const void *a, const void *b)
{
	const struct tracedat_stream *left = a, *right = b;

	if (left->buffer != right->buffer)
		return left->buffer < right->buffer;
	return left->cpu < right->cpu;
}

/* By the buffer and the CPU where the time is the same. */
static bool comes_first(const void *a, const void *b)
{
	const struct tracedat_stream *left = a, *right = b;

	if (left->head.time_stamp != right->head.time_stamp)
		return left->head.time_stamp < right->head.time_stamp;
	return is_before(a, b);
}

static void add_stream(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream)
{
	heap_add(&datfile->heap, stream, datfile->unordered ? is_before : comes_first);
}

static void drop_stream(struct rbmap_tracedat_reader *datfile)
{
	heap_drop_first(&datfile->heap, datfile->unordered ? is_before : comes_first);
}

static const struct tracedat_stream *at(const struct rbmap_tracedat_reader *datfile,
					size_t place)
{
	return datfile->heap.items[place];
}

static int bad_record(struct rbmap_tracedat_reader *datfile,
		      const struct tracedat_stream *stream)
{
	const char *name = datfile->buffers[stream->buffer].name;

	return rbmap_datfile_fault(datfile, stream->place,
				   "CPU %d%s%s: the rest of this sub-buffer is invalid",
				   stream->cpu->cpu, *name ? " of " : "", name);
}

/* The next record of one CPU: 1, 0 at its end, or a negative errno. */
static int advance(struct rbmap_tracedat_reader *datfile,
		   struct tracedat_stream *stream)
{
	const struct rbmap_layout *layout = tracedat_layout(datfile, stream->buffer);
	struct rbmap_span span;
	int r;

	for (;;) {
		r = stream->has_span ? rbmap_walk_next(&stream->walk, &stream->head) :
				       0;
		if (r > 0)
			break;
		if (r < 0 && bad_record(datfile, stream) == -ENOMEM)
			return -ENOMEM;
		r = rbmap_stream_take(datfile, stream, &span);
		if (r <= 0)
			return r;
		stream->has_span = !rbmap_walk_span(&stream->walk, layout, &span);
	}
	stream->head.time_stamp =
		rbmap_datfile_convert(&datfile->info, stream->head.time_stamp);
	return 1;
}

static int begin_stream(struct rbmap_tracedat_reader *datfile,
			struct tracedat_stream *stream)
{
	int r = stream->chosen ? advance(datfile, stream) : 0;

	if (r > 0)
		add_stream(datfile, stream);
	return r;
}

static int begin(struct rbmap_tracedat_reader *datfile)
{
	int r = 0;

	datfile->merging = true;
	datfile->others = 0;
	for (size_t i = 0; r >= 0 && i < datfile->nr_buffers; i++)
		for (size_t j = 0; r >= 0 && j < datfile->buffers[i].nr_cpus; j++)
			r = begin_stream(datfile, &datfile->buffers[i].streams[j]);
	return r;
}

/* Below the first only these two can come next. */
static uint64_t time_of_others(const struct rbmap_tracedat_reader *datfile)
{
	uint64_t time = UINT64_MAX;

	for (size_t i = 1; i <= 2 && i < datfile->heap.nr; i++)
		if (at(datfile, i)->head.time_stamp < time)
			time = at(datfile, i)->head.time_stamp;
	return time;
}

static void sort_first(struct rbmap_tracedat_reader *datfile)
{
	heap_sift_first(&datfile->heap, comes_first);
	datfile->others = time_of_others(datfile);
}

/* A CPU writes many records between two of another: nothing to be sorted. */
static inline bool stays_first(const struct rbmap_tracedat_reader *datfile,
			       uint64_t time_stamp)
{
	return datfile->unordered || time_stamp < datfile->others;
}

/* The record that was returned is needed no more. */
static int go_on(struct rbmap_tracedat_reader *datfile)
{
	struct tracedat_stream *first = datfile->heap.items[0];
	int r;

	datfile->must_advance = false;
	r = advance(datfile, first);
	if (r < 0 || (r > 0 && stays_first(datfile, first->head.time_stamp)))
		return r;
	if (r > 0) {
		sort_first(datfile);
		return r;
	}
	drop_stream(datfile);
	datfile->others = time_of_others(datfile);
	return r;
}

/* So that the first stream has the record that is next. */
static int make_ready(struct rbmap_tracedat_reader *datfile)
{
	struct tracedat_stream *first;
	int r = datfile->failed;

	if (!datfile->merging)
		r = begin(datfile);
	else if (r >= 0 && datfile->must_advance)
		r = go_on(datfile);
	while (r >= 0 && datfile->heap.nr) {
		first = datfile->heap.items[0];
		if (!first->taken)
			break;
		first->taken = false;
		r = go_on(datfile);
	}
	return r;
}

RBMAP_PUBLIC int rbmap_tracedat_reader_next(struct rbmap_tracedat_reader *datfile,
					    struct rbmap_record *ret, size_t *buffer)
{
	int r = make_ready(datfile);

	if (r < 0)
		return r;
	if (!datfile->heap.nr)
		return rbmap_datfile_check_size(datfile, 0);
	*ret = at(datfile, 0)->head;
	if (buffer)
		*buffer = at(datfile, 0)->buffer;
	datfile->place = at(datfile, 0)->place;
	datfile->must_advance = true;
	return 1;
}

/* Those that follow in the sub-buffer, as long as no other CPU has an earlier one. */
static size_t take_others(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_stream *first, struct rbmap_record *records,
			  size_t nr)
{
	size_t taken = 0;
	int r = 1;

	datfile->must_advance = true;
	for (; taken < nr; taken++) {
		struct rbmap_record *record = &records[taken];

		r = walk_short(&first->walk, record) ?
			    1 :
			    rbmap_walk_next(&first->walk, record);
		if (r <= 0)
			break;
		record->time_stamp =
			rbmap_datfile_convert(&datfile->info, record->time_stamp);
		if (stays_first(datfile, record->time_stamp))
			continue;
		first->head = *record;
		datfile->must_advance = false;
		sort_first(datfile);
		break;
	}
	if (r < 0 && bad_record(datfile, first) == -ENOMEM)
		datfile->failed = -ENOMEM;
	return taken;
}

ssize_t rbmap_datfile_next_records(struct rbmap_tracedat_reader *datfile,
				   struct rbmap_record *records, size_t nr,
				   size_t *buffer)
{
	struct tracedat_stream *first;
	int r = make_ready(datfile);

	if (r < 0)
		return r;
	if (!datfile->heap.nr)
		return rbmap_datfile_check_size(datfile, 0);
	first = datfile->heap.items[0];
	records[0] = first->head;
	*buffer = first->buffer;
	datfile->place = first->place;
	return 1 + take_others(datfile, first, records + 1, nr - 1);
}

static int keep_entry(struct rbmap_tracedat_reader *datfile, struct rbmap_record *entry)
{
	unsigned char *larger;

	if (entry->size > datfile->entry_room) {
		larger = realloc(datfile->entry, entry->size);
		if (!larger)
			return -ENOMEM;
		datfile->entry = larger;
		datfile->entry_room = entry->size;
	}
	memcpy(datfile->entry, entry->data, entry->size);
	entry->data = datfile->entry;
	return 0;
}

/* The stream that has the next record of the buffer. */
static struct tracedat_stream *next_of(const struct rbmap_tracedat_reader *datfile,
				       size_t buffer)
{
	struct tracedat_stream *first = NULL, *stream;

	for (size_t i = 0; i < datfile->heap.nr; i++) {
		stream = datfile->heap.items[i];
		if (stream->buffer != buffer)
			continue;
		if (!i)
			return stream;
		if (!first || comes_first(stream, first))
			first = stream;
	}
	return first;
}

RBMAP_PUBLIC int rbmap_tracedat_reader_leaf(struct rbmap_tracedat_reader *datfile,
					    struct rbmap_record *entry,
					    struct rbmap_record *exit)
{
	struct tracedat_stream *stream;
	struct rbmap_events *events;
	size_t buffer;

	/* Only of the record that was returned last. */
	if (!datfile->must_advance || !datfile->heap.nr)
		return 0;
	buffer = at(datfile, 0)->buffer;
	events = datfile->buffers[buffer].events;
	if (!rbmap_events_is_leaf(events, entry, NULL))
		return 0;
	datfile->failed = keep_entry(datfile, entry);
	if (datfile->failed >= 0)
		datfile->failed = go_on(datfile);
	if (datfile->failed < 0)
		return 0;
	stream = next_of(datfile, buffer);
	if (!stream || !rbmap_events_is_leaf(events, entry, &stream->head))
		return 0;
	stream->taken = true;
	*exit = stream->head;
	return 1;
}

static bool is_among(const int *cpus, size_t nr, int cpu)
{
	for (size_t i = 0; i < nr; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

RBMAP_PUBLIC void rbmap_tracedat_reader_choose(struct rbmap_tracedat_reader *datfile,
					       const int *cpus, size_t nr)
{
	for (size_t i = 0; i < datfile->nr_buffers; i++)
		for (size_t j = 0; j < datfile->buffers[i].nr_cpus; j++) {
			struct tracedat_stream *stream =
				&datfile->buffers[i].streams[j];

			stream->chosen = !cpus || is_among(cpus, nr, stream->cpu->cpu);
		}
}

void rbmap_datfile_set_order(struct rbmap_tracedat_reader *datfile, bool by_time)
{
	datfile->unordered = !by_time;
}

RBMAP_PUBLIC uint64_t
rbmap_tracedat_reader_place(const struct rbmap_tracedat_reader *datfile)
{
	return datfile->place;
}

RBMAP_PUBLIC void rbmap_tracedat_reader_rewind(struct rbmap_tracedat_reader *datfile)
{
	datfile->merging = false;
	datfile->must_advance = false;
	datfile->failed = 0;
	datfile->heap.nr = 0;
	datfile->place = 0;
	for (size_t i = 0; i < datfile->nr_buffers; i++)
		for (size_t j = 0; j < datfile->buffers[i].nr_cpus; j++)
			rbmap_stream_rewind(&datfile->buffers[i].streams[j]);
}
