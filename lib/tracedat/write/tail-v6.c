// SPDX-License-Identifier: LGPL-2.1-only
/* The tail of version 6: command lines, CPU count, options, table, clock. */
#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/write/tail.h"
#include "tracefs/clock.h"

#define MIN_ROOM (64 * 1024)

/* With its brackets. */
static void put_clock(FILE *out, const char *clocks)
{
	size_t length;
	const char *chosen = rbmap_clock_chosen(clocks, &length);

	if (!chosen)
		return;
	rbmap_tail_u64(out, length + 2);
	fwrite(chosen - 1, 1, length + 2, out);
}

static size_t put_rest(FILE *out, const struct rbmap_tracedat_writer *writer)
{
	const struct tracedat_table *table = &writer->table;
	char clocks[CLOCKS_ROOM];
	size_t at;

	rbmap_tail_clocks(writer, clocks);
	rbmap_tail_u32(out, writer->nr_cpus);
	fwrite("options  ", 1, 10, out);
	/* It promises the clock's name behind the table. */
	if (clocks[0])
		rbmap_tail_option(out, OPTION_TRACECLOCK, clocks, strlen(clocks) + 1);
	rbmap_tail_common(out, writer);
	rbmap_tail_u16(out, OPTION_DONE);
	fwrite("flyrecord", 1, 10, out);
	at = ftell(out);
	fwrite(table->bytes, table->stride, table->nr, out);
	put_clock(out, clocks);
	return at;
}

/* Entries of the table that lie in one page are never half written. */
static uint64_t pad_for_table(const struct rbmap_tracedat_writer *writer, uint64_t size,
			      size_t table)
{
	uint64_t end = writer->tail + sizeof(uint64_t) + size + table;

	return size + tracedat_align(end, writer->table.stride) - end;
}

/* The command lines, padded with newlines to @padded, and the rest, at @offset. */
static int write_tail(struct rbmap_tracedat_writer *writer, char *text, size_t size,
		      size_t padded, const struct tail_rest *rest)
{
	struct iovec parts[3] = {
		{ .iov_base = &(uint64_t){ padded }, .iov_len = sizeof(uint64_t) },
		{ .iov_base = text, .iov_len = padded },
		{ .iov_base = rest->bytes, .iov_len = rest->size },
	};

	memset(text + size, '\n', padded - size);
	return rbmap_tracedat_write_parts(&writer->file, parts, 3, writer->tail);
}

static void place_rest(struct rbmap_tracedat_writer *writer, uint64_t lines,
		       const struct tail_rest *rest)
{
	uint64_t begin = writer->tail + sizeof(uint64_t) + lines;

	writer->table.offset = begin + rest->table;
	writer->head_end = begin + rest->size;
}

int rbmap_tail_begin_v6(struct rbmap_tracedat_writer *writer)
{
	uint64_t lines = rbmap_tail_cmdlines_room(writer), room;
	size_t size;
	struct tail_rest rest;
	char *text;
	int r;

	rbmap_table_fill(writer, writer->table.bytes);
	r = rbmap_tail_make(&rest, writer, put_rest);
	if (r < 0)
		return r;
	room = lines + rest.size + STAT_ROOM * (writer->nr_regions + 1);
	if (room < MIN_ROOM)
		room = MIN_ROOM;
	room = pad_for_table(writer, room, rest.table);
	writer->room = room;
	place_rest(writer, room, &rest);
	writer->data = tracedat_align(writer->head_end, writer->granule);
	/* Now that data is known. */
	rbmap_table_fill(writer, writer->table.bytes);
	memcpy(rest.bytes + rest.table, writer->table.bytes,
	       writer->table.nr * writer->table.stride);
	text = malloc(room + 1);
	r = text ? rbmap_tail_cmdlines(writer, text, lines + 1, &size) : -ENOMEM;
	if (r == 0)
		r = write_tail(writer, text, size, room, &rest);
	free(text);
	free(rest.bytes);
	return r;
}

/*
 * The command lines and the rest fill the room from its begin. Until the room's size
 * is cut to that of the command lines, the old rest counts, and what follows the lines
 * is nothing that a reader of text could stumble over: it ends at the first 0.
 */
static int replace_tail(struct rbmap_tracedat_writer *writer, char *text, size_t size,
			const struct tail_rest *rest)
{
	uint64_t padded = pad_for_table(writer, size, rest->table);
	uint64_t begin = writer->tail + sizeof(padded);
	struct iovec parts[2] = {
		{ .iov_base = text, .iov_len = padded },
		{ .iov_base = rest->bytes, .iov_len = rest->size },
	};
	int r;

	memset(text + size, '\n', padded - size);
	r = rbmap_tracedat_write_parts(&writer->file, parts, 2, begin);
	if (r == 0)
		r = rbmap_tracedat_write(&writer->file, &padded, sizeof(padded),
					 writer->tail);
	if (r == 0)
		place_rest(writer, padded, rest);
	return r;
}

int rbmap_tail_end_v6(struct rbmap_tracedat_writer *writer)
{
	struct tail_rest rest;
	char *text = NULL;
	size_t size;
	int r;

	r = rbmap_tail_make(&rest, writer, put_rest);
	if (r < 0)
		return r;
	/* Begun with more than this left, so this is a kernel gone mad. */
	if (rest.size + writer->table.stride >= writer->room)
		r = -EBADMSG;
	else
		text = malloc(writer->room);
	if (r == 0)
		r = text ? rbmap_tail_cmdlines(writer, text,
					       writer->room - rest.size -
						       writer->table.stride,
					       &size) :
			   -ENOMEM;
	if (r == 0)
		r = replace_tail(writer, text, size, &rest);
	free(text);
	free(rest.bytes);
	return r;
}
