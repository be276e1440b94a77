// SPDX-License-Identifier: LGPL-2.1-only
/* Opens and closes a session: its CPUs, its engine, and what it waits on. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/internal.h"
#include "ring/session-cpus.h"
#include "ring/session.h"
#include "span/subbuf.h"
#include "tracefs/instance.h"
#include "tracefs/tracefs.h"

/* The kernel announces only what passes buffer_percent; this often all is looked at. */
#define LOOK_MS 100
/* The kernel's default. What is left of the ring has to last until it is read. */
#define LATEST_PERCENT 50
#define NS_PER_MS UINT64_C(1000000)

static int open_ring_file(struct rbmap_session *session, size_t i)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "per_cpu/cpu%d/trace_pipe_raw", session->cpus[i]);
	fd = rbmap_tracefs_open(session->instance, name, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd == -ENOENT ? -ENXIO : fd;
	session->rings[i].fd = fd;
	return 0;
}

int rbmap_session_watch(const struct rbmap_session *session, int fd, uint32_t who)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = who };

	return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int rbmap_session_watch_ring(struct rbmap_session *session, int fd, int cpu)
{
	return session->ops->consumes ? rbmap_session_watch(session, fd, cpu) :
					rbmap_alarm_add(&session->alarm, fd);
}

void rbmap_session_unwatch_ring(const struct rbmap_session *session, int fd)
{
	if (session->ops->consumes)
		epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	else
		rbmap_alarm_remove(&session->alarm, fd);
}

uint64_t rbmap_session_largest(const struct rbmap_session *session)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < session->nr_rings; i++)
		if (session->rings[i].engine->nr_subbufs > largest)
			largest = session->rings[i].engine->nr_subbufs;
	return largest * session->layout.subbuf_size;
}

/* It is armed when it gets calm; until then the rings are looked at as without it. */
static int open_alarm(struct rbmap_session *session)
{
	int r = rbmap_alarm_open(&session->alarm, session->epoll_fd, SESSION_ALARM);

	/* Where it cannot be read, the alarm stays off. */
	session->percent_fd =
		rbmap_tracefs_open(session->instance, "buffer_percent", O_RDONLY);
	return r < 0 ? r :
		       rbmap_pace_limit_alone(&session->pace,
					      rbmap_session_largest(session));
}

static bool is_told_in_time(const struct rbmap_session *session)
{
	char *text;
	bool in_time;

	if (rbmap_tracefs_read(session->instance, "buffer_percent", &text, NULL) < 0)
		return false;
	in_time = strtoul(text, NULL, 10) <= LATEST_PERCENT;
	free(text);
	return in_time;
}

int rbmap_session_open_epoll(struct rbmap_session *session)
{
	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return session->epoll_fd < 0 ? -errno : 0;
}

/* Where the kernel tells of a ring late, to look at it must not be rare as well. */
static unsigned int longest_ms(const struct rbmap_session *session,
			       unsigned int latency_ms)
{
	bool late = session->ops->consumes && !session->told_in_time;

	if (!latency_ms || (late && latency_ms > LOOK_MS))
		return LOOK_MS;
	return latency_ms;
}

static int open_waiting(struct rbmap_session *session, unsigned int latency_ms)
{
	int r = rbmap_session_open_epoll(session);

	session->told_in_time = session->ops->consumes && is_told_in_time(session);
	if (r == 0)
		r = rbmap_pace_open(&session->pace,
				    longest_ms(session, latency_ms) * NS_PER_MS);
	if (r == 0)
		r = rbmap_session_watch(session, session->pace.fd, SESSION_TIMER);
	if (r == 0 && !session->ops->consumes) {
		if (session->pace.longest_ns <= PACE_ALONE_NS)
			return 0;
		r = open_alarm(session);
	}
	for (size_t i = 0; r == 0 && i < session->nr_rings; i++) {
		r = rbmap_session_watch_ring(session, session->rings[i].fd,
					     session->cpus[i]);
		session->rings[i].watched = r == 0;
	}
	return r;
}

static int open_rings(struct rbmap_session *session, enum rbmap_engine wanted)
{
	int r;

	for (size_t i = 0; i < session->nr_rings; i++) {
		r = open_ring_file(session, i);
		if (r < 0)
			return r;
	}
	return rbmap_session_choose_engine(session, wanted);
}

static int allocate_rings(struct rbmap_session *session)
{
	session->rings = calloc(session->nr_rings, sizeof(*session->rings));
	session->turns = calloc(session->nr_rings, sizeof(*session->turns));
	if (!session->rings || !session->turns)
		return -ENOMEM;
	for (size_t i = 0; i < session->nr_rings; i++)
		session->rings[i].fd = -1;
	return 0;
}

static int open_parts(struct rbmap_session *session,
		      const struct rbmap_session_options *options)
{
	int r;

	if ((options->engine != RBMAP_ENGINE_AUTO &&
	     !rbmap_engine_find(options->engine)) ||
	    options->flags & ~(RBMAP_SESSION_COPIES | RBMAP_SESSION_WHOLE))
		return -EINVAL;
	r = rbmap_session_list_cpus(options, &session->cpus, &session->nr_rings);
	if (r == 0)
		r = allocate_rings(session);
	if (r == 0)
		r = rbmap_layout_read(&session->layout, options->instance);
	if (r == 0)
		r = open_rings(session, options->engine);
	if (r == 0)
		r = open_waiting(session, options->latency_ms);
	return r;
}

RBMAP_PUBLIC int rbmap_session_open(struct rbmap_session **ret,
				    const struct rbmap_session_options *given)
{
	struct rbmap_session_options options;
	struct rbmap_session *session;
	int r;

	r = rbmap_options_copy(&options, sizeof(options), given);
	if (r < 0)
		return r;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->log = options.log;
	session->any_cpus = !options.cpus;
	session->copies = options.flags & RBMAP_SESSION_COPIES;
	session->whole = options.flags & RBMAP_SESSION_WHOLE;
	session->epoll_fd = -1;
	session->pace.fd = -1;
	session->alarm.fd = -1;
	session->percent_fd = -1;
	r = rbmap_instance_select(&session->opened, &options.instance,
				  options.instance_name);
	session->instance = options.instance;
	if (r == 0)
		r = open_parts(session, &options);
	if (r < 0) {
		rbmap_session_close(session);
		return r;
	}
	rbmap_session_read_sizes(session);
	rbmap_session_wake_rings(session);
	log_info(&session->log, "%zu CPUs, engine %s, sub-buffers of %u bytes",
		 session->nr_rings, session->ops->name, session->layout.subbuf_size);
	log_info(&session->log, "engine %s: %s", session->ops->name, session->reason);
	*ret = session;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

RBMAP_PUBLIC void rbmap_session_close(struct rbmap_session *session)
{
	if (!session)
		return;
	rbmap_session_close_engines(session);
	for (size_t i = 0; session->rings && i < session->nr_rings; i++)
		close_fd(session->rings[i].fd);
	rbmap_pace_close(&session->pace);
	rbmap_alarm_close(&session->alarm);
	close_fd(session->percent_fd);
	close_fd(session->epoll_fd);
	free(session->turns);
	free(session->rings);
	free(session->cpus);
	rbmap_instance_close(session->opened);
	free(session);
}
