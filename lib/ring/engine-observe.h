/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_LIB_OBSERVER_H
#define RBMAP_LIB_OBSERVER_H

#include <rbmap/log.h>
#include <rbmap/mapping.h>

#include "ring/engine.h"

struct tracefs_instance;

/*
 * The observer on a mapping, which it owns from then on, also on failure. @copies: all
 * spans are copies that hold still, so that none is ever torn.
 */
int rbmap_observe_open(struct rbmap_engine_ring **ret, struct rbmap_mapping *mapping,
		       int cpu, const struct rbmap_layout *layout, bool copies,
		       struct rbmap_session_work *work);

/*
 * Whether the rings of an instance can be observed: 0, -EOPNOTSUPP with the reason in
 * the log, or the negative errno of reading tracefs.
 */
int rbmap_observe_check(struct tracefs_instance *instance, const struct rbmap_log *log);

/*
 * The same of what it asks of clock and CPU only: whether ring/ring-order.h tells the
 * truth, also of a ring that stays as it is once it is full.
 */
int rbmap_observe_check_order(struct tracefs_instance *instance,
			      const struct rbmap_log *log);

#endif
