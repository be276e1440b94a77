// SPDX-License-Identifier: LGPL-2.1-only
/* Clock anchors: one from the begin of the file, one from its end. */
#define _GNU_SOURCE
#include "tracedat/write/anchors.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "tracedat/anchor.h"
#include "tracefs/clock.h"
#include "tracefs/tracefs.h"

#define OPTION_CPUSTAT 2

/* The name of the clock; to be freed. */
static int read_clock(const char *instance_dir, char **ret)
{
	char path[PATH_MAX], *list;
	const char *chosen;
	size_t length;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/trace_clock", instance_dir) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	r = rbmap_file_read(AT_FDCWD, path, &list, NULL);
	if (r < 0)
		return r;
	chosen = rbmap_clock_chosen(list, &length);
	if (chosen) {
		memmove(list, chosen, length);
		list[length] = '\0';
	}
	*ret = list;
	return 0;
}

void rbmap_tracedat_take_anchor(struct tracedat_anchors *anchors,
				const struct rbmap_log *log, const char *instance_dir,
				int cpu)
{
	struct rbmap_anchor anchor;
	char *clock = NULL;
	int r = read_clock(instance_dir, &clock);

	if (r == 0)
		r = rbmap_anchor_take(&anchor, instance_dir, clock, cpu);
	if (r < 0)
		log_info(log, "no clock anchor for the clock %s: %s",
			 clock ? clock : "of the instance", rbmap_strerror(r));
	free(clock);
	if (r < 0)
		return;
	if (anchors->nr < TRACEDAT_ANCHORS)
		anchors->nr++;
	anchors->all[anchors->nr - 1] = anchor;
}

static void put_anchor(FILE *out, const struct rbmap_anchor *anchor)
{
	char text[TRACEDAT_ANCHOR_SIZE];
	uint16_t id = OPTION_CPUSTAT;
	uint32_t size;

	rbmap_tracedat_anchor_print(text, anchor);
	size = strlen(text) + 1;
	fwrite(&id, sizeof(id), 1, out);
	fwrite(&size, sizeof(size), 1, out);
	fwrite(text, 1, size, out);
}

void rbmap_tracedat_put_anchors(FILE *out, const struct tracedat_anchors *anchors)
{
	for (unsigned int i = 0; i < anchors->nr; i++)
		put_anchor(out, &anchors->all[i]);
}
