// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "common.h"
#include "worker.h"

/* Bounds what is to be had in a moment; more come with the load. */
#define FIRST_MOST 64

/* Returns 0 or a negative errno; it has not begun then. */
static int make_thread(struct workers *workers, struct worker *worker)
{
	int error;

	worker->workers = workers;
	worker->drain.recorder = workers->recorder;
	worker->drain.stop_fd = workers->stop_fd;
	worker->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (worker->wake_fd < 0)
		return -errno;
	worker->drain.wake_fd = worker->wake_fd;
	error = pthread_create(&worker->thread, NULL, worker_run, worker);
	if (error)
		close(worker->wake_fd);
	return -error;
}

/* Under a limit to the number of threads, fewer than the load may ask for will do. */
static int do_with_fewer(const struct workers *workers, size_t wanted, int error)
{
	if (workers->nr == 0)
		return common_fail("a thread could not be started: %s",
				   strerror(-error));
	if (workers->recorder->config->verbosity >= 0)
		common_error("only %zu of %zu threads could be started: %s",
			     workers->nr, wanted, strerror(-error));
	return COMMON_OK;
}

static int start_threads(struct workers *workers, size_t nr)
{
	int status = COMMON_OK, r;

	while (status == COMMON_OK && workers->nr < nr) {
		struct worker *worker = &workers->workers[workers->nr];

		r = make_thread(workers, worker);
		if (r < 0)
			return do_with_fewer(workers, nr, r);
		workers->nr++;
		while (sem_wait(&workers->begun) < 0)
			;
		status = worker->status;
	}
	return status;
}

static int start(struct workers *workers, size_t nr)
{
	workers->stop_fd = eventfd(0, EFD_CLOEXEC);
	workers->failed_fd = eventfd(0, EFD_CLOEXEC);
	workers->workers = calloc(nr, sizeof(*workers->workers));
	workers->threads = calloc(nr, sizeof(*workers->threads));
	workers->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (workers->stop_fd < 0 || workers->failed_fd < 0 || workers->ended_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	if (!workers->workers || !workers->threads)
		return common_fail("%s", strerror(ENOMEM));
	return start_threads(workers, nr);
}

int workers_start(struct workers **ret, struct recorder *recorder, size_t nr_cpus)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	int status;

	if (!workers)
		return common_fail("%s", strerror(ENOMEM));
	workers->recorder = recorder;
	sem_init(&workers->begun, 0, 0);
	pthread_mutex_init(&workers->lock, NULL);
	/* Lines of all CPUs are sorted, which one thread does. */
	status = start(workers, recorder->config->format == FORMAT_DAT ?
					balance_most(nr_cpus) :
					1);
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

/* Halves, then quarters, and so on. */
static size_t split(struct rbmap_session **sessions, size_t nr)
{
	size_t half = 1;

	for (size_t i = 1; i < nr; i++) {
		if (i == 2 * half)
			half = i;
		if (rbmap_session_split(sessions[i - half], &sessions[i]) < 0)
			return i;
	}
	return nr;
}

void workers_wake(struct workers *workers)
{
	for (size_t i = 0; i < workers->nr; i++)
		eventfd_write(workers->workers[i].wake_fd, 1);
}

void workers_go(struct workers *workers)
{
	struct record_file *file = workers->recorder->file;
	struct rbmap_session *sessions[FIRST_MOST] = { workers->recorder->session };
	const int *cpus;
	size_t nr = balance_first(rbmap_session_cpus(sessions[0], &cpus));

	if (nr > workers->nr)
		nr = workers->nr;
	nr = split(sessions, !file->sink.ops->by_cpu ? 1 :
			     nr < FIRST_MOST	     ? nr :
						       FIRST_MOST);
	for (size_t i = 0; i < nr; i++)
		worker_give(worker_find_free(workers), sessions[i], file);
}

/* The recorder's session gets all rings again, and with them the work that was done. */
static int take_back(struct workers *workers, struct rbmap_session *session)
{
	int r;

	if (!session || session == workers->recorder->session)
		return COMMON_OK;
	r = rbmap_session_join(workers->recorder->session, session);
	if (r == 0)
		return COMMON_OK;
	rbmap_session_close(session);
	return common_fail("rings could not be moved from one thread to another: %s",
			   rbmap_strerror(r));
}

void workers_stop(struct workers *workers)
{
	eventfd_write(workers->stop_fd, 1);
}

int workers_ended_fd(const struct workers *workers)
{
	return workers->ended_fd;
}

bool workers_have_ended(struct workers *workers)
{
	eventfd_t number;

	if (eventfd_read(workers->ended_fd, &number) == 0)
		workers->nr_ended += number;
	return workers->nr_ended == workers->nr;
}

int workers_finish(struct workers *workers)
{
	int status = COMMON_OK;

	if (workers->finished)
		return COMMON_OK;
	workers->finished = true;
	workers_stop(workers);
	for (size_t i = 0; i < workers->nr; i++) {
		pthread_join(workers->workers[i].thread, NULL);
		status = common_worse(status, workers->workers[i].status);
	}
	for (size_t i = 0; i < workers->nr; i++) {
		struct worker *worker = &workers->workers[i];

		status =
			common_worse(status, take_back(workers, worker->drain.session));
		for (size_t j = 0; j < worker->nr_others; j++)
			status = common_worse(status,
					      take_back(workers, worker->others[j]));
	}
	return status;
}

size_t workers_most_busy(const struct workers *workers)
{
	return workers->most_busy;
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
	pthread_mutex_destroy(&workers->lock);
	for (size_t i = 0; i < workers->nr; i++)
		close(workers->workers[i].wake_fd);
	if (workers->stop_fd >= 0)
		close(workers->stop_fd);
	if (workers->failed_fd >= 0)
		close(workers->failed_fd);
	if (workers->ended_fd >= 0)
		close(workers->ended_fd);
	sem_destroy(&workers->begun);
	free(workers->threads);
	free(workers->workers);
	free(workers);
}
