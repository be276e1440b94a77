// SPDX-License-Identifier: LGPL-2.1-only
#include <stdlib.h>

#include "format/plan.h"

void rbmap_format_free(struct format_plan *plan)
{
	struct format_plan *older;

	for (; plan; plan = older) {
		older = plan->older;
		rbmap_format_free(plan->leaf);
		free(plan->values);
		free(plan->steps);
		free(plan->rows);
		free(plan->members);
		free(plan->guards);
		free(plan->lookups);
		free(plan->strings);
		free(plan);
	}
}

uint64_t rbmap_format_cut_off(const struct format_plan *plan, const void *data,
			      uint32_t size, uint32_t offset, uint32_t bytes)
{
	unsigned char copy[sizeof(uint64_t)] = { 0 };

	if (bytes > sizeof(copy) || offset >= size)
		return 0;
	memcpy(copy, (const char *)data + offset,
	       bytes < size - offset ? bytes : size - offset);
	return format_read(copy, bytes, plan->swap);
}
