// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "workers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common.h"
#include "drain.h"
#include "priority.h"

struct worker {
	struct workers *workers;
	pthread_t thread;
	struct drain drain;
	/* Readable once there is a session for it. */
	int wake_fd;
	/* An exit code. */
	int status;
};

struct workers {
	struct recorder *recorder;
	int stop_fd, failed_fd;
	struct worker *workers;
	pid_t *threads;
	size_t nr;
	bool ended;
	/* Posted by a thread that has begun; its number and status are there then. */
	sem_t begun;
};

/* All is open, or will be opened by the thread that stays. */
static int prepare(const struct config *config)
{
	int status = priority_set(config);

	return status == COMMON_OK ? common_drop_privileges(NULL, 0) : status;
}

/* False: it is time to stop, and there is none. */
static bool wait_for_session(struct worker *worker)
{
	struct pollfd fds[] = {
		{ .fd = worker->workers->stop_fd, .events = POLLIN },
		{ .fd = worker->wake_fd, .events = POLLIN },
	};
	eventfd_t number;

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (!fds[1].revents)
		return false;
	eventfd_read(worker->wake_fd, &number);
	return true;
}

static void wait_for_stop(const struct workers *workers)
{
	struct pollfd fd = { .fd = workers->stop_fd, .events = POLLIN };

	while (poll(&fd, 1, -1) < 0 && errno == EINTR)
		;
}

/* What is still in the rings after a failure is not stored, but it is not unread. */
static int drain_session(struct worker *worker)
{
	struct workers *workers = worker->workers;
	int status = drain_until_stop(&worker->drain);

	if (status != COMMON_OK || workers->recorder->sink_error) {
		eventfd_write(workers->failed_fd, 1);
		wait_for_stop(workers);
	}
	status = common_worse(status, drain_rest(&worker->drain));
	drain_end(&worker->drain);
	return status;
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct workers *workers = worker->workers;
	int status = prepare(workers->recorder->config);

	worker->status = status;
	workers->threads[worker - workers->workers] = gettid();
	sem_post(&workers->begun);
	if (status == COMMON_OK && wait_for_session(worker))
		worker->status = drain_session(worker);
	return NULL;
}

static int start_one(struct workers *workers, struct worker *worker)
{
	int error;

	worker->workers = workers;
	worker->drain.recorder = workers->recorder;
	worker->drain.stop_fd = workers->stop_fd;
	worker->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (worker->wake_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	worker->drain.wake_fd = worker->wake_fd;
	error = pthread_create(&worker->thread, NULL, work, worker);
	if (error) {
		close(worker->wake_fd);
		return common_fail("a thread could not be started: %s",
				   strerror(error));
	}
	workers->nr++;
	while (sem_wait(&workers->begun) < 0)
		;
	return worker->status;
}

static int start(struct workers *workers, size_t nr)
{
	int status = COMMON_OK;

	workers->stop_fd = eventfd(0, EFD_CLOEXEC);
	workers->failed_fd = eventfd(0, EFD_CLOEXEC);
	workers->workers = calloc(nr, sizeof(*workers->workers));
	workers->threads = calloc(nr, sizeof(*workers->threads));
	if (workers->stop_fd < 0 || workers->failed_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	if (!workers->workers || !workers->threads)
		return common_fail("%s", strerror(ENOMEM));
	while (status == COMMON_OK && workers->nr < nr)
		status = start_one(workers, &workers->workers[workers->nr]);
	return status;
}

int workers_start(struct workers **ret, struct recorder *recorder, size_t nr_cpus)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	int status;

	(void)nr_cpus;
	if (!workers)
		return common_fail("%s", strerror(ENOMEM));
	workers->recorder = recorder;
	sem_init(&workers->begun, 0, 0);
	status = start(workers, 1);
	if (status == COMMON_OK)
		*ret = workers;
	else
		workers_free(workers);
	return status;
}

size_t workers_threads(const struct workers *workers, const pid_t **ret)
{
	*ret = workers ? workers->threads : NULL;
	return workers ? workers->nr : 0;
}

int workers_stop_fd(const struct workers *workers)
{
	return workers->stop_fd;
}

int workers_failed_fd(const struct workers *workers)
{
	return workers->failed_fd;
}

void workers_wake(struct workers *workers)
{
	for (size_t i = 0; i < workers->nr; i++)
		eventfd_write(workers->workers[i].wake_fd, 1);
}

void workers_go(struct workers *workers)
{
	struct worker *worker = &workers->workers[0];

	drain_begin(&worker->drain, workers->recorder->file);
	worker->drain.session = workers->recorder->session;
	eventfd_write(worker->wake_fd, 1);
}

int workers_finish(struct workers *workers)
{
	int status = COMMON_OK;

	if (workers->ended)
		return COMMON_OK;
	workers->ended = true;
	eventfd_write(workers->stop_fd, 1);
	for (size_t i = 0; i < workers->nr; i++) {
		pthread_join(workers->workers[i].thread, NULL);
		status = common_worse(status, workers->workers[i].status);
	}
	return status;
}

uint64_t workers_polls(const struct workers *workers)
{
	uint64_t polls = 0;

	for (size_t i = 0; i < workers->nr; i++)
		polls += workers->workers[i].drain.polls;
	return polls;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	if (workers->nr)
		workers_finish(workers);
	for (size_t i = 0; i < workers->nr; i++)
		close(workers->workers[i].wake_fd);
	if (workers->stop_fd >= 0)
		close(workers->stop_fd);
	if (workers->failed_fd >= 0)
		close(workers->failed_fd);
	sem_destroy(&workers->begun);
	free(workers->threads);
	free(workers->workers);
	free(workers);
}
