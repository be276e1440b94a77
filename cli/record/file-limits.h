/* SPDX-License-Identifier: GPL-2.0-only */
/* How large a recording may become, and when it goes on in a new file. */
#ifndef RECORD_FILE_LIMITS_H
#define RECORD_FILE_LIMITS_H

#include <stdint.h>

#include "config.h"

/* What is to be done now. */
enum limit {
	LIMIT_NONE,
	LIMIT_ROTATE,
	/* --max-size, --min-free: the recording ends. */
	LIMIT_MAX_SIZE,
	LIMIT_MIN_FREE
};

/*
 * @bytes, @at_ns: what the file took at the last look, and when that was
 * @head: what it took when it was begun, at @begun_ns
 */
struct limits {
	const struct config *config;
	uint64_t min_free;
	uint64_t begun_ns;
	uint64_t head;
	uint64_t at_ns;
	uint64_t bytes;
};

/*
 * Before anything is recorded; @fd is the output. Prints its errors, as where less than
 * --min-free is left already; returns an exit code.
 */
int limits_open(struct limits *limits, const struct config *config, int fd,
		const char *path);

/* A file was begun; its head is there. */
void limits_begin(struct limits *limits, int fd, uint64_t now);

/*
 * Looks at the file, and at what is free where it lies. @data: what was put into it,
 * behind its head, of which some may not be written yet. @kept is what the earlier
 * files of the run take. @ret_due: when to look again at the latest, given how fast the
 * file grew; UINT64_MAX: not before there is more in it.
 */
enum limit limits_check(struct limits *limits, int fd, uint64_t data, uint64_t kept,
			uint64_t now, uint64_t *ret_due);

/* How much may be taken from the rings before the bounds are to be looked at. */
uint64_t limits_step(const struct config *config);

/* The bytes that a file takes on its file system; 0 where that is not known. */
uint64_t limits_file_bytes(int fd);

#endif
