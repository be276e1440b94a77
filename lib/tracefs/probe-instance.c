// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracefs/probe-instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/internal.h"

#define TRIES 4
/* One millisecond each. */
#define LOCK_TRIES 1000

/* A negative errno; -EWOULDBLOCK: another process has the lock. */
static int open_locked(int top, const char *path)
{
	int fd = openat(top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = -errno;
	if (fd >= 0)
		close(fd);
	return r;
}

/* A recorder that looks for leftovers holds the lock for a moment. */
static int open_locked_patiently(int top, const char *path)
{
	struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int fd = open_locked(top, path);

	for (int i = 0; fd == -EWOULDBLOCK && i < LOCK_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = open_locked(top, path);
	}
	return fd;
}

/* Before it had the lock, another program may have removed it, and made another. */
static bool still_there(int fd, int top, const char *path)
{
	struct stat ours, there;

	return fd >= 0 && fstat(fd, &ours) == 0 && fstatat(top, path, &there, 0) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static void remove_leftover(int top, const char *path)
{
	int fd = open_locked(top, path);

	if (fd < 0)
		return;
	if (still_there(fd, top, path))
		unlinkat(top, path, AT_REMOVEDIR);
	close(fd);
}

static int make_locked(struct probe_instance *instance)
{
	remove_leftover(instance->top, instance->path);
	if (mkdirat(instance->top, instance->path, 0750))
		return -errno;
	instance->fd = open_locked_patiently(instance->top, instance->path);
	if (still_there(instance->fd, instance->top, instance->path))
		return 0;
	if (instance->fd >= 0)
		close(instance->fd);
	instance->fd = -1;
	return -EEXIST;
}

static void name_it(struct probe_instance *instance, int nr)
{
	if (nr == 0)
		snprintf(instance->path, sizeof(instance->path),
			 "instances/rbmap-probe-%d", (int)gettid());
	else
		snprintf(instance->path, sizeof(instance->path),
			 "instances/rbmap-probe-%d.%d", (int)gettid(), nr);
}

int rbmap_probe_instance_open(struct probe_instance *instance, int top)
{
	int r = -EEXIST;

	*instance = (struct probe_instance){ .top = top, .fd = -1 };
	/*
	 * The thread, since two of one process may probe at a time. Another PID
	 * namespace may have the same number.
	 */
	for (int i = 0; r == -EEXIST && i < TRIES; i++) {
		name_it(instance, i);
		r = make_locked(instance);
	}
	if (r < 0)
		instance->path[0] = '\0';
	return r;
}

void rbmap_probe_instance_close(struct probe_instance *instance)
{
	/* While it has the lock: what is there afterwards may be somebody else's. */
	if (instance->path[0])
		unlinkat(instance->top, instance->path, AT_REMOVEDIR);
	instance->path[0] = '\0';
	if (instance->fd >= 0)
		close(instance->fd);
	instance->fd = -1;
}

int rbmap_probe_instance_ring(const struct probe_instance *instance, int cpu)
{
	char file[64];
	int fd;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	fd = openat(instance->fd, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
