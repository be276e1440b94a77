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
	/* What it drains into, which may be one that the recorder has left. */
	struct record_file *file;
	/* Readable once tracing is off. */
	int stop_fd;
	/* Readable once there is another file. */
	int wake_fd;
	uint64_t polls;
	/* Taken since the recorder was told last to look at the file. */
	uint64_t untold_bytes;
	/* Something was taken since the last flush; when the next one is due. */
	bool unflushed;
	uint64_t next_flush;
};

/* Before all else: what to drain into. After all else: it is not used any more. */
void drain_begin(struct drain *drain, struct record_file *file);
void drain_end(struct drain *drain);

/* Until it is time to stop, or a failure. */
int drain_until_stop(struct drain *drain);

/* With tracing off: what is still in the rings. */
int drain_rest(struct drain *drain);

#endif
