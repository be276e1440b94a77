/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbered files of one run, FILE.1, FILE.2 and so on, and which of them stay. */
#ifndef RECORD_SERIES_H
#define RECORD_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file-id.h"

struct series_file {
	uint64_t number;
	uint64_t bytes;
	struct file_id id;
};

/*
 * @keep: the most files, the one that is being written included
 * @max_bytes: the most that they take together, likewise; 0: no limit
 * @files: those that are complete and still there, the oldest first
 * @removed: how many there were before them
 */
struct series {
	const char *name;
	uint64_t keep;
	uint64_t max_bytes;
	struct series_file *files;
	size_t nr_files;
	uint64_t bytes;
	uint64_t removed;
};

/* For free(3); NULL after an error message. */
char *series_path(const char *name, uint64_t number);

/* The file is complete. Prints its errors; returns an exit code. */
int series_add(struct series *series, const struct series_file *file);

/* Is there something to be removed? */
bool series_is_over(const struct series *series, uint64_t bytes);

/*
 * Removes the oldest files until those that stay, and one more that takes @bytes, keep
 * the bounds. What cannot be removed is told, and not tried again.
 */
void series_trim(struct series *series, uint64_t bytes);

void series_free(struct series *series);

#endif
