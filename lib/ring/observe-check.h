/* SPDX-License-Identifier: LGPL-2.1-only */
/* Where observing is sound. */
#ifndef RBMAP_RING_OBSERVE_CHECK_H
#define RBMAP_RING_OBSERVE_CHECK_H

#include <rbmap/log.h>

struct tracefs_instance;

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
