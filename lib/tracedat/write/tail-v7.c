// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The tail of version 7: a section of command lines and one of options, of which one
 * has the table. The first pair lies between the header of the data's section and the
 * data, as padding: a reader that goes from one section to the next does not see it.
 * At the end another pair is written behind the data, and the place of the options in
 * the head of the file makes it the valid one.
 */
#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/write/section.h"
#include "tracedat/write/tail.h"
#include "tracefs/clock.h"

#define COMPRESSED 1

static void put_place(FILE *out, uint16_t id, uint64_t offset)
{
	rbmap_tail_option(out, id, &offset, sizeof(offset));
}

/* Returns where its table begins. */
static size_t put_buffer(FILE *out, const struct rbmap_tracedat_writer *writer,
			 const char *clocks)
{
	const struct tracedat_table *table = &writer->table;
	size_t length = 0, table_size = table->nr * table->stride;
	const char *clock = rbmap_clock_chosen(clocks, &length);
	size_t at;

	rbmap_tail_u16(out, TRACEDAT_BUFFER);
	/* The section, no name, the clock, two numbers. */
	rbmap_tail_u32(out, 8 + 1 + length + 1 + 4 + 4 + table_size);
	rbmap_tail_u64(out, writer->buffer);
	fputc('\0', out);
	if (clock)
		fwrite(clock, 1, length, out);
	fputc('\0', out);
	rbmap_tail_u32(out, writer->layout.subbuf_size);
	rbmap_tail_u32(out, table->nr);
	at = ftell(out);
	fwrite(table->bytes, 1, table_size, out);
	return at;
}

static size_t put_options(FILE *out, const struct rbmap_tracedat_writer *writer)
{
	char clocks[CLOCKS_ROOM];
	size_t at;

	rbmap_tail_clocks(writer, clocks);
	for (int i = 0; i < TRACEDAT_TEXTS; i++)
		put_place(out, TRACEDAT_HEADER_INFO + i, writer->texts[i]);
	at = put_buffer(out, writer, clocks);
	if (clocks[0])
		rbmap_tail_option(out, OPTION_TRACECLOCK, clocks, strlen(clocks) + 1);
	rbmap_tail_common(out, writer);
	put_place(out, TRACEDAT_CMDLINES, writer->cmdlines);
	rbmap_tail_option(out, OPTION_CPUCOUNT, &writer->nr_cpus,
			  sizeof(writer->nr_cpus));
	/* No more options behind these. */
	put_place(out, OPTION_DONE, 0);
	return at;
}

/* @at: where it goes; it is moved behind it. */
static int write_cmdlines(struct rbmap_tracedat_writer *writer, uint64_t *at)
{
	uint64_t room = rbmap_tail_cmdlines_room(writer), size = 0;
	unsigned char *bytes = malloc(sizeof(size) + room + 1);
	size_t used;
	int r;

	if (!bytes)
		return -ENOMEM;
	writer->cmdlines = *at;
	r = rbmap_tail_cmdlines(writer, (char *)bytes + sizeof(size), room + 1, &used);
	if (r == 0) {
		size = used;
		memcpy(bytes, &size, sizeof(size));
		r = rbmap_section_write(writer, TRACEDAT_CMDLINES, bytes,
					sizeof(size) + used, at);
	}
	free(bytes);
	return r;
}

static int write_options(struct rbmap_tracedat_writer *writer,
			 const struct tail_rest *rest, uint64_t *at)
{
	return rbmap_section_write(writer, TRACEDAT_OPTIONS, rest->bytes, rest->size,
				   at);
}

/* From then on they count. */
static int choose_options(struct rbmap_tracedat_writer *writer, uint64_t options)
{
	return rbmap_tracedat_write(&writer->file, &options, sizeof(options),
				    writer->first_options);
}

/* Where the options can go so that no entry of their table lies in two pages. */
static uint64_t place_options(struct rbmap_tracedat_writer *writer, uint64_t at,
			      const struct tail_rest *rest)
{
	uint64_t table = at + TRACEDAT_SECTION_HEADER + rest->table;
	uint64_t padding = rbmap_table_padding(writer, table);

	writer->table.offset = table + padding;
	return at + padding;
}

/* It is not known yet where the data end; none lie behind the last region. */
int rbmap_tail_begin_v7(struct rbmap_tracedat_writer *writer)
{
	uint64_t at, options;
	struct tail_rest rest;
	int r;

	writer->buffer = writer->tail;
	at = writer->buffer + TRACEDAT_SECTION_HEADER;
	r = write_cmdlines(writer, &at);
	if (r == 0)
		r = rbmap_tail_make(&rest, writer, put_options);
	if (r < 0)
		return r;
	options = place_options(writer, at, &rest);
	at = options + TRACEDAT_SECTION_HEADER + rest.size;
	writer->head_end = at;
	writer->data = tracedat_align(at, writer->granule);
	/* Now that data is known. */
	rbmap_table_fill(writer, writer->table.bytes);
	memcpy(rest.bytes + rest.table, writer->table.bytes,
	       writer->table.nr * writer->table.stride);
	at = options;
	r = write_options(writer, &rest, &at);
	free(rest.bytes);
	if (r == 0)
		r = rbmap_section_write_header(writer, TRACEDAT_BUFFER,
					       writer->compressed ? COMPRESSED : 0,
					       INT64_MAX - writer->data,
					       writer->buffer);
	return r < 0 ? r : choose_options(writer, options);
}

/* Readers take the first options until the new ones are whole. */
int rbmap_tail_end_v7(struct rbmap_tracedat_writer *writer)
{
	uint64_t end = rbmap_regions_end(writer), at = end, options, table;
	struct tail_rest rest;
	int r = write_cmdlines(writer, &at);

	if (r == 0)
		r = rbmap_tail_make(&rest, writer, put_options);
	if (r < 0)
		return r;
	table = at + TRACEDAT_SECTION_HEADER + rest.table;
	options = at;
	r = write_options(writer, &rest, &at);
	free(rest.bytes);
	if (r == 0)
		r = rbmap_section_write_header(writer, TRACEDAT_BUFFER,
					       writer->compressed ? COMPRESSED : 0,
					       end - writer->buffer -
						       TRACEDAT_SECTION_HEADER,
					       writer->buffer);
	if (r == 0)
		r = choose_options(writer, options);
	/* Nothing changes the table any more. */
	if (r == 0)
		writer->table.offset = table;
	return r;
}
