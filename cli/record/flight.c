// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "flight-dump.h"
#include "flight.h"

#define NS_PER_MS 1000000

/* For free(3); NULL behind an error message. */
static char *dump_path(const struct config *config, uint64_t number)
{
	char *path;

	if (asprintf(&path, "%s.%lu", config->output, (unsigned long)number) >= 0)
		return path;
	common_error("%s", strerror(ENOMEM));
	return NULL;
}

/* Only what this run has dumped. */
static void remove_old(const struct recorder *recorder)
{
	uint64_t keep = recorder->config->keep;
	char *path;

	if (!keep || recorder->dumps <= keep)
		return;
	path = dump_path(recorder->config, recorder->dumps - keep);
	if (path && unlink(path) < 0 && errno != ENOENT)
		common_error("%s: %s", path, strerror(errno));
	free(path);
}

int flight_check(const struct config *config)
{
	struct output output = { .fd = -1 };
	char *path = dump_path(config, 1);
	int status;

	if (!path)
		return COMMON_FAILURE;
	status = output_open(&output, path, false);
	output_discard(&output);
	free(path);
	return status;
}

int flight_dump(struct recorder *recorder)
{
	char *path = dump_path(recorder->config, ++recorder->dumps);
	int status;

	recorder->dump = false;
	if (!path)
		return COMMON_FAILURE;
	status = flight_dump_write(recorder, path);
	free(path);
	remove_old(recorder);
	return status;
}

static int ms_until(uint64_t now, uint64_t end)
{
	if (end == UINT64_MAX)
		return -1;
	return end <= now ? 0 : (end - now) / NS_PER_MS + 1;
}

int flight_run_until_stop(struct recorder *recorder)
{
	struct pollfd fd = { .fd = recorder->signal_fd, .events = POLLIN };
	uint64_t duration = recorder->config->duration_ns;
	uint64_t end = duration ? recorder->started + duration : UINT64_MAX;
	int status = COMMON_OK;

	while (!recorder->stop) {
		if (poll(&fd, 1, ms_until(recorder_now(), end)) < 0 && errno != EINTR)
			return common_fail("poll: %s", strerror(errno));
		recorder_take_signals(recorder);
		/* One that fails, on a full disk perhaps, is not the last one. */
		if (recorder->dump && flight_dump(recorder) != COMMON_OK)
			status = COMMON_FAILURE;
		if (recorder_now() >= end)
			recorder->stop = true;
	}
	return status;
}
