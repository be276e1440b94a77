/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RING_SESSION_CPUS_H
#define RBMAP_RING_SESSION_CPUS_H

#include <rbmap/session.h>

/*
 * The CPUs that the options ask for, or all that have a ring: ascending, each once,
 * for free(3). -EINVAL for none, or for one named twice.
 */
int rbmap_session_list_cpus(const struct rbmap_session_options *options, int **ret,
			    size_t *ret_nr);

#endif
