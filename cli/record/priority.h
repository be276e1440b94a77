/* SPDX-License-Identifier: GPL-2.0-only */
/* How soon, and where, a thread that drains rings gets a CPU. */
#ifndef RECORD_PRIORITY_H
#define RECORD_PRIORITY_H

#include "config.h"

/*
 * For the calling thread: --rt-priority, or else nice -20 where it only moves
 * sub-buffers;
 * --drain-cpus. Needs privilege that is dropped later. Prints its errors; returns an
 * exit code.
 */
int priority_set(const struct config *config);

/*
 * For a thread that drains or writes, at its begin: its priority, then no privileges any
 * more, since all that it uses is opened by others. Likewise.
 */
int priority_begin_thread(const struct config *config);

#endif
