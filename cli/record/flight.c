// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "flight-dump.h"
#include "flight.h"
#include "series.h"

#define NS_PER_MS 1000000
/*
 * Between two dumps on events: an event that fires all the time must neither fill the
 * disk nor take more than a tenth of its time, or of a CPU's.
 */
#define LEAST_PAUSE_NS (UINT64_C(1000) * NS_PER_MS)
#define PAUSE_FACTOR 10
#define EVENT_ROOM 600

/* Earlier dumps are removed only when the next one is there. */
static int keep_last(struct recorder *recorder, const struct file_id *id)
{
	const struct config *config = recorder->config;
	struct series_file dump = { .number = recorder->dumps, .id = *id };
	struct series *series = &recorder->dumped;
	int status;

	if (config->keep == CONFIG_KEEP_ALL)
		return COMMON_OK;
	series->name = config->output;
	/* Of a series, one more is being written. */
	series->keep = config->keep + 1;
	status = series_add(series, &dump);
	series_trim(series, 0);
	return status;
}

int flight_check(const struct config *config)
{
	struct output output = { .fd = -1 };
	char *path = series_path(config->output, 1);
	int status;

	if (!path)
		return COMMON_FAILURE;
	status = output_open(&output, path, false);
	output_discard(&output);
	free(path);
	return status;
}

static int make_dump(struct recorder *recorder, const struct flight_call *call)
{
	char *path = series_path(recorder->config->output, ++recorder->dumps);
	struct file_id id;
	bool made;
	int status;

	if (!path)
		return COMMON_FAILURE;
	status = flight_dump_write(recorder, call, path, &made, &id);
	free(path);
	if (made)
		status = common_worse(status, keep_last(recorder, &id));
	return status;
}

int flight_dump_at_end(struct recorder *recorder)
{
	struct flight_call call = { .why = "at the end" };

	return make_dump(recorder, &call);
}

static int dump_on_signal(struct recorder *recorder)
{
	struct flight_call call = { .why = "on SIGUSR1" };

	recorder->dump = false;
	return make_dump(recorder, &call);
}

/* What fires in the pause stays in its ring, and is answered with one dump. */
static uint64_t end_of_pause(uint64_t begun, uint64_t ended)
{
	uint64_t pause = (ended - begun) * PAUSE_FACTOR;

	return ended + (pause > LEAST_PAUSE_NS ? pause : LEAST_PAUSE_NS);
}

static int dump_on_event(struct recorder *recorder, uint64_t *quiet_until)
{
	uint64_t begun = recorder_now();
	struct watch_fired fired;
	struct flight_call call = { .fired = &fired };
	char why[EVENT_ROOM];
	int status = watch_take(recorder->watch, &fired);

	/* The error would come for ever, and nothing that fires would be answered. */
	if (status != COMMON_OK)
		recorder->stop = true;
	if (status != COMMON_OK || !fired.event)
		return status;
	snprintf(why, sizeof(why), "on %s:%s", fired.event->system, fired.event->name);
	call.why = why;
	status = make_dump(recorder, &call);
	*quiet_until = end_of_pause(begun, recorder_now());
	return status;
}

/* *fired: events may have fired, and the pause is over. */
static int wait_for_call(struct recorder *recorder, uint64_t end, uint64_t quiet_until,
			 bool *fired)
{
	uint64_t now = recorder_now();
	bool quiet = now < quiet_until;
	struct pollfd fds[] = {
		{ .fd = recorder->signal_fd, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	if (recorder->watch && !quiet)
		fds[1].fd = watch_fd(recorder->watch);
	if (quiet && quiet_until < end)
		end = quiet_until;
	if (poll(fds, 2, recorder_ms_until(now, end)) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	recorder_take_signals(recorder);
	*fired = fds[1].revents;
	return COMMON_OK;
}

int flight_run_until_stop(struct recorder *recorder)
{
	uint64_t duration = recorder->config->duration_ns;
	uint64_t end = duration ? recorder->started + duration : UINT64_MAX;
	uint64_t quiet_until = 0;
	int status = COMMON_OK;
	bool fired = false;

	while (!recorder->stop) {
		if (wait_for_call(recorder, end, quiet_until, &fired) != COMMON_OK)
			return COMMON_FAILURE;
		/* One that fails, on a full disk perhaps, is not the last one. */
		if (recorder->dump && dump_on_signal(recorder) != COMMON_OK)
			status = COMMON_FAILURE;
		if (fired && dump_on_event(recorder, &quiet_until) != COMMON_OK)
			status = COMMON_FAILURE;
		if (recorder_now() >= end)
			recorder->stop = true;
	}
	return status;
}
