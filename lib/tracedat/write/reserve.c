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

static int punch(const struct rbmap_tracedat_writer *writer,
		 const struct tracedat_region *region)
{
	return fallocate(writer->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 tracedat_region_end(region), region->reserved - region->size);
}

static void give_back(struct rbmap_tracedat_writer *writer,
		      struct tracedat_region *region)
{
	if (region->reserved > region->size && punch(writer, region) < 0)
		log_info(&writer->log,
			 "%llu KiB stay allocated after the data of a CPU: %s",
			 (unsigned long long)(region->reserved - region->size) >> 10,
			 rbmap_strerror(-errno));
	region->reserved = 0;
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
	/* What could be had before it failed is to be given back as well. */
	region->reserved = region->size + more;
	if (fallocate(writer->file.fd, FALLOC_FL_KEEP_SIZE, tracedat_region_end(region),
		      more) == 0)
		return;
	writer->reserves = false;
	give_back(writer, region);
}
