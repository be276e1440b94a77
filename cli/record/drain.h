/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the rings of one session into the sink; each session by a thread of its own.
 * Each call prints its errors and returns an exit code.
 */
#ifndef RECORD_DRAIN_H
#define RECORD_DRAIN_H

#include "recorder.h"

struct drain {
	struct recorder *recorder;
	struct rbmap_session *session;
	/* Readable once tracing is off. */
	int stop_fd;
	uint64_t polls;
	/* Something was taken since the last flush; when the next one is due. */
	bool unflushed;
	uint64_t next_flush;
};

/* Until it is time to stop, or a failure. */
int drain_until_stop(struct drain *drain);

/* With tracing off: what is still in the rings. */
int drain_rest(struct drain *drain);

#endif
