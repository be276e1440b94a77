/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a recording into a file or as lines. */
#ifndef RECORD_END_H
#define RECORD_END_H

#include "recorder.h"

/*
 * With tracing off: what is still in the rings is taken, the output is completed, and
 * it is counted up. Prints its errors; returns an exit code.
 */
int end_recording(struct recorder *recorder);

#endif
