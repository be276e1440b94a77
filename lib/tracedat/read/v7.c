// SPDX-License-Identifier: LGPL-2.1-only
/* The head of a trace.dat, version 7: sections that options point to. */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

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
#define SECTION_COMPRESSED 1
#define SECTION_HEADER 16
/* A writer adds one for each buffer. */
#define MOST_IN_CHAIN (TRACEDAT_MAX_BUFFERS + 16)

struct section {
	uint16_t id;
	uint16_t flags;
	uint32_t name;
	uint64_t size;
};

static int read_header(struct rbmap_tracedat_reader *reader, uint64_t offset,
		       const char *what, struct section *ret)
{
	struct tracedat_in in = { .size = SECTION_HEADER,
				  .offset = offset,
				  .swap = reader->swap };
	char *bytes;
	int r = rbmap_reader_read(reader, offset, SECTION_HEADER, &bytes);

	if (r == -EBADMSG)
		return rbmap_reader_fault(reader, reader->size,
					  "%s: should be at byte %llu, but the file "
					  "ends here",
					  what, (unsigned long long)offset);
	if (r < 0)
		return r;
	in.bytes = (unsigned char *)bytes;
	if (rbmap_in_u16(&in, &ret->id) || rbmap_in_u16(&in, &ret->flags) ||
	    rbmap_in_u32(&in, &ret->name) || rbmap_in_u64(&in, &ret->size))
		r = -EBADMSG;
	free(bytes);
	return r;
}

/* @in, with its sizes before it, becomes what was compressed. */
static int inflate_section(struct rbmap_tracedat_reader *reader, struct tracedat_in *in,
			   const char *what)
{
	const unsigned char *from;
	uint32_t from_size, to_size;
	unsigned char *to;
	int r;

	if (rbmap_in_u32(in, &from_size) || rbmap_in_u32(in, &to_size) ||
	    rbmap_in_bytes(in, &from, from_size))
		return rbmap_reader_cut(reader, in, what);
	if (to_size > TRACEDAT_MAX_TEXT)
		return rbmap_reader_fault(reader, in->offset,
					  "%s: %u bytes are more than a text has", what,
					  to_size);
	to = malloc((size_t)to_size + 1);
	if (!to)
		return -ENOMEM;
	r = rbmap_inflate(reader->compression, to, to_size, from, from_size);
	if (r < 0) {
		free(to);
		return r == -ENOMEM ? r :
				      rbmap_reader_fault(reader, in->offset,
							 "%s: what is compressed is "
							 "broken",
							 what);
	}
	free((void *)in->bytes);
	in->bytes = to;
	in->size = to_size;
	in->at = 0;
	return 0;
}

int rbmap_reader_read_section(struct rbmap_tracedat_reader *reader, uint64_t offset,
			      uint16_t id, const char *what, struct tracedat_in *ret)
{
	struct section section;
	struct tracedat_in in;
	char *bytes;
	int r = read_header(reader, offset, what, &section);

	if (r < 0)
		return r;
	if (section.id != id)
		return rbmap_reader_fault(reader, offset,
					  "%s: section %u instead of %u", what,
					  section.id, id);
	in = (struct tracedat_in){ .offset = offset + SECTION_HEADER,
				   .size = section.size,
				   .swap = reader->swap };
	/* What is left of it may still be good. */
	if (in.size > reader->size - in.offset)
		in.size = reader->size - in.offset;
	r = rbmap_reader_read(reader, in.offset, in.size, &bytes);
	if (r == -EBADMSG)
		return rbmap_reader_fault(reader, offset, "%s: too large for a text",
					  what);
	if (r < 0)
		return r;
	in.bytes = (unsigned char *)bytes;
	if (section.flags & SECTION_COMPRESSED)
		r = inflate_section(reader, &in, what);
	if (r < 0)
		free((void *)in.bytes);
	else
		*ret = in;
	return r;
}

static int read_text(struct rbmap_tracedat_reader *reader, uint16_t id, uint64_t offset)
{
	static const struct {
		const char *what;
		int (*read)(struct rbmap_tracedat_reader *reader,
			    struct tracedat_in *in);
	} texts[] = {
		[ID_HEADER_INFO] = { "header_page", rbmap_reader_header_page },
		[ID_FTRACE_FORMATS] = { "formats of ftrace",
					rbmap_reader_ftrace_formats },
		[ID_EVENT_FORMATS] = { "event formats", rbmap_reader_event_formats },
		[ID_PRINTK] = { "formats of trace_printk()", rbmap_reader_printk },
		[ID_CMDLINES] = { "command lines", rbmap_reader_cmdlines },
	};
	struct tracedat_in in;
	int r;

	r = rbmap_reader_read_section(reader, offset, id, texts[id].what, &in);
	if (r < 0)
		return r;
	r = texts[id].read(reader, &in);
	free((void *)in.bytes);
	return r;
}

static int read_cpu(struct rbmap_tracedat_reader *reader,
		    struct tracedat_buffer *buffer, struct tracedat_in *option)
{
	uint64_t offset, size;
	uint32_t cpu;

	if (rbmap_in_u32(option, &cpu) || rbmap_in_u64(option, &offset) ||
	    rbmap_in_u64(option, &size))
		return rbmap_reader_cut(reader, option, "option BUFFER");
	if (cpu >= TRACEDAT_MAX_CPUS)
		return rbmap_reader_fault(reader, option->offset,
					  "option BUFFER: a CPU %u cannot be", cpu);
	return rbmap_reader_add_cpu(reader, buffer, cpu, offset, size);
}

static int read_buffer(struct rbmap_tracedat_reader *reader, struct tracedat_in *option)
{
	struct tracedat_buffer *buffer;
	struct section section;
	const char *name, *clock;
	uint32_t nr_cpus, subbuf_size;
	uint64_t offset;
	int r;

	if (rbmap_in_u64(option, &offset) || rbmap_in_string(option, &name) ||
	    rbmap_in_string(option, &clock) || rbmap_in_u32(option, &subbuf_size) ||
	    rbmap_in_u32(option, &nr_cpus))
		return rbmap_reader_cut(reader, option, "option BUFFER");
	if (reader->nr_buffers == TRACEDAT_MAX_BUFFERS)
		return rbmap_reader_fault(reader, option->offset, "too many buffers");
	r = read_header(reader, offset, "data of a buffer", &section);
	if (r < 0)
		return r;
	if (section.id != ID_BUFFER)
		return rbmap_reader_fault(reader, offset, "no data of a buffer");
	buffer = rbmap_reader_add_buffer(reader, name);
	if (!buffer)
		return -ENOMEM;
	buffer->subbuf_size = subbuf_size;
	buffer->compressed = section.flags & SECTION_COMPRESSED;
	buffer->clock = strdup(clock);
	r = buffer->clock ? 0 : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < nr_cpus; i++)
		r = read_cpu(reader, buffer, option);
	return r;
}

static int take_option(struct rbmap_tracedat_reader *reader, uint16_t id,
		       struct tracedat_in *option)
{
	uint64_t offset;

	if (id == ID_BUFFER)
		return read_buffer(reader, option);
	if (id == ID_BUFFER_TEXT)
		return rbmap_reader_fault(reader, option->offset,
					  "the text of a latency tracer, no events");
	if (id < ID_HEADER_INFO || id > ID_CMDLINES)
		return rbmap_reader_option(reader, id, option);
	if (rbmap_in_u64(option, &offset))
		return rbmap_reader_cut(reader, option, "options");
	if (id != ID_KALLSYMS)
		return read_text(reader, id, offset);
	reader->kallsyms.offset = offset;
	reader->kallsyms.is_section = true;
	return 0;
}

/*
 * What one option points to may be broken without harm to the others. @ret_next: the
 * next section of options, 0 behind the last.
 */
static int read_options(struct rbmap_tracedat_reader *reader, struct tracedat_in *in,
			uint64_t *ret_next)
{
	struct tracedat_in option;
	uint16_t id;
	int r;

	for (;;) {
		if (rbmap_in_u16(in, &id) || rbmap_in_part(in, 4, &option))
			return rbmap_reader_cut(reader, in, "options");
		if (id == ID_DONE)
			break;
		r = take_option(reader, id, &option);
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return rbmap_in_u64(&option, ret_next) ?
		       rbmap_reader_cut(reader, &option, "options") :
		       0;
}

static bool is_among(const uint64_t *seen, int nr, uint64_t offset)
{
	for (int i = 0; i < nr; i++)
		if (seen[i] == offset)
			return true;
	return false;
}

static int read_chain(struct rbmap_tracedat_reader *reader, uint64_t next)
{
	uint64_t seen[MOST_IN_CHAIN];
	struct tracedat_in options;
	int r = 0;

	for (int nr = 0; r == 0 && next; nr++) {
		if (nr == MOST_IN_CHAIN || is_among(seen, nr, next))
			return rbmap_reader_fault(reader, next,
						  "options: their chain has no end");
		seen[nr] = next;
		r = rbmap_reader_read_section(reader, next, SECTION_OPTIONS, "options",
					      &options);
		if (r < 0)
			break;
		r = read_options(reader, &options, &next);
		free((void *)options.bytes);
	}
	return r;
}

static int read_compression(struct rbmap_tracedat_reader *reader,
			    struct tracedat_in *in)
{
	const char *name, *version;

	if (rbmap_in_string(in, &name) || rbmap_in_string(in, &version))
		return rbmap_reader_cut(reader, in, "the name of the compression");
	reader->compression_name = strdup(name);
	if (!reader->compression_name)
		return -ENOMEM;
	return rbmap_inflate_find(&reader->compression, name);
}

static void count_cpus(struct rbmap_tracedat_reader *reader)
{
	for (size_t i = 0; i < reader->nr_buffers; i++)
		for (size_t j = 0; j < reader->buffers[i].nr_cpus; j++)
			if (reader->buffers[i].cpus[j].cpu >= (int)reader->info.nr_cpus)
				reader->info.nr_cpus =
					reader->buffers[i].cpus[j].cpu + 1;
}

int rbmap_reader_read_v7(struct rbmap_tracedat_reader *reader, struct tracedat_in *in)
{
	uint64_t first;
	int r = read_compression(reader, in);

	if (r < 0)
		return r;
	if (rbmap_in_u64(in, &first))
		return rbmap_reader_cut(reader, in, "the place of the options");
	if (!first)
		return rbmap_reader_fault(reader, in->at - 8, "no options");
	r = read_chain(reader, first);
	count_cpus(reader);
	return r;
}
