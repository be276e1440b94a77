// SPDX-License-Identifier: LGPL-2.1-only
/* The part of a trace.dat's head that changes: command lines and options. */
#define _GNU_SOURCE
#include "tracedat/write/tail.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/version.h>

#include "base/internal.h"
#include "tracefs/clock.h"

/* "PID COMM\n" with a pid of up to 11 characters and a comm of up to 15. */
#define CMDLINE_SIZE 32
#define MIN_CMDLINES 128
#define MAX_CMDLINES (512 * 1024)

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

void rbmap_tail_u16(FILE *out, uint16_t number)
{
	fwrite(&number, sizeof(number), 1, out);
}

void rbmap_tail_u32(FILE *out, uint32_t number)
{
	fwrite(&number, sizeof(number), 1, out);
}

void rbmap_tail_u64(FILE *out, uint64_t number)
{
	fwrite(&number, sizeof(number), 1, out);
}

void rbmap_tail_option(FILE *out, uint16_t id, const void *bytes, uint32_t size)
{
	rbmap_tail_u16(out, id);
	rbmap_tail_u32(out, size);
	fwrite(bytes, 1, size, out);
}

static void put_text_option(FILE *out, uint16_t id, const char *text)
{
	rbmap_tail_option(out, id, text, strlen(text) + 1);
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
		rbmap_tail_option(out, OPTION_TRACEID, &id, sizeof(id));
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

void rbmap_tail_common(FILE *out, const struct rbmap_tracedat_writer *writer)
{
	put_machine(out);
	put_stats(out, writer);
	rbmap_tracedat_put_anchors(out, &writer->anchors);
}

void rbmap_tail_clocks(const struct rbmap_tracedat_writer *writer,
		       char clocks[CLOCKS_ROOM])
{
	size_t size;

	if (read_text(writer->source.instance_dir, "trace_clock", clocks, CLOCKS_ROOM,
		      &size) < 0 ||
	    !strchr(clocks, ']'))
		clocks[0] = '\0';
}

int rbmap_tail_make(struct tail_rest *ret, const struct rbmap_tracedat_writer *writer,
		    size_t (*put)(FILE *out,
				  const struct rbmap_tracedat_writer *writer))
{
	FILE *out;
	bool failed;

	ret->bytes = NULL;
	out = open_memstream(&ret->bytes, &ret->size);
	if (!out)
		return -ENOMEM;
	ret->table = put(out, writer);
	failed = ferror(out);
	/* Without the memory for its last size there is no text, and no error. */
	if (fclose(out) == 0 && !failed && ret->bytes)
		return 0;
	free(ret->bytes);
	return -ENOMEM;
}

uint64_t rbmap_tail_cmdlines_room(const struct rbmap_tracedat_writer *writer)
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

int rbmap_tail_cmdlines(const struct rbmap_tracedat_writer *writer, char *text,
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

static void take_anchor(struct rbmap_tracedat_writer *writer)
{
	uint32_t cpu = 0;

	while (!writer->by_cpu[cpu])
		cpu++;
	rbmap_tracedat_take_anchor(&writer->anchors, &writer->log,
				   writer->source.instance_dir, cpu);
}

int rbmap_tracedat_begin_tail(struct rbmap_tracedat_writer *writer)
{
	take_anchor(writer);
	return writer->version == 6 ? rbmap_tail_begin_v6(writer) :
				      rbmap_tail_begin_v7(writer);
}

int rbmap_tracedat_end_tail(struct rbmap_tracedat_writer *writer)
{
	take_anchor(writer);
	return writer->version == 6 ? rbmap_tail_end_v6(writer) :
				      rbmap_tail_end_v7(writer);
}

int rbmap_tracedat_end_data(struct rbmap_tracedat_writer *writer)
{
	return writer->version == 6 ? 0 : rbmap_tail_end_data_v7(writer);
}
