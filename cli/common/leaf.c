// SPDX-License-Identifier: GPL-2.0-only
#include "leaf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/events.h>

static int hold(struct common_leaf *leaf, const struct rbmap_record *record)
{
	unsigned char *larger;

	if (record->size > leaf->room) {
		larger = realloc(leaf->data, record->size);
		if (!larger)
			return -ENOMEM;
		leaf->data = larger;
		leaf->room = record->size;
	}
	memcpy(leaf->data, record->data, record->size);
	leaf->entry = *record;
	leaf->entry.data = leaf->data;
	leaf->holds = true;
	return 0;
}

/* With the exit it was held back for, or NULL. */
static int put_held(struct common_leaf *leaf, const struct rbmap_record *exit,
		    struct trace_seq *text)
{
	struct common_lines lines = *leaf->lines;

	leaf->holds = false;
	lines.exit = exit;
	return common_lines_put(&lines, &leaf->entry, text);
}

/* 1 where the record is printed with the entry that was held back. */
static int go_on(struct common_leaf *leaf, const struct rbmap_record *record,
		 struct trace_seq *text)
{
	bool is_exit = rbmap_events_is_leaf(leaf->lines->events, &leaf->entry, record);
	int r = put_held(leaf, is_exit ? record : NULL, text);

	return r < 0 ? r : is_exit;
}

int common_leaf_put(struct common_leaf *leaf, const struct rbmap_record *record,
		    struct trace_seq *text)
{
	int r = leaf->holds ? go_on(leaf, record, text) : 0;

	if (r)
		return r < 0 ? r : 0;
	if (!leaf->lines->json &&
	    rbmap_events_is_leaf(leaf->lines->events, record, NULL))
		return hold(leaf, record);
	return common_lines_put(leaf->lines, record, text);
}

int common_leaf_pass(struct common_leaf *leaf, const struct rbmap_record *record,
		     struct trace_seq *text)
{
	int r = leaf->holds ? go_on(leaf, record, text) : 0;

	return r < 0 ? r : 0;
}

int common_leaf_end(struct common_leaf *leaf, struct trace_seq *text)
{
	return leaf->holds ? put_held(leaf, NULL, text) : 0;
}

void common_leaf_free(struct common_leaf *leaf)
{
	free(leaf->data);
}
