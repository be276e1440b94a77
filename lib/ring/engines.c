// SPDX-License-Identifier: LGPL-2.1-only
/* All engines; what else is asked of one it says of itself (ring/engine.h). */
#include "ring/engine.h"

#include "base/internal.h"

static const struct rbmap_engine_ops *const engines[] = {
	&rbmap_mapped_ops,
	&rbmap_read_ops,
	&rbmap_observe_ops,
};

#define NR_ENGINES (sizeof(engines) / sizeof(engines[0]))

const struct rbmap_engine_ops *rbmap_engine_find(enum rbmap_engine engine)
{
	for (size_t i = 0; i < NR_ENGINES; i++)
		if (engines[i]->engine == engine)
			return engines[i];
	return NULL;
}

RBMAP_PUBLIC const char *rbmap_engine_name(enum rbmap_engine engine)
{
	const struct rbmap_engine_ops *ops = rbmap_engine_find(engine);

	if (engine == RBMAP_ENGINE_AUTO)
		return "auto";
	return ops ? ops->name : "unknown";
}

RBMAP_PUBLIC bool rbmap_engine_consumes(enum rbmap_engine engine)
{
	const struct rbmap_engine_ops *ops = rbmap_engine_find(engine);

	return ops && ops->consumes;
}

RBMAP_PUBLIC bool rbmap_engine_maps(enum rbmap_engine engine)
{
	const struct rbmap_engine_ops *ops = rbmap_engine_find(engine);

	return ops && ops->maps;
}
