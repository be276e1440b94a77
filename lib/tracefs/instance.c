// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracefs/instance.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tracefs.h>

#include "base/internal.h"
#include "tracefs/tracefs.h"

struct rbmap_instance {
	struct tracefs_instance *tracefs;
	atomic_uint holders;
};

/* A directory below instances/: libtracefs would take any path, of any length. */
static bool is_instance_name(const char *name)
{
	return *name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/') &&
	       strlen(name) <= NAME_MAX;
}

/* With the errno, which libtracefs does not give. */
static int find_instance(const char *name)
{
	char path[sizeof("instances/") + NAME_MAX];
	int fd;

	snprintf(path, sizeof(path), "instances/%s", name);
	fd = rbmap_tracefs_open(NULL, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	close(fd);
	return 0;
}

static int open_instance(struct rbmap_instance **ret, const char *name)
{
	struct rbmap_instance *opened = malloc(sizeof(*opened));

	if (!opened)
		return -ENOMEM;
	errno = 0;
	opened->tracefs = tracefs_instance_alloc(NULL, name);
	if (!opened->tracefs) {
		/* It may have been removed since it was found. */
		int r = errno == ENOENT ? -ENOENT : -ENOMEM;

		free(opened);
		return r;
	}
	atomic_init(&opened->holders, 1);
	*ret = opened;
	return 0;
}

int rbmap_instance_select(struct rbmap_instance **ret,
			  struct tracefs_instance **instance, const char *name)
{
	int r;

	if (!name) {
		*ret = NULL;
		return 0;
	}
	if (*instance || !is_instance_name(name))
		return -EINVAL;
	r = find_instance(name);
	if (r == 0)
		r = open_instance(ret, name);
	if (r == 0)
		*instance = (*ret)->tracefs;
	return r;
}

struct rbmap_instance *rbmap_instance_share(struct rbmap_instance *opened)
{
	if (opened)
		atomic_fetch_add_explicit(&opened->holders, 1, memory_order_relaxed);
	return opened;
}

void rbmap_instance_close(struct rbmap_instance *opened)
{
	/* What the other holders did with it comes before the last one frees it. */
	if (!opened ||
	    atomic_fetch_sub_explicit(&opened->holders, 1, memory_order_acq_rel) != 1)
		return;
	tracefs_instance_free(opened->tracefs);
	free(opened);
}
