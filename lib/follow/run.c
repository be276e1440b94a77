// SPDX-License-Identifier: LGPL-2.1-only
/* Gets records, waits for more, stops. */
#define _GNU_SOURCE
#include <byteswap.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/internal.h"
#include "follow/follow.h"

static inline int next(struct rbmap_follow *follow)
{
	if (!follow->nr_sources)
		return -EINVAL;
	if (follow->held)
		return 1;
	return follow->nr_files ? rbmap_follow_next_file(follow) :
				  rbmap_follow_next_live(follow);
}

static int tell_lost(struct rbmap_follow *follow)
{
	const struct rbmap_follow_record *record = &follow->record;
	uint64_t lost = record->record.lost;

	if (follow->lost.callback)
		return follow->lost.callback(record, follow->lost.data);
	if (lost == RBMAP_LOST_UNKNOWN)
		log_warning(&follow->log, "CPU %d: events lost", record->record.cpu);
	else
		log_warning(&follow->log, "CPU %d: %" PRIu64 " events lost",
			    record->record.cpu, lost);
	return 0;
}

static const struct follow_handler *find_handler(const struct rbmap_follow *follow)
{
	const struct rbmap_record *record = &follow->record.record;
	const struct follow_source *source = &follow->sources[follow->record.source];
	uint16_t id;

	if (record->size < sizeof(id))
		return &follow->any;
	memcpy(&id, record->data, sizeof(id));
	if (source->swap)
		id = bswap_16(id);
	if (id >= source->nr_handlers || !source->handlers[id].callback)
		return &follow->any;
	return &source->handlers[id];
}

/* 0, or what a callback returned. */
static int dispatch(struct rbmap_follow *follow)
{
	const struct follow_handler *handler;
	int r = 0;

	if (follow->record.record.lost && !follow->held)
		r = tell_lost(follow);
	follow->held = r != 0;
	if (r)
		return r;
	handler = find_handler(follow);
	if (handler->callback)
		r = handler->callback(&follow->record, handler->data);
	return r;
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

/* As rbmap_follow_step(), but -EAGAIN if there is more to come. */
static int step(struct rbmap_follow *follow)
{
	int r;

	follow->may_look = true;
	follow->records_left = RECORDS_PER_STEP;
	do {
		r = next(follow);
		if (r <= 0)
			return r;
		r = dispatch(follow);
	} while (r == 0);
	return r;
}

RBMAP_PUBLIC int rbmap_follow_step(struct rbmap_follow *follow)
{
	int r = step(follow);

	return r == -EAGAIN ? 1 : r;
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
		r = step(follow);
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
