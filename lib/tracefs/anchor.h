/* SPDX-License-Identifier: LGPL-2.1-only */
/* A trace clock and the clocks of user space, read at one moment. */
#ifndef RBMAP_TRACEFS_ANCHOR_H
#define RBMAP_TRACEFS_ANCHOR_H

#include <stdint.h>

/* All in nanoseconds; @uncertainty: each may be off by that against the others. */
struct rbmap_anchor {
	uint64_t trace;
	uint64_t realtime;
	uint64_t monotonic;
	uint64_t uncertainty;
};

/*
 * Reads the clock, by its name in trace_clock, of the instance in that directory, which
 * has that CPU. Takes well under a millisecond. -ENODATA where the clock counts no time
 * or is not known, or the negative errno of reading the file.
 */
int rbmap_anchor_take(struct rbmap_anchor *ret, const char *instance_dir,
		      const char *clock, int cpu);

#endif
