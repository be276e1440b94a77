// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t start(struct ring *ring, int (*work)(struct ring *ring))
{
	pid_t child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(work(ring));
}

static int outcome_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
}

int finish(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return outcome_of(status);
}

int in_child(struct ring *ring, int (*work)(struct ring *ring))
{
	pid_t child = start(ring, work);

	return child < 0 ? errno : finish(child);
}

int finish_while(pid_t child, void (*something)(struct ring *ring, pid_t child),
		 struct ring *ring)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int status;
	pid_t r;

	while ((r = waitpid(child, &status, WNOHANG)) == 0) {
		something(ring, child);
		nanosleep(&pause, NULL);
	}
	return r < 0 ? errno : outcome_of(status);
}

int allow_exec(struct ring *ring)
{
	char mount_point[sizeof(ring->instance)];
	char *end;

	strcpy(mount_point, ring->instance);
	end = strstr(mount_point, "/instances/");
	if (end)
		*end = '\0';
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", mount_point, NULL, MS_REMOUNT | MS_BIND, NULL) < 0)
		return errno;
	close(ring->fd);
	ring->fd = open_raw(ring, O_RDONLY | O_NONBLOCK);
	return ring->fd < 0 ? -ring->fd : 0;
}
