// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracefs/probe-instance.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"

int rbmap_probe_instance_open(struct probe_instance *instance, int top)
{
	int r = 0;

	*instance = (struct probe_instance){ .top = top, .fd = -1 };
	/* The thread, since two of one process may probe at a time. */
	snprintf(instance->path, sizeof(instance->path), "instances/rbmap-probe-%d",
		 (int)gettid());
	if (mkdirat(top, instance->path, 0750))
		r = -errno;
	if (r == -EEXIST) {
		/* Left by a killed predecessor: no thread that lives has our id. */
		unlinkat(top, instance->path, AT_REMOVEDIR);
		r = mkdirat(top, instance->path, 0750) ? -errno : 0;
	}
	if (r < 0) {
		instance->path[0] = '\0';
		return r;
	}
	instance->fd = openat(top, instance->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

void rbmap_probe_instance_close(struct probe_instance *instance)
{
	if (instance->fd >= 0)
		close(instance->fd);
	instance->fd = -1;
	if (instance->path[0])
		unlinkat(instance->top, instance->path, AT_REMOVEDIR);
	instance->path[0] = '\0';
}

int rbmap_probe_instance_ring(const struct probe_instance *instance, int cpu)
{
	char file[64];
	int fd;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	fd = openat(instance->fd, file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
