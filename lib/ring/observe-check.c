// SPDX-License-Identifier: LGPL-2.1-only
/* Where observing is sound; elsewhere the ring has to be consumed. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdlib.h>

#include "base/internal.h"
#include "ring/observe-check.h"
#include "tracefs/clock.h"
#include "tracefs/tracefs.h"

/* Two fillings of a sub-buffer, and their order, are told apart by their time stamps.
 */
static int check_clock(struct tracefs_instance *instance, const struct rbmap_log *log)
{
	char *clock;
	int r = rbmap_clock_read(instance, &clock);

	if (r < 0)
		return r;
	if (!rbmap_clock_gives_order(clock)) {
		log_warning(log,
			    "the ring buffer cannot be observed: the trace clock %s "
			    "does not give a reliable order, choose local or mono",
			    clock);
		r = -EOPNOTSUPP;
	}
	free(clock);
	return r;
}

static int check_overwrite(struct tracefs_instance *instance,
			   const struct rbmap_log *log)
{
	char *text;
	int r;

	r = rbmap_tracefs_read(instance, "options/overwrite", &text, NULL);
	if (r < 0)
		return r;
	if (text[0] == '0') {
		log_warning(log, "the ring buffer cannot be observed: this is not "
				 "possible with the option overwrite off");
		r = -EOPNOTSUPP;
	}
	free(text);
	return r;
}

/* A load must not be made before an earlier one, nor a store seen before one. */
static int check_cpu(const struct rbmap_log *log)
{
#if defined(__x86_64__) || defined(__i386__)
	(void)log;
	return 0;
#else
	log_warning(log, "the ring buffer cannot be observed: this is known to be safe "
			 "only on x86 CPUs");
	return -EOPNOTSUPP;
#endif
}

int rbmap_observe_check_order(struct tracefs_instance *instance,
			      const struct rbmap_log *log)
{
	int r = check_cpu(log);

	return r == 0 ? check_clock(instance, log) : r;
}

int rbmap_observe_check(struct tracefs_instance *instance, const struct rbmap_log *log)
{
	int r = rbmap_observe_check_order(instance, log);

	return r == 0 ? check_overwrite(instance, log) : r;
}
