/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_TRACEDAT_WRITE_ANCHORS_H
#define RBMAP_TRACEDAT_WRITE_ANCHORS_H

#include <stdio.h>

#include <rbmap/log.h>

#include "tracefs/anchor.h"

/* Those of the begin and of the end. */
#define TRACEDAT_ANCHORS 2

/* Kept by the writer, zeroed at first. */
struct tracedat_anchors {
	unsigned int nr;
	struct rbmap_anchor all[TRACEDAT_ANCHORS];
};

/*
 * Once at the begin and once at the end of a file, from the instance in that directory,
 * which has that CPU. Where that is not possible the file has one less.
 */
void rbmap_tracedat_take_anchor(struct tracedat_anchors *anchors,
				const struct rbmap_log *log, const char *instance_dir,
				int cpu);

/* Adds options, of either version, behind the statistics of the CPUs. */
void rbmap_tracedat_put_anchors(FILE *out, const struct tracedat_anchors *anchors);

#endif
