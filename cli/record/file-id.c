// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "file-id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_id file_id_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return (struct file_id){ 0 };
	return (struct file_id){ st.st_dev, st.st_ino };
}

/* From the check to the removal, it must stay the same directory. */
static int remove_from(int directory, const struct file_id *id, const char *name)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != id->device || st.st_ino != id->inode)
		return -ESTALE;
	return unlinkat(directory, name, 0) < 0 ? -errno : 0;
}

int file_id_remove(const struct file_id *id, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *directory = slash ? strndup(path, slash + 1 - path) : strdup(".");
	int fd, r;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : remove_from(fd, id, name);
	free(directory);
	if (fd >= 0)
		close(fd);
	return r;
}
