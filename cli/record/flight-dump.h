/* SPDX-License-Identifier: GPL-2.0-only */
/* One dump of the flight recorder: what the rings hold, into a trace.dat. */
#ifndef RECORD_FLIGHT_DUMP_H
#define RECORD_FLIGHT_DUMP_H

#include "recorder.h"

/* Tells what it has written. Prints its errors; returns an exit code. */
int flight_dump_write(const struct recorder *recorder, const char *path);

#endif
