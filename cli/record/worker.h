/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that drains rings, and those of one recording together. Each has a session
 * of its own, or waits for one. A session passes from one thread to another under the
 * lock.
 */
#ifndef RECORD_WORKER_H
#define RECORD_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "balance.h"
#include "drain.h"

struct workers;

/* Rings, and what they are drained into so far; the use of it comes with them. */
struct worker_rings {
	struct rbmap_session *session;
	struct record_file *file;
};

struct worker {
	struct workers *workers;
	pthread_t thread;
	/* Its session is NULL while it has no rings. */
	struct drain drain;
	struct balance balance;
	/* In percent. */
	atomic_uint load;
	/* Could not be joined to its own: at the first it stops, and is given one more.
	 */
	struct rbmap_session *others[2];
	size_t nr_others;
	/* Readable once it was given a session, or is not going to be. */
	int wake_fd;
	/* An exit code. */
	int status;

	/* All that follows is under the lock. */
	struct worker_rings given;
	/* It has rings, or will get some. */
	bool busy;
	/* By one thread alone, which is about to give them. */
	bool promised;
	bool ended;
};

struct workers {
	struct recorder *recorder;
	int stop_fd, failed_fd;
	struct worker *workers;
	pid_t *threads;
	size_t nr;
	bool finished;
	/* Counts those that have ended; readable where some have since. */
	int ended_fd;
	size_t nr_ended;
	/* Posted by a thread that has begun; its number and status are there then. */
	sem_t begun;

	pthread_mutex_t lock;
	/* Of threads with rings: now, and the most so far. */
	size_t nr_busy, most_busy;
};

/* What the thread does; @context is its struct worker. */
void *worker_run(void *context);

/*
 * For a worker that waits: one that is not busy and was not asked for by another, which
 * counts as busy from now on; NULL where there is none.
 */
struct worker *worker_find_free(struct workers *workers);

/*
 * The session is its own from now on; NULL: it need not wait for it any longer. @file
 * is what it is drained into so far.
 */
void worker_give(struct worker *worker, struct rbmap_session *session,
		 struct record_file *file);

#endif
