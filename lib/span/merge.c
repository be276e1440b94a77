// SPDX-License-Identifier: LGPL-2.1-only
#include <rbmap/merge.h>

#include <stdbool.h>
#include <stdlib.h>

#include "base/heap.h"
#include "base/internal.h"
#include "span/fifo.h"
#include "span/subbuf.h"

struct merge_cpu {
	int cpu;
	bool waiting;
	struct rbmap_walk walk;
	struct fifo fifo;
	/* The latest time stamp so far: its records never come before it. */
	uint64_t latest;
	/* Lost since the last record that was kept. */
	uint64_t lost;
};

struct rbmap_merge {
	struct rbmap_layout layout;
	/* In the order of their numbers, which decides between equal time stamps. */
	struct merge_cpu *cpus;
	size_t nr_cpus;
	/* Those with records: the one whose record is next comes first. */
	struct heap heap;
	/* The latest time stamps: by now, by the last round, by the one before. */
	uint64_t latest;
	uint64_t last_round;
	uint64_t bound;
	/* Whether these are time stamps at all, and not the zeros of the beginning. */
	bool latest_known;
	bool last_round_known;
	bool bound_known;
	bool ended;
};

static int compare_cpus(const void *a, const void *b)
{
	const struct merge_cpu *left = a, *right = b;

	return (left->cpu > right->cpu) - (left->cpu < right->cpu);
}

static int fill(struct rbmap_merge *merge, const int *cpus, size_t nr_cpus)
{
	merge->cpus = calloc(nr_cpus, sizeof(*merge->cpus));
	merge->heap.items = calloc(nr_cpus, sizeof(*merge->heap.items));
	if (!merge->cpus || !merge->heap.items)
		return -ENOMEM;
	merge->nr_cpus = nr_cpus;
	for (size_t i = 0; i < nr_cpus; i++)
		merge->cpus[i].cpu = cpus[i];
	qsort(merge->cpus, nr_cpus, sizeof(*merge->cpus), compare_cpus);
	for (size_t i = 1; i < nr_cpus; i++)
		if (merge->cpus[i].cpu == merge->cpus[i - 1].cpu)
			return -EINVAL;
	return 0;
}

RBMAP_PUBLIC int rbmap_merge_open(struct rbmap_merge **ret,
				  const struct rbmap_layout *layout, const int *cpus,
				  size_t nr_cpus)
{
	struct rbmap_merge *merge;
	int r;

	if (!nr_cpus || nr_cpus > UINT32_MAX)
		return -EINVAL;
	merge = calloc(1, sizeof(*merge));
	if (!merge)
		return -ENOMEM;
	merge->layout = *layout;
	r = fill(merge, cpus, nr_cpus);
	if (r) {
		rbmap_merge_close(merge);
		return r;
	}
	*ret = merge;
	return 0;
}

RBMAP_PUBLIC void rbmap_merge_close(struct rbmap_merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->nr_cpus; i++)
		rbmap_fifo_free(&merge->cpus[i].fifo);
	free(merge->cpus);
	free(merge->heap.items);
	free(merge);
}

static bool comes_first(const void *a, const void *b)
{
	const struct merge_cpu *left = a, *right = b;
	uint64_t order = fifo_first(&left->fifo)->order;
	uint64_t other = fifo_first(&right->fifo)->order;

	return order < other || (order == other && left < right);
}

static struct merge_cpu *find_cpu(struct rbmap_merge *merge, int cpu)
{
	struct merge_cpu key = { .cpu = cpu };

	return bsearch(&key, merge->cpus, merge->nr_cpus, sizeof(*merge->cpus),
		       compare_cpus);
}

static int keep(struct rbmap_merge *merge, struct merge_cpu *from,
		const struct rbmap_record *record)
{
	uint64_t lost = rbmap_add_lost(from->lost, record->lost);
	uint64_t order = record->time_stamp;
	int r;

	if (order < from->latest)
		order = from->latest;
	r = rbmap_fifo_add(&from->fifo, record, order, lost);
	if (r)
		return r;
	from->latest = order;
	from->lost = 0;
	if (merge->latest < order)
		merge->latest = order;
	merge->latest_known = true;
	if (!from->waiting) {
		from->waiting = true;
		heap_add(&merge->heap, from, comes_first);
	}
	return 0;
}

RBMAP_PUBLIC int rbmap_merge_put(struct rbmap_merge *merge,
				 const struct rbmap_span *span)
{
	struct merge_cpu *from = find_cpu(merge, span->cpu);
	struct rbmap_record record;
	int r;

	if (!from)
		return -ENXIO;
	r = rbmap_walk_span(&from->walk, &merge->layout, span);
	while (!r) {
		r = rbmap_walk_next(&from->walk, &record);
		if (!r)
			return 0;
		if (r > 0)
			r = keep(merge, from, &record);
	}
	from->lost = RBMAP_LOST_UNKNOWN;
	return r;
}

RBMAP_PUBLIC void rbmap_merge_end_round(struct rbmap_merge *merge)
{
	merge->bound = merge->last_round;
	merge->bound_known = merge->last_round_known;
	merge->last_round = merge->latest;
	merge->last_round_known = merge->latest_known;
	for (size_t i = 0; i < merge->nr_cpus; i++)
		rbmap_fifo_trim(&merge->cpus[i].fifo);
}

RBMAP_PUBLIC void rbmap_merge_end(struct rbmap_merge *merge)
{
	merge->ended = true;
}

RBMAP_PUBLIC int rbmap_merge_next(struct rbmap_merge *merge, struct rbmap_record *ret)
{
	const struct fifo_record *first;
	struct merge_cpu *from;

	if (!merge->heap.nr)
		return 0;
	from = merge->heap.items[0];
	first = fifo_first(&from->fifo);
	if (!merge->ended && !(merge->bound_known && first->order <= merge->bound))
		return 0;
	*ret = (struct rbmap_record){
		.data = first->data,
		.size = first->size,
		.time_stamp = first->time_stamp,
		.lost = first->lost,
		.cpu = from->cpu,
	};
	fifo_drop(&from->fifo);
	from->waiting = fifo_first(&from->fifo);
	if (from->waiting)
		heap_sift_first(&merge->heap, comes_first);
	else
		heap_drop_first(&merge->heap, comes_first);
	return 1;
}
