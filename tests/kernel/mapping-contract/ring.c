// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* For kernels that have the file and do not notify. */
#define NOTIFY_MS 2000

static void path_of(const struct ring *ring, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", ring->instance, name);
}

bool has_file(const struct ring *ring, const char *name)
{
	char path[PATH_MAX];

	path_of(ring, name, path);
	return access(path, F_OK) == 0;
}

int write_file(const struct ring *ring, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd, error = 0;

	path_of(ring, name, path);
	/* O_TRUNC is what resets the ring buffer when it is the file "trace". */
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

ssize_t read_file(const struct ring *ring, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t length = 0, r;
	int fd;

	path_of(ring, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((r = read(fd, text + length, size - 1 - length)) > 0)
		length += r;
	if (r < 0)
		length = -errno;
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length;
}

long read_number(const struct ring *ring, const char *name)
{
	char text[256];

	if (read_file(ring, name, text, sizeof(text)) < 0)
		return -1;
	return atol(text);
}

long read_stat(const struct ring *ring, const char *name)
{
	char text[1024];
	const char *line;

	if (read_file(ring, cpu_file(ring, "stats"), text, sizeof(text)) < 0)
		return -1;
	/* "overrun" is also the end of "commit overrun": take it from a line's start.
	 */
	for (line = text; line; line = strchr(line, '\n'), line += line != NULL)
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			return atol(line + strlen(name) + 1);
	return -1;
}

const char *cpu_file(const struct ring *ring, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "per_cpu/cpu%d/%s", ring->cpu, name);
	return path;
}

/*
 * A snapshot is followed by a notification of tracing_max_latency, from a work that
 * kernels do not wait for when the instance is removed: they use freed memory then.
 */
int take_snapshot(const struct ring *ring)
{
	struct pollfd entry = { .events = POLLIN };
	char path[PATH_MAX];
	int watch = -1, error;

	path_of(ring, "tracing_max_latency", path);
	entry.fd = inotify_init1(IN_CLOEXEC);
	if (entry.fd >= 0)
		watch = inotify_add_watch(entry.fd, path, IN_MODIFY);
	error = write_file(ring, "snapshot", "1");
	if (!error && watch >= 0)
		poll(&entry, 1, NOTIFY_MS);
	if (entry.fd >= 0)
		close(entry.fd);
	return error;
}

int open_raw(const struct ring *ring, int flags)
{
	char path[PATH_MAX];
	int fd;

	path_of(ring, cpu_file(ring, "trace_pipe_raw"), path);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int mark_wide(const struct ring *ring, int digits, unsigned long first,
	      unsigned long last)
{
	char path[PATH_MAX], text[32];
	int fd, error = 0;

	path_of(ring, "trace_marker", path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	for (unsigned long number = first; number <= last && !error; number++) {
		int length = snprintf(text, sizeof(text), "%0*lu\n", digits, number);

		if (write(fd, text, length) != length)
			error = errno;
	}
	close(fd);
	return error;
}

int mark(const struct ring *ring, unsigned long first, unsigned long last)
{
	return mark_wide(ring, 8, first, last);
}

size_t place_bytes(const struct ring *ring, const struct place *place)
{
	const struct trace_buffer_meta *meta = ring->meta;

	return (size_t)place->metas * meta->meta_page_size +
	       (size_t)place->subbufs * meta->subbuf_size +
	       (size_t)place->everything * meta->nr_subbufs * meta->subbuf_size +
	       place->pages * ring->page + place->bytes;
}

int map_ring(struct ring *ring)
{
	const struct trace_buffer_meta *meta;
	size_t size;
	void *all;

	meta = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, ring->fd, 0);
	if (meta == MAP_FAILED)
		return errno;
	size = meta->meta_page_size + (size_t)meta->nr_subbufs * meta->subbuf_size;
	all = mmap(NULL, size, PROT_READ, MAP_SHARED, ring->fd, 0);
	if (all == MAP_FAILED)
		return errno;
	if (munmap((void *)meta, ring->page) < 0)
		return errno;
	ring->meta = all;
	ring->size = size;
	ring->id = ring->meta->reader.id;
	ring->read = ring->meta->reader.read;
	return 0;
}

int unmap_ring(struct ring *ring)
{
	return munmap((void *)ring->meta, ring->size) < 0 ? errno : 0;
}

const void *subbuf(const struct ring *ring, uint32_t id)
{
	return (const char *)ring->meta + ring->meta->meta_page_size +
	       (size_t)id * ring->meta->subbuf_size;
}

int get_reader(int fd)
{
	return ioctl(fd, TRACE_MMAP_IOCTL_GET_READER) < 0 ? errno : 0;
}

int take(struct ring *ring, struct tally *tally)
{
	uint32_t from = ring->read, to, id;
	int error;

	error = get_reader(ring->fd);
	if (error)
		return error;
	id = ring->meta->reader.id;
	to = ring->meta->reader.read;
	if (id == ring->id && to == from)
		return ENODATA;
	if (id != ring->id) {
		tally_loss(tally, subbuf(ring, id), ring->meta->subbuf_size);
		from = 0;
	} else if (to < from) {
		from = 0;
	}
	tally_subbuf(tally, subbuf(ring, id), from, to);
	ring->id = id;
	ring->read = to;
	return 0;
}

int take_all(struct ring *ring, struct tally *tally)
{
	int error;

	do
		error = take(ring, tally);
	while (!error);
	return error == ENODATA ? 0 : error;
}

int take_by_read(struct ring *ring, int fd, struct tally *tally)
{
	uint32_t size = ring->meta->subbuf_size;
	char *copy = aligned_alloc(8, size);
	ssize_t r;
	int error = 0;

	if (!copy)
		return ENOMEM;
	r = read(fd, copy, size);
	if (r < 0) {
		error = errno;
	} else if (r == 0) {
		error = ENODATA;
	} else {
		tally_loss(tally, copy, size);
		tally_subbuf(tally, copy, 0, committed(copy));
	}
	free(copy);
	return error;
}
