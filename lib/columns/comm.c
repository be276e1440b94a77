// SPDX-License-Identifier: LGPL-2.1-only
/* The command of a thread as a number of the dictionary. */
#include <time.h>

#include <rbmap/events.h>

#include "base/internal.h"
#include "columns/columns.h"
#include "events/events.h"

/* As often as rbmap_events_comm() looks a name up. */
#define INTERVAL_NS 100000000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int32_t look_up(struct rbmap_columns *columns, struct column_comm *seen, int pid)
{
	struct rbmap_events *events = columns->events;
	const char *comm = rbmap_events_comm(events, pid);
	int32_t index;

	if (rbmap_names_state(&events->names) < 0)
		return -ENOMEM;
	index = rbmap_dictionary_find(&columns->comms, comm, strlen(comm));
	if (index < 0)
		return index;
	seen->pid = pid;
	seen->index = index;
	seen->due = events->names.fixed ? COLUMN_NEVER : now_ns() + INTERVAL_NS;
	return index;
}

int32_t rbmap_columns_look_up(struct rbmap_columns *columns, struct column_comm *seen,
			      int pid)
{
	/* A due time of 0 is that of a place where nothing is. */
	if (seen->pid == pid && seen->due && now_ns() < seen->due)
		return seen->index;
	return look_up(columns, seen, pid);
}
