// SPDX-License-Identifier: LGPL-2.1-only
/* Time stamps by other clocks than the one that they were recorded with. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/anchor.h"
#include "tracedat/read/datfile.h"

/*
 * Two clocks of one machine that keep the time drift apart by far less than this part
 * of an interval, even where one is being slewed; where they differ by more, and by
 * more than that at all, one was set.
 */
#define MOST_DRIFT 100
#define MOST_JITTER 1000000

uint64_t rbmap_datfile_convert(const struct rbmap_tracedat_info *info,
			       uint64_t time_stamp)
{
	uint64_t high = time_stamp >> 32, low = (uint32_t)time_stamp;

	/* The product has 96 bits. */
	if (info->tsc_mult)
		time_stamp = ((low * info->tsc_mult) >> info->tsc_shift) +
			     ((high * info->tsc_mult) << (32 - info->tsc_shift));
	return time_stamp + (uint64_t)info->offset;
}

int rbmap_datfile_take_anchor(struct rbmap_tracedat_reader *datfile,
			      const struct tracedat_in *option, const char *text)
{
	struct rbmap_tracedat_anchor *larger;
	struct rbmap_anchor anchor;

	if (rbmap_tracedat_anchor_parse(&anchor, text) < 0)
		/* What follows it can be read. */
		return rbmap_datfile_fault(datfile, option->offset,
					   "option CPUSTAT: invalid clock anchor") ==
				       -ENOMEM ?
			       -ENOMEM :
			       0;
	larger = reallocarray(datfile->anchors, datfile->nr_anchors + 1,
			      sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	datfile->anchors = larger;
	larger[datfile->nr_anchors++] = (struct rbmap_tracedat_anchor){
		.trace = anchor.trace,
		.realtime = anchor.realtime,
		.monotonic = anchor.monotonic,
		.uncertainty = anchor.uncertainty,
	};
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct rbmap_tracedat_anchor *left = a, *right = b;

	return (left->trace > right->trace) - (left->trace < right->trace);
}

void rbmap_datfile_publish_anchors(struct rbmap_tracedat_reader *datfile)
{
	struct rbmap_tracedat_info *info = &datfile->info;

	for (size_t i = 0; i < datfile->nr_anchors; i++)
		datfile->anchors[i].trace =
			rbmap_datfile_convert(info, datfile->anchors[i].trace);
	if (datfile->nr_anchors)
		qsort(datfile->anchors, datfile->nr_anchors, sizeof(*datfile->anchors),
		      compare);
	info->anchors = datfile->anchors;
	info->nr_anchors = datfile->nr_anchors;
}

static uint64_t by(const struct rbmap_tracedat_anchor *anchor,
		   enum rbmap_tracedat_time time)
{
	return time == RBMAP_TRACEDAT_REALTIME ? anchor->realtime : anchor->monotonic;
}

/* To the first and the last time that there are. */
static uint64_t later(uint64_t time, uint64_t by)
{
	return by > UINT64_MAX - time ? UINT64_MAX : time + by;
}

static uint64_t earlier(uint64_t time, uint64_t by)
{
	return by > time ? 0 : time - by;
}

/* The last one that is not later, or the first one. */
static size_t find(const struct rbmap_tracedat_info *info, uint64_t time_stamp)
{
	size_t low = 0, high = info->nr_anchors;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (info->anchors[middle].trace <= time_stamp)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* How much farther the other clock came than the trace clock, until the next one. */
static int64_t drift(const struct rbmap_tracedat_anchor *from,
		     enum rbmap_tracedat_time time)
{
	return (int64_t)(by(from + 1, time) - by(from, time) -
			 (from[1].trace - from->trace));
}

static bool was_set(const struct rbmap_tracedat_anchor *from, int64_t drift)
{
	int64_t most = (from[1].trace - from->trace) / MOST_DRIFT;

	if (most < MOST_JITTER)
		most = MOST_JITTER;
	return drift > most || drift < -most;
}

/* Its part of the drift. The product has more bits than a 32-bit machine's integers. */
static int64_t correction(const struct rbmap_tracedat_anchor *from,
			  enum rbmap_tracedat_time time, uint64_t since)
{
	int64_t gained = drift(from, time);

	/* Where it was set meanwhile is not known. */
	if (was_set(from, gained))
		return 0;
	return (double)gained * since / (from[1].trace - from->trace);
}

/* Beyond the anchors, at the pace of the trace clock. */
static uint64_t convert_by_anchors(const struct rbmap_tracedat_info *info,
				   enum rbmap_tracedat_time time, uint64_t time_stamp)
{
	size_t at = find(info, time_stamp);
	const struct rbmap_tracedat_anchor *from = &info->anchors[at];
	uint64_t since = time_stamp - from->trace;
	int64_t gained = 0;

	if (time_stamp < from->trace)
		return earlier(by(from, time), from->trace - time_stamp);
	if (since && at + 1 < info->nr_anchors)
		gained = correction(from, time, since);
	return gained < 0 ? earlier(later(by(from, time), since), -gained) :
			    later(later(by(from, time), since), gained);
}

RBMAP_PUBLIC int
rbmap_tracedat_reader_convert(const struct rbmap_tracedat_reader *datfile,
			      enum rbmap_tracedat_time time, uint64_t time_stamp,
			      uint64_t *ret)
{
	const struct rbmap_tracedat_info *info = &datfile->info;

	if (time != RBMAP_TRACEDAT_REALTIME && time != RBMAP_TRACEDAT_MONOTONIC)
		return -EINVAL;
	if (info->nr_anchors)
		*ret = convert_by_anchors(info, time, time_stamp);
	else if (time == RBMAP_TRACEDAT_REALTIME && datfile->dated)
		*ret = time_stamp;
	else if (time == RBMAP_TRACEDAT_MONOTONIC && info->clock &&
		 !strcmp(info->clock, "mono"))
		*ret = time_stamp - (uint64_t)info->offset;
	else
		return -ENODATA;
	return 0;
}
