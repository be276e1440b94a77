// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "file-id.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* Takes no memory: what could not be begun for want of it is removed as well. */
static int directory_of(char ret[PATH_MAX], const char *path, size_t length)
{
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, length ? path : "./", length ? length : 2);
	ret[length ? length : 2] = '\0';
	return 0;
}

int file_id_remove(const struct file_id *id, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char directory[PATH_MAX];
	int fd, r = directory_of(directory, path, name - path);

	if (r < 0)
		return r;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_from(fd, id, name);
	close(fd);
	return r;
}
