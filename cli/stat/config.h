/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line asks for. */
#ifndef STAT_CONFIG_H
#define STAT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

/* All strings are argv's. */
struct config {
	const char *instance;
	const char *cpus;
	bool json;
	bool features;
	/* 0: once. */
	uint64_t watch_ns;
	/* 0: without end. */
	uint64_t count;
};

/*
 * Fills a zeroed config. Returns an exit code; with *done set there is nothing left
 * to do (--help, --version).
 */
int config_parse(struct config *config, int argc, char **argv, bool *done);

#endif
