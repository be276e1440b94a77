// SPDX-License-Identifier: LGPL-2.1-only
/* Takes the holes out of a trace.dat: moves the CPUs' regions together. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

/*
 * The room behind the head, if smaller, is given back but stays a hole, unless what is
 * behind it is no larger: that is moved.
 */
#define SMALL_HOLE (UINT64_C(1) << 20)

/* The end of what comes before a region. */
static uint64_t end_before(const struct rbmap_tracedat_writer *writer, size_t index)
{
	while (index-- > 0)
		if (writer->regions[index].size)
			return tracedat_region_end(&writer->regions[index]);
	return writer->head_end;
}

uint64_t rbmap_regions_end(const struct rbmap_tracedat_writer *writer)
{
	return end_before(writer, writer->nr_regions);
}

static int punch(const struct rbmap_tracedat_writer *writer, uint64_t from, uint64_t to)
{
	if (from >= to)
		return 0;
	return fallocate(writer->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 from, to - from) < 0 ?
		       -errno :
		       0;
}

/* A range behind the end of the file is refused as such only where it is known how. */
static bool can_collapse(const struct rbmap_tracedat_writer *writer)
{
	struct stat status;

	if (fstat(writer->file.fd, &status) < 0)
		return false;
	return fallocate(writer->file.fd, FALLOC_FL_COLLAPSE_RANGE,
			 tracedat_align(status.st_size, writer->granule) +
				 writer->granule,
			 writer->granule) < 0 &&
	       errno == EINVAL;
}

static int shift(struct rbmap_tracedat_writer *writer, size_t index, int64_t by)
{
	for (; index < writer->nr_regions; index++)
		writer->regions[index].start += by;
	return rbmap_table_write(writer);
}

/*
 * The table goes first: a collapse is not given up half-way, so that a writer that is
 * killed in it leaves the right table. One that is killed between the two calls leaves
 * a file in which these CPUs read as empty; their data are still in it.
 */
static int collapse(struct rbmap_tracedat_writer *writer, size_t index)
{
	uint64_t start = writer->regions[index].start;
	uint64_t from = tracedat_align(end_before(writer, index), writer->granule);
	uint64_t size = start > from ? start - from : 0;
	int r;

	if (size == 0)
		return 0;
	/* Between the two calls a place that is too near would show another CPU's data.
	 */
	if (size < rbmap_regions_end(writer) - start)
		return from < writer->data && size < SMALL_HOLE ? 0 : -EOPNOTSUPP;
	r = shift(writer, index, -(int64_t)size);
	if (r == 0 &&
	    fallocate(writer->file.fd, FALLOC_FL_COLLAPSE_RANGE, from, size) < 0)
		r = -errno;
	if (r < 0)
		shift(writer, index, size);
	return r;
}

/* From the last, so that each collapse has the least to move. */
static int collapse_all(struct rbmap_tracedat_writer *writer)
{
	int r = 0;

	for (size_t i = writer->nr_regions; r == 0 && i-- > 0;)
		if (writer->regions[i].size)
			r = collapse(writer, i);
	return r;
}

static int move_down(struct rbmap_tracedat_writer *writer, size_t index)
{
	struct tracedat_region *region = &writer->regions[index];
	uint64_t size = region->size;
	uint64_t old = region->start;
	uint64_t to = tracedat_align(end_before(writer, index), writer->granule);
	int r;

	/* Where the two places overlap, the hole is smaller than the data. */
	if (to >= old || old - to < size)
		return 0;
	r = rbmap_tracedat_copy(&writer->file, old, to, size);
	if (r < 0) {
		punch(writer, to, to + size);
		return r;
	}
	region->start = to;
	r = rbmap_table_write(writer);
	/* Which of the two places the table gives is not known then. */
	if (r < 0)
		region->start = old;
	else
		punch(writer, old, old + size);
	return r;
}

static int copy_all(struct rbmap_tracedat_writer *writer)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < writer->nr_regions; i++)
		if (writer->regions[i].size)
			r = move_down(writer, i);
	return r;
}

/* The room behind the head, and what is behind the last region. */
static int trim(struct rbmap_tracedat_writer *writer)
{
	uint64_t end = rbmap_regions_end(writer);
	int r;

	writer->data = writer->head_end;
	for (size_t i = writer->nr_regions; i-- > 0;)
		if (writer->regions[i].size)
			writer->data = writer->regions[i].start;
	/* Empty CPUs are told to lie there: inside the file. */
	r = rbmap_table_write(writer);
	if (r < 0)
		return r;
	punch(writer, writer->head_end, writer->data);
	return ftruncate(writer->file.fd, end) < 0 ? -errno : 0;
}

int rbmap_tracedat_remove_holes(struct rbmap_tracedat_writer *writer)
{
	int r = -EOPNOTSUPP;

	if (can_collapse(writer))
		r = collapse_all(writer);
	if (r == -EOPNOTSUPP || r == -EINVAL || r == -ETXTBSY || r == -EPERM)
		r = copy_all(writer);
	if (r == 0)
		r = trim(writer);
	if (r != -ENOSPC && r != -EDQUOT)
		return r;
	log_warning(&writer->log,
		    "the file stays sparse: not enough disk space to move its parts");
	return 0;
}
