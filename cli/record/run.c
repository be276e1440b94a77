// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common.h"
#include "end.h"
#include "files.h"
#include "flight.h"
#include "progress.h"
#include "workers.h"

#define PROGRESS_NS UINT64_C(1000000000)

/* @flushed: there is more in the file; @files: the next step of a rotation is due */
struct ready {
	bool flushed, files;
};

static int wait_for_something(struct recorder *recorder, uint64_t due,
			      struct ready *ret)
{
	struct pollfd fds[] = {
		{ .fd = recorder->signal_fd, .events = POLLIN },
		{ .fd = workers_failed_fd(recorder->workers), .events = POLLIN },
		{ .fd = recorder->flushed_fd, .events = POLLIN },
		{ .fd = files_fd(recorder->files), .events = POLLIN },
	};
	eventfd_t number;

	recorder->result.polls++;
	if (poll(fds, 4, recorder_ms_until(recorder_now(), due)) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	if (fds[0].revents)
		recorder_take_signals(recorder);
	if (fds[1].revents)
		recorder->stop = true;
	ret->flushed = fds[2].revents;
	ret->files = fds[3].revents;
	if (ret->flushed)
		eventfd_read(recorder->flushed_fd, &number);
	return COMMON_OK;
}

static uint64_t earliest(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t first = a < b ? a : b;

	return first < c ? first : c;
}

/* While the workers drain the rings. */
static int watch_over(struct recorder *recorder)
{
	uint64_t duration = recorder->config->duration_ns;
	uint64_t end = duration ? recorder->started + duration : UINT64_MAX;
	uint64_t next = progress_wanted(recorder) ? recorder->started + PROGRESS_NS :
						    UINT64_MAX;
	uint64_t look = recorder->started, now;
	int status = COMMON_OK;
	struct ready ready = { .flushed = false };

	while (status == COMMON_OK && !recorder->stop) {
		status =
			wait_for_something(recorder, earliest(end, next, look), &ready);
		now = recorder_now();
		if (status == COMMON_OK && ready.files) {
			status = files_step(recorder->files, now);
			look = now;
		}
		if (status == COMMON_OK && (ready.flushed || now >= look))
			status = files_look(recorder->files, now, &look);
		if (now >= end)
			recorder->stop = true;
		if (now < next)
			continue;
		next = now + PROGRESS_NS;
		progress_show(recorder, now);
	}
	return status;
}

int run_recording(struct recorder *recorder)
{
	bool flight = recorder->config->flight;
	int status;

	status = selection_set_triggers(recorder->selection,
					target_instance(recorder->target),
					target_undo(recorder->target));
	/* Before there is a load that may keep this thread from running. */
	if (status == COMMON_OK && !flight)
		workers_go(recorder->workers);
	if (status == COMMON_OK)
		status = target_set_tracing(recorder->target, true);
	/* Not before there is anything to dump. */
	if (status == COMMON_OK && recorder->watch)
		status = watch_start(recorder->watch);
	if (status != COMMON_OK)
		return status;
	settings_note(&recorder->settings, target_instance(recorder->target));
	recorder->started = recorder_now();
	if (recorder->command)
		command_go(recorder->command);
	status = flight ? flight_run_until_stop(recorder) : watch_over(recorder);
	if (!flight)
		progress_clear(recorder);
	settings_compare(&recorder->settings, target_instance(recorder->target),
			 recorder->selection);
	if (target_is_own(recorder->target))
		selection_silence(recorder->selection,
				  target_instance(recorder->target));
	status = common_worse(status, target_stop(recorder->target));
	recorder->stopped = recorder_now();
	return common_worse(status, flight ? flight_dump_at_end(recorder) :
					     end_recording(recorder));
}

int run_wait_for_command(struct recorder *recorder)
{
	struct pollfd fd = { .fd = recorder->signal_fd, .events = POLLIN };

	recorder->stop = recorder->patient_until;
	recorder_check_command(recorder);
	if (recorder->command_over)
		return recorder->command_status;
	while (!recorder->command_over && !recorder->stop) {
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			break;
		recorder_take_signals(recorder);
	}
	if (!recorder->command_over) {
		common_error("%s: is still running", recorder->config->command[0]);
		return 128 + recorder->last_signal;
	}
	return recorder->command_status;
}
