/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The threads that drain the rings. They are there before tracing is on, since the
 * kernel has to be told their numbers, and last until it is off.
 */
#ifndef RECORD_WORKERS_H
#define RECORD_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct recorder;
struct workers;

/*
 * For @nr_cpus rings. The threads get their priority, drop their privileges and wait.
 * Prints its errors; returns an exit code.
 */
int workers_start(struct workers **ret, struct recorder *recorder, size_t nr_cpus);

/* The numbers of the threads. */
size_t workers_threads(const struct workers *workers, const pid_t **ret);

/* Readable once workers_finish() was called. */
int workers_stop_fd(const struct workers *workers);

/* Readable once one of them has failed. */
int workers_failed_fd(const struct workers *workers);

/* The recorder has another file. */
void workers_wake(struct workers *workers);

/* They drain the recorder's session from now on, which is theirs until they finish. */
void workers_go(struct workers *workers);

/* With tracing off: they take what is still in the rings, and end. */
void workers_stop(struct workers *workers);

/* Readable once some of them have ended: then asks whether all have. */
int workers_ended_fd(const struct workers *workers);
bool workers_have_ended(struct workers *workers);

/*
 * Stops them, and waits for their end. Returns an exit
 * code; errors were printed.
 */
int workers_finish(struct workers *workers);

/* How many had rings at the same time. After workers_finish(), as the next. */
size_t workers_most_busy(const struct workers *workers);

/* How often they waited. */
uint64_t workers_polls(const struct workers *workers);

/* Ends them. NULL is taken. */
void workers_free(struct workers *workers);

#endif
