/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live lines of functions that call no other: an entry is held back until the record
 * that comes after it is there, for as long as it takes to print what is due.
 */
#ifndef COMMON_LEAF_H
#define COMMON_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <trace-seq.h>

#include <rbmap/record.h>

#include "lines.h"

/* Zero it; @lines: how its records are printed, borrowed. */
struct common_leaf {
	const struct common_lines *lines;
	bool holds;
	struct rbmap_record entry;
	unsigned char *data;
	size_t room;
};

/* As common_lines_put(), later perhaps. All return 0 or a negative errno. */
int common_leaf_put(struct common_leaf *leaf, const struct rbmap_record *record,
		    struct trace_seq *text);

/* A record that is not to be printed. */
int common_leaf_pass(struct common_leaf *leaf, const struct rbmap_record *record,
		     struct trace_seq *text);

/* Prints what is held back. */
int common_leaf_end(struct common_leaf *leaf, struct trace_seq *text);

void common_leaf_free(struct common_leaf *leaf);

#endif
