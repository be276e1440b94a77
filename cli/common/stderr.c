// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common.h"

/* Both under the lock of the stream. */
static struct common_writer writer;
static bool given_up;

static bool has_room(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) > 0;
}

/* What cannot be written is not tried again by the stream. */
static ssize_t write_if_read(void *context, const char *text, size_t size)
{
	(void)context;
	/* Only the first message is waited with. */
	if (!given_up || has_room())
		given_up = common_writer_write(&writer, text, size) == -ETIMEDOUT;
	return size;
}

int common_bound_stderr(void)
{
	cookie_io_functions_t functions = { .write = write_if_read };
	int stop_fd = eventfd(1, EFD_CLOEXEC);
	FILE *stream = stop_fd < 0 ? NULL : fopencookie(NULL, "w", functions);

	if (!stream)
		return common_fail("standard error: %s", strerror(errno));
	setvbuf(stream, NULL, _IONBF, 0);
	common_writer_init(&writer, STDERR_FILENO, stop_fd);
	stderr = stream;
	return COMMON_OK;
}
