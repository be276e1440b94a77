// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <tracefs.h>
#include <unistd.h>

#include <rbmap/session.h>

#include "base/internal.h"
#include "ring/engine.h"
#include "ring/pace.h"
#include "ring/session-cpus.h"
#include "span/subbuf.h"
#include "tracefs/tracefs.h"

/* The kernel announces only what passes buffer_percent; this often all is looked at. */
#define LOOK_MS 100
#define NS_PER_MS UINT64_C(1000000)
#define TIMER UINT32_MAX
#define EPOLL_BATCH 64

struct session_ring {
	int fd;
	bool awake;
	struct rbmap_engine_ring *engine;
	/* What a full ring comes to, and how much of it the round has left. */
	uint64_t spans_full;
	uint64_t spans_left;
};

struct turn {
	size_t ring;
	int nr_spans;
};

struct rbmap_session {
	struct tracefs_instance *instance;
	struct rbmap_log log;
	struct rbmap_layout layout;
	struct rbmap_session_work work;
	const struct rbmap_engine_ops *ops;
	int epoll_fd;
	struct pace pace;
	bool copies;
	/* No CPUs were named: those without a ring are left out. */
	bool any_cpus;
	size_t nr_rings;
	int *cpus;
	struct session_ring *rings;

	/* The ring that has the next turn, and the turns of the last take. */
	size_t next;
	struct turn *turns;
	size_t nr_turns;
	int unsettled;
	int error;
};

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

/*
 * A writer that is as fast as its reader would make a round endless where the engine
 * cannot tell what came after the round began. What was there before fits into the
 * ring, and two more for the sub-buffers that are handed out in part.
 */
static uint64_t spans_of_full_ring(struct rbmap_session *session, size_t i)
{
	uint32_t room = rbmap_layout_capacity(&session->layout);
	char name[64];
	unsigned long kb;
	char *text, *end;

	snprintf(name, sizeof(name), "per_cpu/cpu%d/buffer_size_kb", session->cpus[i]);
	if (rbmap_tracefs_read(session->instance, name, &text, NULL) < 0)
		return UINT64_MAX;
	kb = strtoul(text, &end, 10);
	/* "7 (expanded: 1408)" is a ring that gets its size with the first event. */
	if (*end != '\n' || kb > ULONG_MAX / 1024)
		kb = 0;
	free(text);
	return kb ? (uint64_t)kb * 1024 / room + 4 : UINT64_MAX;
}

static int open_engine(struct rbmap_session *session, size_t i)
{
	session->rings[i].spans_full = spans_of_full_ring(session, i);
	return session->ops->open(&session->rings[i].engine, session->rings[i].fd,
				  session->cpus[i], &session->layout, session->copies,
				  &session->work);
}

static bool means_no_mapping(int error)
{
	return error == -ENOTTY || error == -ENODEV || error == -EBUSY;
}

static void drop_ring(struct rbmap_session *session, size_t i)
{
	size_t behind = --session->nr_rings - i;

	close(session->rings[i].fd);
	memmove(&session->rings[i], &session->rings[i + 1],
		behind * sizeof(*session->rings));
	memmove(&session->cpus[i], &session->cpus[i + 1],
		behind * sizeof(*session->cpus));
}

static int open_engines(struct rbmap_session *session,
			const struct rbmap_engine_ops *ops)
{
	int r = 0;

	session->ops = ops;
	for (size_t i = 0; r == 0 && i < session->nr_rings;) {
		r = open_engine(session, i);
		if (r == -EINVAL && session->any_cpus && session->nr_rings > 1) {
			/* A CPU that was never online has no ring. */
			drop_ring(session, i);
			r = 0;
		} else {
			i++;
		}
	}
	return r;
}

static void close_engines(struct rbmap_session *session)
{
	for (size_t i = 0; session->rings && i < session->nr_rings; i++) {
		if (session->rings[i].engine)
			session->ops->close(session->rings[i].engine);
		session->rings[i].engine = NULL;
	}
}

/* One engine for all rings: where one of them cannot be mapped, none is. */
static int choose_engine(struct rbmap_session *session, enum rbmap_engine wanted)
{
	const struct rbmap_engine_ops *ops = rbmap_engine_find(wanted);
	int r = 0;

	if (ops->check)
		r = ops->check(session->instance, &session->log);
	if (r == 0)
		r = open_engines(session, ops);
	if (wanted != RBMAP_ENGINE_AUTO || !means_no_mapping(r))
		return r;
	log_warning(&session->log,
		    "the ring buffer cannot be mapped (%s); using read(2)",
		    r == -ENOTTY ? "Linux 6.10 or later is required" :
				   strerrordesc_np(-r));
	close_engines(session);
	return open_engines(session, rbmap_engine_find(RBMAP_ENGINE_READ));
}

static int watch(struct rbmap_session *session, int fd, uint32_t who)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = who };

	return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_waiting(struct rbmap_session *session, unsigned int latency_ms)
{
	int r;

	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (session->epoll_fd < 0)
		return -errno;
	r = rbmap_pace_open(&session->pace,
			    (latency_ms ? latency_ms : LOOK_MS) * NS_PER_MS);
	if (r == 0)
		r = watch(session, session->pace.fd, TIMER);
	if (!session->ops->consumes)
		return r;
	for (size_t i = 0; r == 0 && i < session->nr_rings; i++)
		r = watch(session, session->rings[i].fd, i);
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
	return choose_engine(session, wanted);
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

	if (!rbmap_engine_find(options->engine) ||
	    options->flags & ~RBMAP_SESSION_COPIES)
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
	session->instance = options.instance;
	session->log = options.log;
	session->any_cpus = !options.cpus;
	session->copies = options.flags & RBMAP_SESSION_COPIES;
	session->epoll_fd = -1;
	session->pace.fd = -1;
	r = open_parts(session, &options);
	if (r < 0) {
		rbmap_session_close(session);
		return r;
	}
	rbmap_session_wake_all(session);
	log_info(&session->log, "%zu CPUs, engine %s, sub-buffers of %u bytes",
		 session->nr_rings, session->ops->name, session->layout.subbuf_size);
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
	close_engines(session);
	for (size_t i = 0; session->rings && i < session->nr_rings; i++)
		close_fd(session->rings[i].fd);
	rbmap_pace_close(&session->pace);
	close_fd(session->epoll_fd);
	free(session->turns);
	free(session->rings);
	free(session->cpus);
	free(session);
}

RBMAP_PUBLIC enum rbmap_engine rbmap_session_engine(const struct rbmap_session *session)
{
	return session->ops->engine;
}

RBMAP_PUBLIC const struct rbmap_layout *
rbmap_session_layout(const struct rbmap_session *session)
{
	return &session->layout;
}

RBMAP_PUBLIC size_t rbmap_session_cpus(const struct rbmap_session *session,
				       const int **ret)
{
	*ret = session->cpus;
	return session->nr_rings;
}

RBMAP_PUBLIC void rbmap_session_work(const struct rbmap_session *session,
				     struct rbmap_session_work *ret)
{
	*ret = session->work;
}

RBMAP_PUBLIC int rbmap_session_fd(const struct rbmap_session *session)
{
	return session->epoll_fd;
}

static void wake(struct rbmap_session *session, size_t i)
{
	struct session_ring *ring = &session->rings[i];

	ring->awake = true;
	/* A ring that is not mapped may have been made larger. */
	if (ring->spans_left == 0)
		ring->spans_full = spans_of_full_ring(session, i);
	session->rings[i].spans_left = session->rings[i].spans_full;
	session->ops->wake(session->rings[i].engine);
}

RBMAP_PUBLIC void rbmap_session_wake_all(struct rbmap_session *session)
{
	for (size_t i = 0; i < session->nr_rings; i++)
		wake(session, i);
}

static int answer_timer(struct rbmap_session *session)
{
	int r = rbmap_pace_take(&session->pace);

	if (r == 0)
		rbmap_session_wake_all(session);
	return r;
}

/* An error that stays would be told at every wait; the timer still looks at the ring.
 */
static void stop_watching(struct rbmap_session *session, size_t i)
{
	log_warning(&session->log, "CPU %d: the ring buffer cannot be polled",
		    session->cpus[i]);
	epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, session->rings[i].fd, NULL);
}

RBMAP_PUBLIC int rbmap_session_wait(struct rbmap_session *session, int timeout_ms)
{
	struct epoll_event events[EPOLL_BATCH];
	int nr, r = 0;

	session->work.waits++;
	nr = epoll_wait(session->epoll_fd, events, EPOLL_BATCH, timeout_ms);
	if (nr < 0)
		return -errno;
	for (int i = 0; r == 0 && i < nr; i++) {
		if (events[i].data.u32 == TIMER)
			r = answer_timer(session);
		else if (events[i].events & EPOLLIN)
			wake(session, events[i].data.u32);
		else
			stop_watching(session, events[i].data.u32);
	}
	if (r < 0)
		return r;
	return nr > 0;
}

/* Not at the next look: that would be too late where the rings began to fill. */
static int end_round(struct rbmap_session *session)
{
	uint32_t filled = 0, nr = 1;

	if (session->ops->consumes)
		return 0;
	for (size_t i = 0; i < session->nr_rings; i++) {
		const struct rbmap_engine_ring *ring = session->rings[i].engine;

		if ((uint64_t)ring->filled * nr < (uint64_t)filled * ring->nr_subbufs)
			continue;
		filled = ring->filled;
		nr = ring->nr_subbufs;
	}
	return rbmap_pace_adapt(&session->pace, filled, nr);
}

static int take_turn(struct rbmap_session *session, size_t i, struct rbmap_span *spans,
		     int max)
{
	struct session_ring *ring = &session->rings[i];
	int r;

	r = session->ops->take(ring->engine, spans, max);
	if (r < 0)
		return r;
	if (r > 0)
		session->turns[session->nr_turns++] = (struct turn){ i, r };
	ring->spans_left -=
		(uint64_t)r < ring->spans_left ? (uint64_t)r : ring->spans_left;
	if (r == 0 || ring->spans_left == 0)
		ring->awake = false;
	return r;
}

RBMAP_PUBLIC int rbmap_session_take(struct rbmap_session *session,
				    struct rbmap_span *spans, int max)
{
	int taken = 0, r = session->error;
	size_t i;

	if (max < 1)
		return -EINVAL;
	if (session->unsettled)
		return -EBUSY;
	session->error = 0;
	if (r < 0)
		return r;
	session->nr_turns = 0;
	for (size_t turns = 0; turns < session->nr_rings && taken < max; turns++) {
		i = session->next;
		session->next = (i + 1) % session->nr_rings;
		if (!session->rings[i].awake)
			continue;
		r = take_turn(session, i, spans + taken, max - taken);
		if (r < 0 && taken == 0)
			return r;
		/* What was taken before is delivered first, then the error told. */
		if (r < 0) {
			session->error = r;
			break;
		}
		taken += r;
	}
	session->unsettled = taken;
	return taken ? taken : end_round(session);
}

RBMAP_PUBLIC int rbmap_session_settle(struct rbmap_session *session,
				      struct rbmap_span *spans, int nr)
{
	int torn = 0;

	if (nr != session->unsettled)
		return -EINVAL;
	session->unsettled = 0;
	if (!session->ops->settle || nr == 0)
		return 0;
	for (size_t i = 0; i < session->nr_turns; i++) {
		struct turn *turn = &session->turns[i];

		torn += session->ops->settle(session->rings[turn->ring].engine, spans,
					     turn->nr_spans);
		spans += turn->nr_spans;
	}
	return torn;
}
