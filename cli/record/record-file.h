/* SPDX-License-Identifier: GPL-2.0-only */
/* What is recorded into: an output, and the sink that writes it. */
#ifndef RECORD_RECORD_FILE_H
#define RECORD_RECORD_FILE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "output.h"
#include "sink.h"
#include "unwritten.h"
#include "write-out.h"

/*
 * @write_out: the thread that writes it; NULL where the threads that drain into it do
 * @unwritten: what was put and may still have to be written; NULL for a dump
 * @users: the threads that drain into it
 * @unused_fd: readable once there are none any more
 */
struct record_file {
	struct output output;
	struct sink sink;
	struct write_out *write_out;
	struct unwritten *unwritten;
	atomic_int users;
	int unused_fd;
};

#define RECORD_FILE_NONE \
	{ \
		.output = { .fd = -1 }, .unused_fd = -1 \
	}

/*
 * The output is open: what it held goes, and the sink is made. Prints its errors;
 * returns an exit code.
 */
int record_file_begin(struct record_file *file, struct sink_source *source);

/* A thread begins to use it: the first, or one more beside another one that does. */
void record_file_use(struct record_file *file);
void record_file_unuse(struct record_file *file);

/* All is put that will be: completes it. Returns 0 or a negative errno. */
int record_file_finish(struct record_file *file);

/*
 * Then: what could not be written is not counted as delivered; nor is what was, if the
 * file is removed.
 */
void record_file_correct(const struct record_file *file, struct tally *tally,
			 bool removed);

/* Frees the sink, also of one that is not complete. */
void record_file_close_sink(struct record_file *file);

/* After the end of the sink, or where it never began. Returns an exit code. */
int record_file_close(struct record_file *file);

/* Of one that nobody has used: what it made goes. */
void record_file_discard(struct record_file *file);

#endif
