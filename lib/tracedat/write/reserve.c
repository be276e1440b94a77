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
	uint64_t size = writer->layout.subbuf_size;

	return fallocate(writer->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 region->start + region->slots * size,
			 (region->reserved - region->slots) * size);
}

void rbmap_tracedat_give_back(struct rbmap_tracedat_writer *writer)
{
	for (size_t i = 0; i < writer->nr_regions; i++) {
		struct tracedat_region *region = &writer->regions[i];

		if (region->reserved <= region->slots)
			continue;
		if (punch(writer, region) < 0)
			log_info(&writer->log,
				 "%llu KiB stay allocated after the data of a CPU: %s",
				 (unsigned long long)((region->reserved -
						       region->slots) *
							      writer->layout
								      .subbuf_size >>
						      10),
				 rbmap_strerror(-errno));
		region->reserved = 0;
	}
}

/* Up to the next region, at the most. */
static uint64_t how_many(const struct rbmap_tracedat_writer *writer,
			 const struct tracedat_region *region)
{
	uint64_t size = writer->layout.subbuf_size, nr = MOST / size;
	uint64_t left = writer->spacing / size - region->dropped - region->slots;

	if (nr > region->slots)
		nr = region->slots;
	return nr < left ? nr : left;
}

void rbmap_tracedat_reserve(struct rbmap_tracedat_writer *writer,
			    struct tracedat_region *region, uint64_t nr)
{
	uint64_t size = writer->layout.subbuf_size, more;

	if (!writer->reserves || region->slots + nr <= region->reserved)
		return;
	more = how_many(writer, region);
	if (more < nr)
		return;
	/* What could be had before it failed is to be given back as well. */
	region->reserved = region->slots + more;
	if (fallocate(writer->file.fd, FALLOC_FL_KEEP_SIZE,
		      region->start + region->slots * size, more * size) == 0)
		return;
	/* On a full disk all that is left is for what there is to be written. */
	writer->reserves = false;
	rbmap_tracedat_give_back(writer);
}
