// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "common.h"
#include "priority.h"

static void mark_busy(struct worker *worker, bool busy)
{
	struct workers *workers = worker->workers;

	worker->busy = busy;
	workers->nr_busy += busy ? 1 : -1;
	if (workers->nr_busy > workers->most_busy)
		workers->most_busy = workers->nr_busy;
}

struct worker *worker_find_free(struct workers *workers)
{
	struct worker *found = NULL;

	pthread_mutex_lock(&workers->lock);
	for (size_t i = 0; !found && i < workers->nr; i++)
		if (!workers->workers[i].busy && !workers->workers[i].ended)
			found = &workers->workers[i];
	if (found) {
		found->promised = true;
		mark_busy(found, true);
	}
	pthread_mutex_unlock(&workers->lock);
	return found;
}

void worker_give(struct worker *worker, struct rbmap_session *session,
		 struct record_file *file)
{
	/* As long as the giver uses it the recorder cannot be done with it. */
	if (session)
		record_file_use(file);
	pthread_mutex_lock(&worker->workers->lock);
	worker->given = (struct worker_rings){ session, file };
	worker->promised = false;
	if (!session)
		mark_busy(worker, false);
	pthread_mutex_unlock(&worker->workers->lock);
	eventfd_write(worker->wake_fd, 1);
}

/* @last: it is time to stop, and no other thread is to give it more. */
static struct worker_rings take_given(struct worker *worker, bool last)
{
	struct worker_rings given;

	pthread_mutex_lock(&worker->workers->lock);
	given = worker->given;
	worker->given = (struct worker_rings){ NULL, NULL };
	worker->ended = last;
	pthread_mutex_unlock(&worker->workers->lock);
	return given;
}

/* Has it ended, since it is time to stop and no other thread gives it rings? */
static bool ends_without(struct worker *worker)
{
	bool ends;

	pthread_mutex_lock(&worker->workers->lock);
	ends = !worker->busy;
	worker->ended = ends;
	pthread_mutex_unlock(&worker->workers->lock);
	return ends;
}

static bool begin_session(struct worker *worker)
{
	struct worker_rings given = take_given(worker, false);

	if (given.session)
		drain_begin(&worker->drain, given.session, given.file);
	return given.session;
}

/* False: it is time to stop, and there is none. */
static bool wait_for_session(struct worker *worker)
{
	struct pollfd fds[] = {
		{ .fd = worker->wake_fd, .events = POLLIN },
		{ .fd = worker->workers->stop_fd, .events = POLLIN },
	};
	eventfd_t number;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents) {
			eventfd_read(worker->wake_fd, &number);
			if (begin_session(worker))
				return true;
		} else if (ends_without(worker)) {
			return false;
		} else {
			/* One is on its way. */
			poll(fds, 1, -1);
		}
	}
}

static void wait_for_stop(const struct workers *workers)
{
	struct pollfd fd = { .fd = workers->stop_fd, .events = POLLIN };

	while (poll(&fd, 1, -1) < 0 && errno == EINTR)
		;
}

static int take_over(struct worker *worker, struct worker_rings given)
{
	int status;

	if (!given.session)
		return COMMON_OK;
	status = drain_join(&worker->drain, &given.session);
	if (given.session)
		worker->others[worker->nr_others++] = given.session;
	record_file_unuse(given.file);
	return status;
}

/* Returns false where it cannot. */
static bool share(struct worker *worker)
{
	struct rbmap_session *half = NULL;
	struct worker *other;
	const int *cpus;

	if (!worker->drain.file->sink.ops->by_cpu ||
	    rbmap_session_cpus(worker->drain.session, &cpus) < 2)
		return false;
	other = worker_find_free(worker->workers);
	if (!other)
		return false;
	if (rbmap_session_split(worker->drain.session, &half) < 0)
		half = NULL;
	worker_give(other, half, worker->drain.file);
	return half;
}

/* With the lock held, as the next. */
static bool can_be_given(const struct worker *worker)
{
	return worker->busy && !worker->promised && !worker->ended &&
	       !worker->given.session;
}

static struct worker *find_calm(const struct worker *worker)
{
	struct worker *other = worker->workers->workers;

	for (; other < worker; other++)
		if (can_be_given(other) && balance_has_room(worker->load, other->load))
			return other;
	return NULL;
}

/*
 * Gives its rings to a calm one that began before it; not while it is given others
 * itself, which would be left with a thread that counts as free.
 */
static void give_away(struct worker *worker)
{
	struct workers *workers = worker->workers;
	struct worker *to;

	pthread_mutex_lock(&workers->lock);
	to = worker->given.session ? NULL : find_calm(worker);
	if (to) {
		/* The file too: it must not look as if nobody used it. */
		to->given = (struct worker_rings){ worker->drain.session,
						   worker->drain.file };
		worker->drain.session = NULL;
		mark_busy(worker, false);
	}
	pthread_mutex_unlock(&workers->lock);
	if (to)
		eventfd_write(to->wake_fd, 1);
}

static int relax(struct worker *worker)
{
	int level = worker->drain.level, status;

	if (level > 0) {
		drain_set_level(&worker->drain, level - 1);
		return COMMON_OK;
	}
	if (worker->drain.in_round || worker == worker->workers->workers)
		return COMMON_OK;
	/* Who gets the rings does not know what is not flushed. */
	status = drain_flush(&worker->drain);
	if (status == COMMON_OK)
		give_away(worker);
	return status;
}

static int balance(struct worker *worker)
{
	const struct drain *drain = &worker->drain;
	struct balance_look look = {
		.now = recorder_now(),
		.waited = drain->waited,
		.pressure = rbmap_session_pressure(drain->session),
		.is_woken_late =
			rbmap_engine_consumes(rbmap_session_engine(drain->session)),
		.round_is_over = !drain->in_round,
	};
	enum balance_advice advice = balance_judge(&worker->balance, &look);
	bool done = false;
	int status = COMMON_OK;

	worker->load = worker->balance.load;
	if (advice == BALANCE_SHARE || advice == BALANCE_HURRY)
		done = share(worker);
	if (advice == BALANCE_HURRY && !done)
		drain_set_level(&worker->drain, drain->level + 1);
	if (advice == BALANCE_RELAX)
		status = relax(worker);
	if (done || advice == BALANCE_HURRY)
		balance_restart(&worker->balance, &look);
	return status;
}

/* Until it is time to stop, a failure, or the rings are another thread's. */
static int drain_rings(struct worker *worker)
{
	struct drain_events events = { .stop = false };
	int status = COMMON_OK;
	eventfd_t number;

	while (status == COMMON_OK && worker->drain.session && !events.stop &&
	       !worker->drain.recorder->sink_error) {
		status = drain_turn(&worker->drain, &events);
		if (events.woken) {
			eventfd_read(worker->wake_fd, &number);
			status = common_worse(status,
					      take_over(worker,
							take_given(worker, false)));
		}
		if (status == COMMON_OK && !events.stop)
			status = balance(worker);
	}
	return status;
}

/* What is still in the rings after a failure is not stored, but it is not unread. */
static int end(struct worker *worker, int status)
{
	struct workers *workers = worker->workers;
	struct drain other;

	if (status != COMMON_OK || workers->recorder->sink_error) {
		eventfd_write(workers->failed_fd, 1);
		wait_for_stop(workers);
	}
	status = common_worse(status, take_over(worker, take_given(worker, true)));
	status = common_worse(status, drain_rest(&worker->drain));
	for (size_t i = 0; i < worker->nr_others; i++) {
		other = worker->drain;
		other.session = worker->others[i];
		status = common_worse(status, drain_rest(&other));
	}
	drain_end(&worker->drain);
	return status;
}

static int work(struct worker *worker)
{
	int status;

	while (wait_for_session(worker)) {
		worker->balance = (struct balance){ .begun = recorder_now(),
						    .waited = worker->drain.waited };
		status = drain_rings(worker);
		if (worker->drain.session)
			return end(worker, status);
	}
	return COMMON_OK;
}

void *worker_run(void *context)
{
	struct worker *worker = context;
	struct workers *workers = worker->workers;
	int status = priority_begin_thread(workers->recorder->config);

	worker->status = status;
	workers->threads[worker - workers->workers] = gettid();
	sem_post(&workers->begun);
	if (status == COMMON_OK)
		worker->status = work(worker);
	eventfd_write(workers->ended_fd, 1);
	return NULL;
}
