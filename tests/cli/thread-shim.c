// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a command, threads that cannot be had: number THREAD_SHIM_AT is not
 * created, nor, with THREAD_SHIM_ON, any that follows. The file THREAD_SHIM_REPORT is
 * then there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static void write_report(void)
{
	const char *path = getenv("THREAD_SHIM_REPORT");

	if (path)
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

int pthread_create(pthread_t *ret, const pthread_attr_t *attributes,
		   void *(*run)(void *), void *context)
{
	static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
			   void *);
	static atomic_ulong nr;
	const char *text = getenv("THREAD_SHIM_AT");
	unsigned long at = text ? strtoul(text, NULL, 10) : 0, number = ++nr;

	if (!next)
		next = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
				void *))dlsym(RTLD_NEXT, "pthread_create");
	if (at && (number == at || (number > at && getenv("THREAD_SHIM_ON")))) {
		write_report();
		return EAGAIN;
	}
	return next(ret, attributes, run, context);
}
