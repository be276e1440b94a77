// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracefs/clock.h"

#include <stdlib.h>

#include "base/internal.h"
#include "tracefs/tracefs.h"

/*
 * Source: trace_clocks[] in kernel/trace/trace.c. Two clocks give no order: uptime
 * counts jiffies, and so stands still for milliseconds; tai is set back with the wall
 * clock. Nothing is known here of clocks that are not in the table.
 */
static const struct clock {
	const char *name;
	bool in_usecs;
	bool gives_order;
} clocks[] = { { "local", true, true },	  { "global", true, true },
	       { "uptime", true, false }, { "perf", true, false },
	       { "mono", true, true },	  { "mono_raw", true, true },
	       { "boot", false, true },	  { "tai", true, false },
	       { "x86-tsc", false, true } };

static const struct clock *find(const char *name)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++)
		if (!strcmp(name, clocks[i].name))
			return &clocks[i];
	return NULL;
}

bool rbmap_clock_in_usecs(const char *name)
{
	const struct clock *clock = find(name);

	return clock && clock->in_usecs;
}

bool rbmap_clock_gives_order(const char *name)
{
	const struct clock *clock = find(name);

	return clock && clock->gives_order;
}

const char *rbmap_clock_chosen(const char *list, size_t *length)
{
	const char *start = strchr(list, '[');
	const char *end = start ? strchr(start, ']') : NULL;

	if (!end)
		return NULL;
	*length = end - start - 1;
	return start + 1;
}

int rbmap_clock_read(struct tracefs_instance *instance, char **ret)
{
	const char *chosen;
	char *list, *name;
	size_t length;
	int r;

	r = rbmap_tracefs_read(instance, "trace_clock", &list, NULL);
	if (r < 0)
		return r;
	chosen = rbmap_clock_chosen(list, &length);
	name = chosen ? strndup(chosen, length) : NULL;
	free(list);
	if (!name)
		return chosen ? -ENOMEM : -EBADMSG;
	*ret = name;
	return 0;
}
