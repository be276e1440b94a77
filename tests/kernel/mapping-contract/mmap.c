// SPDX-License-Identifier: GPL-2.0-only
/* What may be mapped, and how. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

/*
 * 6.12.105 to 6.12.107 return success from a first mmap() that failed and warn when it
 * is unmapped. It cannot be found out without that warning, so here for once the
 * version decides.
 */
static bool first_failure_warns(const struct ring *ring)
{
	struct utsname name;
	unsigned int patch;

	if (ring->patched || uname(&name) < 0 ||
	    sscanf(name.release, "6.12.%u", &patch) != 1)
		return false;
	return patch >= 105 && patch <= 107;
}

static int attempt(const struct ring *ring, const struct attempt *how)
{
	size_t length = place_bytes(ring, &how->length);
	off_t offset = place_bytes(ring, &how->offset);
	int fd = open_raw(ring, how->open | O_NONBLOCK), error;
	const volatile char *map;

	if (fd < 0)
		return -fd;
	map = mmap(NULL, length, how->prot, how->flags, fd, offset);
	error = map == MAP_FAILED ? errno : 0;
	if (!error && how->prot & PROT_READ) {
		/* A mapping that lacks pages shows now, with SIGBUS. */
		(void)map[0];
		(void)map[length - 1];
	}
	if (!error && munmap((void *)map, length) < 0)
		error = errno;
	close(fd);
	return error;
}

/* As the second mapping and, what takes another way in the kernel, as the first. */
static int run_attempt(struct ring *ring, const struct contract *contract)
{
	struct trace_buffer_meta meta;
	int second, first, error;

	error = map_ring(ring);
	REQUIRE(!error, "mmap: %s", outcome_name(error));
	second = attempt(ring, &contract->attempt);
	REQUIRE(!get_reader(ring->fd), "the other mapping is gone");
	meta = *ring->meta;
	unmap_ring(ring);
	if (second && first_failure_warns(ring))
		return second;
	ring->meta = &meta;
	first = attempt(ring, &contract->attempt);
	REQUIRE(first == second, "as first mapping %s, as second %s",
		outcome_name(first), outcome_name(second));
	return first;
}

static int resize_after_failure(struct ring *ring, const struct contract *contract)
{
	void *map;

	if (first_failure_warns(ring))
		return skipped("this release warns when a first mmap() fails");
	map = mmap(NULL, 1UL << 30, PROT_READ, MAP_SHARED, ring->fd, 0);
	REQUIRE(map == MAP_FAILED, "a gigabyte was mapped");
	return write_file(ring, cpu_file(ring, "buffer_size_kb"), "128");
}

static int larger_subbufs(struct ring *ring, const struct contract *contract)
{
	int error = write_file(ring, "buffer_subbuf_size_kb", "16");

	REQUIRE(!error, "buffer_subbuf_size_kb: %s", outcome_name(error));
	return run_attempt(ring, contract);
}

static int exec_attempt(struct ring *ring, const struct contract *contract)
{
	int error = allow_exec(ring);

	if (error)
		return skipped("tracefs cannot be remounted without noexec: %s",
			       outcome_name(error));
	return run_attempt(ring, contract);
}

static int snapshot_raw(struct ring *ring, const struct contract *contract)
{
	char path[512];
	void *map;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", ring->instance,
		 cpu_file(ring, "snapshot_raw"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return skipped("this kernel has no snapshot_raw");
	map = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? errno : 0;
}

/* The last page that an offset can name. */
#define LAST_PAGE (-4096L)

#define READ_SHARED O_RDONLY, PROT_READ, MAP_SHARED
#define META \
	{ \
		.metas = 1 \
	}
#define SUBBUF \
	{ \
		.subbufs = 1 \
	}
#define WHOLE \
	{ \
		.metas = 1, .everything = 1 \
	}

const struct contract mmap_cases[] = {
	{ "mmap: the meta-page", run_attempt,
	  .attempt = { READ_SHARED, .length = META } },
	{ "mmap: one page", run_attempt,
	  .attempt = { READ_SHARED, .length = { .pages = 1 } } },
	{ "mmap: everything", run_attempt,
	  .attempt = { READ_SHARED, .length = WHOLE } },
	{ "mmap: all sub-buffers without the meta-page", run_attempt,
	  .attempt = { READ_SHARED, .offset = META, .length = { .everything = 1 } } },
	{ "mmap: one sub-buffer in the middle", run_attempt,
	  .attempt = { READ_SHARED, .offset = { .metas = 1, .subbufs = 7 },
		       .length = SUBBUF } },
	{ "mmap: the last sub-buffer", run_attempt,
	  .attempt = { READ_SHARED, .offset = { .everything = 1 }, .length = SUBBUF } },
	{ "mmap: everything, populated and locked", run_attempt,
	  .attempt = { O_RDONLY, PROT_READ, MAP_SHARED | MAP_POPULATE | MAP_LOCKED,
		       .length = WHOLE } },
	{ "mmap: MAP_SHARED_VALIDATE", run_attempt,
	  .attempt = { O_RDONLY, PROT_READ, MAP_SHARED_VALIDATE, .length = WHOLE } },
	{ "mmap: PROT_READ on a read-write file", run_attempt,
	  .attempt = { O_RDWR, PROT_READ, MAP_SHARED, .length = WHOLE } },
	{ "mmap: PROT_NONE", run_attempt,
	  .attempt = { O_RDONLY, PROT_NONE, MAP_SHARED, .length = WHOLE } },
	{ "mmap: everything, sub-buffers of 16 KB", larger_subbufs,
	  .needs = NEEDS_SUBBUF_SIZE, .attempt = { READ_SHARED, .length = WHOLE } },
	{ "mmap: the last sub-buffer of 16 KB", larger_subbufs,
	  .needs = NEEDS_SUBBUF_SIZE,
	  .attempt = { READ_SHARED, .offset = { .everything = 1 }, .length = SUBBUF } },

	{ "mmap: PROT_WRITE on a read-only file", run_attempt, .right = EACCES,
	  .attempt = { O_RDONLY, PROT_READ | PROT_WRITE, MAP_SHARED,
		       .length = WHOLE } },
	{ "mmap: PROT_WRITE on a read-write file", run_attempt, .right = EPERM,
	  .attempt = { O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, .length = WHOLE } },
	{ "mmap: PROT_WRITE alone on a read-write file", run_attempt, .right = EPERM,
	  .attempt = { O_RDWR, PROT_WRITE, MAP_SHARED, .length = META } },
	{ "mmap: MAP_PRIVATE", run_attempt, .right = EPERM,
	  .attempt = { O_RDONLY, PROT_READ, MAP_PRIVATE, .length = WHOLE } },
	{ "mmap: MAP_PRIVATE to write on", run_attempt, .right = EPERM,
	  .attempt = { O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		       .length = META } },
	{ "mmap: PROT_EXEC", run_attempt, .right = EPERM,
	  .attempt = { O_RDONLY, PROT_READ | PROT_EXEC, MAP_SHARED, .length = WHOLE } },
	{ "mmap: PROT_EXEC where tracefs may execute", exec_attempt, .right = EPERM,
	  .attempt = { O_RDONLY, PROT_READ | PROT_EXEC, MAP_SHARED, .length = WHOLE } },

	{ "mmap: nothing", run_attempt, .right = EINVAL, .attempt = { READ_SHARED } },
	{ "mmap: a page more than there is", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED,
		       .length = { .metas = 1, .everything = 1, .pages = 1 } } },
	{ "mmap: a page more than there is, from the last sub-buffer on", run_attempt,
	  .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = { .everything = 1 },
		       .length = { .subbufs = 1, .pages = 1 } } },
	{ "mmap: past the end", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = WHOLE, .length = SUBBUF } },
	{ "mmap: an offset of 100 bytes", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = { .bytes = 100 }, .length = SUBBUF } },
	{ "mmap: an offset inside a sub-buffer", larger_subbufs, .right = EINVAL,
	  .needs = NEEDS_SUBBUF_SIZE,
	  .attempt = { READ_SHARED, .offset = { .metas = 1, .pages = 1 },
		       .length = { .pages = 1 } } },
	{ "mmap: an offset inside the meta-page", larger_subbufs, .right = EINVAL,
	  .needs = NEEDS_SUBBUF_SIZE,
	  .attempt = { READ_SHARED, .offset = { .pages = 1 },
		       .length = { .pages = 1 } } },
	{ "mmap: an offset of just below 2 GB", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = { .bytes = 0x7ff00000 },
		       .length = SUBBUF } },
	{ "mmap: an offset of 1 TB", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = { .bytes = 1L << 40 },
		       .length = SUBBUF } },
	{ "mmap: an offset of 4 EB", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = { .bytes = 1L << 62 },
		       .length = SUBBUF } },
	{ "mmap: an offset of 4 EB, everything", run_attempt, .right = EINVAL,
	  .attempt = { READ_SHARED, .offset = { .bytes = 1L << 62 },
		       .length = WHOLE } },
	{ "mmap: the last offset there is", run_attempt, .right = EOVERFLOW,
	  .attempt = { READ_SHARED, .offset = { .bytes = LAST_PAGE },
		       .length = SUBBUF } },
	{ "mmap: snapshot_raw", snapshot_raw, .right = ENODEV,
	  .needs = NEEDS_SNAPSHOT },
	{ "mmap: a failed one leaves the size changeable", resize_after_failure,
	  .right = 0 },
	{ .name = NULL },
};
