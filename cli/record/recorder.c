// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "recorder.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS 1000000
/* As for a program that reads the output. */
#define PATIENCE_NS NS_PER_SECOND
#define TURN_BYTES (UINT32_C(1) << 19)

uint64_t recorder_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int recorder_ms_until(uint64_t now, uint64_t due)
{
	if (due == UINT64_MAX)
		return -1;
	return due <= now ? 0 : (due - now) / NS_PER_MS + 1;
}

int recorder_turn(const struct rbmap_session *session, int most)
{
	int nr = TURN_BYTES / rbmap_session_layout(session)->subbuf_size;

	return nr < 4 ? 4 : nr > most ? most : nr;
}

void recorder_check_command(struct recorder *recorder)
{
	if (recorder->command && !recorder->command_over &&
	    command_is_over(recorder->command, &recorder->command_status)) {
		recorder->command_over = true;
		recorder->stop = true;
	}
}

/* Ctrl-C reaches the command as well; what is sent to us alone is passed on. */
static void take_signal(struct recorder *recorder, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD) {
		recorder_check_command(recorder);
		return;
	}
	if (info->ssi_signo == SIGUSR1 && recorder->config->flight) {
		recorder->dump = true;
		return;
	}
	recorder->stop = true;
	recorder->last_signal = info->ssi_signo;
	recorder->nr_signals++;
	if (recorder->command && info->ssi_code != SI_KERNEL)
		command_signal(recorder->command, info->ssi_signo);
}

void recorder_take_signals(struct recorder *recorder)
{
	struct signalfd_siginfo info;

	while (read(recorder->signal_fd, &info, sizeof(info)) == sizeof(info))
		take_signal(recorder, &info);
}

static void take_signals_at_end(struct recorder *recorder)
{
	unsigned int before = recorder->nr_signals;

	recorder_take_signals(recorder);
	if (recorder->nr_signals > before && !recorder->patient_until)
		recorder->patient_until = recorder_now() + PATIENCE_NS;
}

bool recorder_wait_for_end(struct recorder *recorder, int fd, bool hasty)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = recorder->signal_fd, .events = POLLIN },
	};

	for (;;) {
		uint64_t now = recorder_now(), due = UINT64_MAX;

		if (hasty && recorder->patient_until)
			due = recorder->patient_until;
		if (poll(fds, 2, recorder_ms_until(now, due)) < 0)
			continue;
		if (fds[0].revents)
			return true;
		if (fds[1].revents)
			take_signals_at_end(recorder);
		else if (recorder_now() >= due)
			return false;
	}
}
