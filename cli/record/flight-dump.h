/* SPDX-License-Identifier: GPL-2.0-only */
/* One dump of the flight recorder: what the rings hold, into a trace.dat. */
#ifndef RECORD_FLIGHT_DUMP_H
#define RECORD_FLIGHT_DUMP_H

#include "file-id.h"
#include "recorder.h"

/* What called for it. */
struct flight_call {
	/* In words: "on SIGUSR1". */
	const char *why;
	/* NULL: no event did. */
	const struct watch_fired *fired;
};

/*
 * Begins with the CPU on which the event fired; --last then counts from the event.
 * Tells what it has written. *made: a file was, also where that failed. Prints its
 * errors; returns an exit code.
 */
int flight_dump_write(const struct recorder *recorder, const struct flight_call *call,
		      const char *path, bool *made, struct file_id *id);

#endif
