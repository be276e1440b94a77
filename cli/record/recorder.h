/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording: its parts, and how it stands. */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "config.h"
#include "record-file.h"
#include "series.h"
#include "settings.h"
#include "tally.h"
#include "target.h"
#include "watch.h"

/* What a recording has come to, as far as it is not in the tally, and has cost. */
struct recorder_result {
	enum rbmap_engine engine;
	char *engine_reason;
	char *clock;
	struct rbmap_session_work session;
	struct sink_work sink;
	/* With --rotate: the number of the last file, and how many were removed. */
	uint64_t files;
	uint64_t files_removed;
	/* That drained rings at the same time. */
	size_t threads;
	double cpu_seconds;
	uint64_t polls;
	bool own_instance;
};

struct workers;

/*
 * While the rings are drained, the thread that this belongs to leaves the session and
 * the sink to the workers.
 */
struct recorder {
	const struct config *config;
	struct target *target;
	const struct selection *selection;
	struct rbmap_session *session;
	/*
	 * What is to be recorded into; NULL for a flight recorder. Whoever drains takes
	 * it over from here, and what was stored there before the next file is another
	 * thread's to see: the default order of atomics is meant.
	 */
	_Atomic(struct record_file *) file;
	struct files *files;
	/* Readable once there is more in the file; for who keeps its bounds. */
	int flushed_fd;
	struct tally tally;
	struct settings settings;
	/* NULL for a flight recorder, which drains nothing. */
	struct workers *workers;
	struct command *command;
	/* What it is called in messages. */
	const char *name;
	int signal_fd;

	/* Nanoseconds of CLOCK_MONOTONIC; 0: not yet. */
	uint64_t started;
	uint64_t stopped;
	struct recorder_result result;

	bool stop;
	/* That ask for an end; the number of the last, and how many there were. */
	int last_signal;
	unsigned int nr_signals;
	/* One came after the recording: what is not written by then is given up. 0: it
	 * is waited for. */
	uint64_t patient_until;
	bool command_over;
	int command_status;
	/* A negative errno where the sink failed: what came after is not stored. */
	atomic_int sink_error;
	/* A file lost its name while it was written; those after it are kept. */
	bool output_removed;
	/* Why the file ends was told: a full disk shows in several places. */
	atomic_flag end_told;
	/* For the progress line: what the sink has written by its last flush. */
	_Atomic uint64_t bytes;
	/* --flight: one is asked for, what else calls for one, how many there were. */
	bool dump;
	struct watch *watch;
	uint64_t dumps;
	/* Those that are still there, with --keep. */
	struct series dumped;
};

/* The output's reader went away: no failure. */
static inline bool recorder_output_closed(const struct recorder *recorder)
{
	return recorder->sink_error == -EPIPE;
}

/* Has the command ended? Then so does the recording. */
void recorder_check_command(struct recorder *recorder);

/* What signals that came ask for: an end, a dump. */
void recorder_take_signals(struct recorder *recorder);

/*
 * After the recording: until @fd is readable. False: a signal came in @hasty, and a
 * second has passed since.
 */
bool recorder_wait_for_end(struct recorder *recorder, int fd, bool hasty);

uint64_t recorder_now(void);

/* For poll(2): not too early; -1, without end, where @due is UINT64_MAX. */
int recorder_ms_until(uint64_t now, uint64_t due);

/*
 * How many spans to take at once, up to @most: as much as stays in a cache while it is
 * counted and stored.
 */
int recorder_turn(const struct rbmap_session *session, int most);

#endif
