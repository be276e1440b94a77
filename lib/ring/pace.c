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
/* 0 would stop the timer. */
#define AT_ONCE_NS 1
/* Of the ring, between two looks; half of what a busy writer must not get beyond. */
#define WANTED_PART 8

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ ns / NS_PER_SECOND, ns % NS_PER_SECOND };
}

/* First after @first_ns, then each @interval_ns. */
static int set_timer(struct pace *pace, uint64_t first_ns, uint64_t interval_ns)
{
	struct itimerspec every = { .it_interval = to_timespec(interval_ns),
				    .it_value = to_timespec(first_ns) };

	if (timerfd_settime(pace->fd, 0, &every, NULL) < 0)
		return -errno;
	pace->interval_ns = interval_ns;
	return 0;
}

static int set_interval(struct pace *pace, uint64_t interval_ns)
{
	return set_timer(pace, interval_ns, interval_ns);
}

static int make_timer(struct pace *pace)
{
	pace->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return pace->fd < 0 ? -errno : 0;
}

int rbmap_pace_open(struct pace *pace, uint64_t longest_ns)
{
	int r;

	*pace = (struct pace){
		.longest_ns = longest_ns,
		.alone_ns = longest_ns < PACE_ALONE_NS ? longest_ns : PACE_ALONE_NS,
		.looked_ns = now_ns(),
	};
	r = make_timer(pace);
	return r < 0 ? r : set_interval(pace, longest_ns);
}

/* A CPU that does nothing else was seen to write 300 MB a second. */
int rbmap_pace_limit_alone(struct pace *pace, uint64_t bytes)
{
	uint64_t half_full_ns = bytes / 2 * 5 / 2;

	if (half_full_ns < PACE_LEAST_ALONE_NS)
		half_full_ns = PACE_LEAST_ALONE_NS;
	if (half_full_ns < pace->alone_ns)
		pace->alone_ns = half_full_ns;
	return rbmap_pace_hurry(pace, pace->alone_ns);
}

int rbmap_pace_open_like(struct pace *pace, const struct pace *other)
{
	int r;

	*pace = *other;
	r = make_timer(pace);
	return r < 0 ? r : set_timer(pace, AT_ONCE_NS, other->interval_ns);
}

int rbmap_pace_join(struct pace *pace, const struct pace *other)
{
	uint64_t interval_ns = pace->interval_ns;

	if (other->interval_ns < interval_ns)
		interval_ns = other->interval_ns;
	/* The later one: what came since counts as having come faster, not slower. */
	if (other->looked_ns > pace->looked_ns)
		pace->looked_ns = other->looked_ns;
	if (other->longest_ns < pace->longest_ns)
		pace->longest_ns = other->longest_ns;
	if (other->alone_ns < pace->alone_ns)
		pace->alone_ns = other->alone_ns;
	return set_timer(pace, AT_ONCE_NS, interval_ns);
}

void rbmap_pace_close(struct pace *pace)
{
	if (pace->fd >= 0)
		close(pace->fd);
	pace->fd = -1;
}

void rbmap_pace_restart(struct pace *pace)
{
	/* It cannot fail with times that it has taken before. */
	(void)set_interval(pace, pace->interval_ns);
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

int rbmap_pace_hurry(struct pace *pace, uint64_t interval_ns)
{
	if (interval_ns < SHORTEST_NS)
		interval_ns = SHORTEST_NS;
	return interval_ns < pace->interval_ns ? set_interval(pace, interval_ns) : 0;
}

int rbmap_pace_rest(struct pace *pace)
{
	pace->looked_ns = now_ns();
	if (pace->interval_ns == pace->longest_ns)
		return 0;
	return set_interval(pace, pace->longest_ns);
}

int rbmap_pace_adapt(struct pace *pace, uint32_t filled, uint32_t nr)
{
	uint64_t now = now_ns();
	uint64_t wanted = wanted_interval(pace, now - pace->looked_ns, filled, nr);

	pace->looked_ns = now;
	/* At once where it gets busy; where it gets calm, by and by. */
	if (wanted > 2 * pace->interval_ns)
		wanted = 2 * pace->interval_ns;
	if (wanted > pace->alone_ns)
		wanted = pace->alone_ns;
	if (wanted > pace->interval_ns / 4 * 3 && wanted < pace->interval_ns / 4 * 5)
		return 0;
	return set_interval(pace, wanted);
}
