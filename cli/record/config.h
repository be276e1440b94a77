/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef RECORD_CONFIG_H
#define RECORD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <rbmap/session.h>

#include "common.h"

enum record_format {
	FORMAT_DAT,
	FORMAT_TEXT,
	FORMAT_JSON
};

/* For --keep all. */
#define CONFIG_KEEP_ALL UINT64_MAX
#define CONFIG_MIN_FREE_DEFAULT UINT64_MAX
#define CONFIG_QUEUE_DEFAULT UINT64_MAX

struct config {
	/* Each -e, with the -f and -R that follow it. */
	struct common_event_options events;
	const char *output;
	uint64_t buffer_kb;
	uint64_t subbuf_kb;
	const char *clock;
	const char *pids;
	bool children;
	const char *cpus;
	const char *instance;
	const char *user;
	uint64_t duration_ns;
	enum rbmap_engine engine;
	enum record_format format;
	bool direct;
	/* Control characters are escaped in text. */
	bool escape;
	/* CONFIG_QUEUE_DEFAULT: not given. 0: none. */
	uint64_t queue_bytes;
	/* SCHED_FIFO; 0: not. */
	int rt_priority;
	/* Where the rings are drained; none: anywhere. */
	struct common_cpus drain_cpus;
	/* Of a trace.dat; NULL and 0: the defaults of the library. */
	const char *compression;
	int compression_level;
	unsigned int file_version;
	/* The rings are dumped, not drained. */
	bool flight;
	/* Events that call for a dump, each with its filter. */
	struct common_event_options dump_on;
	/* How many dumps, or files of --rotate. */
	uint64_t keep;
	/* 0: no limit, no rotation. */
	uint64_t max_bytes;
	uint64_t rotate_bytes;
	uint64_t rotate_ns;
	/* CONFIG_MIN_FREE_DEFAULT: not given. */
	uint64_t min_free;
	uint64_t last_ns;
	bool fail_on_loss;
	const char *summary;
	int verbosity;
	char **command;
};

/* The recording goes on in further files. */
static inline bool config_rotates(const struct config *config)
{
	return config->rotate_bytes || config->rotate_ns;
}

/*
 * Fills a zeroed config. Returns an exit code; with *done set there is nothing left
 * to do (--help, --version).
 */
int config_parse(struct config *config, int argc, char **argv, bool *done);

void config_free(struct config *config);

#endif
