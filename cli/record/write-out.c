// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "write-out.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "priority.h"

/*
 * @changed: of what follows, which the lock is for
 * @number: of the thread; 0 until it has begun
 * @status: an exit code
 * @sink: what it has to write; NULL: nothing
 */
struct write_out {
	const struct config *config;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pid_t number;
	int status;
	const struct sink *sink;
	bool stop;
};

static void *write_files(void *context)
{
	struct write_out *thread = context;
	int status = priority_begin_thread(thread->config);

	pthread_mutex_lock(&thread->lock);
	thread->status = status;
	thread->number = gettid();
	pthread_cond_broadcast(&thread->changed);
	while (!thread->stop) {
		const struct sink *sink = thread->sink;

		if (!sink) {
			pthread_cond_wait(&thread->changed, &thread->lock);
			continue;
		}
		pthread_mutex_unlock(&thread->lock);
		sink->ops->write_out(sink->self);
		pthread_mutex_lock(&thread->lock);
		thread->sink = NULL;
		pthread_cond_broadcast(&thread->changed);
	}
	pthread_mutex_unlock(&thread->lock);
	return NULL;
}

static int start(struct write_out *thread)
{
	int error = pthread_create(&thread->thread, NULL, write_files, thread);

	if (error)
		return common_fail("a thread could not be started: %s",
				   strerror(error));
	pthread_mutex_lock(&thread->lock);
	while (!thread->number)
		pthread_cond_wait(&thread->changed, &thread->lock);
	pthread_mutex_unlock(&thread->lock);
	return COMMON_OK;
}

static int start_one(struct write_out **ret, const struct config *config)
{
	struct write_out *thread = calloc(1, sizeof(*thread));
	int status;

	if (!thread)
		return common_fail("%s", strerror(ENOMEM));
	thread->config = config;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->changed, NULL);
	status = start(thread);
	if (status != COMMON_OK) {
		free(thread);
		return status;
	}
	*ret = thread;
	return thread->status;
}

int write_outs_start(struct write_out *threads[WRITE_OUTS], const struct config *config)
{
	int nr = config_rotates(config) ? WRITE_OUTS : 1;
	int status = COMMON_OK;

	if (config->format != FORMAT_DAT || config->flight || !config->queue_bytes)
		return COMMON_OK;
	for (int i = 0; status == COMMON_OK && i < nr; i++)
		status = start_one(&threads[i], config);
	return status;
}

pid_t write_out_thread(const struct write_out *thread)
{
	return thread->number;
}

static bool begin(struct write_out *thread, const struct sink *sink)
{
	bool is_free;

	pthread_mutex_lock(&thread->lock);
	is_free = !thread->sink;
	if (is_free)
		thread->sink = sink;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
	return is_free;
}

struct write_out *write_outs_begin(struct write_out *const threads[WRITE_OUTS],
				   const struct sink *sink)
{
	for (int i = 0; i < WRITE_OUTS; i++)
		if (threads[i] && begin(threads[i], sink))
			return threads[i];
	return NULL;
}

void write_out_end(struct write_out *thread)
{
	pthread_mutex_lock(&thread->lock);
	while (thread->sink)
		pthread_cond_wait(&thread->changed, &thread->lock);
	pthread_mutex_unlock(&thread->lock);
}

void write_outs_free(struct write_out *threads[WRITE_OUTS])
{
	for (int i = 0; i < WRITE_OUTS; i++) {
		struct write_out *thread = threads[i];

		if (!thread)
			continue;
		pthread_mutex_lock(&thread->lock);
		thread->stop = true;
		pthread_cond_broadcast(&thread->changed);
		pthread_mutex_unlock(&thread->lock);
		pthread_join(thread->thread, NULL);
		pthread_cond_destroy(&thread->changed);
		pthread_mutex_destroy(&thread->lock);
		free(thread);
		threads[i] = NULL;
	}
}
