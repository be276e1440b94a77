// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "ring/pace.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/internal.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/* More often costs more than it brings: the ring has to be larger. */
#define SHORTEST_NS UINT64_C(250000)
/* Of the ring, between two looks; half of what a busy writer must not get beyond. */
#define WANTED_PART 8

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int set_interval(struct pace *pace, uint64_t interval_ns)
{
	struct timespec time = { interval_ns / NS_PER_SECOND,
				 interval_ns % NS_PER_SECOND };
	struct itimerspec every = { time, time };

	if (timerfd_settime(pace->fd, 0, &every, NULL) < 0)
		return -errno;
	pace->interval_ns = interval_ns;
	return 0;
}

int rbmap_pace_open(struct pace *pace, uint64_t longest_ns)
{
	*pace = (struct pace){ .longest_ns = longest_ns, .looked_ns = now_ns() };
	pace->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (pace->fd < 0)
		return -errno;
	return set_interval(pace, longest_ns);
}

void rbmap_pace_close(struct pace *pace)
{
	if (pace->fd >= 0)
		close(pace->fd);
	pace->fd = -1;
}

int rbmap_pace_take(struct pace *pace)
{
	uint64_t times;

	if (read(pace->fd, &times, sizeof(times)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

static uint64_t wanted_interval(const struct pace *pace, uint64_t since,
				uint32_t filled, uint32_t nr)
{
	uint64_t wanted = pace->longest_ns;

	/* A sub-buffer or two come of any trickle. */
	if (filled > 2)
		wanted = since / WANTED_PART * nr / filled;
	if (wanted > pace->longest_ns)
		wanted = pace->longest_ns;
	return wanted < SHORTEST_NS ? SHORTEST_NS : wanted;
}

int rbmap_pace_adapt(struct pace *pace, uint32_t filled, uint32_t nr)
{
	uint64_t now = now_ns();
	uint64_t wanted = wanted_interval(pace, now - pace->looked_ns, filled, nr);

	pace->looked_ns = now;
	/* At once where it gets busy; where it gets calm, by and by. */
	if (wanted > 2 * pace->interval_ns)
		wanted = 2 * pace->interval_ns;
	if (wanted > pace->interval_ns / 4 * 3 && wanted < pace->interval_ns / 4 * 5)
		return 0;
	return set_interval(pace, wanted);
}
