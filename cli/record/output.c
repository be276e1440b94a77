// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common.h"
#include "file-id.h"
#include "output.h"

#define OPEN_FLAGS (O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int open_file(struct output *output, const char *path, int access)
{
	output->fd = open(path, access | O_CREAT | O_EXCL | OPEN_FLAGS, 0600);
	output->created = output->fd >= 0;
	if (output->fd < 0 && errno == EEXIST)
		output->fd = open(path, access | OPEN_FLAGS);
	return output->fd < 0 ? -errno : 0;
}

static int explain(const char *path, int error)
{
	struct stat st;
	mode_t mode = lstat(path, &st) == 0 ? st.st_mode : 0;

	if (S_ISLNK(mode))
		return common_fail(
			"%s: is a symbolic link, which is not followed; name the file "
			"itself",
			path);
	if (error == EISDIR)
		return common_fail(
			"%s: is a directory; name a file, as in %s/trace.dat", path,
			path);
	if (error == ENXIO && S_ISSOCK(mode))
		return common_fail("%s: is a socket; name a file or a FIFO", path);
	if (error == ENXIO && S_ISFIFO(mode))
		return common_fail("%s: no program reads this FIFO; start it first",
				   path);
	return common_fail("%s: %s", path, strerror(error));
}

/* Ours, or of the user who called sudo and the like. A device node is often root's. */
static bool has_known_owner(const struct stat *st)
{
	struct common_caller caller;

	if (st->st_uid == geteuid() || (!S_ISREG(st->st_mode) && st->st_uid == 0))
		return true;
	common_find_caller(&caller);
	return caller.variable && !caller.problem && st->st_uid == caller.uid;
}

/*
 * A file with a second name is not known well enough. Two recorders in one file would
 * spoil both.
 */
static int check_regular(const struct output *output, const struct stat *st)
{
	if (st->st_nlink > 1)
		return common_fail(
			"%s: has several hard links; remove it, or name another file",
			output->path);
	if (flock(output->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return common_fail(
			"%s: is being written by another program; name another file",
			output->path);
	return COMMON_OK;
}

static int check(struct output *output)
{
	struct stat st;

	if (fstat(output->fd, &st) < 0)
		return explain(output->path, errno);
	/* It would hand the trace to that user. */
	if (!output->created && !has_known_owner(&st))
		return common_fail("%s: belongs to user %u; remove it, or name another "
				   "file",
				   output->path, (unsigned int)st.st_uid);
	output->named = st.st_nlink > 0;
	if (S_ISREG(st.st_mode))
		return check_regular(output, &st);
	if (!output->stream)
		return common_fail(
			"%s: is not a regular file, which a trace.dat must be; name "
			"another file, or use --format text",
			output->path);
	/* Only a FIFO without a reader must not hold the open up. */
	if (fcntl(output->fd, F_SETFL, fcntl(output->fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return explain(output->path, errno);
	return COMMON_OK;
}

int output_open(struct output *output, const char *path, bool stream)
{
	int r;

	*output =
		(struct output){ .path = path, .fd = STDOUT_FILENO, .stream = stream };
	if (!path) {
		output->path = "standard output";
		return COMMON_OK;
	}
	r = open_file(output, path, stream ? O_WRONLY : O_RDWR);
	if (r < 0)
		return explain(path, -r);
	return check(output);
}

static int open_nameless(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return -1;
	fd = open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(copy);
	return fd;
}

/* What an earlier run left there is in the way, unless it must not be written to. */
static int clear_the_way(struct output *output)
{
	const char *path = output->path;
	int status;

	output->fd = open(path, O_RDWR | OPEN_FLAGS);
	if (output->fd < 0)
		return errno == ENOENT ? COMMON_OK : explain(path, errno);
	status = check(output);
	if (status == COMMON_OK) {
		struct file_id id = file_id_of(output->fd);
		int r = file_id_remove(&id, path);

		if (r < 0 && r != -ENOENT)
			status = explain(path, -r);
	}
	close(output->fd);
	output->fd = -1;
	return status;
}

int output_open_hidden(struct output *output, const char *path)
{
	int fd = open_nameless(path);
	int status;

	if (fd < 0)
		return output_open(output, path, false);
	*output = (struct output){ .path = path, .fd = -1 };
	status = clear_the_way(output);
	if (status != COMMON_OK) {
		close(fd);
		return status;
	}
	output->fd = fd;
	output->created = true;
	output->hidden = true;
	flock(fd, LOCK_EX | LOCK_NB);
	return COMMON_OK;
}

int output_publish(struct output *output)
{
	struct stat st;
	char name[32];

	if (!output->hidden)
		return COMMON_OK;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", output->fd);
	if (linkat(AT_FDCWD, name, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) < 0)
		return common_fail("%s: %s", output->path, strerror(errno));
	output->hidden = false;
	output->named = fstat(output->fd, &st) == 0 && st.st_nlink > 0;
	return COMMON_OK;
}

bool output_is_file(const struct output *output)
{
	struct stat st;

	return output->fd > STDERR_FILENO && fstat(output->fd, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

bool output_is_path(const struct output *output, const char *path)
{
	struct stat ours, there;

	return output_is_file(output) && fstat(output->fd, &ours) == 0 &&
	       stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

int output_check_name(struct output *output)
{
	struct stat st;

	if (!output->named || output->hidden || !output_is_file(output) ||
	    fstat(output->fd, &st) < 0 || st.st_nlink > 0)
		return COMMON_OK;
	output->named = false;
	return common_fail(
		"%s: was removed while it was written; its contents are lost",
		output->path);
}

int output_protect(struct output *output)
{
	/* It may hold addresses and names that only root can see. */
	if (output_is_file(output) && !output->created && fchmod(output->fd, 0600) < 0)
		return common_fail("%s: %s", output->path, strerror(errno));
	return COMMON_OK;
}

/*
 * Where there is nothing, ext4 would take the file for one that is overwritten all the
 * same, and write all of it back when it is closed.
 */
static bool has_content(const struct output *output)
{
	struct stat status;

	return fstat(output->fd, &status) < 0 || status.st_size > 0;
}

int output_begin(struct output *output)
{
	if (output_is_file(output) && has_content(output) &&
	    ftruncate(output->fd, 0) < 0)
		return common_fail("%s: %s", output->path, strerror(errno));
	return COMMON_OK;
}

bool output_is_out_of_room(const struct output *output)
{
	struct statvfs fs;

	/* Where none are free, or none are counted, only a write shows what is left. */
	return output_is_file(output) && fstatvfs(output->fd, &fs) == 0 &&
	       fs.f_bfree > 0 && fs.f_bavail == 0;
}

void output_discard(struct output *output)
{
	struct file_id id;
	int r = 0;

	if (output->fd > STDERR_FILENO) {
		id = file_id_of(output->fd);
		if (output->created && !output->hidden)
			r = file_id_remove(&id, output->path);
		close(output->fd);
		/* It takes a descriptor, and there is one now. */
		if (r == -EMFILE || r == -ENFILE)
			file_id_remove(&id, output->path);
	}
	output->fd = -1;
}

int output_close(struct output *output)
{
	int fd = output->fd, status;

	if (fd <= STDERR_FILENO) {
		output->fd = -1;
		return COMMON_OK;
	}
	status = output_check_name(output);
	output->fd = -1;
	if (close(fd) < 0)
		return common_fail("%s: %s", output->path, strerror(errno));
	return status;
}
