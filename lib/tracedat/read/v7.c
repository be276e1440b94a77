// SPDX-License-Identifier: LGPL-2.1-only
/* The head of a trace.dat, version 7: sections that options point to. */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/limits.h"

/* Source: trace-cmd.dat.v7(5). Options that point to a section have its number. */
enum {
	ID_DONE = 0,
	ID_BUFFER = 3,
	ID_HEADER_INFO = 16,
	ID_FTRACE_FORMATS = 17,
	ID_EVENT_FORMATS = 18,
	ID_KALLSYMS = 19,
	ID_PRINTK = 20,
	ID_CMDLINES = 21,
	ID_BUFFER_TEXT = 22
};

#define SECTION_OPTIONS 0
/* A writer adds one for each buffer. */
#define MOST_IN_CHAIN (TRACEDAT_MAX_BUFFERS + 16)

static int read_text(struct rbmap_tracedat_reader *datfile, uint16_t id,
		     uint64_t offset)
{
	static const struct {
		const char *what;
		int (*read)(struct rbmap_tracedat_reader *datfile,
			    struct tracedat_in *in);
	} texts[] = {
		[ID_HEADER_INFO] = { "header_page", rbmap_datfile_header_page },
		[ID_FTRACE_FORMATS] = { "formats of ftrace",
					rbmap_datfile_ftrace_formats },
		[ID_EVENT_FORMATS] = { "event formats", rbmap_datfile_event_formats },
		[ID_PRINTK] = { "formats of trace_printk()", rbmap_datfile_printk },
		[ID_CMDLINES] = { "command lines", rbmap_datfile_cmdlines },
	};
	struct tracedat_in in;
	int r;

	r = rbmap_datfile_read_section(datfile, offset, id, texts[id].what, &in);
	if (r < 0)
		return r;
	r = texts[id].read(datfile, &in);
	free((void *)in.bytes);
	return r;
}

static int read_cpu(struct rbmap_tracedat_reader *datfile,
		    struct tracedat_buffer *buffer, struct tracedat_in *option)
{
	uint64_t offset, size;
	uint32_t cpu;

	if (rbmap_in_u32(option, &cpu) || rbmap_in_u64(option, &offset) ||
	    rbmap_in_u64(option, &size))
		return rbmap_datfile_cut(datfile, option, "option BUFFER");
	if (cpu >= TRACEDAT_MAX_CPUS)
		return rbmap_datfile_fault(datfile, option->offset,
					   "option BUFFER: CPU %u is out of range",
					   cpu);
	return rbmap_datfile_add_cpu(datfile, buffer, cpu, offset, size);
}

static int read_buffer(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_in *option)
{
	struct tracedat_buffer *buffer;
	struct tracedat_section section;
	const char *name, *clock;
	uint32_t nr_cpus, subbuf_size;
	uint64_t offset;
	int r;

	if (rbmap_in_u64(option, &offset) || rbmap_in_string(option, &name) ||
	    rbmap_in_string(option, &clock) || rbmap_in_u32(option, &subbuf_size) ||
	    rbmap_in_u32(option, &nr_cpus))
		return rbmap_datfile_cut(datfile, option, "option BUFFER");
	r = rbmap_datfile_read_section_header(datfile, offset, "data of a buffer",
					      &section);
	if (r < 0)
		return r;
	if (section.id != ID_BUFFER)
		return rbmap_datfile_fault(datfile, offset,
					   "this is not the data of a buffer");
	if (strlen(clock) > TRACEDAT_MAX_NAME)
		return rbmap_datfile_fault(datfile, option->offset,
					   "the name of a clock is too long");
	r = rbmap_datfile_add_buffer(datfile, option->offset, name, &buffer);
	if (r < 0)
		return r;
	buffer->subbuf_size = subbuf_size;
	buffer->compressed = section.flags & TRACEDAT_COMPRESSED;
	buffer->clock = strdup(clock);
	if (!buffer->clock)
		return -ENOMEM;
	r = rbmap_datfile_add_cpus(datfile, buffer, option->offset, nr_cpus);
	for (uint32_t i = 0; r == 0 && i < nr_cpus; i++)
		r = read_cpu(datfile, buffer, option);
	return r;
}

static int take_option(struct rbmap_tracedat_reader *datfile, uint16_t id,
		       struct tracedat_in *option)
{
	uint64_t offset;

	if (id == ID_BUFFER)
		return read_buffer(datfile, option);
	if (id == ID_BUFFER_TEXT)
		return rbmap_datfile_fault(
			datfile, option->offset,
			"the file contains the text of a latency tracer, not events");
	if (id < ID_HEADER_INFO || id > ID_CMDLINES)
		return rbmap_datfile_option(datfile, id, option);
	if (rbmap_in_u64(option, &offset))
		return rbmap_datfile_cut(datfile, option, "options");
	if (id != ID_KALLSYMS)
		return read_text(datfile, id, offset);
	datfile->kallsyms.offset = offset;
	datfile->kallsyms.is_section = true;
	return 0;
}

/*
 * What one option points to may be broken without harm to the others. @ret_next: the
 * next section of options, 0 behind the last.
 */
static int read_options(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in,
			uint64_t *ret_next)
{
	struct tracedat_in option;
	uint16_t id;
	int r;

	for (;;) {
		if (rbmap_in_u16(in, &id) || rbmap_in_part(in, 4, &option))
			return rbmap_datfile_cut(datfile, in, "options");
		if (id == ID_DONE)
			break;
		r = take_option(datfile, id, &option);
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return rbmap_in_u64(&option, ret_next) ?
		       rbmap_datfile_cut(datfile, &option, "options") :
		       0;
}

static bool is_among(const uint64_t *seen, int nr, uint64_t offset)
{
	for (int i = 0; i < nr; i++)
		if (seen[i] == offset)
			return true;
	return false;
}

static int read_chain(struct rbmap_tracedat_reader *datfile, uint64_t next)
{
	uint64_t seen[MOST_IN_CHAIN];
	struct tracedat_in options;
	int r = 0;

	for (int nr = 0; r == 0 && next; nr++) {
		if (nr == MOST_IN_CHAIN || is_among(seen, nr, next))
			return rbmap_datfile_fault(datfile, next,
						   "options: their chain does not end");
		seen[nr] = next;
		r = rbmap_datfile_read_section(datfile, next, SECTION_OPTIONS,
					       "options", &options);
		if (r < 0)
			break;
		r = read_options(datfile, &options, &next);
		free((void *)options.bytes);
	}
	return r;
}

static int read_compression(struct rbmap_tracedat_reader *datfile,
			    struct tracedat_in *in)
{
	const char *name, *version;

	if (rbmap_in_string(in, &name) || rbmap_in_string(in, &version))
		return rbmap_datfile_cut(datfile, in, "the name of the compression");
	datfile->compression_name = strdup(name);
	if (!datfile->compression_name)
		return -ENOMEM;
	return rbmap_inflate_find(&datfile->compression, name);
}

/* Those that were offline when the CPUs were counted have higher numbers. */
static void count_cpus(struct rbmap_tracedat_reader *datfile)
{
	uint32_t *nr = &datfile->info.nr_cpus;

	for (size_t i = 0; i < datfile->nr_buffers; i++)
		for (size_t j = 0; j < datfile->buffers[i].nr_cpus; j++)
			if ((uint32_t)datfile->buffers[i].cpus[j].cpu >= *nr)
				*nr = datfile->buffers[i].cpus[j].cpu + 1;
}

int rbmap_datfile_read_v7(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	uint64_t first;
	int r = read_compression(datfile, in);

	if (r < 0)
		return r;
	if (rbmap_in_u64(in, &first))
		return rbmap_datfile_cut(datfile, in, "the place of the options");
	if (!first)
		return rbmap_datfile_fault(datfile, in->at - 8,
					   "the options are missing");
	r = read_chain(datfile, first);
	count_cpus(datfile);
	return r;
}
