// SPDX-License-Identifier: LGPL-2.1-only
#include "span/sorter.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/internal.h"
#include "span/subbuf.h"

/* A round is due when it and the one after it have ended. */
#define ROUNDS_UNTIL_DUE 2
#define STAGED_MIN 64

/* @span: without its memory, which is in data, as far as records need it. */
struct sorter_piece {
	struct sorter_piece *next;
	struct sorter_stream *stream;
	uint64_t round;
	struct rbmap_span span;
	alignas(max_align_t) unsigned char data[];
};

/*
 * @streams: by the numbers of their CPUs
 * @unused: pieces, all of one size; @nr_used, @most_used: in this round
 */
struct sorter_source {
	struct rbmap_layout layout;
	struct sorter_piece *unused;
	size_t nr_unused, nr_used, most_used;
	size_t nr_streams;
	struct sorter_stream streams[];
};

static bool comes_first(const void *a, const void *b)
{
	const struct sorter_stream *left = a, *right = b;

	if (left->order != right->order)
		return left->order < right->order;
	if (left->source != right->source)
		return left->source < right->source;
	return left->cpu < right->cpu;
}

static int compare_streams(const void *a, const void *b)
{
	const struct sorter_stream *left = a, *right = b;

	return (left->cpu > right->cpu) - (left->cpu < right->cpu);
}

static int make_source(struct sorter_source **ret, const struct rbmap_layout *layout,
		       const int *cpus, size_t nr_cpus)
{
	struct sorter_source *source;

	source = calloc(1, sizeof(*source) + nr_cpus * sizeof(source->streams[0]));
	if (!source)
		return -ENOMEM;
	source->layout = *layout;
	source->nr_streams = nr_cpus;
	for (size_t i = 0; i < nr_cpus; i++)
		source->streams[i].cpu = cpus[i];
	qsort(source->streams, nr_cpus, sizeof(source->streams[0]), compare_streams);
	for (size_t i = 1; i < nr_cpus; i++)
		if (source->streams[i].cpu == source->streams[i - 1].cpu) {
			free(source);
			return -EINVAL;
		}
	*ret = source;
	return 0;
}

static int make_room(struct rbmap_sorter *sorter, size_t nr_cpus)
{
	size_t nr = sorter->nr_streams + nr_cpus;
	struct sorter_source **sources;
	void **items;

	sources =
		reallocarray(sorter->sources, sorter->nr_sources + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	sorter->sources = sources;
	items = reallocarray(sorter->heap.items, nr, sizeof(*items));
	if (!items)
		return -ENOMEM;
	sorter->heap.items = items;
	return 0;
}

int rbmap_sorter_add(struct rbmap_sorter *sorter, const struct rbmap_layout *layout,
		     const int *cpus, size_t nr_cpus)
{
	struct sorter_source *source;
	int r;

	if (!nr_cpus || nr_cpus > UINT16_MAX)
		return -EINVAL;
	r = make_room(sorter, nr_cpus);
	if (r == 0)
		r = make_source(&source, layout, cpus, nr_cpus);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nr_cpus; i++)
		source->streams[i].source = sorter->nr_sources;
	sorter->nr_streams += nr_cpus;
	sorter->sources[sorter->nr_sources] = source;
	return sorter->nr_sources++;
}

static void free_pieces(struct sorter_piece *piece)
{
	struct sorter_piece *next;

	for (; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
}

static void free_source(struct sorter_source *source)
{
	for (size_t i = 0; i < source->nr_streams; i++) {
		free(source->streams[i].walked);
		free_pieces(source->streams[i].first);
	}
	free_pieces(source->unused);
	free(source);
}

void rbmap_sorter_free(struct rbmap_sorter *sorter)
{
	for (size_t i = 0; i < sorter->nr_staged; i++)
		free(sorter->staged[i]);
	for (size_t i = 0; i < sorter->nr_sources; i++)
		free_source(sorter->sources[i]);
	free(sorter->staged);
	free(sorter->sources);
	free(sorter->heap.items);
	*sorter = (struct rbmap_sorter){ .nr_sources = 0 };
}

static struct sorter_piece *get_piece(struct sorter_source *source)
{
	struct sorter_piece *piece = source->unused;

	if (piece) {
		source->unused = piece->next;
		source->nr_unused--;
	} else {
		piece = malloc(sizeof(*piece) + source->layout.subbuf_size);
	}
	if (piece && ++source->nr_used > source->most_used)
		source->most_used = source->nr_used;
	return piece;
}

static void put_piece(struct sorter_source *source, struct sorter_piece *piece)
{
	piece->next = source->unused;
	source->unused = piece;
	source->nr_unused++;
	source->nr_used--;
}

/* By halves, so that one quiet round does not give up what the next needs. */
static void trim(struct sorter_source *source)
{
	struct sorter_piece *piece;
	size_t keep;

	keep = source->most_used - source->nr_used;
	keep += (source->nr_unused > keep ? source->nr_unused - keep : 0) / 2;
	while (source->nr_unused > keep) {
		piece = source->unused;
		source->unused = piece->next;
		source->nr_unused--;
		free(piece);
	}
	source->most_used = source->nr_used;
}

static bool is_due(const struct rbmap_sorter *sorter, const struct sorter_piece *piece)
{
	return piece->round + ROUNDS_UNTIL_DUE <= sorter->rounds;
}

static void set_due(struct rbmap_sorter *sorter, struct sorter_stream *stream, bool due)
{
	if (stream->due == due)
		return;
	stream->due = due;
	sorter->nr_due += due ? 1 : -1;
}

/* False: there is none. */
static bool walk_next_piece(struct rbmap_sorter *sorter, struct sorter_stream *stream)
{
	struct sorter_source *source = sorter->sources[stream->source];
	struct sorter_piece *piece = stream->first;

	if (stream->walked)
		put_piece(source, stream->walked);
	stream->walked = piece;
	if (!piece) {
		set_due(sorter, stream, false);
		return false;
	}
	stream->first = piece->next;
	if (!stream->first)
		stream->last = NULL;
	set_due(sorter, stream, is_due(sorter, piece));
	/* What is invalid is left out, and the walk shows a loss afterwards. */
	(void)rbmap_walk_span(&stream->walk, &source->layout, &piece->span);
	return true;
}

/* False: it has no more records. */
static bool advance(struct rbmap_sorter *sorter, struct sorter_stream *stream)
{
	while (rbmap_walk_next(&stream->walk, &stream->record) <= 0)
		if (!walk_next_piece(sorter, stream))
			return false;
	sorter_set_order(stream);
	return true;
}

static uint64_t order_at(const struct rbmap_sorter *sorter, size_t place)
{
	const struct sorter_stream *stream;

	if (place >= sorter->heap.nr)
		return UINT64_MAX;
	stream = sorter->heap.items[place];
	return stream->order;
}

/* Below the first only these two can come next. */
static void find_others(struct rbmap_sorter *sorter)
{
	uint64_t left = order_at(sorter, 1), right = order_at(sorter, 2);

	sorter->others = left < right ? left : right;
}

/* The record that was returned is needed no more. */
static void go_on(struct rbmap_sorter *sorter)
{
	struct sorter_stream *first = sorter->heap.items[0];

	sorter->must_advance = false;
	if (!sorter->must_sift)
		first->waiting = advance(sorter, first);
	sorter->must_sift = false;
	if (first->waiting)
		heap_sift_first(&sorter->heap, comes_first);
	else
		heap_drop_first(&sorter->heap, comes_first);
	find_others(sorter);
}

static void append(struct rbmap_sorter *sorter, struct sorter_piece *piece)
{
	struct sorter_stream *stream = piece->stream;

	piece->next = NULL;
	if (stream->last)
		stream->last->next = piece;
	else
		stream->first = piece;
	stream->last = piece;
	if (stream->waiting)
		return;
	stream->waiting = advance(sorter, stream);
	if (stream->waiting) {
		heap_add(&sorter->heap, stream, comes_first);
		find_others(sorter);
	}
}

static bool fits(const struct rbmap_layout *layout, const struct rbmap_span *span)
{
	return span->subbuf_size == layout->subbuf_size && span->from <= span->to &&
	       span->to <= rbmap_layout_capacity(layout);
}

/*
 * All the records of the sub-buffer up to the end of the span: after invalid ones a
 * walk begins anew at the start.
 */
static void copy(struct sorter_piece *piece, const struct rbmap_layout *layout,
		 const struct rbmap_span *span)
{
	const unsigned char *subbuf = span->subbuf;

	piece->span = *span;
	piece->span.subbuf = piece->data;
	memcpy(piece->data + layout->data_offset, subbuf + layout->data_offset,
	       span->to);
}

static struct sorter_stream *find_stream(struct sorter_source *source, int cpu)
{
	struct sorter_stream key = { .cpu = cpu };

	return bsearch(&key, source->streams, source->nr_streams,
		       sizeof(source->streams[0]), compare_streams);
}

static int stage(struct rbmap_sorter *sorter, struct sorter_source *source,
		 const struct rbmap_span *span)
{
	struct sorter_stream *stream = find_stream(source, span->cpu);
	struct sorter_piece *piece;

	if (!stream)
		return -ENXIO;
	if (!fits(&source->layout, span))
		return -EBADMSG;
	piece = get_piece(source);
	if (!piece)
		return -ENOMEM;
	piece->stream = stream;
	piece->round = sorter->rounds;
	copy(piece, &source->layout, span);
	sorter->staged[sorter->nr_staged++] = piece;
	return 0;
}

static int make_room_for(struct rbmap_sorter *sorter, size_t nr)
{
	size_t room = sorter->staged_room ? sorter->staged_room : STAGED_MIN;
	struct sorter_piece **staged;

	if (nr <= sorter->staged_room)
		return 0;
	while (room < nr)
		room *= 2;
	staged = reallocarray(sorter->staged, room, sizeof(*staged));
	if (!staged)
		return -ENOMEM;
	sorter->staged = staged;
	sorter->staged_room = room;
	return 0;
}

/* They are settled all the same, and never come again. */
static void give_up(struct rbmap_sorter *sorter, size_t source,
		    const struct rbmap_span *spans, int nr)
{
	struct sorter_stream *stream;

	while (sorter->nr_staged)
		put_piece(sorter->sources[source], sorter->staged[--sorter->nr_staged]);
	for (int i = 0; i < nr; i++) {
		stream = find_stream(sorter->sources[source], spans[i].cpu);
		if (stream)
			stream->gap = true;
	}
}

int rbmap_sorter_stage(struct rbmap_sorter *sorter, size_t source,
		       const struct rbmap_span *spans, int nr)
{
	int r;

	if (sorter->nr_staged)
		return -EBUSY;
	sorter->begun = true;
	r = make_room_for(sorter, nr);
	for (int i = 0; r == 0 && i < nr; i++)
		r = stage(sorter, sorter->sources[source], &spans[i]);
	if (r < 0)
		give_up(sorter, source, spans, nr);
	return r;
}

int rbmap_sorter_commit(struct rbmap_sorter *sorter, const struct rbmap_span *spans,
			int nr)
{
	struct sorter_piece *piece;

	if (nr < 0 || (size_t)nr != sorter->nr_staged)
		return -EINVAL;
	if (sorter->must_advance)
		go_on(sorter);
	for (int i = 0; i < nr; i++) {
		piece = sorter->staged[i];
		if (spans[i].flags & RBMAP_SPAN_TORN) {
			put_piece(sorter->sources[piece->stream->source], piece);
			continue;
		}
		piece->span.lost =
			piece->stream->gap ? RBMAP_LOST_UNKNOWN : spans[i].lost;
		piece->stream->gap = false;
		append(sorter, piece);
		sorter->put = true;
	}
	sorter->nr_staged = 0;
	return 0;
}

bool rbmap_sorter_end_round(struct rbmap_sorter *sorter)
{
	bool put = sorter->put;

	if (sorter->must_advance)
		go_on(sorter);
	sorter->put = false;
	sorter->rounds++;
	for (size_t i = 0; i < sorter->heap.nr; i++) {
		struct sorter_stream *stream = sorter->heap.items[i];

		set_due(sorter, stream, is_due(sorter, stream->walked));
	}
	for (size_t i = 0; i < sorter->nr_sources; i++)
		trim(sorter->sources[i]);
	return put;
}

void rbmap_sorter_end(struct rbmap_sorter *sorter)
{
	sorter->ended = true;
}

const struct sorter_stream *rbmap_sorter_next(struct rbmap_sorter *sorter)
{
	if (sorter->must_advance)
		go_on(sorter);
	if (!sorter->heap.nr)
		return NULL;
	/* Of a single ring, there is nothing to wait for. */
	if (!sorter->nr_due && !sorter->ended && sorter->nr_streams > 1)
		return NULL;
	sorter->must_advance = true;
	return sorter->heap.items[0];
}
