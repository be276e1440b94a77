// SPDX-License-Identifier: LGPL-2.1-only
/* Gets records, waits for more, stops. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/internal.h"
#include "follow/follow.h"

static int next(struct rbmap_follow *follow)
{
	if (!follow->nr_sources)
		return -EINVAL;
	if (follow->held)
		return 1;
	return follow->nr_files ? rbmap_follow_next_file(follow) :
				  rbmap_follow_next_live(follow);
}

RBMAP_PUBLIC int rbmap_follow_next(struct rbmap_follow *follow,
				   const struct rbmap_follow_record **ret)
{
	int r;

	follow->may_look = true;
	follow->records_left = 1;
	r = next(follow);
	follow->held = false;
	if (r > 0)
		*ret = &follow->record;
	return r;
}

RBMAP_PUBLIC int rbmap_follow_step(struct rbmap_follow *follow)
{
	int r, called = 0;

	follow->may_look = true;
	follow->records_left = RECORDS_PER_STEP;
	do {
		r = next(follow);
		if (r > 0)
			called = rbmap_follow_dispatch(follow);
	} while (r > 0 && called == 0);
	return r > 0 ? called : r;
}

RBMAP_PUBLIC int rbmap_follow_wait(struct rbmap_follow *follow, int timeout_ms)
{
	struct epoll_event event;
	int nr = epoll_wait(follow->epoll_fd, &event, 1, timeout_ms);

	return nr < 0 ? -errno : nr;
}

RBMAP_PUBLIC int rbmap_follow_run(struct rbmap_follow *follow)
{
	int r;

	for (;;) {
		r = rbmap_follow_step(follow);
		if (r != -EAGAIN)
			return r;
		r = rbmap_follow_wait(follow, -1);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

RBMAP_PUBLIC void rbmap_follow_stop(struct rbmap_follow *follow)
{
	int error = errno;

	atomic_store(&follow->stop, true);
	/* Only write(2): it is called by signal handlers. */
	eventfd_write(follow->wake_fd, 1);
	errno = error;
}

RBMAP_PUBLIC int rbmap_follow_fd(const struct rbmap_follow *follow)
{
	return follow->epoll_fd;
}
