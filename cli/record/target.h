/* SPDX-License-Identifier: GPL-2.0-only */
/* The instance that is recorded: one of our own, or one that -B names. */
#ifndef RECORD_TARGET_H
#define RECORD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common.h"
#include "config.h"

struct target;

/*
 * Opens the instance that is named, and locks it against a second recorder; without a
 * name removes what killed runs left, then makes one. Prints its errors; returns an
 * exit code.
 */
int target_open(struct target **ret, const char *name);

/*
 * Sizes, clock, CPUs, threads: all that has to be set before the rings are opened.
 * Puts this thread and the @nr others out of the trace. None of them may end before
 * tracing is off: its number could become that of another thread, which would not be
 * traced. Prints its errors; returns an exit code.
 */
int target_set_up(struct target *target, const struct config *config,
		  const struct common_cpus *cpus, const pid_t *threads, size_t nr);

/* All is set, events included: a later change is another program's, and stays. */
void target_settle(struct target *target);

/*
 * As target_set_up(), for an instance of our own beside one that is set up: the same
 * clock, CPUs and threads, and sub-buffers, but few of them.
 */
int target_set_up_beside(struct target *target, const struct target *recorded);

struct tracefs_instance *target_instance(const struct target *target);

/*
 * What has to be put back, where events that are enabled are noted as well; NULL for an
 * instance of our own, which just goes away.
 */
struct undo_list *target_undo(const struct target *target);

/* Is it one of our own? Then it needs no undoing, and no other program consumes it. */
bool target_is_own(const struct target *target);

/* Turns tracing on or off; an exit code. */
int target_set_tracing(struct target *target, bool on);

/*
 * Ends the recording: tracing is off, and an instance of our own begins to be taken
 * down. What is in its rings can still be read. Returns an exit code.
 */
int target_stop(struct target *target);

/* Puts everything back, removes an instance of our own. NULL is taken. */
void target_close(struct target *target);

#endif
