// SPDX-License-Identifier: LGPL-2.1-only
/* Source of the format: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5). */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events/events.h"
#include "base/internal.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

/* Magic, "tracing", version, byte order, long size, page size: more than these are. */
#define MOST_INITIAL 64

static bool is_known_fault(const struct rbmap_tracedat_reader *reader, uint64_t offset,
			   const char *text)
{
	for (size_t i = 0; i < reader->nr_faults; i++)
		if (reader->faults[i].offset == offset &&
		    !strcmp(reader->faults[i].text, text))
			return true;
	return false;
}

int rbmap_reader_fault(struct rbmap_tracedat_reader *reader, uint64_t offset,
		       const char *format, ...)
{
	struct rbmap_tracedat_fault *larger;
	va_list args;
	char *text;
	int r;

	if (reader->nr_faults == TRACEDAT_MAX_FAULTS)
		return -EBADMSG;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	if (is_known_fault(reader, offset, text)) {
		free(text);
		return -EBADMSG;
	}
	larger = reallocarray(reader->faults, reader->nr_faults + 1, sizeof(*larger));
	if (!larger) {
		free(text);
		return -ENOMEM;
	}
	log_debug(&reader->log, "at byte %llu: %s", (unsigned long long)offset, text);
	larger[reader->nr_faults++] = (struct rbmap_tracedat_fault){ offset, text };
	reader->faults = larger;
	return -EBADMSG;
}

int rbmap_reader_cut(struct rbmap_tracedat_reader *reader, const struct tracedat_in *in,
		     const char *what)
{
	return rbmap_reader_fault(reader, in->offset + in->size, "%s: cut off here",
				  what);
}

static int read_all(int fd, void *to, uint64_t size, uint64_t offset)
{
	unsigned char *bytes = to;
	ssize_t got;

	while (size) {
		got = pread(fd, bytes, size, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EBADMSG;
		bytes += got;
		offset += got;
		size -= got;
	}
	return 0;
}

int rbmap_reader_read(const struct rbmap_tracedat_reader *reader, uint64_t offset,
		      uint64_t size, char **ret)
{
	char *bytes;
	int r;

	if (size > TRACEDAT_MAX_TEXT || offset > reader->size ||
	    size > reader->size - offset)
		return -EBADMSG;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	r = read_all(reader->fd, bytes, size, offset);
	if (r < 0) {
		free(bytes);
		return r;
	}
	bytes[size] = '\0';
	*ret = bytes;
	return 0;
}

struct tracedat_buffer *rbmap_reader_add_buffer(struct rbmap_tracedat_reader *reader,
						const char *name)
{
	struct tracedat_buffer *larger;

	larger = reallocarray(reader->buffers, reader->nr_buffers + 1, sizeof(*larger));
	if (!larger)
		return NULL;
	reader->buffers = larger;
	larger += reader->nr_buffers;
	*larger = (struct tracedat_buffer){ .name = strdup(name) };
	if (!larger->name)
		return NULL;
	reader->nr_buffers++;
	return larger;
}

/* What the file does not have any more is a fault. */
static int cut_to_file(struct rbmap_tracedat_reader *reader,
		       const struct tracedat_buffer *buffer,
		       struct rbmap_tracedat_cpu *cpu)
{
	uint64_t there = cpu->offset < reader->size ? reader->size - cpu->offset : 0;
	uint64_t size = cpu->size;
	int r;

	if (size <= there)
		return 0;
	cpu->size = there;
	r = rbmap_reader_fault(reader, reader->size,
			       "CPU %d%s%s: the file ends here, %llu of %llu bytes of "
			       "its data are missing",
			       cpu->cpu, *buffer->name ? " of " : "", buffer->name,
			       (unsigned long long)(size - there),
			       (unsigned long long)size);
	return r == -EBADMSG ? 0 : r;
}

int rbmap_reader_add_cpu(struct rbmap_tracedat_reader *reader,
			 struct tracedat_buffer *buffer, uint32_t cpu, uint64_t offset,
			 uint64_t size)
{
	struct rbmap_tracedat_cpu *larger;

	larger = reallocarray(buffer->cpus, buffer->nr_cpus + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	buffer->cpus = larger;
	larger += buffer->nr_cpus++;
	*larger = (struct rbmap_tracedat_cpu){ cpu, offset, size };
	return cut_to_file(reader, buffer, larger);
}

static int read_initial(struct rbmap_tracedat_reader *reader, struct tracedat_in *in)
{
	static const unsigned char magic[] = { 0x17, 0x08, 0x44, 't', 'r',
					       'a',  'c',  'i',	 'n', 'g' };
	const unsigned char *bytes;
	const char *version;
	uint32_t page_size;
	char *end;

	if (rbmap_in_bytes(in, &bytes, sizeof(magic)) ||
	    memcmp(bytes, magic, sizeof(magic)) || rbmap_in_string(in, &version))
		return -EBADMSG;
	reader->info.version = strtoul(version, &end, 10);
	if (end == version || *end)
		return -EBADMSG;
	if (reader->info.version != 6 && reader->info.version != 7)
		return -EOPNOTSUPP;
	if (rbmap_in_bytes(in, &bytes, 2) || bytes[0] > 1 ||
	    (bytes[1] != 4 && bytes[1] != 8))
		return -EBADMSG;
	reader->info.big_endian = bytes[0];
	reader->info.long_size = bytes[1];
	reader->swap = bytes[0] != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	in->swap = reader->swap;
	if (rbmap_in_u32(in, &page_size))
		return -EBADMSG;
	reader->info.page_size = page_size;
	return 0;
}

static int make_tep(struct rbmap_tracedat_reader *reader)
{
	reader->tep = tep_alloc();
	if (!reader->tep)
		return -ENOMEM;
	tep_set_file_bigendian(reader->tep, reader->info.big_endian ?
						    TEP_BIG_ENDIAN :
						    TEP_LITTLE_ENDIAN);
	tep_set_long_size(reader->tep, reader->info.long_size);
	tep_set_page_size(reader->tep, reader->info.page_size);
	reader->plugins = tep_load_plugins(reader->tep);
	return 0;
}

static int read_head(struct rbmap_tracedat_reader *reader)
{
	char initial[MOST_INITIAL];
	struct tracedat_in in = { .bytes = (unsigned char *)initial };
	int r;

	in.size = reader->size < sizeof(initial) ? reader->size : sizeof(initial);
	r = read_all(reader->fd, initial, in.size, 0);
	if (r == 0)
		r = read_initial(reader, &in);
	if (r == 0)
		r = make_tep(reader);
	if (r < 0)
		return r;
	r = reader->info.version == 6 ? rbmap_reader_read_v6(reader, &in) :
					rbmap_reader_read_v7(reader, &in);
	/* It has been noted where, and what came before is good. */
	return r == -EBADMSG ? 0 : r;
}

/* Numbers in a sub-buffer's header can be checked only against a sane layout. */
static bool make_layout(const struct rbmap_tracedat_reader *reader,
			const struct tracedat_buffer *from, struct rbmap_layout *ret)
{
	uint32_t size = from->subbuf_size;

	if (!reader->has_layout)
		return false;
	*ret = reader->layout;
	ret->swap = reader->swap;
	if (size)
		ret->subbuf_size = size;
	return ret->subbuf_size > ret->data_offset &&
	       ret->subbuf_size <= TRACEDAT_MAX_SUBBUF;
}

static int make_streams(struct rbmap_tracedat_reader *reader, size_t number)
{
	struct tracedat_buffer *buffer = &reader->buffers[number];

	buffer->streams = calloc(buffer->nr_cpus + 1, sizeof(*buffer->streams));
	if (!buffer->streams)
		return -ENOMEM;
	for (size_t i = 0; i < buffer->nr_cpus; i++) {
		buffer->streams[i].cpu = &buffer->cpus[i];
		buffer->streams[i].buffer = number;
		buffer->streams[i].chosen = true;
		rbmap_stream_rewind(&buffer->streams[i]);
	}
	return 0;
}

/*
 * As trace-cmd report has it, for all buffers: trace-cmd record writes "local" to the
 * buffer of an instance whatever its clock is. In version 6 also the first table
 * counts.
 */
static void publish_clock(struct rbmap_tracedat_reader *reader)
{
	const char *clock = reader->clock, *first = reader->buffers[0].clock;

	if (reader->info.version == 6 && first &&
	    (!clock || rbmap_clock_in_usecs(clock)))
		clock = first;
	reader->info.clock = clock;
	reader->info.in_seconds = !clock || rbmap_clock_in_usecs(clock);
}

static int make_events(struct rbmap_tracedat_reader *reader, size_t number)
{
	static const struct rbmap_events_files none = { -1, -1, -1 };
	struct tracedat_buffer *buffer = &reader->buffers[number];
	int r;

	r = rbmap_events_new(&buffer->events, reader->tep, &none, &reader->log);
	if (r < 0)
		return r;
	if (reader->info.clock)
		rbmap_events_set_clock(buffer->events, reader->info.clock);
	/* They share the handle, and that has one resolver. */
	if (number) {
		buffer->events->resolver = reader->buffers[0].events;
		return 0;
	}
	rbmap_events_read_symbols(buffer->events, rbmap_reader_kallsyms, reader);
	return rbmap_events_resolve_functions(buffer->events);
}

static int compare_cpus(const void *a, const void *b)
{
	const struct rbmap_tracedat_cpu *left = a, *right = b;

	return (left->cpu > right->cpu) - (left->cpu < right->cpu);
}

static void publish_buffer(struct rbmap_tracedat_reader *reader, size_t number)
{
	struct tracedat_buffer *buffer = &reader->buffers[number];
	struct rbmap_tracedat_buffer *ret = &reader->public_buffers[number];

	ret->name = buffer->name;
	ret->clock = buffer->clock;
	ret->compressed = buffer->compressed;
	ret->cpus = buffer->cpus;
	if (make_layout(reader, buffer, &ret->layout)) {
		ret->nr_cpus = buffer->nr_cpus;
		return;
	}
	if (buffer->nr_cpus)
		rbmap_reader_fault(reader, 0,
				   "sub-buffers of %u bytes make no sense here: the "
				   "data of %zu CPUs cannot be read",
				   buffer->subbuf_size, buffer->nr_cpus);
	buffer->nr_cpus = 0;
}

/* Version 7 has it where it likes. */
static void move_top_first(struct rbmap_tracedat_reader *reader)
{
	struct tracedat_buffer top;
	size_t at = 0;

	while (at < reader->nr_buffers && *reader->buffers[at].name)
		at++;
	if (at == reader->nr_buffers)
		return;
	top = reader->buffers[at];
	memmove(reader->buffers + 1, reader->buffers, at * sizeof(top));
	reader->buffers[0] = top;
}

static int finish_head(struct rbmap_tracedat_reader *reader)
{
	size_t streams = 0;
	int r = 0;

	/* There has to be one for the events. */
	if (!reader->nr_buffers && !rbmap_reader_add_buffer(reader, ""))
		return -ENOMEM;
	move_top_first(reader);
	publish_clock(reader);
	reader->public_buffers =
		calloc(reader->nr_buffers, sizeof(*reader->public_buffers));
	if (!reader->public_buffers)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < reader->nr_buffers; i++) {
		struct tracedat_buffer *buffer = &reader->buffers[i];

		if (buffer->nr_cpus)
			qsort(buffer->cpus, buffer->nr_cpus, sizeof(*buffer->cpus),
			      compare_cpus);
		publish_buffer(reader, i);
		streams += buffer->nr_cpus;
		r = make_streams(reader, i);
		if (r == 0)
			r = make_events(reader, i);
	}
	reader->heap = calloc(streams + 1, sizeof(struct tracedat_stream *));
	return r == 0 && !reader->heap ? -ENOMEM : r;
}

static void publish_info(struct rbmap_tracedat_reader *reader)
{
	struct rbmap_tracedat_info *info = &reader->info;

	info->size = reader->size;
	info->system = reader->system;
	info->writer = reader->writer;
	info->compression =
		reader->compression_name ? reader->compression_name : "none";
	info->cpu_stats = (const char *const *)reader->cpu_stats;
}

static int open_reader(struct rbmap_tracedat_reader *reader)
{
	struct stat st;
	int r;

	if (fstat(reader->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESPIPE;
	reader->size = st.st_size;
	reader->cpu_stats = calloc(1, sizeof(char *));
	if (!reader->cpu_stats)
		return -ENOMEM;
	r = read_head(reader);
	if (r == 0)
		r = finish_head(reader);
	publish_info(reader);
	return r;
}

RBMAP_PUBLIC int rbmap_tracedat_reader_open(struct rbmap_tracedat_reader **ret, int fd,
					    const struct rbmap_log *log)
{
	struct rbmap_tracedat_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->fd = fd;
	if (log)
		reader->log = *log;
	r = open_reader(reader);
	if (r < 0) {
		rbmap_tracedat_reader_close(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

static void free_buffer(struct tracedat_buffer *buffer)
{
	for (size_t i = 0; buffer->streams && i < buffer->nr_cpus; i++)
		rbmap_stream_free(&buffer->streams[i]);
	rbmap_events_close(buffer->events);
	free(buffer->streams);
	free(buffer->cpus);
	free(buffer->clock);
	free(buffer->name);
}

RBMAP_PUBLIC void rbmap_tracedat_reader_close(struct rbmap_tracedat_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->nr_buffers; i++)
		free_buffer(&reader->buffers[i]);
	for (size_t i = 0; i < reader->nr_faults; i++)
		free((char *)reader->faults[i].text);
	for (size_t i = 0; i < reader->nr_cpu_stats; i++)
		free(reader->cpu_stats[i]);
	if (reader->plugins)
		tep_unload_plugins(reader->plugins, reader->tep);
	if (reader->tep)
		tep_unref(reader->tep);
	free(reader->heap);
	free(reader->public_buffers);
	free(reader->buffers);
	free(reader->faults);
	free(reader->cpu_stats);
	free(reader->compression_name);
	free(reader->clock);
	free(reader->system);
	free(reader->writer);
	free(reader);
}

RBMAP_PUBLIC const struct rbmap_tracedat_info *
rbmap_tracedat_reader_info(const struct rbmap_tracedat_reader *reader)
{
	return &reader->info;
}

RBMAP_PUBLIC size_t
rbmap_tracedat_reader_buffers(const struct rbmap_tracedat_reader *reader,
			      const struct rbmap_tracedat_buffer **ret)
{
	*ret = reader->public_buffers;
	return reader->nr_buffers;
}

RBMAP_PUBLIC struct rbmap_events *
rbmap_tracedat_reader_events(const struct rbmap_tracedat_reader *reader, size_t buffer)
{
	return reader->buffers[buffer].events;
}

RBMAP_PUBLIC size_t
rbmap_tracedat_reader_faults(const struct rbmap_tracedat_reader *reader,
			     const struct rbmap_tracedat_fault **ret)
{
	*ret = reader->faults;
	return reader->nr_faults;
}
