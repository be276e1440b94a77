/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A binary heap of pointers: the item that comes before all others is items[0]. Whoever
 * makes the heap gives it room for all items. The comparison is a parameter, and with
 * it all is inlined: both users merge millions of records through it.
 */
#ifndef RBMAP_BASE_HEAP_H
#define RBMAP_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap {
	void **items;
	size_t nr;
};

typedef bool (*heap_before)(const void *a, const void *b);

static inline void heap_add(struct heap *heap, void *item, heap_before before)
{
	size_t at = heap->nr++, above;

	for (; at; at = above) {
		above = (at - 1) / 2;
		if (!before(item, heap->items[above]))
			break;
		heap->items[at] = heap->items[above];
	}
	heap->items[at] = item;
}

/* After the first item has changed, so that another may come before it. */
static inline void heap_sift_first(struct heap *heap, heap_before before)
{
	void *item = heap->items[0];
	size_t at = 0, below;

	for (; (below = 2 * at + 1) < heap->nr; at = below) {
		if (below + 1 < heap->nr &&
		    before(heap->items[below + 1], heap->items[below]))
			below++;
		if (!before(heap->items[below], item))
			break;
		heap->items[at] = heap->items[below];
	}
	heap->items[at] = item;
}

static inline void heap_drop_first(struct heap *heap, heap_before before)
{
	heap->items[0] = heap->items[--heap->nr];
	heap_sift_first(heap, before);
}

#endif
