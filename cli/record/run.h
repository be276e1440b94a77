/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording from start to end, drained or as a flight recorder. */
#ifndef RECORD_RUN_H
#define RECORD_RUN_H

#include "recorder.h"

/* Until a signal, the time, the command's end or a failure. Returns an exit code. */
int run_recording(struct recorder *recorder);

/*
 * The recording is over and in the file: waits for a command that still runs. Returns
 * what to exit with.
 */
int run_wait_for_command(struct recorder *recorder);

#endif
