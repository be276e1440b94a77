// SPDX-License-Identifier: LGPL-2.1-only
/* Completes a trace.dat. */
#include <errno.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

/* A correction that could not be written takes back what it was for. */
static bool is_short(const struct rbmap_tracedat_writer *writer)
{
	for (size_t i = 0; i < writer->nr_regions; i++) {
		const struct tracedat_region *region = &writer->regions[i];
		struct write_progress progress;

		rbmap_write_queue_progress(writer->file.queue, i, &progress);
		if (region->size && progress.end < tracedat_region_end(region))
			return true;
	}
	return false;
}

/* Returns the first failure of what was put. */
static int store_all(struct rbmap_tracedat_writer *writer, bool *ret_short)
{
	int r = rbmap_tracedat_writer_flush(writer);
	int failed = rbmap_write_queue_end(writer->file.queue);

	*ret_short = r < 0 || failed < 0 || is_short(writer);
	return failed < 0 ? failed : r;
}

static int first_of(int r, int other)
{
	return r < 0 ? r : other;
}

RBMAP_PUBLIC int rbmap_tracedat_writer_finish(struct rbmap_tracedat_writer *writer)
{
	bool is_short;
	int r = store_all(writer, &is_short), error;

	/* Whoever cancels does not wait for a disk that takes nothing. */
	if (rbmap_write_queue_is_cancelled(writer->file.queue)) {
		writer->finish_error = -ECANCELED;
		return -ECANCELED;
	}
	error = is_short ? rbmap_tracedat_recover(writer) :
			   rbmap_tracedat_end_tail(writer);
	rbmap_tracedat_give_back(writer);
	/* The holes go even where the command lines could not be stored. */
	error = first_of(error, rbmap_tracedat_remove_holes(writer));
	error = first_of(error, rbmap_tracedat_end_data(writer));
	writer->finish_error = error;
	return first_of(r, error);
}
