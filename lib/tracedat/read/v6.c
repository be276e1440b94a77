// SPDX-License-Identifier: LGPL-2.1-only
/* The head of a trace.dat, version 6, from one end to the other. */
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/internal.h"
#include "tracedat/limits.h"

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
	struct rbmap_tracedat_reader *datfile;
	struct tracedat_in *in;
	uint32_t nr_cpus;
};

static int skip_kallsyms(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	struct tracedat_in part;

	if (rbmap_in_part(in, 4, &part))
		return rbmap_datfile_cut(datfile, in, "kallsyms");
	datfile->kallsyms.offset = part.offset;
	datfile->kallsyms.size = part.size;
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

	if (rbmap_in_u64(option, &offset) || rbmap_in_string(option, &name))
		return rbmap_datfile_cut(datfile, option, "option BUFFER");
	if (datfile->nr_buffers == TRACEDAT_MAX_BUFFERS)
		return rbmap_datfile_fault(datfile, option->offset, "too many buffers");
	buffer = find_placeless(datfile, name);
	if (!buffer)
		buffer = rbmap_datfile_add_buffer(datfile, name);
	if (!buffer)
		return -ENOMEM;
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
	int r = 0;

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
	return rbmap_datfile_clock(&part, &buffer->clock);
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

static int read_mapped(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	struct v6 v6 = { .datfile = datfile, .in = in };
	int r;

	/* The first is the top-level one. */
	if (!rbmap_datfile_add_buffer(datfile, ""))
		return -ENOMEM;
	r = read_texts(datfile, in);
	return r < 0 ? r : read_rest(&v6);
}

int rbmap_datfile_read_v6(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	struct tracedat_in head = *in;
	void *map;
	int r;

	/* Tables of instances lie between the data, so this is all of the file. */
	head.size = datfile->size < MOST_MAPPED ? datfile->size : MOST_MAPPED;
	map = mmap(NULL, head.size, PROT_READ, MAP_SHARED, datfile->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	head.bytes = map;
	r = read_mapped(datfile, &head);
	munmap(map, head.size);
	return r;
}
