/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of the instance that is recorded. */
#ifndef RECORD_TRACING_FILE_H
#define RECORD_TRACING_FILE_H

#include <stddef.h>

struct tracefs_instance;

/* Writes text in one write(2). Returns 0 or a negative errno. */
int tracing_write(struct tracefs_instance *instance, const char *file,
		  const char *text);

/* As tracing_write(), after what the file holds (O_APPEND). */
int tracing_append(struct tracefs_instance *instance, const char *file,
		   const char *text);

/* As tracing_write(), in place of what the file holds (O_TRUNC). */
int tracing_replace(struct tracefs_instance *instance, const char *file,
		    const char *text);

/*
 * The file's text without the newline at its end, to be freed; NULL with errno set
 * where it cannot be read.
 */
char *tracing_read(struct tracefs_instance *instance, const char *file);

#endif
