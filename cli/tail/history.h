/* SPDX-License-Identifier: GPL-2.0-only */
/* The last records of all that were there, as copies. */
#ifndef TAIL_HISTORY_H
#define TAIL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/record.h>

#include "gap.h"

struct remembered {
	/* By when it comes: its time stamp, but not before that of the one before. */
	uint64_t order;
	uint64_t serial;
	struct rbmap_record record;
	struct gap gap;
	size_t room;
	unsigned char data[];
};

/*
 * Zero it and set @most. Up to twice as many are kept: of a full array the first half,
 * once it is sorted, is not among the last, and its memory is used again.
 */
struct history {
	uint64_t most;
	uint64_t serial;
	/* @nr are in use; from there on up to @nr_made their memory is at hand. */
	struct remembered **entries;
	size_t nr;
	size_t nr_made;
	size_t room;
	/* What comes before the first entry is not among the last. */
	bool first_is_known;
};

/* Copies the record where it is among the last so far. 0 or -ENOMEM. */
int history_add(struct history *history, const struct rbmap_record *record,
		uint64_t order, const struct gap *gap);

/* The last @most are there then, in their order; nothing can be added any more. */
void history_sort(struct history *history);

void history_free(struct history *history);

#endif
