/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The threads that write to the disk, so that those which drain the rings do not have
 * to wait for it. They are there before tracing is on, as the kernel is told their
 * numbers.
 */
#ifndef RECORD_WRITE_OUT_H
#define RECORD_WRITE_OUT_H

#include <stddef.h>
#include <sys/types.h>

#include "config.h"
#include "sink.h"

/* One for a file, and one for the file that comes after it. */
#define WRITE_OUTS 2

struct write_out;

/*
 * Starts the threads that a recording needs, which get the priority of those that drain
 * and drop their privileges. Prints its errors; returns an exit code. What was started
 * is in @threads, whose rest is NULL.
 */
int write_outs_start(struct write_out *threads[WRITE_OUTS],
		     const struct config *config);

/* The number of the thread. */
pid_t write_out_thread(const struct write_out *thread);

/*
 * Gives a sink that has write_out to one of them that is free, if there is one; returns
 * which.
 */
struct write_out *write_outs_begin(struct write_out *const threads[WRITE_OUTS],
				   const struct sink *sink);

/* After the end of the sink: until the thread is free again. */
void write_out_end(struct write_out *thread);

/* Ends those that are free. */
void write_outs_free(struct write_out *threads[WRITE_OUTS]);

#endif
