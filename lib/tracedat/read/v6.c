// SPDX-License-Identifier: LGPL-2.1-only
/* The head of a trace.dat, version 6, from one end to the other. */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

#define OPTION_BUFFER 3

#define WORD_SIZE 10

/* While it is written, a file has holes larger than the memory that can be addressed.
 */
#if SIZE_MAX > UINT32_MAX
#define MOST_MAPPED (UINT64_C(1) << 46)
#else
#define MOST_MAPPED (UINT64_C(1) << 30)
#endif

/* Where the tables of the buffers lie; the first one follows the options. */
struct v6 {
	struct rbmap_tracedat_reader *reader;
	struct tracedat_in *in;
	uint32_t nr_cpus;
};

static int skip_kallsyms(struct rbmap_tracedat_reader *reader, struct tracedat_in *in)
{
	struct tracedat_in part;

	if (rbmap_in_part(in, 4, &part))
		return rbmap_reader_cut(reader, in, "kallsyms");
	reader->kallsyms.offset = part.offset;
	reader->kallsyms.size = part.size;
	return 0;
}

static int read_texts(struct rbmap_tracedat_reader *reader, struct tracedat_in *in)
{
	int r = rbmap_reader_header_page(reader, in);

	if (r == 0)
		r = rbmap_reader_ftrace_formats(reader, in);
	if (r == 0)
		r = rbmap_reader_event_formats(reader, in);
	if (r == 0)
		r = skip_kallsyms(reader, in);
	if (r == 0)
		r = rbmap_reader_printk(reader, in);
	return r < 0 ? r : rbmap_reader_cmdlines(reader, in);
}

static struct tracedat_buffer *find_placeless(struct rbmap_tracedat_reader *reader,
					      const char *name)
{
	for (size_t i = 1; i < reader->nr_buffers; i++)
		if (!reader->buffers[i].table && !strcmp(reader->buffers[i].name, name))
			return &reader->buffers[i];
	return NULL;
}

/*
 * Its offset is that of a table as the first buffer's. It is 0 until that is written;
 * trace-cmd split leaves such options and, where it writes the table, adds another.
 */
static int add_instance(struct rbmap_tracedat_reader *reader,
			struct tracedat_in *option)
{
	struct tracedat_buffer *buffer;
	const char *name;
	uint64_t offset;

	if (rbmap_in_u64(option, &offset) || rbmap_in_string(option, &name))
		return rbmap_reader_cut(reader, option, "option BUFFER");
	if (reader->nr_buffers == TRACEDAT_MAX_BUFFERS)
		return rbmap_reader_fault(reader, option->offset, "too many buffers");
	buffer = find_placeless(reader, name);
	if (!buffer)
		buffer = rbmap_reader_add_buffer(reader, name);
	if (!buffer)
		return -ENOMEM;
	buffer->table = offset;
	return 0;
}

/* What was named, and nothing more: the writer had nothing of it, or did not end. */
static void drop_placeless(struct rbmap_tracedat_reader *reader)
{
	size_t kept = 1;

	for (size_t i = 1; i < reader->nr_buffers; i++) {
		struct tracedat_buffer *buffer = &reader->buffers[i];

		if (buffer->table) {
			reader->buffers[kept++] = *buffer;
			continue;
		}
		log_warning(&reader->log, "buffer %s: the file has no data of it",
			    buffer->name);
		free(buffer->name);
	}
	reader->nr_buffers = kept;
}

static int read_options(struct v6 *v6)
{
	struct rbmap_tracedat_reader *reader = v6->reader;
	struct tracedat_in option;
	uint16_t id;
	int r = 0;

	while (r == 0) {
		if (rbmap_in_u16(v6->in, &id))
			return rbmap_reader_cut(reader, v6->in, "options");
		if (id == 0)
			return 0;
		if (rbmap_in_part(v6->in, 4, &option))
			return rbmap_reader_cut(reader, v6->in, "options");
		r = id == OPTION_BUFFER ? add_instance(reader, &option) :
					  rbmap_reader_option(reader, id, &option);
	}
	return r;
}

static int read_entries(struct v6 *v6, struct tracedat_buffer *buffer)
{
	uint64_t offset, size;
	int r = 0;

	for (uint32_t cpu = 0; r == 0 && cpu < v6->nr_cpus; cpu++) {
		if (rbmap_in_u64(v6->in, &offset) || rbmap_in_u64(v6->in, &size))
			return rbmap_reader_cut(v6->reader, v6->in,
						"the table of the CPUs' data");
		r = rbmap_reader_add_cpu(v6->reader, buffer, cpu, offset, size);
	}
	return r;
}

/* The table behind "flyrecord" and, where the options promise one, the clock. */
static int read_table(struct v6 *v6, struct tracedat_buffer *buffer)
{
	struct tracedat_in part;
	int r;

	buffer->subbuf_size = v6->reader->info.page_size;
	r = read_entries(v6, buffer);
	if (r < 0 || !v6->reader->clock)
		return r;
	if (rbmap_in_part(v6->in, 8, &part))
		return rbmap_reader_cut(v6->reader, v6->in, "the name of the clock");
	return rbmap_reader_clock(&part, &buffer->clock);
}

static int read_word(struct v6 *v6, const unsigned char **ret)
{
	return rbmap_in_bytes(v6->in, ret, WORD_SIZE) ?
		       rbmap_reader_cut(v6->reader, v6->in,
					"the table of the CPUs' data") :
		       0;
}

static int read_instance(struct v6 *v6, struct tracedat_buffer *buffer)
{
	const unsigned char *word;
	int r;

	if (buffer->table > v6->in->size)
		return rbmap_reader_cut(v6->reader, v6->in, buffer->name);
	v6->in->at = buffer->table;
	r = read_word(v6, &word);
	if (r < 0)
		return r;
	if (memcmp(word, "flyrecord", WORD_SIZE))
		return rbmap_reader_fault(v6->reader, buffer->table,
					  "buffer %s: no table of its data",
					  buffer->name);
	return read_table(v6, buffer);
}

/* One that is broken does not keep the others from being read. */
static int read_instances(struct v6 *v6)
{
	int r;

	for (size_t i = 1; i < v6->reader->nr_buffers; i++) {
		r = read_instance(v6, &v6->reader->buffers[i]);
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return 0;
}

static int read_rest(struct v6 *v6)
{
	struct rbmap_tracedat_reader *reader = v6->reader;
	const unsigned char *word;
	uint64_t begin;
	int r;

	if (rbmap_in_u32(v6->in, &v6->nr_cpus))
		return rbmap_reader_cut(reader, v6->in, "the number of CPUs");
	if (v6->nr_cpus > TRACEDAT_MAX_CPUS)
		return rbmap_reader_fault(reader, v6->in->at - 4,
					  "%u CPUs are more than there can be",
					  v6->nr_cpus);
	reader->info.nr_cpus = v6->nr_cpus;
	begin = v6->in->at;
	r = read_word(v6, &word);
	if (r == 0 && !memcmp(word, "options  ", WORD_SIZE)) {
		r = read_options(v6);
		begin = v6->in->at;
		drop_placeless(reader);
		if (r == 0)
			r = read_word(v6, &word);
	}
	if (r < 0)
		return r;
	if (!memcmp(word, "latency  ", WORD_SIZE))
		return rbmap_reader_fault(reader, begin,
					  "the text of a latency tracer, no events");
	if (memcmp(word, "flyrecord", WORD_SIZE))
		return rbmap_reader_fault(reader, begin,
					  "no table of the CPUs' data here");
	r = read_table(v6, &reader->buffers[0]);
	return r < 0 && r != -EBADMSG ? r : read_instances(v6);
}

static int read_mapped(struct rbmap_tracedat_reader *reader, struct tracedat_in *in)
{
	struct v6 v6 = { .reader = reader, .in = in };
	int r;

	/* The first is the top-level one. */
	if (!rbmap_reader_add_buffer(reader, ""))
		return -ENOMEM;
	r = read_texts(reader, in);
	return r < 0 ? r : read_rest(&v6);
}

int rbmap_reader_read_v6(struct rbmap_tracedat_reader *reader, struct tracedat_in *in)
{
	struct tracedat_in head = *in;
	void *map;
	int r;

	/* Tables of instances lie between the data, so this is all of the file. */
	head.size = reader->size < MOST_MAPPED ? reader->size : MOST_MAPPED;
	map = mmap(NULL, head.size, PROT_READ, MAP_SHARED, reader->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	head.bytes = map;
	r = read_mapped(reader, &head);
	munmap(map, head.size);
	return r;
}
