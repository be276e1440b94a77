// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"

#include <errno.h>
#include <poll.h>

#include "common.h"
#include "drain.h"
#include "flight.h"

int run_recording(struct recorder *recorder)
{
	bool flight = recorder->config->flight;
	int status;

	status = selection_set_triggers(recorder->selection,
					target_instance(recorder->target),
					target_undo(recorder->target));
	if (status == COMMON_OK)
		status = target_set_tracing(recorder->target, true);
	/* Not before there is anything to dump. */
	if (status == COMMON_OK && recorder->watch)
		status = watch_start(recorder->watch);
	if (status != COMMON_OK)
		return status;
	recorder->started = recorder_now();
	if (recorder->command)
		command_go(recorder->command);
	status = flight ? flight_run_until_stop(recorder) : drain_until_stop(recorder);
	if (target_is_own(recorder->target))
		selection_silence(recorder->selection,
				  target_instance(recorder->target));
	status = common_worse(status, target_set_tracing(recorder->target, false));
	recorder->stopped = recorder_now();
	return common_worse(status, flight ? flight_dump_at_end(recorder) :
					     drain_end(recorder));
}

int run_wait_for_command(struct recorder *recorder)
{
	struct pollfd fd = { .fd = recorder->signal_fd, .events = POLLIN };

	recorder->stop = false;
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
