// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Has blocks set aside for what is about to be written. ext4 otherwise finds out page
 * by page that there is none yet, which takes a sixth of the recorder's CPU time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

/* For each CPU; never more than the CPU has written already. */
#define MOST (UINT64_C(8) << 20)

/* Others were not seen to gain: tmpfs would take memory, XFS sets aside by itself. */
bool rbmap_tracedat_may_reserve(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == EXT4_SUPER_MAGIC;
}

static void punch(void *context, uint64_t offset, uint64_t size)
{
	const struct rbmap_tracedat_writer *writer = context;

	if (fallocate(writer->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      offset, size) < 0)
		log_info(&writer->log,
			 "%llu KiB stay allocated after the data of a CPU: %s",
			 (unsigned long long)size >> 10, rbmap_strerror(-errno));
}

/* In the order of the writes, as these two depend on what is there by then. */
static void give_back(struct rbmap_tracedat_writer *writer,
		      struct tracedat_region *region)
{
	if (region->reserved > region->size)
		rbmap_write_queue_push_call(writer->file.queue, punch, writer,
					    tracedat_region_end(region),
					    region->reserved - region->size);
	region->reserved = 0;
}

/* What could be had before it failed is given back as well. */
static void set_aside(void *context, uint64_t offset, uint64_t size)
{
	struct rbmap_tracedat_writer *writer = context;

	if (fallocate(writer->file.fd, FALLOC_FL_KEEP_SIZE, offset, size) == 0)
		return;
	writer->reserves = false;
	punch(writer, offset, size);
}

void rbmap_tracedat_give_back(struct rbmap_tracedat_writer *writer)
{
	for (size_t i = 0; i < writer->nr_regions; i++)
		give_back(writer, &writer->regions[i]);
}

/* Up to the next region, at the most. */
static uint64_t how_many(const struct rbmap_tracedat_writer *writer,
			 const struct tracedat_region *region)
{
	uint64_t bytes = region->size < MOST ? region->size : MOST;
	uint64_t left = writer->spacing - region->dropped - region->size;

	return bytes < left ? bytes : left;
}

void rbmap_tracedat_reserve(struct rbmap_tracedat_writer *writer,
			    struct tracedat_region *region, uint64_t bytes)
{
	uint64_t more;

	if (region->size + bytes <= region->reserved)
		return;
	/* On a full disk all that is left is for what there is to be written. */
	if (!writer->reserves) {
		give_back(writer, region);
		return;
	}
	more = how_many(writer, region);
	if (more < bytes)
		return;
	region->reserved = region->size + more;
	rbmap_write_queue_push_call(writer->file.queue, set_aside, writer,
				    tracedat_region_end(region), more);
}
