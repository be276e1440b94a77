// SPDX-License-Identifier: GPL-2.0-only
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those of one time in the order of their CPUs, as rbmap_merge_next() has them. */
static int compare(const struct remembered *a, const struct remembered *b)
{
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (a->record.cpu != b->record.cpu)
		return a->record.cpu < b->record.cpu ? -1 : 1;
	return (a->serial > b->serial) - (a->serial < b->serial);
}

static int compare_entries(const void *a, const void *b)
{
	return compare(*(struct remembered *const *)a, *(struct remembered *const *)b);
}

/* Moves the last @most to the front; the memory of the rest stays. */
static void keep_last(struct history *history)
{
	size_t surplus = history->nr - history->most;
	struct remembered *held;

	for (size_t i = 0; i < history->most; i++) {
		held = history->entries[i];
		history->entries[i] = history->entries[i + surplus];
		history->entries[i + surplus] = held;
	}
	history->nr = history->most;
}

void history_sort(struct history *history)
{
	if (!history->nr)
		return;
	qsort(history->entries, history->nr, sizeof(*history->entries),
	      compare_entries);
	if (history->nr > history->most)
		keep_last(history);
}

static int make_room(struct history *history)
{
	size_t room = history->room ? 2 * history->room : 64;
	struct remembered **larger;

	if (history->nr < history->room)
		return 0;
	larger = reallocarray(history->entries, room, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	history->entries = larger;
	history->room = room;
	return 0;
}

/* An entry with memory for so many bytes; NULL without. */
static struct remembered *make_entry(struct history *history, size_t size)
{
	bool made = history->nr < history->nr_made;
	struct remembered *entry = made ? history->entries[history->nr] : NULL;

	if (entry && entry->room >= size)
		return entry;
	entry = realloc(entry, sizeof(*entry) + size);
	if (!entry)
		return NULL;
	entry->room = size;
	history->entries[history->nr] = entry;
	history->nr_made += !made;
	return entry;
}

static int append(struct history *history, const struct remembered *head)
{
	struct remembered *entry;
	size_t room;

	if (make_room(history) < 0)
		return -ENOMEM;
	entry = make_entry(history, head->record.size);
	if (!entry)
		return -ENOMEM;
	room = entry->room;
	*entry = *head;
	entry->room = room;
	memcpy(entry->data, head->record.data, head->record.size);
	entry->record.data = entry->data;
	history->nr++;
	return 0;
}

int history_add(struct history *history, const struct rbmap_record *record,
		uint64_t order, const struct gap *gap)
{
	struct remembered head = { .order = order, .record = *record, .gap = *gap };
	int r;

	head.serial = history->serial++;
	if (!history->most ||
	    (history->first_is_known && compare(&head, history->entries[0]) < 0))
		return 0;
	r = append(history, &head);
	if (r == 0 && history->nr / 2 >= history->most) {
		history_sort(history);
		history->first_is_known = true;
	}
	return r;
}

void history_free(struct history *history)
{
	for (size_t i = 0; i < history->nr_made; i++)
		free(history->entries[i]);
	free(history->entries);
	history->entries = NULL;
	history->nr = history->nr_made = history->room = 0;
}
