// SPDX-License-Identifier: LGPL-2.1-only
/*
 * What of a trace.dat goes to the disk while it is written. To take the holes out, a
 * file system has to write all of the file back first; what waits in the page cache
 * until then is what the end of a recording waits for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/*
 * What may wait for the end, which a disk takes in a tenth of a second: to write
 * it back sooner costs the recorder CPU time that nobody may need to spend.
 */
#define MAY_WAIT (UINT64_C(128) << 20)
#define SLICE (UINT64_C(8) << 20)
/* Longer than this the rings are not left alone. */
#define LONGEST_NS UINT64_C(20000000)
/* Of a disk that does not even take a slice in that time. */
#define TURNS_OFF 100

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Bytes that the disk was not yet given; of slots, the last may still grow. */
static uint64_t waiting(const struct rbmap_tracedat_writer *writer,
			const struct tracedat_region *region)
{
	uint64_t kept = writer->compressed ? 0 : writer->layout.subbuf_size;

	return region->size > region->given + kept ?
		       region->size - kept - region->given :
		       0;
}

/* The first stays where it is, as no hole is before it. */
static bool may_wait(const struct rbmap_tracedat_writer *writer,
		     const struct tracedat_region *region)
{
	return region == writer->regions;
}

/* No error is one of the recording: a write(2) would tell it. */
static void give(void *context, uint64_t offset, uint64_t size)
{
	struct rbmap_tracedat_writer *writer = context;
	uint64_t before = now_ns();

	sync_file_range(writer->file.fd, offset, size, SYNC_FILE_RANGE_WRITE);
	if (now_ns() - before > LONGEST_NS)
		writer->turns_off = TURNS_OFF;
}

/* In the order of the writes: after those of what is given. */
static void give_slice(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region)
{
	uint64_t bytes = waiting(writer, region);

	if (bytes > SLICE)
		bytes = SLICE;
	rbmap_write_queue_push_call(writer->file.queue, give, writer,
				    region->start + region->given, bytes);
	region->given += bytes;
}

/* Its part in what waits in all; each thread gives what is of its own CPUs. */
static bool is_too_much(struct rbmap_tracedat_writer *writer,
			struct tracedat_region *region)
{
	uint64_t now = waiting(writer, region);

	if (may_wait(writer, region))
		return false;
	writer->waiting += now - region->waiting;
	region->waiting = now;
	return now && writer->waiting > MAY_WAIT;
}

void rbmap_tracedat_begin_writeback(struct rbmap_tracedat_writer *writer,
				    struct tracedat_region *region)
{
	unsigned int off = writer->turns_off;
	uint64_t begun = now_ns();

	if (off) {
		/* Where another thread has counted at the same time, one turn more. */
		atomic_compare_exchange_strong(&writer->turns_off, &off, off - 1);
		return;
	}
	while (now_ns() - begun < LONGEST_NS && is_too_much(writer, region))
		give_slice(writer, region);
}

int rbmap_tracedat_open_direct(struct tracedat_file *file)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	file->direct_fd = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	if (file->direct_fd >= 0)
		return 0;
	return errno == EINVAL ? -EOPNOTSUPP : -errno;
}
