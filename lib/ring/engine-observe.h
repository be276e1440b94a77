/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RING_ENGINE_OBSERVE_H
#define RBMAP_RING_ENGINE_OBSERVE_H

#include <stdbool.h>

#include <rbmap/mapping.h>

#include "ring/engine.h"

/*
 * The observer on a mapping, which it owns from then on, also on failure. @copies: all
 * spans are copies that hold still, so that none is ever torn.
 */
int rbmap_observe_open(struct rbmap_engine_ring **ret, struct rbmap_mapping *mapping,
		       int cpu, const struct rbmap_layout *layout, bool copies,
		       struct rbmap_session_work *work);

/* Whether nobody had consumed of the observed ring when it was opened. */
bool rbmap_observe_is_alone(const struct rbmap_engine_ring *ring);

#endif
