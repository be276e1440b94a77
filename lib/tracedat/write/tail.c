// SPDX-License-Identifier: LGPL-2.1-only
/* The part of a trace.dat's head that changes: command lines and what follows. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/version.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"
#include "tracefs/clock.h"

/* Source: trace-cmd 3.1.6, as its dump command tells them. */
#define OPTION_CPUSTAT 2
#define OPTION_TRACECLOCK 4
#define OPTION_UNAME 5
#define OPTION_VERSION 9
#define OPTION_TRACEID 11

/* "PID COMM\n" with a pid of up to 11 characters and a comm of up to 15. */
#define CMDLINE_SIZE 32
#define MIN_CMDLINES 128
#define MAX_CMDLINES (512 * 1024)
/* What a CPU's statistics can grow by, and all else. */
#define STAT_ROOM 512
#define MIN_ROOM (64 * 1024)

/* All that comes behind the command lines; @table: where in it the table begins. */
struct rest {
	char *bytes;
	size_t size;
	size_t table;
};

/* Reads up to @room bytes, less one for a 0 at the end. */
static int read_text(const char *dir, const char *name, char *text, size_t room,
		     size_t *ret_size)
{
	char path[PATH_MAX];
	size_t size = 0;
	ssize_t got;
	int fd, r = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (size < room - 1) {
		got = read(fd, text + size, room - 1 - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			r = got < 0 ? -errno : 0;
			break;
		}
		size += got;
	}
	close(fd);
	if (r < 0)
		return r;
	text[size] = '\0';
	*ret_size = size;
	return 0;
}

static void put_u16(FILE *out, uint16_t number)
{
	fwrite(&number, sizeof(number), 1, out);
}

static void put_u32(FILE *out, uint32_t number)
{
	fwrite(&number, sizeof(number), 1, out);
}

static void put_u64(FILE *out, uint64_t number)
{
	fwrite(&number, sizeof(number), 1, out);
}

static void put_option(FILE *out, uint16_t id, const void *bytes, uint32_t size)
{
	put_u16(out, id);
	put_u32(out, size);
	fwrite(bytes, 1, size, out);
}

static void put_text_option(FILE *out, uint16_t id, const char *text)
{
	put_option(out, id, text, strlen(text) + 1);
}

static void put_machine(FILE *out)
{
	struct utsname name;
	uint64_t id = 0;
	char text[512];

	if (uname(&name) == 0) {
		snprintf(text, sizeof(text), "%s %s %s %s", name.sysname, name.nodename,
			 name.release, name.machine);
		put_text_option(out, OPTION_UNAME, text);
	}
	snprintf(text, sizeof(text), "rbmap %s", rbmap_version());
	put_text_option(out, OPTION_VERSION, text);
	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) == sizeof(id))
		put_option(out, OPTION_TRACEID, &id, sizeof(id));
}

static void put_stats(FILE *out, const struct rbmap_tracedat_writer *writer)
{
	char name[64], text[STAT_ROOM];
	size_t size;

	for (uint32_t cpu = 0; cpu < writer->nr_cpus; cpu++) {
		int start = snprintf(text, sizeof(text), "CPU: %u\n", cpu);

		if (!writer->by_cpu[cpu])
			continue;
		snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", cpu);
		if (read_text(writer->source.instance_dir, name, text + start,
			      sizeof(text) - start, &size) == 0)
			put_text_option(out, OPTION_CPUSTAT, text);
	}
}

static void put_entry(unsigned char *entry, const struct rbmap_tracedat_writer *writer,
		      const struct tracedat_region *region)
{
	/* Readers check where even an empty one lies. */
	uint64_t numbers[2] = { writer->data, 0 };

	if (region && region->slots) {
		numbers[0] = region->start;
		numbers[1] = tracedat_region_size(writer, region);
	}
	memcpy(entry, numbers, sizeof(numbers));
}

static void fill_table(unsigned char *table, const struct rbmap_tracedat_writer *writer)
{
	for (uint32_t cpu = 0; cpu < writer->nr_cpus; cpu++)
		put_entry(table + (size_t)cpu * TRACEDAT_ENTRY_SIZE, writer,
			  writer->by_cpu[cpu]);
}

/* With its brackets. */
static void put_clock(FILE *out, const char *clocks)
{
	size_t length;
	const char *chosen = rbmap_clock_chosen(clocks, &length);

	if (!chosen)
		return;
	put_u64(out, length + 2);
	fwrite(chosen - 1, 1, length + 2, out);
}

static void put_rest(FILE *out, const struct rbmap_tracedat_writer *writer,
		     size_t *ret_table)
{
	char clocks[1024];
	size_t size;

	if (read_text(writer->source.instance_dir, "trace_clock", clocks,
		      sizeof(clocks), &size) < 0 ||
	    !strchr(clocks, ']'))
		clocks[0] = '\0';
	put_u32(out, writer->nr_cpus);
	fwrite("options  ", 1, 10, out);
	/* It promises the clock's name behind the table. */
	if (clocks[0])
		put_text_option(out, OPTION_TRACECLOCK, clocks);
	put_machine(out);
	put_stats(out, writer);
	rbmap_tracedat_put_anchors(out, &writer->anchors);
	put_u16(out, 0);
	fwrite("flyrecord", 1, 10, out);
	*ret_table = ftell(out);
	fwrite(writer->written, TRACEDAT_ENTRY_SIZE, writer->nr_cpus, out);
	put_clock(out, clocks);
}

static int make_rest(struct rest *ret, const struct rbmap_tracedat_writer *writer)
{
	FILE *out;
	bool failed;

	ret->bytes = NULL;
	out = open_memstream(&ret->bytes, &ret->size);
	if (!out)
		return -ENOMEM;
	put_rest(out, writer, &ret->table);
	failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		return 0;
	free(ret->bytes);
	return -ENOMEM;
}

static void take_anchor(struct rbmap_tracedat_writer *writer)
{
	uint32_t cpu = 0;

	while (!writer->by_cpu[cpu])
		cpu++;
	rbmap_tracedat_take_anchor(&writer->anchors, &writer->log,
				   writer->source.instance_dir, cpu);
}

static uint64_t cmdlines_room(const struct rbmap_tracedat_writer *writer)
{
	unsigned long lines = 0;
	char text[32];
	size_t size;

	if (read_text(writer->source.top_dir, "saved_cmdlines_size", text, sizeof(text),
		      &size) == 0)
		lines = strtoul(text, NULL, 10);
	if (lines < MIN_CMDLINES)
		lines = MIN_CMDLINES;
	if (lines > MAX_CMDLINES)
		lines = MAX_CMDLINES;
	return (uint64_t)lines * CMDLINE_SIZE;
}

/* Whole lines only; a user who may not read them still gets a file. */
static int read_cmdlines(const struct rbmap_tracedat_writer *writer, char *text,
			 size_t room, size_t *ret_size)
{
	size_t size;
	int r = read_text(writer->source.top_dir, "saved_cmdlines", text, room, &size);

	if (r == -ENOENT || r == -EACCES || r == -EPERM) {
		log_warning(&writer->log,
			    "command lines are not stored: %s/saved_cmdlines: %s",
			    writer->source.top_dir, rbmap_strerror(r));
		*ret_size = 0;
		return 0;
	}
	if (r < 0)
		return r;
	if (size == room - 1)
		log_warning(&writer->log,
			    "%s/saved_cmdlines: too long, only %zu bytes are stored",
			    writer->source.top_dir, size);
	while (size && text[size - 1] != '\n')
		size--;
	*ret_size = size;
	return 0;
}

/* Entries of the table that lie in one page are never half written. */
static uint64_t pad_for_table(uint64_t size, uint64_t tail, size_t table)
{
	uint64_t end = tail + sizeof(uint64_t) + size + table;

	return size + tracedat_align(end, TRACEDAT_ENTRY_SIZE) - end;
}

/* The command lines, padded with newlines to @padded, and the rest, at @offset. */
static int write_tail(struct rbmap_tracedat_writer *writer, char *text, size_t size,
		      size_t padded, const struct rest *rest)
{
	struct iovec parts[3] = {
		{ .iov_base = &(uint64_t){ padded }, .iov_len = sizeof(uint64_t) },
		{ .iov_base = text, .iov_len = padded },
		{ .iov_base = rest->bytes, .iov_len = rest->size },
	};

	memset(text + size, '\n', padded - size);
	return rbmap_tracedat_write_parts(&writer->file, parts, 3, writer->tail, NULL);
}

static void place_rest(struct rbmap_tracedat_writer *writer, uint64_t lines,
		       const struct rest *rest)
{
	uint64_t begin = writer->tail + sizeof(uint64_t) + lines;

	writer->table = begin + rest->table;
	writer->head_end = begin + rest->size;
}

int rbmap_tracedat_begin_tail(struct rbmap_tracedat_writer *writer)
{
	uint64_t lines = cmdlines_room(writer), room;
	size_t size;
	struct rest rest;
	char *text;
	int r;

	fill_table(writer->written, writer);
	take_anchor(writer);
	r = make_rest(&rest, writer);
	if (r < 0)
		return r;
	room = lines + rest.size + STAT_ROOM * (writer->nr_regions + 1);
	if (room < MIN_ROOM)
		room = MIN_ROOM;
	room = pad_for_table(room, writer->tail, rest.table);
	writer->room = room;
	place_rest(writer, room, &rest);
	writer->data = tracedat_align(writer->head_end, writer->granule);
	/* Now that data is known. */
	fill_table(writer->written, writer);
	memcpy(rest.bytes + rest.table, writer->written,
	       (size_t)writer->nr_cpus * TRACEDAT_ENTRY_SIZE);
	text = malloc(room + 1);
	r = text ? read_cmdlines(writer, text, lines + 1, &size) : -ENOMEM;
	if (r == 0)
		r = write_tail(writer, text, size, room, &rest);
	free(text);
	free(rest.bytes);
	return r;
}

int rbmap_tracedat_write_table(struct rbmap_tracedat_writer *writer)
{
	size_t size = (size_t)writer->nr_cpus * TRACEDAT_ENTRY_SIZE;
	unsigned char *table = malloc(size);
	int r = 0;

	if (!table)
		return -ENOMEM;
	fill_table(table, writer);
	if (memcmp(table, writer->written, size))
		r = rbmap_tracedat_write(&writer->file, table, size, writer->table);
	if (r == 0)
		memcpy(writer->written, table, size);
	free(table);
	return r;
}

/*
 * The command lines and the rest fill the room from its begin. Until the room's size
 * is cut to that of the command lines, the old rest counts, and what follows the lines
 * is nothing that a reader of text could stumble over: it ends at the first 0.
 */
static int replace_tail(struct rbmap_tracedat_writer *writer, char *text, size_t size,
			const struct rest *rest)
{
	uint64_t padded = pad_for_table(size, writer->tail, rest->table);
	uint64_t begin = writer->tail + sizeof(padded);
	struct iovec parts[2] = {
		{ .iov_base = text, .iov_len = padded },
		{ .iov_base = rest->bytes, .iov_len = rest->size },
	};
	int r;

	memset(text + size, '\n', padded - size);
	r = rbmap_tracedat_write_parts(&writer->file, parts, 2, begin, NULL);
	if (r == 0)
		r = rbmap_tracedat_write(&writer->file, &padded, sizeof(padded),
					 writer->tail);
	if (r == 0)
		place_rest(writer, padded, rest);
	return r;
}

int rbmap_tracedat_end_tail(struct rbmap_tracedat_writer *writer)
{
	struct rest rest;
	char *text = NULL;
	size_t size;
	int r;

	take_anchor(writer);
	r = make_rest(&rest, writer);
	if (r < 0)
		return r;
	/* Begun with more than this left, so this is a kernel gone mad. */
	if (rest.size + TRACEDAT_ENTRY_SIZE >= writer->room)
		r = -EBADMSG;
	else
		text = malloc(writer->room);
	if (r == 0)
		r = text ? read_cmdlines(writer, text,
					 writer->room - rest.size - TRACEDAT_ENTRY_SIZE,
					 &size) :
			   -ENOMEM;
	if (r == 0)
		r = replace_tail(writer, text, size, &rest);
	free(text);
	free(rest.bytes);
	return r;
}
