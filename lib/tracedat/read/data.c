// SPDX-License-Identifier: LGPL-2.1-only
/* The data of a CPU, sub-buffer by sub-buffer, through a window on the file. */
#include "tracedat/read/datfile.h"

#include <byteswap.h>

#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/read/window.h"

/* Sizes of a chunk, before and behind the compression. */
#define CHUNK_HEADER 8

void rbmap_stream_rewind(struct tracedat_stream *stream)
{
	stream->at = stream->cpu->offset;
	stream->end = stream->cpu->offset + stream->cpu->size;
	stream->counted = false;
	stream->chunks = 0;
	stream->chunk_size = 0;
	stream->chunk_at = 0;
	stream->place = 0;
	stream->seq = 0;
	stream->lost = false;
	stream->has_span = false;
	stream->taken = false;
	stream->walk = (struct rbmap_walk){ 0 };
}

void rbmap_stream_free(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream)
{
	rbmap_window_free(datfile, &stream->window);
}

static int bad_data(struct rbmap_tracedat_reader *datfile,
		    const struct tracedat_stream *stream, uint64_t offset,
		    const char *what)
{
	const char *name = datfile->buffers[stream->buffer].name;

	return rbmap_datfile_fault(datfile, offset, "CPU %d%s%s: %s", stream->cpu->cpu,
				   *name ? " of " : "", name, what);
}

/* The rest of the CPU's data is given up: where its next chunk begins is not known. */
static int give_up(struct rbmap_tracedat_reader *datfile,
		   struct tracedat_stream *stream, const char *what)
{
	uint64_t offset = stream->at;

	stream->at = stream->end;
	stream->chunks = 0;
	return bad_data(datfile, stream, offset, what);
}

/* What to do is the same for all that follow: it is said once. */
static int give_up_memory(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_stream *stream)
{
	const char *name = datfile->buffers[stream->buffer].name;
	int r = -EBADMSG;

	if (!datfile->is_over)
		r = rbmap_datfile_fault(
			datfile, stream->at,
			"CPU %d%s%s: not read: with more of its CPUs at once the file "
			"would take more than %llu MB of memory; choose fewer CPUs",
			stream->cpu->cpu, *name ? " of " : "", name,
			(unsigned long long)RBMAP_TRACEDAT_READER_MEMORY >> 20);
	datfile->is_over = true;
	stream->at = stream->end;
	stream->chunks = 0;
	return r;
}

/* @r: what reading from the window said; 0, or what is left of the CPU is given up. */
static int check_read(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_stream *stream, int r)
{
	if (r == -E2BIG)
		return give_up_memory(datfile, stream);
	if (r == -EBADMSG) {
		stream->at = stream->end;
		stream->chunks = 0;
	}
	return r;
}

/* Numbers at the place of the stream, which follows them then. */
static int read_numbers(struct rbmap_tracedat_reader *datfile,
			struct tracedat_stream *stream, uint32_t *ret, size_t nr)
{
	size_t size = nr * sizeof(*ret);
	int r = rbmap_datfile_load(datfile, ret, size, stream->at);

	if (r == -EBADMSG)
		r = rbmap_datfile_check_size(datfile, r);
	if (r < 0)
		return check_read(datfile, stream, r);
	for (size_t i = 0; datfile->swap && i < nr; i++)
		ret[i] = bswap_32(ret[i]);
	stream->at += size;
	return 0;
}

static int count_chunks(struct rbmap_tracedat_reader *datfile,
			struct tracedat_stream *stream)
{
	stream->counted = true;
	if (stream->end == stream->at)
		return 0;
	/* The size that the file tells is that of the chunks, without their number. */
	stream->end += sizeof(stream->chunks);
	if (stream->end > datfile->size)
		stream->end = datfile->size;
	if (stream->end - stream->at < sizeof(stream->chunks))
		return give_up(datfile, stream, "cut off before its chunks");
	return read_numbers(datfile, stream, &stream->chunks, 1);
}

/* @sizes: of the chunk in the file and outside of it; its header is passed over. */
static int begin_chunk(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream, uint32_t sizes[2])
{
	uint64_t left = stream->end - stream->at, place = stream->at;
	int r;

	stream->chunk_size = 0;
	stream->chunk_at = 0;
	if (left < CHUNK_HEADER)
		return give_up(datfile, stream, "cut off before a chunk");
	r = read_numbers(datfile, stream, sizes, 2);
	if (r < 0)
		return r;
	if (sizes[0] <= left - CHUNK_HEADER) {
		stream->chunk_place = place;
		return 0;
	}
	stream->at = place;
	return give_up(datfile, stream, "cut off in this chunk");
}

/* A last sub-buffer that is not whole has room for zeros behind it. */
static uint64_t room_for(uint64_t bytes, uint32_t subbuf_size)
{
	return (bytes + subbuf_size - 1) / subbuf_size * subbuf_size;
}

static int next_chunk(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_stream *stream, uint32_t subbuf_size)
{
	struct tracedat_window *window = &stream->window;
	const unsigned char *from = NULL;
	uint32_t sizes[2];
	uint64_t room;
	int r = begin_chunk(datfile, stream, sizes);

	if (r < 0)
		return r;
	room = room_for(sizes[1], subbuf_size);
	r = room > SIZE_MAX ? -E2BIG : rbmap_window_make_room(datfile, window, room);
	if (r == 0 && sizes[0])
		r = rbmap_window_look(datfile, &datfile->input, stream->at, sizes[0],
				      stream->at + sizes[0], &from);
	if (r < 0)
		return check_read(datfile, stream, r);
	stream->at += sizes[0];
	stream->chunks--;
	r = rbmap_inflate(datfile->compression, window->bytes, sizes[1], from,
			  sizes[0]);
	if (r == -EBADMSG)
		return bad_data(datfile, stream, stream->chunk_place,
				"the compressed data is damaged");
	stream->chunk_size = r < 0 ? 0 : sizes[1];
	return r;
}

/* All of these: 1, 0 at the end, or a negative errno; @there: bytes that are stored. */
static int compressed_subbuf(struct rbmap_tracedat_reader *datfile,
			     struct tracedat_stream *stream, uint32_t size,
			     unsigned char **ret, uint64_t *there)
{
	int r = 0;

	if (!stream->counted)
		r = count_chunks(datfile, stream);
	while (r == 0 && stream->chunk_at == stream->chunk_size) {
		if (!stream->chunks)
			return 0;
		r = next_chunk(datfile, stream, size);
	}
	if (r < 0)
		return r;
	stream->place = stream->chunk_place;
	*ret = stream->window.bytes + stream->chunk_at;
	*there = stream->chunk_size - stream->chunk_at;
	if (*there > size)
		*there = size;
	stream->chunk_at += *there;
	return 1;
}

static int plain_subbuf(struct rbmap_tracedat_reader *datfile,
			struct tracedat_stream *stream, uint32_t size,
			unsigned char **ret, uint64_t *there)
{
	struct tracedat_window *window = &stream->window;
	uint64_t left = stream->end - stream->at;
	const unsigned char *bytes;
	uint64_t room;
	int r;

	if (!left)
		return 0;
	*there = left < size ? left : size;
	room = datfile->window_size / size * size;
	if (room > left)
		room = room_for(left, size);
	r = window->room ?
		    0 :
		    rbmap_window_make_room(datfile, window, room > size ? room : size);
	if (r == 0)
		r = rbmap_window_look(datfile, window, stream->at, *there, stream->end,
				      &bytes);
	if (r < 0)
		return check_read(datfile, stream, r);
	*ret = window->bytes + (stream->at - window->offset);
	stream->place = stream->at;
	stream->at += *there;
	return 1;
}

static int next_subbuf(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream, const unsigned char **ret,
		       uint64_t *there)
{
	uint32_t size = tracedat_layout(datfile, stream->buffer)->subbuf_size;
	bool compressed = datfile->public_buffers[stream->buffer].compressed;
	unsigned char *subbuf = NULL;
	int r = compressed ? compressed_subbuf(datfile, stream, size, &subbuf, there) :
			     plain_subbuf(datfile, stream, size, &subbuf, there);

	if (r <= 0)
		return r;
	/* As much of a last sub-buffer as there is, with zeros behind it. */
	memset(subbuf + *there, 0, size - *there);
	*ret = subbuf;
	return 1;
}

/* Of the last sub-buffer of a file that was cut the first records may be whole. */
static int check_cut(struct rbmap_tracedat_reader *datfile,
		     struct tracedat_stream *stream, uint64_t there,
		     struct rbmap_subbuf_header *header)
{
	const struct rbmap_layout *layout = tracedat_layout(datfile, stream->buffer);
	uint64_t room = there > layout->data_offset ? there - layout->data_offset : 0;
	int r;

	if (there == layout->subbuf_size)
		return 0;
	r = bad_data(datfile, stream, stream->place, "this sub-buffer is damaged");
	if (there < layout->data_offset)
		return r;
	if (header->size > room)
		header->size = room;
	return r == -EBADMSG ? 0 : r;
}

static int make_span(struct rbmap_tracedat_reader *datfile,
		     struct tracedat_stream *stream, const unsigned char *subbuf,
		     uint64_t there, struct rbmap_span *ret)
{
	const struct rbmap_layout *layout = tracedat_layout(datfile, stream->buffer);
	struct rbmap_subbuf_header header;
	int r = rbmap_subbuf_header(layout, subbuf, &header);

	if (r < 0)
		return bad_data(datfile, stream, stream->place,
				"more records than fit into a sub-buffer");
	r = check_cut(datfile, stream, there, &header);
	if (r < 0)
		return r;
	*ret = (struct rbmap_span){
		.subbuf = subbuf,
		.subbuf_size = layout->subbuf_size,
		.to = header.size,
		.seq = stream->seq++,
		.time_stamp = header.time_stamp,
		.lost = stream->lost ? RBMAP_LOST_UNKNOWN : header.lost,
		.cpu = stream->cpu->cpu,
	};
	stream->lost = false;
	return 1;
}

int rbmap_stream_take(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_stream *stream, struct rbmap_span *span)
{
	const unsigned char *subbuf;
	uint64_t there = 0;
	int r;

	do {
		r = next_subbuf(datfile, stream, &subbuf, &there);
		if (r > 0)
			r = make_span(datfile, stream, subbuf, there, span);
		if (r == -EBADMSG)
			stream->lost = true;
	} while (r == -EBADMSG);
	/* Another CPU may need what this one does not any more. */
	if (r == 0)
		rbmap_window_free(datfile, &stream->window);
	return r;
}

RBMAP_PUBLIC int rbmap_tracedat_reader_take(struct rbmap_tracedat_reader *datfile,
					    size_t buffer, size_t cpu,
					    struct rbmap_span *span)
{
	struct tracedat_stream *stream;
	int r;

	if (buffer >= datfile->nr_buffers || cpu >= datfile->buffers[buffer].nr_cpus)
		return -EINVAL;
	stream = &datfile->buffers[buffer].streams[cpu];
	r = rbmap_stream_take(datfile, stream, span);
	if (r > 0)
		datfile->place = stream->place;
	return r;
}
