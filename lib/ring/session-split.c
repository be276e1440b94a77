// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Moves rings from one session to another. What could fail is done first, so that a
 * ring is in one session or in the other, whatever happens.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/internal.h"
#include "ring/session.h"
#include "tracefs/instance.h"

static void put_ring(struct rbmap_session *to, size_t at,
		     const struct rbmap_session *from, size_t i)
{
	to->rings[at] = from->rings[i];
	to->rings[at].engine->work = &to->work;
	to->cpus[at] = from->cpus[i];
}

/* By load, the largest first; of equal ones in their order. */
static int compare_loads(const void *a, const void *b)
{
	const struct session_ring *const *left = a, *const *right = b;

	if ((*left)->load != (*right)->load)
		return (*left)->load > (*right)->load ? -1 : 1;
	return (*left > *right) - (*left < *right);
}

/*
 * One after the other to the half that has less by then: every second ring where
 * none is busier than the others.
 */
static int choose_half(const struct rbmap_session *session, bool *moves)
{
	size_t nr = session->nr_rings, rings[2] = { 0 };
	const struct session_ring **sorted = calloc(nr, sizeof(*sorted));
	uint64_t loads[2] = { 0 };

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		sorted[i] = &session->rings[i];
	qsort(sorted, nr, sizeof(*sorted), compare_loads);
	for (size_t i = 0; i < nr; i++) {
		bool second = loads[1] < loads[0] ||
			      (loads[1] == loads[0] && rings[1] < rings[0]);

		loads[second] += sorted[i]->load;
		rings[second]++;
		moves[sorted[i] - session->rings] = second;
	}
	free(sorted);
	return 0;
}

static int watch_moved(struct rbmap_session *to, const struct rbmap_session *from,
		       const bool *moves)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->nr_rings; i++)
		if (from->rings[i].watched && (!moves || moves[i]))
			r = rbmap_session_watch_ring(to, from->rings[i].fd,
						     from->cpus[i]);
	return r;
}

static int make_room(struct rbmap_session *session, size_t nr)
{
	struct session_ring *rings;
	struct session_turn *turns;
	int *cpus;

	rings = reallocarray(session->rings, nr, sizeof(*rings));
	if (rings)
		session->rings = rings;
	turns = reallocarray(session->turns, nr, sizeof(*turns));
	if (turns)
		session->turns = turns;
	cpus = reallocarray(session->cpus, nr, sizeof(*cpus));
	if (cpus)
		session->cpus = cpus;
	return rings && turns && cpus ? 0 : -ENOMEM;
}

static struct rbmap_session *new_half(const struct rbmap_session *session)
{
	struct rbmap_session *half = malloc(sizeof(*half));

	if (!half)
		return NULL;
	*half = (struct rbmap_session){
		.instance = session->instance,
		.opened = rbmap_instance_share(session->opened),
		.log = session->log,
		.layout = session->layout,
		.ops = session->ops,
		.copies = session->copies,
		.whole = session->whole,
		.told_in_time = session->told_in_time,
		.epoll_fd = -1,
		.pace.fd = -1,
		.alarm.fd = -1,
		.percent_fd = -1,
		.round_begun = session->round_begun,
		.pressure = session->pressure,
	};
	memcpy(half->reason, session->reason, sizeof(half->reason));
	return half;
}

static int open_half(struct rbmap_session *half, const struct rbmap_session *session,
		     const bool *moves)
{
	int r = make_room(half, session->nr_rings);

	if (r == 0)
		r = rbmap_session_open_epoll(half);
	if (r == 0)
		r = rbmap_pace_open_like(&half->pace, &session->pace);
	if (r == 0)
		r = rbmap_session_watch(half, half->pace.fd, SESSION_TIMER);
	if (r == 0 && session->alarm.fd >= 0)
		r = rbmap_alarm_open(&half->alarm, half->epoll_fd, SESSION_ALARM);
	if (r == 0 && session->percent_fd >= 0) {
		half->percent_fd = fcntl(session->percent_fd, F_DUPFD_CLOEXEC, 0);
		r = half->percent_fd < 0 ? -errno : 0;
	}
	if (r == 0)
		r = watch_moved(half, session, moves);
	return r;
}

static void move_rings(struct rbmap_session *to, struct rbmap_session *from,
		       const bool *moves)
{
	size_t nr = from->nr_rings;
	struct rbmap_session *part;

	from->nr_rings = 0;
	from->nr_turns = 0;
	from->next = 0;
	for (size_t i = 0; i < nr; i++) {
		if (moves[i] && from->rings[i].watched)
			rbmap_session_unwatch_ring(from, from->rings[i].fd);
		part = moves[i] ? to : from;
		put_ring(part, part->nr_rings++, from, i);
	}
}

static int split(struct rbmap_session *session, struct rbmap_session *half, bool *moves)
{
	int r = choose_half(session, moves);

	if (r == 0)
		r = open_half(half, session, moves);
	if (r == 0)
		move_rings(half, session, moves);
	return r;
}

RBMAP_PUBLIC int rbmap_session_split(struct rbmap_session *session,
				     struct rbmap_session **ret)
{
	struct rbmap_session *half;
	bool *moves;
	int r = -ENOMEM;

	if (session->unsettled)
		return -EBUSY;
	if (session->nr_rings < 2 || session->merged)
		return -EINVAL;
	half = new_half(session);
	moves = calloc(session->nr_rings, sizeof(*moves));
	if (half && moves)
		r = split(session, half, moves);
	free(moves);
	if (r < 0) {
		rbmap_session_close(half);
		return r;
	}
	*ret = half;
	return 0;
}

static void unwatch_all(const struct rbmap_session *session,
			const struct rbmap_session *other)
{
	for (size_t i = 0; i < other->nr_rings; i++)
		rbmap_session_unwatch_ring(session, other->rings[i].fd);
}

static bool has_cpu(const struct rbmap_session *session, int cpu)
{
	for (size_t i = 0; i < session->nr_rings; i++)
		if (session->cpus[i] == cpu)
			return true;
	return false;
}

static bool can_be_joined(const struct rbmap_session *session,
			  const struct rbmap_session *other)
{
	if (session == other || session->instance != other->instance ||
	    session->ops != other->ops || session->copies != other->copies ||
	    session->whole != other->whole ||
	    (session->alarm.fd < 0) != (other->alarm.fd < 0) ||
	    session->layout.subbuf_size != other->layout.subbuf_size)
		return false;
	for (size_t i = 0; i < other->nr_rings; i++)
		if (has_cpu(session, other->cpus[i]))
			return false;
	return true;
}

/* From the end: the larger CPU of both each time, so that none is overwritten. */
static void merge_rings(struct rbmap_session *session, struct rbmap_session *other)
{
	size_t i = session->nr_rings, k = other->nr_rings, at = i + k;

	session->nr_rings = at;
	while (at-- > 0) {
		if (k == 0 || (i > 0 && session->cpus[i - 1] > other->cpus[k - 1]))
			put_ring(session, at, session, --i);
		else
			put_ring(session, at, other, --k);
	}
	other->nr_rings = 0;
}

static void merge_rest(struct rbmap_session *session, const struct rbmap_session *other)
{
	session->work.waits += other->work.waits;
	session->work.get_readers += other->work.get_readers;
	session->work.reads += other->work.reads;
	if (other->pressure > session->pressure)
		session->pressure = other->pressure;
	if (!session->error)
		session->error = other->error;
	session->round_begun |= other->round_begun;
	session->next = 0;
	session->nr_turns = 0;
}

RBMAP_PUBLIC int rbmap_session_join(struct rbmap_session *session,
				    struct rbmap_session *other)
{
	int r;

	if (!can_be_joined(session, other) || session->merged || other->merged)
		return -EINVAL;
	if (session->unsettled || other->unsettled)
		return -EBUSY;
	r = make_room(session, session->nr_rings + other->nr_rings);
	if (r == 0)
		r = rbmap_pace_join(&session->pace, &other->pace);
	if (r == 0)
		r = watch_moved(session, other, NULL);
	if (r < 0) {
		unwatch_all(session, other);
		return r;
	}
	merge_rings(session, other);
	merge_rest(session, other);
	rbmap_session_close(other);
	return 0;
}
