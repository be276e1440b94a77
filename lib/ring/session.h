/* SPDX-License-Identifier: LGPL-2.1-only */
/* The parts of a session: opened and closed in one file, used in the other. */
#ifndef RBMAP_RING_SESSION_H
#define RBMAP_RING_SESSION_H

#include <stdbool.h>

#include <rbmap/session.h>

#include "ring/alarm.h"
#include "ring/engine.h"
#include "ring/pace.h"

/* Who is meant by an event of the epoll instance, besides the CPUs. */
#define SESSION_TIMER UINT32_MAX
#define SESSION_ALARM (UINT32_MAX - 1)

struct session_ring {
	int fd;
	/* The session waits for its watermark, or for its first event. */
	bool watched;
	bool awake;
	/* Its round is to hand out all there is, also what the writer is still in. */
	bool all;
	struct rbmap_engine_ring *engine;
	/* What a full ring holds; 0: not known. */
	uint64_t size;
	uint64_t spans_left;
	/* Taken in this round, and in the last few, of which the latest count most. */
	uint64_t bytes;
	uint64_t load;
};

struct session_turn {
	size_t ring;
	int nr_spans;
};

struct rbmap_session {
	struct tracefs_instance *instance;
	/* Where it was opened by name, what holds it; shared with halves. */
	struct rbmap_instance *opened;
	struct rbmap_log log;
	struct rbmap_layout layout;
	struct rbmap_session_work work;
	const struct rbmap_engine_ops *ops;
	/* Why this engine. */
	char reason[256];
	int epoll_fd;
	struct pace pace;
	/* Of an observer that may rest for long; buffer_percent. */
	struct alarm alarm;
	int percent_fd;
	bool copies;
	bool whole;
	/* What the kernel tells of a ring comes early enough to rely on it alone. */
	bool told_in_time;
	/* No CPUs were named: those without a ring are left out. */
	bool any_cpus;
	size_t nr_rings;
	int *cpus;
	struct session_ring *rings;

	/* The ring that has the next turn, and the turns of the last take. */
	size_t next;
	struct session_turn *turns;
	size_t nr_turns;
	int unsettled;
	int error;
	/* Spans may be taken, or a round is to be ended, without another wait. */
	bool round_begun;

	/* A merge sorts the records: each round reads all rings, and is counted. */
	bool merged;
	bool all_woken;
	uint64_t whole_rounds;

	/* Of the last round that has ended: rbmap_session_pressure(). */
	unsigned int pressure;
};

/* A round of the session's own: RBMAP_SESSION_WHOLE applies to it. */
void rbmap_session_wake_rings(struct rbmap_session *session);

/*
 * When the session is opened: the threads that take from it may have dropped the
 * privilege that reading tracefs requires.
 */
void rbmap_session_read_sizes(struct rbmap_session *session);

/* Opens the engine on all rings; sets the reason. */
int rbmap_session_choose_engine(struct rbmap_session *session,
				enum rbmap_engine wanted);
void rbmap_session_close_engines(struct rbmap_session *session);

int rbmap_session_open_epoll(struct rbmap_session *session);

/* The bytes of the largest ring, as its engine knows them; 0: it does not. */
uint64_t rbmap_session_largest(const struct rbmap_session *session);

/* Adds a file descriptor to those that rbmap_session_wait() waits for. */
int rbmap_session_watch(const struct rbmap_session *session, int fd, uint32_t who);

/* A ring: its watermark, or its first event if there is an alarm. */
int rbmap_session_watch_ring(struct rbmap_session *session, int fd, int cpu);
void rbmap_session_unwatch_ring(const struct rbmap_session *session, int fd);

#endif
