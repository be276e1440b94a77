// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "tracing-file.h"

static int write_flags(struct tracefs_instance *instance, const char *file,
		       const char *text, int flags)
{
	size_t size = strlen(text);
	ssize_t written;
	int fd, r;

	fd = tracefs_instance_file_open(instance, file, O_WRONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	/* A tracing file takes a write whole or not; one of nothing clears nothing. */
	written = size ? write(fd, text, size) : 0;
	r = written < 0 ? -errno : (size_t)written < size ? -EIO : 0;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int tracing_write(struct tracefs_instance *instance, const char *file, const char *text)
{
	return write_flags(instance, file, text, 0);
}

int tracing_append(struct tracefs_instance *instance, const char *file,
		   const char *text)
{
	return write_flags(instance, file, text, O_APPEND);
}

int tracing_replace(struct tracefs_instance *instance, const char *file,
		    const char *text)
{
	return write_flags(instance, file, text, O_TRUNC);
}

/* Not libtracefs's own reading, which takes an empty file for a failure. */
char *tracing_read(struct tracefs_instance *instance, const char *file)
{
	int fd = tracefs_instance_file_open(instance, file, O_RDONLY | O_CLOEXEC);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
	char *text = NULL;
	size_t room = 0;
	ssize_t size;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	errno = 0;
	size = getdelim(&text, &room, '\0', stream);
	if (size < 0 && errno) {
		free(text);
		text = NULL;
	} else if (size < 0) {
		free(text);
		text = strdup("");
	} else {
		while (size > 0 && text[size - 1] == '\n')
			text[--size] = '\0';
	}
	fclose(stream);
	return text;
}
