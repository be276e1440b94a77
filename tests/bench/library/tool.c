// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "tool.h"

struct tool tool;

static double seconds(struct timeval after, struct timeval before)
{
	return after.tv_sec - before.tv_sec + (after.tv_usec - before.tv_usec) * 1e-6;
}

/* USER SYSTEM EVENTS WRITTEN RESULTS NS, times in seconds. */
void tool_report(const struct rusage *before, const struct rusage *after,
		 uint64_t written)
{
	printf("%.6f %.6f %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
	       seconds(after->ru_utime, before->ru_utime),
	       seconds(after->ru_stime, before->ru_stime), tool.events, written,
	       tool.results, tool.ns);
}
