// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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
/* One millisecond each. */
#define LOCK_TRIES 1000

static bool has_number(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return !strncmp(name, prefix, length) && isdigit(name[length]) &&
	       strspn(name + length, "0123456789.") == strlen(name + length);
}

static bool is_ours(const char *name)
{
	return has_number(name, PREFIX) || has_number(name, PROBE_PREFIX);
}

/* A lock that is free: no process is there to remove the instance, or not yet. */
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

static int open_below(int parent, const char *name, const char *file, int access)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", name, file);
	return openat(parent, path, access | O_CLOEXEC);
}

/* The first character of the file, 0 if it cannot be read. */
static char read_below(int parent, const char *name, const char *file)
{
	int fd = open_below(parent, name, file, O_RDONLY);
	char first = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &first, 1) != 1)
		first = 0;
	close(fd);
	return first;
}

static void write_below(int parent, const char *name, const char *file,
			const char *text)
{
	int fd = open_below(parent, name, file, O_WRONLY);

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

/* Between the open and the lock, another one of that name may have taken its place. */
static bool still_there(int fd, int parent, const char *name)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && fstatat(parent, name, &there, 0) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* A recorder switches tracing off first, and enables events later. */
static bool is_set_up(int parent, const char *name)
{
	char events = read_below(parent, name, "events/enable");

	return read_below(parent, name, "tracing_on") == '0' ||
	       (events && events != '0');
}

/*
 * An instance that was just made is not locked yet, but its process is alive. If one
 * was killed, another process may have its number now; its instance was set up, though.
 */
static bool is_leftover(int parent, const char *name)
{
	pid_t maker = strtol(strrchr(name, '-') + 1, NULL, 10);

	if (maker > 0 && kill(maker, 0) < 0 && errno == ESRCH)
		return true;
	return is_set_up(parent, name);
}

static void remove_leftover(int parent, const char *name)
{
	int fd = lock_directory(parent, name);

	if (fd < 0)
		return;
	if (!still_there(fd, parent, name) || !is_leftover(parent, name)) {
		close(fd);
		return;
	}
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

/* A run that looks for leftovers holds the lock for a moment. */
static int lock_patiently(const char *path)
{
	struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int fd = lock_directory(AT_FDCWD, path);

	for (int i = 0; fd == -EWOULDBLOCK && i < LOCK_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = lock_directory(AT_FDCWD, path);
	}
	return fd;
}

static int create_named(struct tracefs_instance **ret, int *lock, const char *dir,
			const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/instances/%s", dir, name);
	if (mkdir(path, 0750) < 0)
		return -errno;
	fd = lock_patiently(path);
	if (fd == -ENOENT)
		return -EEXIST;
	if (fd < 0) {
		rmdir(path);
		return fd == -EWOULDBLOCK ? -EEXIST : fd;
	}
	/* A run in another PID namespace may have taken it for a leftover. */
	if (!still_there(fd, AT_FDCWD, path)) {
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

void own_instance_remove(struct tracefs_instance *instance, int lock, const char *dir)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char path[PATH_MAX];
	int r = -1;

	/* Not libtracefs's own: it is removed without any memory as well. */
	snprintf(path, sizeof(path), "%s/instances/%s", dir,
		 tracefs_instance_get_name(instance));

	/* Whoever looks at its rings keeps it busy, an rbmap-stat only for a moment. */
	for (int i = 0; r < 0 && i < 100; i++) {
		r = rmdir(path);
		if (r < 0 && errno != EBUSY)
			break;
		if (r < 0 && i == 0)
			make_harmless(AT_FDCWD, path);
		if (r < 0)
			nanosleep(&pause, NULL);
	}
	if (r < 0)
		common_error(
			"%s: could not be removed: %s; once it is unused: rmdir %s",
			path, strerror(errno), path);
	tracefs_instance_free(instance);
	close(lock);
}
