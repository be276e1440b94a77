// SPDX-License-Identifier: LGPL-2.1-only
/* What a session does between its begin and its end: wait, take, settle. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/internal.h"
#include "ring/session.h"
#include "span/subbuf.h"
#include "tracefs/tracefs.h"

#define EPOLL_BATCH 64

/* Of what a ring's rounds have come to so far, each round takes a part away. */
#define LOAD_PART 4

static uint64_t size_of_ring(struct rbmap_session *session, size_t i)
{
	char name[64];
	unsigned long kb;
	char *text, *end;

	snprintf(name, sizeof(name), "per_cpu/cpu%d/buffer_size_kb", session->cpus[i]);
	if (rbmap_tracefs_read(session->instance, name, &text, NULL) < 0)
		return 0;
	kb = strtoul(text, &end, 10);
	/* "7 (expanded: 1408)" is a ring that gets its size with the first event. */
	if (*end != '\n' || kb > ULONG_MAX / 1024)
		kb = 0;
	free(text);
	return (uint64_t)kb * 1024;
}

/*
 * A writer that is as fast as its reader would make a round endless where the engine
 * cannot tell what came after the round began. What was there before fits into the
 * ring, and two more for the sub-buffers that are handed out in part.
 */
static uint64_t most_spans(const struct rbmap_session *session,
			   const struct session_ring *ring)
{
	uint32_t room = rbmap_layout_capacity(&session->layout);

	return ring->size ? ring->size / room + 4 : UINT64_MAX;
}

/* A thread that may not read it any more goes by what was known. */
static void read_size(struct rbmap_session *session, size_t i)
{
	uint64_t size = size_of_ring(session, i);

	if (size)
		session->rings[i].size = size;
}

void rbmap_session_read_sizes(struct rbmap_session *session)
{
	for (size_t i = 0; i < session->nr_rings; i++) {
		struct session_ring *ring = &session->rings[i];

		read_size(session, i);
		/* Unknown: at 0, it is read again. */
		ring->spans_left = ring->size ? most_spans(session, ring) : 0;
	}
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

static int compare_cpus(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The ring of a CPU that the epoll instance names. */
static size_t find_ring(const struct rbmap_session *session, uint32_t cpu)
{
	int key = cpu;
	const int *found = bsearch(&key, session->cpus, session->nr_rings,
				   sizeof(*session->cpus), compare_cpus);

	return found - session->cpus;
}

static void wake(struct rbmap_session *session, size_t i)
{
	struct session_ring *ring = &session->rings[i];

	session->round_begun = true;
	ring->awake = true;
	/* A ring that is not mapped may have been made larger. */
	if (ring->spans_left == 0)
		read_size(session, i);
	ring->spans_left = most_spans(session, ring);
	ring->engine->whole = session->whole && !ring->all;
	session->ops->wake(ring->engine);
}

static void wake_all(struct rbmap_session *session)
{
	for (size_t i = 0; i < session->nr_rings; i++) {
		session->rings[i].all = true;
		wake(session, i);
	}
	session->all_woken = true;
}

RBMAP_PUBLIC void rbmap_session_wake_all(struct rbmap_session *session)
{
	wake_all(session);
	/* What is looked at now need not be looked at again before its time. */
	rbmap_pace_restart(&session->pace);
}

/*
 * Who consumes cannot leave what the writer is in. Below the watermark there may be
 * nothing else, so that the ring is left alone until it is told of, or all is wanted.
 */
static bool can_be_left(const struct rbmap_session *session,
			const struct session_ring *ring)
{
	return session->whole && session->told_in_time && ring->watched;
}

void rbmap_session_wake_rings(struct rbmap_session *session)
{
	for (size_t i = 0; i < session->nr_rings; i++)
		if (!can_be_left(session, &session->rings[i]))
			wake(session, i);
}

static int answer_timer(struct rbmap_session *session)
{
	int r = rbmap_pace_take(&session->pace);

	if (r == 0)
		rbmap_session_wake_rings(session);
	return r;
}

/*
 * An event, and perhaps the first of very many. The next look is due when an eighth of
 * the largest ring could be full (250 MB a second), then later and later.
 */
static int answer_alarm(struct rbmap_session *session)
{
	rbmap_alarm_disarm(&session->alarm);
	rbmap_session_wake_rings(session);
	return rbmap_pace_hurry(&session->pace, rbmap_session_largest(session) / 4);
}

/* An error that stays would be told at every wait; the timer still looks at the ring.
 */
static void stop_watching(struct rbmap_session *session, size_t i)
{
	log_warning(&session->log, "CPU %d: the ring buffer cannot be polled",
		    session->cpus[i]);
	session->rings[i].watched = false;
	epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, session->rings[i].fd, NULL);
}

RBMAP_PUBLIC int rbmap_session_wait(struct rbmap_session *session, int timeout_ms)
{
	struct epoll_event events[EPOLL_BATCH];
	bool by_time = false;
	int nr, r = 0;

	session->work.waits++;
	session->round_begun = true;
	nr = epoll_wait(session->epoll_fd, events, EPOLL_BATCH, timeout_ms);
	if (nr < 0)
		return -errno;
	for (int i = 0; r == 0 && i < nr; i++) {
		uint32_t who = events[i].data.u32;

		by_time |= who == SESSION_TIMER;
		if (who == SESSION_TIMER)
			r = answer_timer(session);
		else if (who == SESSION_ALARM)
			r = answer_alarm(session);
		else if (events[i].events & EPOLLIN)
			wake(session, find_ring(session, who));
		else
			stop_watching(session, find_ring(session, who));
	}
	if (r < 0)
		return r;
	/* What a merge returns is in order only if no ring was left out. */
	if (nr > 0 && session->merged)
		wake_all(session);
	if (nr > 0 && session->merged && !by_time)
		rbmap_pace_restart(&session->pace);
	return nr > 0;
}

/* In percent: the part of the ring that the writer has filled, or that was taken. */
static unsigned int pressure_of(const struct session_ring *ring)
{
	const struct rbmap_engine_ring *engine = ring->engine;
	uint64_t percent = 0;

	if (engine->nr_subbufs)
		percent = UINT64_C(100) * engine->filled / engine->nr_subbufs;
	else if (ring->size)
		percent = 100 * ring->bytes / ring->size;
	return percent < 100 ? percent : 100;
}

RBMAP_PUBLIC unsigned int rbmap_session_pressure(const struct rbmap_session *session)
{
	unsigned int pressure = session->pressure;

	for (size_t i = 0; i < session->nr_rings; i++)
		if (pressure_of(&session->rings[i]) > pressure)
			pressure = pressure_of(&session->rings[i]);
	return pressure;
}

static void note_load(struct rbmap_session *session)
{
	session->pressure = 0;
	session->pressure = rbmap_session_pressure(session);
	for (size_t i = 0; i < session->nr_rings; i++) {
		struct session_ring *ring = &session->rings[i];

		ring->load += ring->bytes - ring->load / LOAD_PART;
		ring->bytes = 0;
	}
}

static bool is_quiet(const struct rbmap_session *session)
{
	for (size_t i = 0; i < session->nr_rings; i++)
		if (!session->rings[i].engine->quiet)
			return false;
	return true;
}

/* The watermark is known to be 0 now. */
static int refresh_alarm(struct rbmap_session *session)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < session->nr_rings; i++) {
		rbmap_alarm_remove(&session->alarm, session->rings[i].fd);
		r = rbmap_alarm_add(&session->alarm, session->rings[i].fd);
	}
	session->alarm.stale = r < 0;
	return r;
}

/* Beyond a watermark of 0 the kernel tells of the next event; else it never would. */
static bool arm_alarm(struct rbmap_session *session)
{
	char first;

	if (session->alarm.armed)
		return true;
	if (pread(session->percent_fd, &first, 1, 0) != 1 || first != '0')
		return false;
	if (session->alarm.stale && refresh_alarm(session) < 0)
		return false;
	return rbmap_alarm_arm(&session->alarm) == 0;
}

/*
 * Not before a look at the usual interval found nothing: a trickle would set off the
 * alarm each time.
 */
static bool can_rest(struct rbmap_session *session)
{
	bool calm = session->alarm.fd >= 0 && is_quiet(session) &&
		    session->pace.interval_ns >= session->pace.alone_ns / 2;

	if (calm && arm_alarm(session))
		return true;
	rbmap_alarm_disarm(&session->alarm);
	return false;
}

/* Not at the next look: that would be too late where the rings began to fill. */
static int adapt_pace(struct rbmap_session *session)
{
	uint32_t filled = 0, nr = 1;

	for (size_t i = 0; i < session->nr_rings; i++) {
		const struct rbmap_engine_ring *ring = session->rings[i].engine;

		if ((uint64_t)ring->filled * nr < (uint64_t)filled * ring->nr_subbufs)
			continue;
		filled = ring->filled;
		nr = ring->nr_subbufs;
	}
	if (can_rest(session))
		return rbmap_pace_rest(&session->pace);
	return rbmap_pace_adapt(&session->pace, filled, nr);
}

static int end_round(struct rbmap_session *session)
{
	session->round_begun = false;
	session->whole_rounds += session->all_woken;
	session->all_woken = false;
	note_load(session);
	return session->ops->consumes ? 0 : adapt_pace(session);
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
		session->turns[session->nr_turns++] = (struct session_turn){ i, r };
	for (int k = 0; k < r; k++)
		ring->bytes += spans[k].to - spans[k].from;
	ring->spans_left -=
		(uint64_t)r < ring->spans_left ? (uint64_t)r : ring->spans_left;
	if (r == 0 || ring->spans_left == 0)
		ring->awake = ring->all = false;
	return r;
}

/* Takes from the rings that are awake, each once. */
static int take_turns(struct rbmap_session *session, struct rbmap_span *spans, int max)
{
	int taken = 0, r;
	size_t i;

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

/*
 * A caller that polls the file descriptor and never waits would find it readable for
 * ever, and the rings asleep.
 */
static int begin_round(struct rbmap_session *session)
{
	int r;

	if (session->round_begun)
		return 0;
	r = rbmap_session_wait(session, 0);
	session->round_begun = r > 0;
	return r;
}

RBMAP_PUBLIC int rbmap_session_take(struct rbmap_session *session,
				    struct rbmap_span *spans, int max)
{
	int r = session->error;

	if (max < 1)
		return -EINVAL;
	if (session->unsettled)
		return -EBUSY;
	session->error = 0;
	if (r == 0)
		r = begin_round(session);
	return r < 0 || !session->round_begun ? r : take_turns(session, spans, max);
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
		struct session_turn *turn = &session->turns[i];

		torn += session->ops->settle(session->rings[turn->ring].engine, spans,
					     turn->nr_spans);
		spans += turn->nr_spans;
	}
	return torn;
}
