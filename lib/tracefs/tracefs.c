// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <tracefs.h>

#include "base/internal.h"
#include "tracefs/tracefs.h"

/* The first mount of @type; @ret is to be freed. */
static int find_mount(const char *type, char **ret)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent entry;
	int r = -ENOENT;
	char line[4096];

	if (!mounts)
		return -errno;
	while (r == -ENOENT && getmntent_r(mounts, &entry, line, sizeof(line))) {
		if (strcmp(entry.mnt_type, type))
			continue;
		*ret = strdup(entry.mnt_dir);
		r = *ret ? 0 : -ENOMEM;
	}
	endmntent(mounts);
	return r;
}

int rbmap_tracefs_find(char **ret)
{
	char *debugfs, *path;
	int r = find_mount("tracefs", &path);

	if (r == -ENOENT) {
		r = find_mount("debugfs", &debugfs);
		if (r)
			return r;
		if (asprintf(&path, "%s/tracing", debugfs) < 0)
			r = -ENOMEM;
		free(debugfs);
		if (!r && access(path, F_OK) && errno == ENOENT) {
			free(path);
			r = -ENOENT;
		}
	}
	if (!r)
		*ret = path;
	return r;
}

bool rbmap_tracefs_is_mounted(void)
{
	struct statfs fs;
	char *path;

	/* The usual place first: this is asked for at every file. */
	if (!statfs("/sys/kernel/tracing", &fs) && fs.f_type == TRACEFS_MAGIC)
		return true;
	if (rbmap_tracefs_find(&path))
		return false;
	free(path);
	return true;
}

int rbmap_tracefs_open(struct tracefs_instance *instance, const char *file, int flags)
{
	char *path;
	int fd;

	/* libtracefs would mount it. */
	if (!instance && !rbmap_tracefs_is_mounted())
		return -ENOENT;
	path = tracefs_instance_get_file(instance, file);
	if (!path)
		return -ENOMEM;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	tracefs_put_tracing_file(path);
	return fd;
}

/* Room for more and for the 0 at the end. */
static int grow(char **text, size_t *room, size_t used)
{
	size_t size = *room ? *room * 2 : 4096;
	char *grown;

	if (*room > used + 1)
		return 0;
	grown = realloc(*text, size);
	if (!grown)
		return -ENOMEM;
	*text = grown;
	*room = size;
	return 0;
}

/* These files have no size to ask for, and may give less than is asked for. */
int rbmap_fd_read(int fd, char **ret, size_t *ret_size)
{
	size_t room = 0, used = 0;
	char *text = NULL;
	int r;

	for (;;) {
		ssize_t got;

		r = grow(&text, &room, used);
		if (r)
			goto fail;
		got = read(fd, text + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			r = -errno;
			goto fail;
		}
		if (!got)
			break;
		used += got;
	}
	text[used] = '\0';
	*ret = text;
	if (ret_size)
		*ret_size = used;
	return 0;
fail:
	free(text);
	return r;
}

/* Reads what is open, and closes it; a negative errno for @fd is passed on. */
static int read_and_close(int fd, char **ret, size_t *ret_size)
{
	int r;

	if (fd < 0)
		return fd;
	r = rbmap_fd_read(fd, ret, ret_size);
	close(fd);
	return r;
}

int rbmap_tracefs_read(struct tracefs_instance *instance, const char *file, char **ret,
		       size_t *ret_size)
{
	return read_and_close(rbmap_tracefs_open(instance, file, O_RDONLY), ret,
			      ret_size);
}

int rbmap_file_read(int dir, const char *path, char **ret, size_t *ret_size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	return read_and_close(fd < 0 ? -errno : fd, ret, ret_size);
}

int rbmap_fd_directory(int fd, DIR **ret)
{
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	int r;

	if (fd < 0)
		return fd;
	if (!directory) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret = directory;
	return 0;
}
