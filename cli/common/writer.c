// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

/* Once it is time to stop, a reader that takes nothing is not waited for longer. */
#define PATIENCE_MS 1000

static bool can_block(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

void common_writer_init(struct common_writer *writer, int fd, int stop_fd)
{
	/* Where signals end the process, write(2) may wait as long as it likes. */
	*writer = (struct common_writer){ fd, stop_fd, stop_fd >= 0 && can_block(fd), 0,
					  0 };
}

/*
 * A write that blocks could not be ended by a signal, since those are blocked too, and
 * nothing would be put back. What poll(2) calls writable takes PIPE_BUF bytes at once.
 */
static int wait_for_reader(const struct common_writer *writer)
{
	struct pollfd fds[] = {
		{ .fd = writer->fd, .events = POLLOUT },
		{ .fd = writer->stop_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	if (fds[0].revents)
		return 0;
	return poll(fds, 1, PATIENCE_MS) > 0 ? 0 : -ETIMEDOUT;
}

int common_writer_write(struct common_writer *writer, const char *text, size_t size)
{
	ssize_t written;
	size_t now;
	int r;

	while (size) {
		r = writer->may_block ? wait_for_reader(writer) : 0;
		if (r < 0)
			return r;
		now = writer->may_block && size > PIPE_BUF ? PIPE_BUF : size;
		writer->writes++;
		written = write(writer->fd, text, now);
		if (written < 0 && errno == EINTR)
			continue;
		/* Whoever started the program may have left it without blocking. */
		if (written < 0 && errno == EAGAIN) {
			r = wait_for_reader(writer);
			if (r < 0)
				return r;
			continue;
		}
		if (written < 0)
			return -errno;
		text += written;
		size -= written;
		writer->bytes += written;
	}
	return 0;
}
