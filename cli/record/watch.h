/* SPDX-License-Identifier: GPL-2.0-only */
/* The events of --dump-on, watched in a small instance of their own. */
#ifndef RECORD_WATCH_H
#define RECORD_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "target.h"

struct watch;
struct selected_event;

/* What fired since the last look. Time stamps are in the units of the trace clock. */
struct watch_fired {
	/* The first; NULL: none did. */
	const struct selected_event *event;
	uint64_t time_stamp;
	int cpu;
};

/*
 * For the same threads and CPUs as @recorded, whose events have to be enabled already.
 * Begins with tracing off. Prints its errors; returns an exit code.
 */
int watch_open(struct watch **ret, const struct config *config,
	       const struct target *recorded, const struct common_cpus *cpus);

/* Turns tracing on. Likewise. */
int watch_start(struct watch *watch);

/* Readable once there may be something for watch_take(). */
int watch_fd(const struct watch *watch);

/* Takes all that fired, and forgets it. Prints its errors; returns an exit code. */
int watch_take(struct watch *watch, struct watch_fired *ret);

/* The latest that watch_take() last took of this CPU; 0: none. */
uint64_t watch_latest(const struct watch *watch, int cpu);

/* Removes the instance. NULL is taken. */
void watch_close(struct watch *watch);

#endif
