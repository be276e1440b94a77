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

#include "internal.h"
#include "tracedat.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/* A disk that does not take it at once holds up the recorder, and is left alone then.
 */
#define LONGEST_NS UINT64_C(20000000)
#define TURNS_OFF 10

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void rbmap_tracedat_begin_writeback(struct rbmap_tracedat_writer *writer)
{
	uint64_t size = writer->layout.subbuf_size, begun = now_ns();

	if (writer->turns_off) {
		writer->turns_off--;
		return;
	}
	for (size_t i = 0; i < writer->nr_regions && !writer->turns_off; i++) {
		struct tracedat_region *region = &writer->regions[i];

		/* The last one may still grow. */
		if (region->slots <= region->given + 1)
			continue;
		/* No error is one of the recording: a write(2) would tell it. */
		sync_file_range(writer->file.fd, region->start + region->given * size,
				(region->slots - 1 - region->given) * size,
				SYNC_FILE_RANGE_WRITE);
		region->given = region->slots - 1;
		if (now_ns() - begun > LONGEST_NS)
			writer->turns_off = TURNS_OFF;
	}
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
