// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into rbmap-record, a disk that stalls. While the file $DISK_SHIM/hold is
 * there, each write at an offset waits, as soon as DISK_SHIM_AFTER bytes were written;
 * $DISK_SHIM/held tells that one does. With $DISK_SHIM/fail, the next place of data
 * that is to be written cannot be, however often. With DISK_SHIM_NAME, only files are
 * held whose name, as the kernel shows it, has that in it.
 *
 * With DISK_SHIM_ROOM, the file may take so many bytes, and what goes over something
 * needs room as well, as where a file system copies on write. With $DISK_SHIM/full,
 * there is none left.
 *
 * With DISK_SHIM_FREE, so many blocks are reported as free.
 */
#define _GNU_SOURCE
/* Both names are defined here, whatever the program is built with. */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

int fstatvfs64(int fd, struct statvfs64 *ret);
int fstatvfs(int fd, struct statvfs *ret);
ssize_t pwritev64(int fd, const struct iovec *parts, int nr, off64_t offset);
ssize_t pwritev(int fd, const struct iovec *parts, int nr, off_t offset);

#define LEAST_DATA 4096
#define BLOCK 4096

static _Atomic unsigned long long written;
static off64_t bad = -1;

static bool exists(const char *name)
{
	const char *dir = getenv("DISK_SHIM");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "/nowhere", name);
	return access(path, F_OK) == 0;
}

static void tell(const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", getenv("DISK_SHIM"), name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

static bool is_due(void)
{
	const char *after = getenv("DISK_SHIM_AFTER");

	return written >= (after ? strtoull(after, NULL, 10) : 0);
}

static bool has_name(int fd)
{
	const char *name = getenv("DISK_SHIM_NAME");
	char link[32], path[512];
	ssize_t size;

	if (!name)
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	path[size < 0 ? 0 : size] = '\0';
	return strstr(path, name);
}

static void wait_while_held(int fd)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };

	if (!is_due() || !exists("hold") || !has_name(fd))
		return;
	tell("held");
	while (exists("hold"))
		nanosleep(&pause, NULL);
}

static size_t size_of(const struct iovec *parts, int nr)
{
	size_t size = 0;

	while (nr-- > 0)
		size += parts[nr].iov_len;
	return size;
}

static bool is_full(int fd, size_t size, off64_t offset)
{
	off64_t blocks = (offset + (off64_t)size + BLOCK - 1) / BLOCK - offset / BLOCK;
	const char *room = getenv("DISK_SHIM_ROOM");
	struct stat status;

	if (!room || fstat(fd, &status) < 0)
		return false;
	return exists("full") ||
	       status.st_blocks * 512 + blocks * BLOCK > strtoll(room, NULL, 10);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int nr, off64_t offset)
{
	static ssize_t (*next)(int, const struct iovec *, int, off64_t);
	ssize_t done;

	if (!next)
		next = (ssize_t(*)(int, const struct iovec *, int,
				   off64_t))dlsym(RTLD_NEXT, "pwritev64");
	wait_while_held(fd);
	if (bad == -1 && size_of(parts, nr) >= LEAST_DATA && is_due() && exists("fail"))
		bad = offset;
	if (offset == bad || is_full(fd, size_of(parts, nr), offset)) {
		errno = ENOSPC;
		return -1;
	}
	done = next(fd, parts, nr, offset);
	if (done > 0)
		written += done;
	return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int nr, off_t offset)
{
	return pwritev64(fd, parts, nr, offset);
}

int fstatvfs64(int fd, struct statvfs64 *ret)
{
	static int (*next)(int, struct statvfs64 *);
	const char *blocks = getenv("DISK_SHIM_FREE");
	int r;

	if (!next)
		next = (int (*)(int, struct statvfs64 *))dlsym(RTLD_NEXT, "fstatvfs64");
	r = next(fd, ret);
	if (r == 0 && blocks)
		ret->f_bfree = ret->f_bavail = strtoull(blocks, NULL, 10);
	return r;
}

/* The same where off_t has 64 bits. */
int fstatvfs(int fd, struct statvfs *ret)
{
	return fstatvfs64(fd, (struct statvfs64 *)ret);
}
