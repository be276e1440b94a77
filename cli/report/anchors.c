// SPDX-License-Identifier: GPL-2.0-only
#include "anchors.h"

#include <inttypes.h>
#include <stdio.h>

#include "common-json.h"
#include "ts.h"

#define NS_PER_US 1000.0
#define NS_PER_S 1e9
#define US_PER_S 1e6
/* More than what is rounded in between. */
#define JUMP 1000

static void print_anchor(const struct report *report,
			 const struct rbmap_tracedat_anchor *anchor)
{
	struct report as_trace = *report, as_realtime = *report;
	char trace[TS_SIZE], realtime[TS_SIZE];

	as_trace.config.ts = REPORT_TS_TRACE;
	as_realtime.config.ts = REPORT_TS_REALTIME;
	printf("clock anchor %s: %s, within %.1f us\n",
	       ts_format(trace, &as_trace, anchor->trace),
	       ts_format(realtime, &as_realtime, anchor->realtime),
	       (double)anchor->uncertainty / NS_PER_US);
}

/* There the time is not continuous: a little before the anchor it is another one. */
static bool was_set(const struct report *report,
		    const struct rbmap_tracedat_anchor *anchor)
{
	uint64_t before;

	if (!anchor->trace ||
	    rbmap_tracedat_reader_convert(report->reader, RBMAP_TRACEDAT_REALTIME,
					  anchor->trace - 1, &before) < 0)
		return false;
	return before > anchor->realtime ? before - anchor->realtime > JUMP :
					   anchor->realtime - before > JUMP;
}

static bool was_ever_set(const struct report *report)
{
	for (size_t i = 1; i < report->info->nr_anchors; i++)
		if (was_set(report, &report->info->anchors[i]))
			return true;
	return false;
}

static void print_drift(const struct report *report,
			const struct rbmap_tracedat_anchor *first,
			const struct rbmap_tracedat_anchor *last)
{
	double seconds = (double)(last->trace - first->trace) / NS_PER_S;
	double gained = (double)(int64_t)(last->realtime - first->realtime) / NS_PER_S -
			seconds;
	double most = (double)(first->uncertainty + last->uncertainty) / NS_PER_S;
	double size = gained < 0 ? -gained : gained;

	if (was_ever_set(report))
		printf("realtime was set during the recording, by %+.6f s\n", gained);
	else if (size <= most || seconds <= 0)
		printf("realtime and the trace clock drifted apart by less than "
		       "%.1f us in %.3f s\n",
		       most * US_PER_S, seconds);
	else
		printf("realtime %s %.1f us on the trace clock in %.3f s (%.2f ppm)\n",
		       gained < 0 ? "lost" : "gained", size * US_PER_S, seconds,
		       size / seconds * US_PER_S);
}

void anchors_print(const struct report *report)
{
	const struct rbmap_tracedat_info *info = report->info;

	if (!info->nr_anchors)
		return;
	print_anchor(report, &info->anchors[0]);
	if (info->nr_anchors == 1)
		return;
	print_anchor(report, &info->anchors[info->nr_anchors - 1]);
	print_drift(report, &info->anchors[0], &info->anchors[info->nr_anchors - 1]);
}

static struct json_object *anchor_object(const struct rbmap_tracedat_anchor *anchor)
{
	struct json_object *object = common_json_object();
	char realtime[TS_SIZE];

	common_json_number(object, "trace", anchor->trace);
	common_json_text(object, "realtime", ts_format_utc(realtime, anchor->realtime));
	common_json_number(object, "monotonic", anchor->monotonic);
	common_json_number(object, "uncertainty", anchor->uncertainty);
	return object;
}

struct json_object *anchors_array(const struct report *report)
{
	const struct rbmap_tracedat_info *info = report->info;
	struct json_object *array = common_json_array();

	for (size_t i = 0; i < info->nr_anchors; i++)
		common_json_append(array, anchor_object(&info->anchors[i]));
	return array;
}
