// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include <rbmap/error.h>

#include "common.h"
#include "counts-json.h"
#include "counts-text.h"
#include "counts.h"

static int print(const struct report_stat *stat)
{
	if (stat->report->config.json)
		return stat_print_json(stat);
	stat_print(stat);
	return COMMON_OK;
}

int report_print_stat(struct report *report)
{
	struct report_stat stat = { .report = report };
	int r = -ENOMEM, status, faults;

	stat.nr_streams = report_nr_streams(report);
	stat.cpus = calloc(stat.nr_streams + 1, sizeof(*stat.cpus));
	stat.counts = calloc(STAT_IDS, sizeof(*stat.counts));
	stat.gaps = calloc(STAT_GAPS, sizeof(*stat.gaps));
	if (stat.cpus && stat.counts && stat.gaps)
		r = stat_count_all(&stat);
	if (r == 0) {
		status = print(&stat);
		faults = report_tell_faults(report);
		status = status == COMMON_OK ? faults : status;
	} else {
		status = common_fail("%s: %s", report->config.file, rbmap_strerror(r));
	}
	for (int id = 0; stat.counts && id < STAT_IDS; id++)
		free(stat.counts[id]);
	free(stat.counts);
	free(stat.cpus);
	free(stat.gaps);
	return status;
}
