// SPDX-License-Identifier: LGPL-2.1-only
/* The head of a trace.dat, version 6, from one end to the other. */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/limits.h"
#include "tracedat/read/window.h"

#define OPTION_BUFFER 3

#define WORD_SIZE 10

/* Where the tables of the buffers lie; the first one follows the options. */
struct v6 {
	struct rbmap_tracedat_reader *datfile;
	struct tracedat_in *in;
	uint32_t nr_cpus;
};

static int skip_kallsyms(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	if (rbmap_in_skip_part(in, 4, &datfile->kallsyms.offset,
			       &datfile->kallsyms.size))
		return rbmap_datfile_cut(datfile, in, "kallsyms");
	return 0;
}

static int read_texts(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	int r = rbmap_datfile_header_page(datfile, in);

	if (r == 0)
		r = rbmap_datfile_ftrace_formats(datfile, in);
	if (r == 0)
		r = rbmap_datfile_event_formats(datfile, in);
	if (r == 0)
		r = skip_kallsyms(datfile, in);
	if (r == 0)
		r = rbmap_datfile_printk(datfile, in);
	return r < 0 ? r : rbmap_datfile_cmdlines(datfile, in);
}

static struct tracedat_buffer *find_placeless(struct rbmap_tracedat_reader *datfile,
					      const char *name)
{
	for (size_t i = 1; i < datfile->nr_buffers; i++)
		if (!datfile->buffers[i].table &&
		    !strcmp(datfile->buffers[i].name, name))
			return &datfile->buffers[i];
	return NULL;
}

/*
 * Its offset is that of a table as the first buffer's. It is 0 until that is written;
 * trace-cmd split leaves such options and, where it writes the table, adds another.
 */
static int add_instance(struct rbmap_tracedat_reader *datfile,
			struct tracedat_in *option)
{
	struct tracedat_buffer *buffer;
	const char *name;
	uint64_t offset;
	int r;

	if (rbmap_in_u64(option, &offset) || rbmap_in_string(option, &name))
		return rbmap_datfile_cut(datfile, option, "option BUFFER");
	buffer = find_placeless(datfile, name);
	r = buffer ? 0 :
		     rbmap_datfile_add_buffer(datfile, option->offset, name, &buffer);
	if (r < 0)
		return r;
	buffer->table = offset;
	return 0;
}

/* What was named, and nothing more: the writer had nothing of it, or did not end. */
static void drop_placeless(struct rbmap_tracedat_reader *datfile)
{
	size_t kept = 1;

	for (size_t i = 1; i < datfile->nr_buffers; i++) {
		struct tracedat_buffer *buffer = &datfile->buffers[i];

		if (buffer->table) {
			datfile->buffers[kept++] = *buffer;
			continue;
		}
		log_warning(&datfile->log, "buffer %s: the file has no data for it",
			    buffer->name);
		free(buffer->name);
	}
	datfile->nr_buffers = kept;
}

static int read_options(struct v6 *v6)
{
	struct rbmap_tracedat_reader *datfile = v6->datfile;
	struct tracedat_in option;
	uint16_t id;
	int r = 0;

	while (r == 0) {
		if (rbmap_in_u16(v6->in, &id))
			return rbmap_datfile_cut(datfile, v6->in, "options");
		if (id == 0)
			return 0;
		if (rbmap_in_part(v6->in, 4, &option))
			return rbmap_datfile_cut(datfile, v6->in, "options");
		r = id == OPTION_BUFFER ? add_instance(datfile, &option) :
					  rbmap_datfile_option(datfile, id, &option);
	}
	return r;
}

static int read_entries(struct v6 *v6, struct tracedat_buffer *buffer)
{
	uint64_t offset, size;
	int r = rbmap_datfile_add_cpus(v6->datfile, buffer, v6->in->at, v6->nr_cpus);

	for (uint32_t cpu = 0; r == 0 && cpu < v6->nr_cpus; cpu++) {
		if (rbmap_in_u64(v6->in, &offset) || rbmap_in_u64(v6->in, &size))
			return rbmap_datfile_cut(v6->datfile, v6->in,
						 "the table of the CPUs' data");
		r = rbmap_datfile_add_cpu(v6->datfile, buffer, cpu, offset, size);
	}
	return r;
}

/* The table behind "flyrecord" and, where the options promise one, the clock. */
static int read_table(struct v6 *v6, struct tracedat_buffer *buffer)
{
	struct tracedat_in part;
	int r;

	buffer->subbuf_size = v6->datfile->info.page_size;
	r = read_entries(v6, buffer);
	if (r < 0 || !v6->datfile->clock)
		return r;
	if (rbmap_in_part(v6->in, 8, &part))
		return rbmap_datfile_cut(v6->datfile, v6->in, "the name of the clock");
	return rbmap_datfile_clock(v6->datfile, &part, &buffer->clock);
}

static int read_word(struct v6 *v6, const unsigned char **ret)
{
	return rbmap_in_bytes(v6->in, ret, WORD_SIZE) ?
		       rbmap_datfile_cut(v6->datfile, v6->in,
					 "the table of the CPUs' data") :
		       0;
}

static int read_instance(struct v6 *v6, struct tracedat_buffer *buffer)
{
	const unsigned char *word;
	int r;

	if (buffer->table > v6->in->size)
		return rbmap_datfile_cut(v6->datfile, v6->in, buffer->name);
	v6->in->at = buffer->table;
	r = read_word(v6, &word);
	if (r < 0)
		return r;
	if (memcmp(word, "flyrecord", WORD_SIZE))
		return rbmap_datfile_fault(
			v6->datfile, buffer->table,
			"buffer %s: the table of its data is missing", buffer->name);
	return read_table(v6, buffer);
}

/* One that is broken does not keep the others from being read. */
static int read_instances(struct v6 *v6)
{
	int r;

	for (size_t i = 1; i < v6->datfile->nr_buffers; i++) {
		r = read_instance(v6, &v6->datfile->buffers[i]);
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return 0;
}

static int read_rest(struct v6 *v6)
{
	struct rbmap_tracedat_reader *datfile = v6->datfile;
	const unsigned char *word;
	uint64_t begin;
	int r;

	if (rbmap_in_u32(v6->in, &v6->nr_cpus))
		return rbmap_datfile_cut(datfile, v6->in, "the number of CPUs");
	if (v6->nr_cpus > TRACEDAT_MAX_CPUS)
		return rbmap_datfile_fault(datfile, v6->in->at - 4,
					   "%u CPUs are too many", v6->nr_cpus);
	datfile->info.nr_cpus = v6->nr_cpus;
	datfile->has_nr_cpus = true;
	begin = v6->in->at;
	r = read_word(v6, &word);
	if (r == 0 && !memcmp(word, "options  ", WORD_SIZE)) {
		r = read_options(v6);
		begin = v6->in->at;
		drop_placeless(datfile);
		if (r == 0)
			r = read_word(v6, &word);
	}
	if (r < 0)
		return r;
	if (!memcmp(word, "latency  ", WORD_SIZE))
		return rbmap_datfile_fault(
			datfile, begin,
			"the file contains the text of a latency tracer, not events");
	if (memcmp(word, "flyrecord", WORD_SIZE))
		return rbmap_datfile_fault(
			datfile, begin, "the table of the CPUs' data is missing here");
	r = read_table(v6, &datfile->buffers[0]);
	return r < 0 && r != -EBADMSG ? r : read_instances(v6);
}

static int read_all(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	struct v6 v6 = { .datfile = datfile, .in = in };
	struct tracedat_buffer *top;
	/* The first is the top-level one. */
	int r = rbmap_datfile_add_buffer(datfile, 0, "", &top);

	if (r == 0)
		r = read_texts(datfile, in);
	return r < 0 ? r : read_rest(&v6);
}

struct v6_source {
	struct rbmap_tracedat_reader *datfile;
	struct tracedat_window window;
};

static int look(const struct tracedat_in *in, size_t size, const unsigned char **ret)
{
	struct v6_source *source = in->context;

	return rbmap_window_look(source->datfile, &source->window, in->at, size,
				 in->size, ret);
}

int rbmap_datfile_read_v6(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	struct v6_source source = { .datfile = datfile };
	/* Tables of instances lie between the data, so this is all of the file. */
	struct tracedat_in head = { .size = datfile->size,
				    .at = in->at,
				    .swap = in->swap,
				    .look = look,
				    .context = &source };
	int r = rbmap_window_make_room(datfile, &source.window, TRACEDAT_WINDOW);

	if (r == 0)
		r = read_all(datfile, &head);
	rbmap_window_free(datfile, &source.window);
	return r;
}
