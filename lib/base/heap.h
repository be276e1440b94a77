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

static inline void heap_swap(struct heap *heap, size_t a, size_t b)
{
	void *held = heap->items[a];

	heap->items[a] = heap->items[b];
	heap->items[b] = held;
}

static inline void heap_add(struct heap *heap, void *item, heap_before before)
{
	size_t at = heap->nr++, above;

	heap->items[at] = item;
	for (; at; at = above) {
		above = (at - 1) / 2;
		if (!before(heap->items[at], heap->items[above]))
			return;
		heap_swap(heap, at, above);
	}
}

/* After the first item has changed, so that another may come before it. */
static inline void heap_sift_first(struct heap *heap, heap_before before)
{
	size_t at = 0, best;

	for (;;) {
		best = at;
		for (size_t below = 2 * at + 1; below <= 2 * at + 2; below++)
			if (below < heap->nr &&
			    before(heap->items[below], heap->items[best]))
				best = below;
		if (best == at)
			return;
		heap_swap(heap, at, best);
		at = best;
	}
}

static inline void heap_drop_first(struct heap *heap, heap_before before)
{
	heap->items[0] = heap->items[--heap->nr];
	heap_sift_first(heap, before);
}

#endif
