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

static void swap(struct history *history, size_t a, size_t b)
{
	struct remembered *held = history->entries[a];

	history->entries[a] = history->entries[b];
	history->entries[b] = held;
}

static void sift_up(struct history *history)
{
	size_t at = history->nr - 1, above;

	for (; at; at = above) {
		above = (at - 1) / 2;
		if (compare(history->entries[at], history->entries[above]) >= 0)
			return;
		swap(history, at, above);
	}
}

static void sift_down(struct history *history)
{
	struct remembered **entries = history->entries;
	size_t at = 0, best;

	for (;;) {
		best = at;
		for (size_t below = 2 * at + 1; below <= 2 * at + 2; below++)
			if (below < history->nr &&
			    compare(entries[below], entries[best]) < 0)
				best = below;
		if (best == at)
			return;
		swap(history, at, best);
		at = best;
	}
}

static void fill(struct remembered *entry, const struct remembered *head,
		 const void *data)
{
	size_t room = entry->room;

	*entry = *head;
	entry->room = room;
	memcpy(entry->data, data, head->record.size);
	entry->record.data = entry->data;
}

static struct remembered *make(const struct remembered *head, const void *data)
{
	struct remembered *entry = malloc(sizeof(*entry) + head->record.size);

	if (!entry)
		return NULL;
	entry->room = head->record.size;
	fill(entry, head, data);
	return entry;
}

static int append(struct history *history, const struct remembered *head,
		  const void *data)
{
	size_t room = history->room ? 2 * history->room : 64;
	struct remembered **larger;
	struct remembered *entry;

	if (history->nr == history->room) {
		larger = reallocarray(history->entries, room, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		history->entries = larger;
		history->room = room;
	}
	entry = make(head, data);
	if (!entry)
		return -ENOMEM;
	history->entries[history->nr++] = entry;
	sift_up(history);
	return 0;
}

/* In its memory, where that will do: this happens for each record of a ring. */
static int replace_first(struct history *history, const struct remembered *head,
			 const void *data)
{
	struct remembered *first = history->entries[0];

	if (first->room >= head->record.size) {
		fill(first, head, data);
	} else {
		first = make(head, data);
		if (!first)
			return -ENOMEM;
		free(history->entries[0]);
		history->entries[0] = first;
	}
	sift_down(history);
	return 0;
}

int history_add(struct history *history, const struct rbmap_record *record,
		uint64_t order, const struct gap *gap)
{
	struct remembered head = { .order = order, .record = *record, .gap = *gap };

	head.serial = history->serial++;
	if (history->nr < history->most)
		return append(history, &head, record->data);
	if (history->nr == 0 || compare(&head, history->entries[0]) < 0)
		return 0;
	return replace_first(history, &head, record->data);
}

static int compare_entries(const void *a, const void *b)
{
	return compare(*(struct remembered *const *)a, *(struct remembered *const *)b);
}

void history_sort(struct history *history)
{
	if (history->nr)
		qsort(history->entries, history->nr, sizeof(*history->entries),
		      compare_entries);
}

void history_free(struct history *history)
{
	for (size_t i = 0; i < history->nr; i++)
		free(history->entries[i]);
	free(history->entries);
	history->entries = NULL;
	history->nr = history->room = 0;
}
