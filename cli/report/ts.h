/* SPDX-License-Identifier: GPL-2.0-only */
/* Times as --ts and --ns ask for them. */
#ifndef REPORT_TS_H
#define REPORT_TS_H

#include "report.h"

#define TS_SIZE 64

/*
 * Whether the file tells the times that are asked for; sets how events print them.
 * Prints its errors; returns an exit code.
 */
int ts_choose(struct report *report);

/* A time stamp of the file, converted; unless that is asked for, as it is. */
uint64_t ts_convert(const struct report *report, uint64_t time_stamp);

/* What is converted, as it stands before an event. */
const char *ts_format(char text[TS_SIZE], const struct report *report, uint64_t time);

/* Nanoseconds since the Epoch, as in JSON: "2026-11-26T21:05:07.123456789Z" */
const char *ts_format_utc(char text[TS_SIZE], uint64_t realtime);

/*
 * The member of an object with the time of a time stamp, and the object's end:
 * ,NAME:VALUE} or NULL, where none is asked for. May be called by any thread.
 */
const char *ts_member(char text[TS_SIZE], const struct report *report,
		      uint64_t time_stamp);

#endif
