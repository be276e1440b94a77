/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the rings of one session into the sink; each session by a thread of its own.
 * What returns a status prints its errors; it is an exit code.
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
	/* Readable once the thread has something else to do, or there is another file.
	 */
	int wake_fd;
	uint64_t polls;
	/* Nanoseconds. */
	uint64_t waited;
	/* A round has begun, and is not over. */
	bool in_round;
	/* enum rbmap_tracedat_level */
	int level;
	/* Taken since the recorder was told last to look at the file. */
	uint64_t untold_bytes;
	/* No more than this. */
	uint64_t tell_bytes;
	/* Something was taken since the last flush; when the next one is due. */
	bool unflushed;
	uint64_t next_flush;
};

/* What a turn has come across. */
struct drain_events {
	bool stop, woken;
};

/* Before the first turn; record_file_use() was called for it. */
void drain_begin(struct drain *drain, struct rbmap_session *session,
		 struct record_file *file);
/* After the last one: the file is not used any more. */
void drain_end(struct drain *drain);

/* Waits, takes what there is, and flushes when it is due. */
int drain_turn(struct drain *drain, struct drain_events *ret);

/* What was taken so far becomes visible to others. */
int drain_flush(struct drain *drain);

/*
 * The rings of another session too; all that was taken from it is flushed. *session is
 * NULL then, unless they cannot be had.
 */
int drain_join(struct drain *drain, struct rbmap_session **session);

/*
 * How much effort goes into compression of what comes from these rings; an enum
 * rbmap_tracedat_level. Returns false where there is no such level or no compression.
 */
bool drain_set_level(struct drain *drain, int level);

/* With tracing off: what is still in the rings. */
int drain_rest(struct drain *drain);

#endif
