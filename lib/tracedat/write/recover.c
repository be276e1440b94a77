// SPDX-License-Identifier: LGPL-2.1-only
/*
 * After a failed write: the last data are given back until the rest can be made part of
 * the file. Where a file system copies on write, a full disk takes not even what goes
 * over what is there, such as the table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "tracedat/write/chunks.h"
#include "tracedat/write/writer.h"

/* What is given back at first; then twice as much each time. */
#define FIRST_BYTES (UINT64_C(128) << 10)

/* A punch over part of a block would have to write it. */
static void punch_rest(const struct rbmap_tracedat_writer *writer,
		       const struct tracedat_region *region)
{
	uint64_t end = region->start + writer->spacing - region->dropped;
	uint64_t from = tracedat_align(tracedat_region_end(region), writer->granule);

	if (from < end)
		fallocate(writer->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  from, end - from);
}

static uint64_t size_at(const struct tracedat_region *region,
			const struct write_progress *progress)
{
	return progress->end > region->start ? progress->end - region->start : 0;
}

/* Slots are not counted. */
static uint32_t count_chunks(const struct rbmap_tracedat_writer *writer,
			     const struct tracedat_region *region, uint64_t size,
			     const struct write_progress *progress)
{
	return writer->compressed && size ? progress->writes - region->dropped_chunks :
					    0;
}

/* Back to what is in the file, behind which nothing is kept. */
static void follow_progress(struct rbmap_tracedat_writer *writer,
			    struct tracedat_region *region)
{
	struct write_progress progress;

	rbmap_write_queue_progress(writer->file.queue,
				   tracedat_region_index(writer, region), &progress);
	region->size = size_at(region, &progress);
	region->chunks = count_chunks(writer, region, region->size, &progress);
	region->reserved = 0;
	punch_rest(writer, region);
}

/* What the table says is not known, but is no less than this. */
static uint64_t covered_size(const struct rbmap_tracedat_writer *writer,
			     const struct tracedat_region *region,
			     struct write_progress *covered)
{
	rbmap_write_queue_covered(writer->file.queue,
				  tracedat_region_index(writer, region), covered);
	return size_at(region, covered);
}

/*
 * ext4 punches no holes after the end of the file, where the last region has blocks set
 * aside (ext4_punch_hole() in fs/ext4/inode.c); ftruncate(2) frees them.
 */
static void free_after_end(const struct rbmap_tracedat_writer *writer)
{
	struct stat status;

	if (fstat(writer->file.fd, &status) == 0 &&
	    ftruncate(writer->file.fd, status.st_size) < 0)
		log_info(&writer->log, "blocks stay allocated after the data: %s",
			 rbmap_strerror(-errno));
}

static void take_back(struct rbmap_tracedat_writer *writer)
{
	for (size_t i = 0; i < writer->nr_regions; i++) {
		struct tracedat_region *region = &writer->regions[i];
		struct write_progress covered;
		uint64_t size = covered_size(writer, region, &covered);

		rbmap_chunks_forget(writer, region);
		follow_progress(writer, region);
		rbmap_table_set(writer, region, size);
		region->told_chunks = count_chunks(writer, region, size, &covered);
	}
	free_after_end(writer);
}

/* The bytes of a region that are in the file, without it saying so. */
static uint64_t uncovered(const struct rbmap_tracedat_writer *writer,
			  const struct tracedat_region *region)
{
	struct write_progress covered;
	uint64_t size = covered_size(writer, region, &covered);

	return region->size > size ? region->size - size : 0;
}

static uint64_t all_uncovered(const struct rbmap_tracedat_writer *writer)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < writer->nr_regions; i++)
		bytes += uncovered(writer, &writer->regions[i]);
	return bytes;
}

/* NULL: there is nothing that could be given back. */
static struct tracedat_region *find_most(const struct rbmap_tracedat_writer *writer)
{
	struct tracedat_region *found = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < writer->nr_regions; i++) {
		uint64_t bytes = uncovered(writer, &writer->regions[i]);

		if (bytes > most) {
			most = bytes;
			found = &writer->regions[i];
		}
	}
	return found;
}

static bool give_back(struct rbmap_tracedat_writer *writer, uint64_t bytes)
{
	uint64_t before = all_uncovered(writer);
	struct tracedat_region *region;

	while (before - all_uncovered(writer) < bytes && (region = find_most(writer))) {
		rbmap_write_queue_step_back(writer->file.queue,
					    tracedat_region_index(writer, region));
		follow_progress(writer, region);
	}
	return all_uncovered(writer) < before;
}

static bool is_full(int error)
{
	return error == -ENOSPC || error == -EDQUOT;
}

/* For the names of the commands, not more than half of what there is. */
static int write_tail(struct rbmap_tracedat_writer *writer)
{
	uint64_t least = all_uncovered(writer) / 2, bytes = FIRST_BYTES;
	int r = rbmap_tracedat_end_tail(writer);

	while (is_full(r) && all_uncovered(writer) >= least + bytes &&
	       give_back(writer, bytes)) {
		bytes *= 2;
		r = rbmap_tracedat_end_tail(writer);
	}
	return r;
}

static int write_tables(struct rbmap_tracedat_writer *writer)
{
	int r = 0, failed;

	for (size_t i = 0; i < writer->nr_regions; i++) {
		failed = rbmap_table_write_region(writer, &writer->regions[i]);
		if (r == 0)
			r = failed;
	}
	return r;
}

int rbmap_tracedat_recover(struct rbmap_tracedat_writer *writer)
{
	uint64_t bytes = FIRST_BYTES;
	int tail;

	take_back(writer);
	/* First, as nothing that the file says it has can be given back. */
	tail = write_tail(writer);
	while (write_tables(writer) < 0 && give_back(writer, bytes))
		bytes *= 2;
	return tail;
}
