// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include <rbmap/error.h>

#include "common.h"
#include "counts-json.h"
#include "counts-text.h"
#include "counts.h"

static int print(const struct report_counts *stat)
{
	if (stat->report->config.format == REPORT_JSON)
		return counts_print_json(stat);
	counts_print_text(stat);
	return COMMON_OK;
}

int report_print_statistics(struct report *report)
{
	struct report_counts stat = { .report = report };
	int r = -ENOMEM, status;

	stat.nr_streams = report_nr_streams(report);
	stat.cpus = calloc(stat.nr_streams + 1, sizeof(*stat.cpus));
	stat.counts = calloc(COUNTS_IDS, sizeof(*stat.counts));
	stat.gaps = calloc(COUNTS_GAPS, sizeof(*stat.gaps));
	if (stat.cpus && stat.counts && stat.gaps)
		r = counts_take_all(&stat);
	if (r == 0) {
		status = print(&stat);
		status = common_worse(status, report_print_faults(report));
	} else {
		status = common_fail("%s: %s", report->config.file, rbmap_strerror(r));
	}
	for (int id = 0; stat.counts && id < COUNTS_IDS; id++)
		free(stat.counts[id]);
	free(stat.counts);
	free(stat.cpus);
	free(stat.gaps);
	return status;
}
