// SPDX-License-Identifier: LGPL-2.1-only
/* The data of a CPU, sub-buffer by sub-buffer, through a window on the file. */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <byteswap.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "span/subbuf.h"

/* Sizes of a chunk, before and behind the compression. */
#define CHUNK_HEADER 8

static void unmap(struct tracedat_stream *stream)
{
	if (stream->map)
		munmap(stream->map, stream->map_size);
	stream->map = NULL;
	stream->map_size = 0;
}

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

void rbmap_stream_free(struct tracedat_stream *stream)
{
	unmap(stream);
	free(stream->chunk);
	free(stream->rest);
}

/*
 * Maps a window that has @size bytes at @offset, which are in the file. One that was
 * cut since it was opened would be a SIGBUS.
 */
static int move_window(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream, uint64_t offset, uint64_t size)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t begin = offset / page * page, length = TRACEDAT_WINDOW;
	struct stat st;
	void *map;

	if (length < offset + size - begin)
		length = offset + size - begin;
	if (length > datfile->size - begin)
		length = datfile->size - begin;
	if (fstat(datfile->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < begin + length)
		return rbmap_datfile_fault(
			datfile, st.st_size,
			"the file was truncated while it was being read");
	unmap(stream);
	map = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, datfile->fd,
		   begin);
	if (map == MAP_FAILED)
		return -errno;
	stream->map = map;
	stream->map_offset = begin;
	stream->map_size = length;
	return 0;
}

static int look_at(struct rbmap_tracedat_reader *datfile,
		   struct tracedat_stream *stream, uint64_t offset, uint64_t size,
		   const unsigned char **ret)
{
	int r = 0;

	if (offset < stream->map_offset ||
	    offset + size > stream->map_offset + stream->map_size)
		r = move_window(datfile, stream, offset, size);
	if (r == 0)
		*ret = stream->map + (offset - stream->map_offset);
	return r;
}

static int bad_data(struct rbmap_tracedat_reader *datfile,
		    const struct tracedat_stream *stream, uint64_t offset,
		    const char *what)
{
	const char *name = datfile->buffers[stream->buffer].name;

	return rbmap_datfile_fault(datfile, offset, "CPU %d%s%s: %s", stream->cpu->cpu,
				   *name ? " of " : "", name, what);
}

static int read_u32(struct rbmap_tracedat_reader *datfile,
		    struct tracedat_stream *stream, uint64_t offset, uint32_t *ret)
{
	const unsigned char *bytes;
	uint32_t number;
	int r = look_at(datfile, stream, offset, sizeof(number), &bytes);

	if (r < 0)
		return r;
	memcpy(&number, bytes, sizeof(number));
	*ret = datfile->swap ? bswap_32(number) : number;
	return 0;
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

static int count_chunks(struct rbmap_tracedat_reader *datfile,
			struct tracedat_stream *stream)
{
	int r;

	stream->counted = true;
	if (stream->end == stream->at)
		return 0;
	/* The size that the file tells is that of the chunks, without their number. */
	stream->end += sizeof(stream->chunks);
	if (stream->end > datfile->size)
		stream->end = datfile->size;
	if (stream->end - stream->at < sizeof(stream->chunks))
		return give_up(datfile, stream, "cut off before its chunks");
	r = read_u32(datfile, stream, stream->at, &stream->chunks);
	if (r == 0)
		stream->at += sizeof(stream->chunks);
	return r;
}

static int make_room(struct tracedat_stream *stream, size_t size)
{
	unsigned char *room;

	if (size <= stream->chunk_room)
		return 0;
	room = malloc(size);
	if (!room)
		return -ENOMEM;
	free(stream->chunk);
	stream->chunk = room;
	stream->chunk_room = size;
	return 0;
}

/* @ret: bytes of the chunk in the file; its header is passed over. */
static int chunk_sizes(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream, uint32_t *ret,
		       uint32_t *ret_to_size)
{
	int r;

	if (stream->end - stream->at < CHUNK_HEADER)
		return give_up(datfile, stream, "cut off before a chunk");
	r = read_u32(datfile, stream, stream->at, ret);
	if (r == 0)
		r = read_u32(datfile, stream, stream->at + 4, ret_to_size);
	if (r < 0)
		return r;
	if (*ret > stream->end - stream->at - CHUNK_HEADER)
		return give_up(datfile, stream, "cut off in this chunk");
	if (*ret_to_size > TRACEDAT_MAX_CHUNK)
		return give_up(datfile, stream, "a chunk of an impossible size");
	return 0;
}

static int next_chunk(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_stream *stream)
{
	const unsigned char *from;
	uint32_t from_size = 0, to_size = 0;
	int r;

	stream->chunk_size = 0;
	stream->chunk_at = 0;
	r = chunk_sizes(datfile, stream, &from_size, &to_size);
	if (r == 0)
		r = make_room(stream, to_size);
	if (r == 0)
		r = look_at(datfile, stream, stream->at + CHUNK_HEADER, from_size,
			    &from);
	if (r < 0)
		return r;
	stream->chunk_place = stream->at;
	stream->at += CHUNK_HEADER + (uint64_t)from_size;
	stream->chunks--;
	r = rbmap_inflate(datfile->compression, stream->chunk, to_size, from,
			  from_size);
	if (r == -EBADMSG)
		return bad_data(datfile, stream, stream->chunk_place,
				"the compressed data is damaged");
	stream->chunk_size = r < 0 ? 0 : to_size;
	return r;
}

/* As much of a last sub-buffer as there is, with zeros behind it. */
static int fill_up(struct tracedat_stream *stream, uint32_t size,
		   const unsigned char *from, size_t from_size,
		   const unsigned char **ret)
{
	if (!stream->rest)
		stream->rest = malloc(size);
	if (!stream->rest)
		return -ENOMEM;
	memcpy(stream->rest, from, from_size);
	memset(stream->rest + from_size, 0, size - from_size);
	*ret = stream->rest;
	return 1;
}

/* All of these: 1, 0 at the end, or a negative errno; @there: bytes that are stored. */
static int compressed_subbuf(struct rbmap_tracedat_reader *datfile,
			     struct tracedat_stream *stream, uint32_t size,
			     const unsigned char **ret, uint64_t *there)
{
	int r = 0;

	if (!stream->counted)
		r = count_chunks(datfile, stream);
	while (r == 0 && stream->chunk_at == stream->chunk_size) {
		if (!stream->chunks)
			return 0;
		r = next_chunk(datfile, stream);
	}
	if (r < 0)
		return r;
	stream->place = stream->chunk_place;
	*ret = stream->chunk + stream->chunk_at;
	*there = stream->chunk_size - stream->chunk_at;
	if (*there < size) {
		stream->chunk_at = stream->chunk_size;
		return fill_up(stream, size, *ret, *there, ret);
	}
	*there = size;
	stream->chunk_at += size;
	return 1;
}

static int plain_subbuf(struct rbmap_tracedat_reader *datfile,
			struct tracedat_stream *stream, uint32_t size,
			const unsigned char **ret, uint64_t *there)
{
	int r;

	*there = stream->end - stream->at;
	if (!*there)
		return 0;
	if (*there > size)
		*there = size;
	r = look_at(datfile, stream, stream->at, *there, ret);
	if (r < 0)
		return r;
	stream->place = stream->at;
	stream->at += *there;
	return *there < size ? fill_up(stream, size, *ret, *there, ret) : 1;
}

static int next_subbuf(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream, const unsigned char **ret,
		       uint64_t *there)
{
	uint32_t size = tracedat_layout(datfile, stream->buffer)->subbuf_size;

	if (datfile->public_buffers[stream->buffer].compressed)
		return compressed_subbuf(datfile, stream, size, ret, there);
	return plain_subbuf(datfile, stream, size, ret, there);
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
