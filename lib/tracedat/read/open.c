// SPDX-License-Identifier: LGPL-2.1-only
/* Source of the format: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5). */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/internal.h"
#include "events/events.h"
#include "format/plugins.h"
#include "names/strings.h"
#include "span/subbuf.h"
#include "tracedat/limits.h"
#include "tracedat/read/datfile.h"
#include "tracedat/read/window.h"
#include "tracefs/clock.h"

/* Magic, "tracing", version, byte order, long size, page size: more than these are. */
#define MOST_INITIAL 64

static int read_initial(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
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
	datfile->info.version = strtoul(version, &end, 10);
	if (end == version || *end)
		return -EBADMSG;
	if (datfile->info.version != 6 && datfile->info.version != 7)
		return -EOPNOTSUPP;
	if (rbmap_in_bytes(in, &bytes, 2) || bytes[0] > 1 ||
	    (bytes[1] != 4 && bytes[1] != 8))
		return -EBADMSG;
	datfile->info.big_endian = bytes[0];
	datfile->info.long_size = bytes[1];
	datfile->swap = bytes[0] != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	in->swap = datfile->swap;
	if (rbmap_in_u32(in, &page_size))
		return -EBADMSG;
	datfile->info.page_size = page_size;
	return 0;
}

static int make_tep(struct rbmap_tracedat_reader *datfile)
{
	const struct rbmap_tracedat_confinement *confinement = datfile->confinement;
	int r;

	datfile->tep = tep_alloc();
	if (!datfile->tep)
		return -ENOMEM;
	tep_set_file_bigendian(datfile->tep, datfile->info.big_endian ?
						     TEP_BIG_ENDIAN :
						     TEP_LITTLE_ENDIAN);
	tep_set_long_size(datfile->tep, datfile->info.long_size);
	tep_set_page_size(datfile->tep, datfile->info.page_size);
	r = rbmap_plugins_open(&datfile->plugins, &datfile->log);
	if (r == 0)
		r = rbmap_plugins_load(datfile->plugins, datfile->tep);
	if (r < 0)
		return r;
	return confinement ? confinement->enter(confinement->context) : 0;
}

static int read_head(struct rbmap_tracedat_reader *datfile)
{
	char initial[MOST_INITIAL];
	struct tracedat_in in = { .bytes = (unsigned char *)initial };
	int r;

	in.size = datfile->size < sizeof(initial) ? datfile->size : sizeof(initial);
	r = rbmap_datfile_load(datfile, initial, in.size, 0);
	if (r == 0)
		r = read_initial(datfile, &in);
	if (r == 0)
		r = make_tep(datfile);
	if (r < 0)
		return r;
	r = datfile->info.version == 6 ? rbmap_datfile_read_v6(datfile, &in) :
					 rbmap_datfile_read_v7(datfile, &in);
	/* It has been noted where, and what came before is good. */
	return r == -EBADMSG ? 0 : r;
}

/* Numbers in a sub-buffer's header can be checked only against a sane layout. */
static bool make_layout(const struct rbmap_tracedat_reader *datfile,
			const struct tracedat_buffer *from, struct rbmap_layout *ret)
{
	uint32_t size = from->subbuf_size;

	if (!datfile->has_layout)
		return false;
	*ret = datfile->layout;
	ret->swap = datfile->swap;
	if (size)
		ret->subbuf_size = size;
	return ret->subbuf_size > ret->data_offset &&
	       ret->subbuf_size <= TRACEDAT_MAX_SUBBUF;
}

static int make_streams(struct rbmap_tracedat_reader *datfile, size_t number)
{
	struct tracedat_buffer *buffer = &datfile->buffers[number];

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

static bool is_named(const char *clock)
{
	return clock && *clock;
}

/*
 * As trace-cmd report has it, for all buffers: trace-cmd record writes "local" to the
 * buffer of an instance whatever its clock is. In version 6 also the first table
 * counts; the option of trace-cmd 2.2 to 2.9.6 is empty, and only the table names the
 * clock. Where neither does, it is the kernel's default.
 */
static void publish_clock(struct rbmap_tracedat_reader *datfile)
{
	const char *clock = datfile->clock, *first = datfile->buffers[0].clock;

	if (datfile->info.version == 6 && is_named(first) &&
	    (!is_named(clock) || rbmap_clock_in_usecs(clock)))
		clock = first;
	if (clock && !*clock)
		clock = "local";
	datfile->info.clock = clock;
	datfile->info.in_seconds = !clock || rbmap_clock_in_usecs(clock);
}

static int make_events(struct rbmap_tracedat_reader *datfile, size_t number)
{
	static const struct rbmap_names_files none = { -1, -1, -1 };
	struct tracedat_buffer *buffer = &datfile->buffers[number];
	int r;

	r = rbmap_events_new(&buffer->events, datfile->tep, &none, &datfile->log);
	if (r < 0)
		return r;
	buffer->events->names.fixed = true;
	if (datfile->info.clock)
		rbmap_events_set_clock(buffer->events, datfile->info.clock);
	buffer->events->plugins = datfile->plugins;
	/* They share the handle, and that has one resolver. */
	if (number) {
		buffer->events->names.resolver = &datfile->buffers[0].events->names;
		return 0;
	}
	buffer->events->names.strings = datfile->strings;
	datfile->strings = NULL;
	rbmap_names_read_symbols(&buffer->events->names, rbmap_datfile_kallsyms,
				 datfile);
	return rbmap_names_resolve_functions(&buffer->events->names);
}

static void publish_buffer(struct rbmap_tracedat_reader *datfile, size_t number)
{
	struct tracedat_buffer *buffer = &datfile->buffers[number];
	struct rbmap_tracedat_buffer *ret = &datfile->public_buffers[number];

	ret->name = buffer->name;
	ret->clock = is_named(buffer->clock) ? buffer->clock : NULL;
	ret->compressed = buffer->compressed;
	ret->cpus = buffer->cpus;
	if (make_layout(datfile, buffer, &ret->layout)) {
		ret->nr_cpus = buffer->nr_cpus;
		return;
	}
	if (buffer->nr_cpus)
		rbmap_datfile_fault(datfile, 0,
				    "sub-buffers of %u bytes are not plausible: the "
				    "data of %zu CPUs cannot be read",
				    buffer->subbuf_size, buffer->nr_cpus);
	buffer->nr_cpus = 0;
}

/* Version 7 has it where it likes. */
static void move_top_first(struct rbmap_tracedat_reader *datfile)
{
	struct tracedat_buffer top;
	size_t at = 0;

	while (at < datfile->nr_buffers && *datfile->buffers[at].name)
		at++;
	if (at == datfile->nr_buffers)
		return;
	top = datfile->buffers[at];
	memmove(datfile->buffers + 1, datfile->buffers, at * sizeof(top));
	datfile->buffers[0] = top;
}

static int finish_head(struct rbmap_tracedat_reader *datfile)
{
	struct tracedat_buffer *top;
	size_t streams = 0;
	int r = 0;

	/* There has to be one for the events. */
	if (!datfile->nr_buffers)
		r = rbmap_datfile_add_buffer(datfile, 0, "", &top);
	if (r < 0)
		return r;
	move_top_first(datfile);
	r = rbmap_datfile_check_places(datfile);
	if (r < 0)
		return r;
	publish_clock(datfile);
	datfile->public_buffers =
		calloc(datfile->nr_buffers, sizeof(*datfile->public_buffers));
	if (!datfile->public_buffers)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < datfile->nr_buffers; i++) {
		struct tracedat_buffer *buffer = &datfile->buffers[i];

		publish_buffer(datfile, i);
		streams += buffer->nr_cpus;
		r = make_streams(datfile, i);
		if (r == 0)
			r = make_events(datfile, i);
	}
	datfile->window_size = streams && TRACEDAT_WINDOWS / streams < TRACEDAT_WINDOW ?
				       TRACEDAT_WINDOWS / streams :
				       TRACEDAT_WINDOW;
	datfile->heap.items = calloc(streams + 1, sizeof(*datfile->heap.items));
	return r == 0 && !datfile->heap.items ? -ENOMEM : r;
}

static void publish_info(struct rbmap_tracedat_reader *datfile)
{
	struct rbmap_tracedat_info *info = &datfile->info;

	info->size = datfile->size;
	info->system = datfile->system;
	info->writer = datfile->writer;
	info->compression =
		datfile->compression_name ? datfile->compression_name : "none";
	rbmap_datfile_publish_anchors(datfile);
	info->cpu_stats = (const char *const *)datfile->cpu_stats;
}

static int open_reader(struct rbmap_tracedat_reader *datfile)
{
	struct stat st;
	int r;

	if (fstat(datfile->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESPIPE;
	datfile->size = st.st_size;
	datfile->cpu_stats = calloc(1, sizeof(char *));
	if (!datfile->cpu_stats)
		return -ENOMEM;
	r = read_head(datfile);
	if (r == 0)
		r = finish_head(datfile);
	publish_info(datfile);
	return r;
}

RBMAP_PUBLIC int
rbmap_tracedat_reader_open_confined(struct rbmap_tracedat_reader **ret, int fd,
				    const struct rbmap_log *log,
				    const struct rbmap_tracedat_confinement
					    *confinement)
{
	struct rbmap_tracedat_reader *datfile = calloc(1, sizeof(*datfile));
	int r;

	if (!datfile)
		return -ENOMEM;
	datfile->fd = fd;
	datfile->confinement = confinement;
	if (log)
		datfile->log = *log;
	r = open_reader(datfile);
	if (r < 0) {
		rbmap_tracedat_reader_close(datfile);
		return r;
	}
	*ret = datfile;
	return 0;
}

RBMAP_PUBLIC int rbmap_tracedat_reader_open(struct rbmap_tracedat_reader **ret, int fd,
					    const struct rbmap_log *log)
{
	return rbmap_tracedat_reader_open_confined(ret, fd, log, NULL);
}

static void free_buffer(struct rbmap_tracedat_reader *datfile,
			struct tracedat_buffer *buffer)
{
	for (size_t i = 0; buffer->streams && i < buffer->nr_cpus; i++)
		rbmap_stream_free(datfile, &buffer->streams[i]);
	rbmap_events_close(buffer->events);
	free(buffer->streams);
	free(buffer->cpus);
	free(buffer->clock);
	free(buffer->name);
}

RBMAP_PUBLIC void rbmap_tracedat_reader_close(struct rbmap_tracedat_reader *datfile)
{
	if (!datfile)
		return;
	for (size_t i = 0; i < datfile->nr_buffers; i++)
		free_buffer(datfile, &datfile->buffers[i]);
	for (size_t i = 0; i < datfile->nr_faults; i++)
		free((char *)datfile->faults[i].text);
	for (size_t i = 0; i < datfile->nr_cpu_stats; i++)
		free(datfile->cpu_stats[i]);
	if (datfile->plugins)
		rbmap_plugins_unload(datfile->plugins, datfile->tep);
	if (datfile->tep)
		tep_unref(datfile->tep);
	rbmap_plugins_close(datfile->plugins);
	rbmap_strings_free(datfile->strings);
	rbmap_window_free(datfile, &datfile->input);
	free(datfile->heap.items);
	free(datfile->entry);
	free(datfile->public_buffers);
	free(datfile->buffers);
	free(datfile->faults);
	free(datfile->cpu_stats);
	free(datfile->anchors);
	free(datfile->compression_name);
	free(datfile->clock);
	free(datfile->system);
	free(datfile->writer);
	free(datfile);
}
