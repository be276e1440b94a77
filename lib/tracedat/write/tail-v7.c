// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The tail of version 7: a section of command lines and one of options, of which one
 * has the table. The first pair lies between the header of the data's section and the
 * data, as padding: a reader that goes from one section to the next does not see it.
 * Behind it there is room for another, which is written at the end; the place of the
 * options in the head of the file makes it the valid one. The room is allocated from
 * the begin, so that a full disk does not keep the command lines out of the file.
 */
#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/write/out.h"
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

/* The text of the section. */
static int make_cmdlines(const struct rbmap_tracedat_writer *writer,
			 struct tracedat_out *out)
{
	char *text = malloc(writer->room + 1);
	uint64_t size;
	size_t used;
	int r;

	if (!text)
		return -ENOMEM;
	r = rbmap_tail_cmdlines(writer, text, writer->room + 1, &used);
	size = used;
	if (r == 0)
		r = rbmap_out_add(out, &size, sizeof(size));
	if (r == 0)
		r = rbmap_out_add(out, text, used);
	free(text);
	return r;
}

static int write_cmdlines(struct rbmap_tracedat_writer *writer,
			  const struct tracedat_out *lines, uint64_t *at)
{
	writer->cmdlines = *at;
	return rbmap_section_write(writer, TRACEDAT_CMDLINES, lines->bytes, lines->used,
				   at);
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

static int write_data_header(struct rbmap_tracedat_writer *writer, uint64_t end)
{
	return rbmap_section_write_header(writer, TRACEDAT_BUFFER,
					  writer->compressed ? COMPRESSED : 0,
					  end - writer->buffer -
						  TRACEDAT_SECTION_HEADER,
					  writer->buffer);
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

/* For a few more command lines and digits at the end. */
static uint64_t slack(uint64_t size)
{
	return size / 8 + 1024;
}

/* The most that a pair can take at the end; @rest: of the first one. */
static uint64_t most_of_pair(const struct rbmap_tracedat_writer *writer,
			     const struct tail_rest *rest)
{
	return rbmap_section_room(writer, TRACEDAT_CMDLINES,
				  sizeof(uint64_t) + writer->room) +
	       rbmap_section_room(writer, TRACEDAT_OPTIONS,
				  rest->size + STAT_ROOM * (writer->nr_regions + 1)) +
	       writer->table.stride;
}

static int begin_options(struct rbmap_tracedat_writer *writer, uint64_t at)
{
	struct tail_rest rest;
	uint64_t options;
	int r = rbmap_tail_make(&rest, writer, put_options);

	if (r < 0)
		return r;
	options = place_options(writer, at, &rest);
	writer->head_end = options + TRACEDAT_SECTION_HEADER + rest.size;
	writer->second = writer->head_end + slack(writer->head_end - writer->buffer);
	writer->data = tracedat_align(writer->second + most_of_pair(writer, &rest),
				      writer->granule);
	/* Now that data is known. */
	rbmap_table_fill(writer, writer->table.bytes);
	memcpy(rest.bytes + rest.table, writer->table.bytes,
	       writer->table.nr * writer->table.stride);
	at = options;
	r = write_options(writer, &rest, &at);
	free(rest.bytes);
	return r < 0 ? r : choose_options(writer, options);
}

/* It is not known yet where the data end: as far away as a file can reach. */
int rbmap_tail_begin_v7(struct rbmap_tracedat_writer *writer)
{
	struct tracedat_out lines = { 0 };
	uint64_t at;
	int r;

	writer->room = rbmap_tail_cmdlines_room(writer);
	r = make_cmdlines(writer, &lines);
	writer->buffer = writer->tail;
	at = writer->buffer + TRACEDAT_SECTION_HEADER;
	if (r == 0)
		r = write_data_header(writer, INT64_MAX);
	if (r == 0)
		r = write_cmdlines(writer, &lines, &at);
	if (r == 0)
		r = begin_options(writer, at);
	rbmap_out_free(&lines);
	return r;
}

/*
 * At @at, which is moved behind both. The ones before count until these are whole; from
 * then on it is their table that changes.
 */
static int write_pair(struct rbmap_tracedat_writer *writer,
		      const struct tracedat_out *lines, uint64_t *at)
{
	uint64_t old_table = writer->table.offset, options;
	struct tail_rest rest;
	int r = write_cmdlines(writer, lines, at);

	if (r == 0)
		r = rbmap_tail_make(&rest, writer, put_options);
	if (r < 0)
		return r;
	options = *at = place_options(writer, *at, &rest);
	/* Begun with more than this left, so this is a kernel gone mad. */
	if (*at + TRACEDAT_SECTION_HEADER + rest.size > writer->data)
		r = -EBADMSG;
	if (r == 0)
		r = write_options(writer, &rest, at);
	free(rest.bytes);
	if (r == 0)
		r = choose_options(writer, options);
	if (r == 0)
		writer->head_end = *at;
	else
		writer->table.offset = old_table;
	return r;
}

/*
 * In the room, then where the first ones were, if they fit there and the disk takes
 * them: those in the room are whole.
 */
int rbmap_tail_end_v7(struct rbmap_tracedat_writer *writer)
{
	uint64_t first = writer->buffer + TRACEDAT_SECTION_HEADER;
	uint64_t at = writer->second;
	struct tracedat_out lines = { 0 };
	int r = make_cmdlines(writer, &lines);

	if (r == 0)
		r = write_pair(writer, &lines, &at);
	/* Another page, another padding. */
	if (r == 0 &&
	    at - writer->second + writer->table.stride <= writer->second - first) {
		at = first;
		write_pair(writer, &lines, &at);
	}
	rbmap_out_free(&lines);
	return r;
}

int rbmap_tail_end_data_v7(struct rbmap_tracedat_writer *writer)
{
	return write_data_header(writer, rbmap_regions_end(writer));
}
