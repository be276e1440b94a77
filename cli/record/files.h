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
#include "record-file.h"
#include "series.h"

struct recorder;

/*
 * @file, @path: what is recorded into; the name is malloced with --rotate
 * @old, @old_path: what came before it and is not complete yet
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
	char *path;
	char *old_path;
	uint64_t number;
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

/* Nothing more will be put: completes the files that are not complete. */
int files_finish(struct files *files);

/* What the sinks were made from goes away. */
void files_close_sinks(struct files *files);

/* Frees all; @began: the recording did, so that there is something to be kept. */
int files_close(struct files *files, bool began);

#endif
