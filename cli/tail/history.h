/* SPDX-License-Identifier: GPL-2.0-only */
/* The last records of all that were there, as copies. */
#ifndef TAIL_HISTORY_H
#define TAIL_HISTORY_H

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

/* Zero it and set @most. A heap, the first of them on top, until it is sorted. */
struct history {
	uint64_t most;
	uint64_t serial;
	struct remembered **entries;
	size_t nr;
	size_t room;
};

/* Copies the record; forgets the first one where there are too many. 0 or -ENOMEM. */
int history_add(struct history *history, const struct rbmap_record *record,
		uint64_t order, const struct gap *gap);

/* Entries are in their order then; nothing can be added any more. */
void history_sort(struct history *history);

void history_free(struct history *history);

#endif
