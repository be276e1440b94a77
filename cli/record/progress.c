// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "common.h"
#include "progress.h"
#include "recorder.h"

bool progress_wanted(const struct recorder *recorder)
{
	if (recorder->config->verbosity < 0 || !isatty(STDERR_FILENO))
		return false;
	/* Live lines on the same terminal are progress enough. */
	return recorder->file->output.fd != STDOUT_FILENO || !isatty(STDOUT_FILENO);
}

static bool can_print(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLOUT);
}

void progress_show(const struct recorder *recorder, uint64_t now)
{
	char events[COMMON_FORMAT_SIZE], bytes[COMMON_FORMAT_SIZE];
	char lost[COMMON_FORMAT_SIZE];

	/* A terminal that was stopped (Ctrl-S) must not stop the recording. */
	if (!progress_wanted(recorder) || !can_print())
		return;
	fprintf(stderr, "\r\033[K%.0f s  %s events  %s  %s lost",
		(now - recorder->started) * 1e-9,
		common_format_count(events, tally_events(&recorder->tally)),
		common_format_bytes(bytes, recorder->bytes),
		common_format_count(lost, tally_lost(&recorder->tally)));
	fflush(stderr);
}

void progress_clear(const struct recorder *recorder)
{
	if (progress_wanted(recorder) && can_print())
		fputs("\r\033[K", stderr);
}
