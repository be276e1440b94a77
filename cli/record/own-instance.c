// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <tracefs.h>
#include <unistd.h>

#include "common.h"
#include "own-instance.h"

#define PREFIX "rbmap-record-"
/* Of the library, which makes it to see what the kernel can do. */
#define PROBE_PREFIX "rbmap-probe-"
#define TRIES 16

static bool has_number(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return !strncmp(name, prefix, length) && name[length] &&
	       strspn(name + length, "0123456789.") == strlen(name + length);
}

static bool is_ours(const char *name)
{
	return has_number(name, PREFIX) || has_number(name, PROBE_PREFIX);
}

/* A lock that is free means that no process is there to remove the instance. */
static int lock_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

int instance_lock(struct tracefs_instance *instance)
{
	char *path = tracefs_instance_get_dir(instance);
	int fd = path ? lock_directory(AT_FDCWD, path) : -ENOMEM;

	if (path)
		tracefs_put_tracing_file(path);
	return fd;
}

static void write_below(int parent, const char *name, const char *file,
			const char *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", name, file);
	fd = openat(parent, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* It is removed in the end; until then this makes it cost less. */
	(void)!write(fd, text, strlen(text));
	close(fd);
}

/* Somebody keeps it busy: what stays must neither slow the machine nor hold memory. */
static void make_harmless(int parent, const char *name)
{
	write_below(parent, name, "events/enable", "0");
	write_below(parent, name, "buffer_size_kb", "1");
}

static void remove_leftover(int parent, const char *name)
{
	int fd = lock_directory(parent, name);

	if (fd < 0)
		return;
	/* EBUSY: another program reads it; the next run tries again. */
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		common_error("removed the tracing instance %s, left by a killed run",
			     name);
	else
		make_harmless(parent, name);
	close(fd);
}

void own_instances_clean(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *instances;

	snprintf(path, sizeof(path), "%s/instances", dir);
	instances = opendir(path);
	if (!instances)
		return;
	while ((entry = readdir(instances)))
		if (is_ours(entry->d_name))
			remove_leftover(dirfd(instances), entry->d_name);
	closedir(instances);
}

/* Between mkdir and flock another run may have taken it for a leftover. */
static bool still_there(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int create_named(struct tracefs_instance **ret, int *lock, const char *dir,
			const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/instances/%s", dir, name);
	if (mkdir(path, 0750) < 0)
		return -errno;
	fd = lock_directory(AT_FDCWD, path);
	if (fd == -EWOULDBLOCK || fd == -ENOENT)
		return -EEXIST;
	if (fd < 0) {
		rmdir(path);
		return fd;
	}
	if (!still_there(fd, path)) {
		close(fd);
		return -EEXIST;
	}
	*ret = tracefs_instance_alloc(NULL, name);
	if (!*ret) {
		rmdir(path);
		close(fd);
		return -ENOMEM;
	}
	*lock = fd;
	return 0;
}

int own_instance_create(struct tracefs_instance **ret, int *lock, const char *dir)
{
	char name[64];
	int r = -EEXIST;

	/* The number is taken by our first one, or in another PID namespace. */
	for (int i = 0; r == -EEXIST && i < TRIES; i++) {
		if (i == 0)
			snprintf(name, sizeof(name), PREFIX "%d", (int)getpid());
		else
			snprintf(name, sizeof(name), PREFIX "%d.%d", (int)getpid(), i);
		r = create_named(ret, lock, dir, name);
	}
	return r;
}

void own_instance_remove(struct tracefs_instance *instance, int lock)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char *path = tracefs_instance_get_dir(instance);
	int r = -1;

	/* Whoever looks at its rings keeps it busy, an rbmap-stat only for a moment. */
	for (int i = 0; path && r < 0 && i < 100; i++) {
		r = rmdir(path);
		if (r < 0 && errno != EBUSY)
			break;
		if (r < 0 && i == 0)
			make_harmless(AT_FDCWD, path);
		if (r < 0)
			nanosleep(&pause, NULL);
	}
	if (path && r < 0)
		common_error(
			"%s: could not be removed: %s; once it is unused: rmdir %s",
			path, strerror(errno), path);
	if (path)
		tracefs_put_tracing_file(path);
	tracefs_instance_free(instance);
	close(lock);
}
