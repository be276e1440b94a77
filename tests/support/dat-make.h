/* SPDX-License-Identifier: GPL-2.0-only */
/* Small trace.dat files, made by hand. Where that fails the process is aborted. */
#ifndef RBMAP_TEST_DAT_MAKE_H
#define RBMAP_TEST_DAT_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MADE_SUBBUF 256

/*
 * What a file is to be like; all of it has two buffers, "" and "other", of two CPUs
 * each.
 * @long_size: of the kernel, whose commit word it is; @compression is a name for
 * version 7, or NULL
 */
struct made_kind {
	unsigned int version;
	bool big_endian;
	unsigned int long_size;
	const char *compression;
};

/* Ended by one of id 0. */
struct made_option {
	unsigned int id;
	const char *text;
};

struct made {
	struct made_kind kind;
	const struct made_option *options;
	unsigned char *bytes;
	size_t size;
	size_t room;
	/* Where the head ends, and the data of buffer and CPU begins. */
	size_t head;
	/* Of the text of the event, compressed or not. */
	size_t format;
	size_t format_size;
	size_t data[2][2];
};

/*
 * Each CPU has three sub-buffers of MADE_RECORDS records: event made:number (id 77)
 * with its number, counted over the CPU from 0 on, at the time 1000 + 10 * number + 2 *
 * CPU, and pid 5. Before the second sub-buffer of CPU 1, 3 events were lost.
 */
#define MADE_RECORDS 4
#define MADE_SUBBUFS 3

void made_build(struct made *made, const struct made_kind *kind);
/* With more options of the file. */
void made_build_with(struct made *made, const struct made_kind *kind,
		     const struct made_option *options);
void made_free(struct made *made);

/* Writes the first @size bytes to a file without a name; returns its descriptor. */
int made_file(const struct made *made, size_t size);

#endif
