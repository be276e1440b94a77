// SPDX-License-Identifier: LGPL-2.1-only
/* The batches of a file as a stream. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "columns/columns.h"
#include "tracedat/read/datfile.h"

#define ERROR_SIZE 512

/* @failed: what reading said, once the rows before it are taken */
struct stream {
	struct rbmap_tracedat_reader *reader;
	struct rbmap_columns *columns;
	bool accepts_damage, ended;
	int failed;
	char error[ERROR_SIZE];
};

static int fail(struct stream *stream, int r)
{
	snprintf(stream->error, sizeof(stream->error), "%s", rbmap_strerror(r));
	return -r;
}

static int get_schema(struct ArrowArrayStream *of, struct ArrowSchema *ret)
{
	struct stream *stream = of->private_data;
	int r = rbmap_columns_schema(stream->columns, ret);

	return r < 0 ? fail(stream, r) : 0;
}

/* What is left to say behind the last batch. */
static int end(struct stream *stream)
{
	const struct rbmap_tracedat_fault *faults;
	size_t nr = rbmap_tracedat_reader_faults(stream->reader, &faults);

	if (stream->failed < 0)
		return fail(stream, stream->failed);
	if (!nr || stream->accepts_damage)
		return 0;
	snprintf(stream->error, sizeof(stream->error),
		 "the file is damaged; all intact records were read (%zu defects, the "
		 "first at byte %llu: %s)",
		 nr, (unsigned long long)faults[0].offset, faults[0].text);
	return EBADMSG;
}

static int get_next(struct ArrowArrayStream *of, struct ArrowArray *ret)
{
	struct stream *stream = of->private_data;
	int r;

	if (!stream->ended) {
		r = rbmap_columns_fill(stream->columns, stream->reader);
		stream->ended = r <= 0;
		stream->failed = r;
	}
	if (!rbmap_columns_count(stream->columns)) {
		*ret = (struct ArrowArray){ 0 };
		return end(stream);
	}
	r = rbmap_columns_take(stream->columns, ret);
	return r < 0 ? fail(stream, r) : 0;
}

static const char *get_last_error(struct ArrowArrayStream *of)
{
	const struct stream *stream = of->private_data;

	return stream->error[0] ? stream->error : NULL;
}

static void release(struct ArrowArrayStream *of)
{
	struct stream *stream = of->private_data;
	int fd = stream->reader->fd;

	rbmap_columns_close(stream->columns);
	rbmap_tracedat_reader_close(stream->reader);
	close(fd);
	free(stream);
	of->release = NULL;
}

static int open_stream(struct stream *stream, struct rbmap_tracedat_reader *reader,
		       const struct rbmap_columns_options *options)
{
	uint64_t time;
	int r = 0;

	stream->reader = reader;
	stream->accepts_damage = options->flags & RBMAP_COLUMNS_DAMAGED;
	if (options->flags & RBMAP_COLUMNS_REALTIME)
		r = rbmap_tracedat_reader_convert(reader, RBMAP_TRACEDAT_REALTIME, 0,
						  &time);
	if (r == 0)
		r = rbmap_columns_new(&stream->columns,
				      rbmap_tracedat_reader_events(reader, 0), reader,
				      options);
	if (r == 0)
		rbmap_datfile_set_order(reader,
					!(options->flags & RBMAP_COLUMNS_UNORDERED));
	return r;
}

RBMAP_PUBLIC int rbmap_columns_stream_file(struct ArrowArrayStream *ret,
					   struct rbmap_tracedat_reader *reader,
					   const struct rbmap_columns_options *options)
{
	struct rbmap_columns_options o;
	struct stream *stream;
	int r = rbmap_options_copy(&o, sizeof(o), options);

	if (r < 0)
		return r;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	r = open_stream(stream, reader, &o);
	if (r < 0) {
		free(stream);
		return r;
	}
	*ret = (struct ArrowArrayStream){
		.get_schema = get_schema,
		.get_next = get_next,
		.get_last_error = get_last_error,
		.release = release,
		.private_data = stream,
	};
	return 0;
}
