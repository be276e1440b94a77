// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/write/chunks.h"

#include <stdlib.h>

#include <rbmap/record.h>

#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

/* Of sub-buffers in a chunk, as the command takes them in one turn. */
#define CHUNK_BYTES (UINT32_C(512) << 10)
/* Beyond these, room that is not in use goes back. */
#define MOST_SPARE 64
#define CHUNK_HEADER 8
#define COUNT_SIZE 4
/* zstd's own limits are far beyond what is of use. */
#define FASTER_LEVEL (-5)

/* Of a sub-buffer: which it is, what of it, and that it is not to stay. */
struct piece {
	uint64_t seq;
	uint32_t from;
	uint32_t to;
	bool torn;
};

/* @spans: of the region that were put by then */
struct tracedat_pending {
	struct tracedat_pending *next;
	uint64_t spans;
	uint32_t nr;
	unsigned char *bytes;
	struct piece pieces[];
};

static uint32_t most_pieces(const struct rbmap_tracedat_writer *writer)
{
	uint32_t nr = CHUNK_BYTES / writer->layout.subbuf_size;

	return nr ? nr : 1;
}

static void free_pending(struct tracedat_pending *pending)
{
	free(pending->bytes);
	free(pending);
}

int rbmap_spare_init(struct tracedat_spare *spare)
{
	return -pthread_mutex_init(&spare->lock, NULL);
}

void rbmap_spare_free(struct tracedat_spare *spare)
{
	struct tracedat_pending *pending;

	while ((pending = spare->first)) {
		spare->first = pending->next;
		free_pending(pending);
	}
	pthread_mutex_destroy(&spare->lock);
}

static struct tracedat_pending *make_pending(const struct rbmap_tracedat_writer *writer)
{
	size_t most = most_pieces(writer);
	struct tracedat_pending *pending;

	pending = calloc(1, sizeof(*pending) + most * sizeof(pending->pieces[0]));
	if (!pending)
		return NULL;
	pending->bytes = malloc(most * writer->layout.subbuf_size);
	if (pending->bytes)
		return pending;
	free(pending);
	return NULL;
}

static struct tracedat_pending *take_spare(struct rbmap_tracedat_writer *writer)
{
	struct tracedat_spare *spare = &writer->spare;
	struct tracedat_pending *pending;

	pthread_mutex_lock(&spare->lock);
	pending = spare->first;
	if (pending) {
		spare->first = pending->next;
		spare->nr--;
	}
	pthread_mutex_unlock(&spare->lock);
	if (!pending)
		return make_pending(writer);
	pending->next = NULL;
	pending->nr = 0;
	return pending;
}

static void give_spare(struct rbmap_tracedat_writer *writer,
		       struct tracedat_pending *pending)
{
	struct tracedat_spare *spare = &writer->spare;
	bool keep;

	pthread_mutex_lock(&spare->lock);
	keep = spare->nr < MOST_SPARE;
	if (keep) {
		pending->next = spare->first;
		spare->first = pending;
		spare->nr++;
	}
	pthread_mutex_unlock(&spare->lock);
	if (!keep)
		free_pending(pending);
}

void rbmap_chunks_forget(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region)
{
	struct tracedat_pending *pending;

	while ((pending = region->pending)) {
		region->pending = pending->next;
		give_spare(writer, pending);
	}
}

/* The one that has room for another sub-buffer: the last. */
static struct tracedat_pending *find_room(struct rbmap_tracedat_writer *writer,
					  struct tracedat_region *region)
{
	struct tracedat_pending **last = &region->pending;

	while (*last && (*last)->nr == most_pieces(writer))
		last = &(*last)->next;
	if (!*last)
		*last = take_spare(writer);
	return *last;
}

/* Of a whole sub-buffer its own; of a piece that of the record before it. */
static uint64_t begin_of(const struct rbmap_tracedat_writer *writer,
			 const struct rbmap_span *span)
{
	struct rbmap_walk walk = { 0 };

	if (!span->from || rbmap_walk_span(&walk, &writer->layout, span) < 0)
		return span->time_stamp;
	return walk.time_stamp;
}

/* Behind the records nothing of what the ring held before. */
static void copy_piece(const struct rbmap_tracedat_writer *writer, unsigned char *to,
		       const struct rbmap_span *span)
{
	const struct rbmap_layout *layout = &writer->layout;
	const unsigned char *data =
		(const unsigned char *)span->subbuf + layout->data_offset + span->from;
	uint32_t size = span->to - span->from, count_size;
	unsigned char count[8];

	count_size = rbmap_subbuf_make_header(layout, to, count, begin_of(writer, span),
					      size, span->lost);
	to += layout->data_offset;
	memcpy(to, data, size);
	memcpy(to + size, count, count_size);
	memset(to + size + count_size, 0,
	       rbmap_layout_capacity(layout) - size - count_size);
}

static bool is_full(const struct rbmap_tracedat_writer *writer,
		    const struct tracedat_region *region)
{
	uint64_t needed = region->dropped + region->size + COUNT_SIZE;

	/* What is stored as it is takes the most. */
	for (const struct tracedat_pending *i = region->pending; i; i = i->next)
		needed += CHUNK_HEADER + (uint64_t)i->nr * (writer->layout.subbuf_size +
							    STORED_HEADER);
	return needed + CHUNK_HEADER + writer->layout.subbuf_size + STORED_HEADER >
	       writer->spacing;
}

static int add_piece(struct rbmap_tracedat_writer *writer,
		     struct tracedat_region *region, const struct rbmap_span *span)
{
	struct tracedat_pending *pending;

	if (is_full(writer, region))
		return -EFBIG;
	pending = find_room(writer, region);
	if (!pending)
		return -ENOMEM;
	copy_piece(writer,
		   pending->bytes + (size_t)pending->nr * writer->layout.subbuf_size,
		   span);
	pending->pieces[pending->nr++] =
		(struct piece){ span->seq, span->from, span->to, false };
	region->started = true;
	region->last.seq = span->seq;
	region->last.to = span->to;
	return 0;
}

/* Where what was lost is no part of the file, neither is that it was. */
static int put_anew(struct rbmap_tracedat_writer *writer,
		    struct tracedat_region *region, const struct rbmap_span *span)
{
	struct rbmap_span first = *span;

	first.lost = 0;
	rbmap_chunks_forget(writer, region);
	rbmap_tracedat_drop(writer, region, region->size);
	return add_piece(writer, region, &first);
}

static int put_growth(struct rbmap_tracedat_writer *writer,
		      struct tracedat_region *region, const struct rbmap_span *span)
{
	struct rbmap_span piece = *span;

	if (span->to < region->last.to || span->from > region->last.to)
		return -EINVAL;
	if (span->to == region->last.to)
		return 0;
	piece.from = region->last.to;
	piece.lost = 0;
	return add_piece(writer, region, &piece);
}

int rbmap_chunks_put(struct rbmap_tracedat_writer *writer,
		     struct tracedat_region *region, const struct rbmap_span *span,
		     bool first)
{
	int r = 0;

	if (first && !region->cut_short)
		r = rbmap_chunks_write(writer, region);
	if (r < 0)
		return r;
	if (writer->unbroken && span->lost)
		return put_anew(writer, region, span);
	if (!region->started || span->seq > region->last.seq)
		return add_piece(writer, region, span);
	if (span->seq < region->last.seq)
		return -EINVAL;
	return put_growth(writer, region, span);
}

int rbmap_chunks_count(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region)
{
	struct tracedat_pending *last = region->pending;
	uint32_t spans;

	region->put++;
	while (last && last->next)
		last = last->next;
	if (last) {
		last->spans = region->put;
		return 0;
	}
	spans = region->put - region->counted;
	region->counted = region->put;
	return rbmap_tracedat_note_spans(writer, region, spans);
}

static struct piece *find_piece(struct tracedat_region *region,
				const struct rbmap_span *span,
				struct tracedat_pending **ret)
{
	for (struct tracedat_pending *i = region->pending; i; i = i->next)
		for (uint32_t at = 0; at < i->nr; at++)
			if (i->pieces[at].seq == span->seq &&
			    i->pieces[at].to == span->to) {
				*ret = i;
				return &i->pieces[at];
			}
	return NULL;
}

/* All up to and with it is given up. */
static void begin_behind(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region, const struct piece *last)
{
	rbmap_tracedat_drop(writer, region, region->size);
	for (struct tracedat_pending *i = region->pending; i; i = i->next)
		for (uint32_t at = 0; at < i->nr; at++) {
			i->pieces[at].torn = true;
			if (&i->pieces[at] == last)
				return;
		}
}

static void mark_lost(const struct rbmap_tracedat_writer *writer,
		      struct tracedat_pending *pending, const struct piece *piece,
		      const struct rbmap_span *span)
{
	unsigned char *subbuf = pending->bytes + (size_t)(piece - pending->pieces) *
							 writer->layout.subbuf_size;
	unsigned char count[8];

	/* How many is not known, so that there is no count to store. */
	rbmap_subbuf_make_header(&writer->layout, subbuf, count, span->time_stamp,
				 span->to, RBMAP_LOST_UNKNOWN);
}

void rbmap_chunks_discard(struct rbmap_tracedat_writer *writer,
			  struct tracedat_region *region, const struct rbmap_span *span)
{
	struct tracedat_pending *pending;
	struct piece *piece = find_piece(region, span, &pending);

	if (!piece)
		return;
	if (!(span->flags & RBMAP_SPAN_TORN)) {
		if (!writer->unbroken && !piece->from &&
		    span->lost == RBMAP_LOST_UNKNOWN)
			mark_lost(writer, pending, piece, span);
		return;
	}
	piece->torn = true;
	if (writer->unbroken)
		begin_behind(writer, region, piece);
}

/* Moves what stays together; returns how many bytes that are. */
static size_t remove_torn(const struct rbmap_tracedat_writer *writer,
			  struct tracedat_pending *pending)
{
	size_t size = writer->layout.subbuf_size;
	uint32_t kept = 0;

	for (uint32_t at = 0; at < pending->nr; at++) {
		if (pending->pieces[at].torn)
			continue;
		if (kept < at)
			memcpy(pending->bytes + kept * size, pending->bytes + at * size,
			       size);
		pending->pieces[kept++] = pending->pieces[at];
	}
	pending->nr = kept;
	return kept * size;
}

/* Behind the chunks that there are; the count goes before the first. */
static int write_chunk(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region, uint32_t size,
		       struct iovec *parts, int nr)
{
	uint32_t spans = region->pending->spans - region->counted;
	uint64_t begin = region->size ? region->size : COUNT_SIZE;
	uint32_t sizes[2] = { 0, size };
	int r;

	for (int i = 1; i < nr; i++)
		sizes[0] += parts[i].iov_len;
	parts[0] = (struct iovec){ .iov_base = sizes, .iov_len = sizeof(sizes) };
	rbmap_tracedat_reserve(writer, region,
			       begin - region->size + sizeof(sizes) + sizes[0]);
	begin += region->start;
	r = rbmap_tracedat_write_data(&writer->file,
				      tracedat_region_index(writer, region), spans,
				      parts, nr, begin);
	if (r < 0)
		return r;
	region->size = begin + sizeof(sizes) + sizes[0] - region->start;
	region->chunks++;
	return 0;
}

static int write_stored(struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region, const unsigned char *bytes,
			size_t size)
{
	struct iovec parts[1 + STORED_PARTS];
	struct tracedat_stored stored;
	int nr = rbmap_store(&stored, bytes, size, parts + 1);

	return write_chunk(writer, region, size, parts, 1 + nr);
}

static int write_zipped(struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region, int level,
			const unsigned char *bytes, size_t size)
{
	struct tracedat_zip *zip;
	struct iovec parts[2];
	int r = rbmap_zip_get(&writer->zips, &zip);

	if (r < 0)
		return r;
	r = rbmap_zip(zip, level, bytes, size, &parts[1]);
	if (r == 0)
		r = write_chunk(writer, region, size, parts, 2);
	rbmap_zip_put(&writer->zips, zip);
	return r;
}

static int write_one(struct rbmap_tracedat_writer *writer,
		     struct tracedat_region *region, struct tracedat_pending *pending)
{
	unsigned int level = atomic_load_explicit(&region->level, memory_order_relaxed);
	int faster = writer->level < FASTER_LEVEL ? 2 * writer->level : FASTER_LEVEL;
	size_t size = remove_torn(writer, pending);
	int r = 0;

	if (level == RBMAP_TRACEDAT_STORED && size > STORED_MAX)
		level = RBMAP_TRACEDAT_FASTER;
	if (size == 0)
		return rbmap_tracedat_note_spans(writer, region,
						 pending->spans - region->counted);
	if (level == RBMAP_TRACEDAT_STORED)
		r = write_stored(writer, region, pending->bytes, size);
	else
		r = write_zipped(writer, region,
				 level == RBMAP_TRACEDAT_FASTER ? faster :
								  writer->level,
				 pending->bytes, size);
	if (r == 0)
		atomic_fetch_add_explicit(&region->bytes[level], size,
					  memory_order_relaxed);
	return r;
}

int rbmap_chunks_write(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region)
{
	struct tracedat_pending *pending;
	int r = 0;

	region->cut_short = false;
	while (r == 0 && (pending = region->pending)) {
		r = write_one(writer, region, pending);
		if (r < 0)
			break;
		region->pending = pending->next;
		region->counted = pending->spans;
		give_spare(writer, pending);
	}
	return r;
}
