/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RING_MERGE_H
#define RBMAP_RING_MERGE_H

#include <rbmap/merge.h>

#include "span/sorter.h"

struct merge_source;

struct rbmap_merge {
	struct rbmap_sorter sorter;
	struct merge_source *sources;
};

#endif
