/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of a recording: one, or with --rotate one after the other, within the
 * bounds that are set for them. Belongs to the thread that waits for signals; what
 * drains the rings takes over a new file at a time of its own (drain.h).
 *
 * Each call prints its errors and returns an exit code.
 */
#ifndef RECORD_FILES_H
#define RECORD_FILES_H

#include <stdbool.h>

#include "file-limits.h"
#include "file-thread.h"
#include "record-file.h"
#include "series.h"

struct recorder;

/* How far a rotation has come; the file thread works but for the first and LEAVE_OLD.
 */
enum files_state {
	FILES_STEADY,
	/* The next one is made. */
	FILES_BEGIN_NEXT,
	/* It is there, and not all that drains the rings has taken it over. */
	FILES_LEAVE_OLD,
	FILES_FINISH_OLD,
	/* The old one is closed, older ones are removed. */
	FILES_TIDY_UP
};

/*
 * @file, @path: what is recorded into; the name is malloced with --rotate
 * @old, @old_path: what came before it and is not complete yet
 * @next, @next_path: what comes after it
 * @growing: what the file takes, for which older ones make room
 * @can_give_up: a thread of their own writes the files, which can be left to itself
 * @given_up: the disk is not waited for; the file thread may have some of this for ever
 * @number: of @file; 0 without --rotate
 * @work: of the files that are complete
 */
struct files {
	struct recorder *recorder;
	struct sink_source source;
	struct limits limits;
	struct series series;
	struct record_file *file;
	struct record_file *old;
	struct record_file *next;
	char *path;
	char *old_path;
	char *next_path;
	uint64_t number;
	enum files_state state;
	struct file_thread *thread;
	uint64_t growing;
	bool can_give_up;
	bool given_up;
	struct sink_work work;
};

/* Opens the first one without changing what it holds. */
int files_open(struct files *files, struct recorder *recorder);

/* @source stays borrowed. */
int files_begin(struct files *files, const struct sink_source *source);

/*
 * There may be more in the file, or *due is over: does what the bounds ask for. *due:
 * when to look again at the latest.
 */
int files_look(struct files *files, uint64_t now, uint64_t *due);

/* Readable once there is a step of a rotation to be made; -1: there is no rotation. */
int files_fd(const struct files *files);

/* Makes it; then there is a reason to look again. */
int files_step(struct files *files, uint64_t now);

/*
 * After the recording: waits for @fd, which is readable once the disk has done its
 * work. False: that was waited for long enough (recorder_wait_for_end()), and nothing
 * more is written.
 */
bool files_wait(struct files *files, int fd);

/*
 * Nothing more will be put: completes the files that are not complete. Or else what
 * they do not have is not counted, and the process has to end without exit(3).
 */
int files_finish(struct files *files);

/* What the sinks were made from goes away. */
void files_close_sinks(struct files *files);

/* Frees all; @began: the recording did, so that there is something to be kept. */
int files_close(struct files *files, bool began);

#endif
