/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef TAIL_CONFIG_H
#define TAIL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "choice.h"

/* For --lines all. */
#define CONFIG_ALL UINT64_MAX

struct config {
	struct choice_wanted wanted;
	const char *instance;
	const char *cpus;
	/* How many events, of those that are there already. */
	uint64_t lines;
	bool follow;
	/* What rbmap-tail itself causes is shown as well. */
	bool self;
	bool json;
	/* Control characters are escaped in text. */
	bool escape;
	int verbosity;
};

/*
 * Fills a zeroed config. Returns an exit code; with *done set there is nothing left
 * to do (--help, --version).
 */
int config_parse(struct config *config, int argc, char **argv, bool *done);

void config_free(struct config *config);

#endif
