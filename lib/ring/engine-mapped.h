/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RING_ENGINE_MAPPED_H
#define RBMAP_RING_ENGINE_MAPPED_H

#include <rbmap/mapping.h>

#include "ring/engine.h"

/* The engine mapped on a mapping, which it owns from then on, also on failure. */
int rbmap_mapped_open(struct rbmap_engine_ring **ret, struct rbmap_mapping *mapping,
		      int cpu, const struct rbmap_layout *layout,
		      struct rbmap_session_work *work);

#endif
