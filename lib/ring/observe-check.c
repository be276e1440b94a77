// SPDX-License-Identifier: LGPL-2.1-only
/* Where observing is sound; elsewhere the ring has to be consumed. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdlib.h>

#include "base/internal.h"
#include "ring/engine-observe.h"
#include "tracefs/tracefs.h"

/*
 * Two fillings of a sub-buffer are told apart by their time stamps, and their order is
 * told by them. A jiffies clock (uptime) stands still for milliseconds, tai is set back
 * with the wall clock, and of others it is not known.
 */
static const char *const fine_clocks[] = { "local",    "global", "mono",
					   "mono_raw", "boot",	 "x86-tsc" };

static bool is_fine(const char *clock)
{
	for (size_t i = 0; i < sizeof(fine_clocks) / sizeof(fine_clocks[0]); i++)
		if (strcmp(clock, fine_clocks[i]) == 0)
			return true;
	return false;
}

/* "[local] global counter ..." */
static int check_clock(struct tracefs_instance *instance, const struct rbmap_log *log)
{
	char *text, *name, *end;
	int r;

	r = rbmap_tracefs_read(instance, "trace_clock", &text, NULL);
	if (r < 0)
		return r;
	name = strchr(text, '[');
	end = name ? strchr(name, ']') : NULL;
	if (!end) {
		r = -EBADMSG;
	} else {
		*end = '\0';
		if (!is_fine(name + 1)) {
			log_warning(
				log,
				"the ring buffer cannot be observed: the trace "
				"clock %s does not tell the order, choose local or mono",
				name + 1);
			r = -EOPNOTSUPP;
		}
	}
	free(text);
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
		log_warning(log, "the ring buffer cannot be observed: it is full once "
				 "and for all with the option overwrite off");
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
	log_warning(log,
		    "the ring buffer cannot be observed: this has not been shown to "
		    "be safe on a CPU of this kind");
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
