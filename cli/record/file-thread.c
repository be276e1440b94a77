// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "file-thread.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common.h"

/*
 * @begun: posted once @number and @status, an exit code, are there
 * @due: posted for a job, or with none for the end
 * @done_fd: readable once it is done, and @result there
 */
struct file_thread {
	const struct config *config;
	pthread_t thread;
	sem_t begun, due;
	int done_fd;
	pid_t number;
	int status;
	int (*job)(void *context);
	void *context;
	int result;
};

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0)
		;
}

static int keep_privileges(const struct config *config)
{
	static const int keep[] = { CAP_DAC_OVERRIDE, CAP_SYSLOG };

	return common_drop_privileges(keep, config_rotates(config) ? 2 : 1);
}

static void *do_jobs(void *context)
{
	struct file_thread *thread = context;

	/* For those who look at what has which priority. */
	pthread_setname_np(pthread_self(), "rbmap-files");
	thread->status = keep_privileges(thread->config);
	thread->number = gettid();
	sem_post(&thread->begun);
	for (;;) {
		wait_for(&thread->due);
		if (!thread->job)
			return NULL;
		thread->result = thread->job(thread->context);
		eventfd_write(thread->done_fd, 1);
	}
}

static void free_parts(struct file_thread *thread)
{
	if (thread->done_fd >= 0)
		close(thread->done_fd);
	sem_destroy(&thread->begun);
	sem_destroy(&thread->due);
	free(thread);
}

int file_thread_start(struct file_thread **ret, const struct config *config)
{
	struct file_thread *thread = calloc(1, sizeof(*thread));
	int error;

	if (!thread)
		return common_fail("%s", strerror(ENOMEM));
	thread->config = config;
	sem_init(&thread->begun, 0, 0);
	sem_init(&thread->due, 0, 0);
	thread->done_fd = eventfd(0, EFD_CLOEXEC);
	error = thread->done_fd < 0 ? errno : 0;
	if (!error)
		error = pthread_create(&thread->thread, NULL, do_jobs, thread);
	if (error) {
		free_parts(thread);
		return common_fail("a thread could not be started: %s",
				   strerror(error));
	}
	wait_for(&thread->begun);
	*ret = thread;
	return thread->status;
}

pid_t file_thread_number(const struct file_thread *thread)
{
	return thread->number;
}

void file_thread_begin(struct file_thread *thread, int (*job)(void *context),
		       void *context)
{
	thread->job = job;
	thread->context = context;
	sem_post(&thread->due);
}

int file_thread_fd(const struct file_thread *thread)
{
	return thread->done_fd;
}

int file_thread_result(struct file_thread *thread)
{
	eventfd_t number;

	eventfd_read(thread->done_fd, &number);
	thread->job = NULL;
	return thread->result;
}

void file_thread_free(struct file_thread *thread)
{
	if (!thread)
		return;
	if (thread->job)
		file_thread_result(thread);
	sem_post(&thread->due);
	pthread_join(thread->thread, NULL);
	free_parts(thread);
}
