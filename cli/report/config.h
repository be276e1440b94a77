/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef REPORT_CONFIG_H
#define REPORT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "choice.h"

enum report_what {
	REPORT_EVENTS,
	REPORT_STAT,
	REPORT_CHECK
};

enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_CSV
};

/* Which times stand before events. */
enum report_ts {
	REPORT_TS_TRACE,
	REPORT_TS_REALTIME,
	REPORT_TS_MONO,
	/* Since the event before. */
	REPORT_TS_DELTA
};

/* A time as trace-cmd report prints it, or as it is in the file. */
struct report_time {
	bool given;
	bool is_seconds;
	uint64_t value;
};

/* All strings are argv's. */
struct config {
	const char *file;
	struct choice_wanted wanted;
	const char *cpus;
	struct report_time from;
	struct report_time to;
	enum report_ts ts;
	/* Nine digits instead of six. */
	bool ns;
	/* The columns of trace-cmd report -l. */
	bool latency;
	/* Control characters are escaped in text. */
	bool escape;
	enum report_what what;
	enum report_format format;
	/* Threads that print. */
	unsigned int jobs;
	int verbosity;
};

/*
 * Fills a zeroed config. Returns an exit code; with *done set there is nothing left
 * to do (--help, --version).
 */
int config_parse(struct config *config, int argc, char **argv, bool *done);

/* As --ts has it. */
const char *config_ts_name(enum report_ts ts);

void config_free(struct config *config);

#endif
