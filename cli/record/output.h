/* SPDX-License-Identifier: GPL-2.0-only */
/* The file that is recorded into. */
#ifndef RECORD_OUTPUT_H
#define RECORD_OUTPUT_H

#include <stdbool.h>

struct output {
	const char *path;
	int fd;
	bool created;
	/* With true it needs not be a regular file. */
	bool stream;
	/* It has no name yet. */
	bool hidden;
	/* It has one, as far as it is known: not every file system counts names. */
	bool named;
};

/*
 * Opens @path for writing without changing what it holds; NULL is standard output.
 * Refuses symbolic and hard links, what belongs to another user or is being written,
 * and what is no regular file unless @stream. Prints its errors; returns an exit code.
 */
int output_open(struct output *output, const char *path, bool stream);

/*
 * The same for a file that gets its name only with output_publish(), so that nobody
 * finds it before it can be read. What has the name is removed. Where the file system
 * has no such files, it has its name at once.
 */
int output_open_hidden(struct output *output, const char *path);
int output_publish(struct output *output);

/*
 * A failure if it has lost its last name, so that its contents are lost. Prints that,
 * and only once; returns an exit code.
 */
int output_check_name(struct output *output);

/* A regular file, and not standard output. */
bool output_is_file(const struct output *output);

/* Does @path lead to the same regular file? */
bool output_is_path(const struct output *output, const char *path);

/* Keeps others from reading the file; needs privilege that is dropped later. Likewise.
 */
int output_protect(struct output *output);

/* What the file held is not needed any more. Likewise. */
int output_begin(struct output *output);

/*
 * Is nothing left of the file system but what is kept for root? A recorder must not
 * take what others need to repair the machine.
 */
bool output_is_out_of_room(const struct output *output);

/* Removes the file where output_open() made it; for a recording that never began. */
void output_discard(struct output *output);

/* Closes it; an error of a delayed write shows here. Likewise. */
int output_close(struct output *output);

#endif
