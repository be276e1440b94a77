// SPDX-License-Identifier: LGPL-2.1-only
#include "ring/alarm.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/internal.h"

#define BATCH 64

static int tell(const struct alarm *alarm, int operation, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.u32 = alarm->who };

	return epoll_ctl(alarm->watcher, operation, alarm->fd, &event) < 0 ? -errno : 0;
}

int rbmap_alarm_open(struct alarm *alarm, int watcher, unsigned int who)
{
	*alarm = (struct alarm){ .watcher = watcher, .who = who };
	alarm->fd = epoll_create1(EPOLL_CLOEXEC);
	return alarm->fd < 0 ? -errno : tell(alarm, EPOLL_CTL_ADD, 0);
}

void rbmap_alarm_close(struct alarm *alarm)
{
	if (alarm->fd >= 0)
		close(alarm->fd);
	alarm->fd = -1;
}

int rbmap_alarm_add(struct alarm *alarm, int ring)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	alarm->stale = true;
	return epoll_ctl(alarm->fd, EPOLL_CTL_ADD, ring, &event) < 0 ? -errno : 0;
}

void rbmap_alarm_remove(const struct alarm *alarm, int ring)
{
	epoll_ctl(alarm->fd, EPOLL_CTL_DEL, ring, NULL);
}

/* Takes what was told before; each ring that is taken is armed by that. */
static int rearm_rings(const struct alarm *alarm)
{
	struct epoll_event events[BATCH];
	int nr;

	do
		nr = epoll_wait(alarm->fd, events, BATCH, 0);
	while (nr == BATCH);
	return nr < 0 ? -errno : 0;
}

int rbmap_alarm_arm(struct alarm *alarm)
{
	int r;

	if (alarm->armed)
		return 0;
	r = rearm_rings(alarm);
	if (r == 0)
		r = tell(alarm, EPOLL_CTL_MOD, EPOLLIN);
	alarm->armed = r == 0;
	return r;
}

void rbmap_alarm_disarm(struct alarm *alarm)
{
	if (alarm->armed)
		tell(alarm, EPOLL_CTL_MOD, 0);
	alarm->armed = false;
}
