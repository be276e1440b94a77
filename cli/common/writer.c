// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

/* Once it is time to stop, a reader that takes nothing is not waited for longer. */
#define PATIENCE_MS 1000
#define RETRY_MS 10

static bool can_block(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

/*
 * A terminal that poll(2) calls writable may have room for a single byte, and write(2)
 * then waits for the rest. Opened again it does not wait: O_NONBLOCK on @fd would be
 * one of all programs on that terminal. -1 where that is not possible.
 */
static int open_terminal(int fd)
{
	char path[32];

	if (!isatty(fd))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void common_writer_init(struct common_writer *writer, int fd, int stop_fd)
{
	/* Where signals end the process, write(2) may wait as long as it likes. */
	bool may_block = stop_fd >= 0 && can_block(fd);

	*writer = (struct common_writer){
		.fd = fd,
		.terminal = may_block ? open_terminal(fd) : -1,
		.stop_fd = stop_fd,
		.may_block = may_block,
	};
	if (writer->terminal >= 0)
		writer->fd = writer->terminal;
}

void common_writer_close(struct common_writer *writer)
{
	if (writer->terminal >= 0)
		close(writer->terminal);
	writer->terminal = -1;
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

/*
 * A terminal with room for a byte is writable, but takes no newline, which is two.
 * *@patience: what is left of it once it is time to stop.
 */
static int pause_writing(const struct common_writer *writer, int *patience)
{
	struct pollfd stop = { .fd = writer->stop_fd, .events = POLLIN };

	if (poll(&stop, 1, RETRY_MS) <= 0)
		return 0;
	if (*patience <= 0)
		return -ETIMEDOUT;
	*patience -= RETRY_MS;
	poll(NULL, 0, RETRY_MS);
	return 0;
}

static ssize_t write_some(struct common_writer *writer, const char *text, size_t size)
{
	ssize_t written;

	if (writer->may_block && size > PIPE_BUF)
		size = PIPE_BUF;
	writer->writes++;
	written = write(writer->fd, text, size);
	return written < 0 ? -errno : written;
}

int common_writer_write(struct common_writer *writer, const char *text, size_t size)
{
	int r, patience = PATIENCE_MS;
	bool refused = false;
	ssize_t written;

	while (size) {
		r = writer->may_block ? wait_for_reader(writer) : 0;
		if (r < 0)
			return r;
		written = write_some(writer, text, size);
		if (written == -EINTR)
			continue;
		/* Or the parent has opened it without blocking. */
		if (written == -EAGAIN) {
			r = wait_for_reader(writer);
			if (r == 0 && refused)
				r = pause_writing(writer, &patience);
			if (r < 0)
				return r;
			refused = true;
			continue;
		}
		if (written < 0)
			return written;
		text += written;
		size -= written;
		writer->bytes += written;
		refused = false;
	}
	return 0;
}
