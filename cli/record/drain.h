/* SPDX-License-Identifier: GPL-2.0-only */
/* From the rings into the sink. Each prints its errors and returns an exit code. */
#ifndef RECORD_DRAIN_H
#define RECORD_DRAIN_H

#include "recorder.h"

/* Until a signal, the time, the command's end or a failure. */
int drain_until_stop(struct recorder *recorder);

/* With tracing off: what is still in the rings, and how it adds up. */
int drain_end(struct recorder *recorder);

#endif
