/* SPDX-License-Identifier: LGPL-2.1-only */
/* Trace clocks: their names, and which of them is chosen. */
#ifndef RBMAP_TRACEFS_CLOCK_H
#define RBMAP_TRACEFS_CLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct tracefs_instance;

/*
 * The chosen clock in a list as trace_clock has it, "[local] global ...": where its
 * name starts in @list, and how long it is. NULL: none is chosen.
 */
const char *rbmap_clock_chosen(const char *list, size_t *length);

/*
 * The chosen clock of an instance; @ret is to be freed. -EBADMSG where none is, or the
 * negative errno of reading trace_clock.
 */
int rbmap_clock_read(struct tracefs_instance *instance, char **ret);

/* Whether trace-cmd report prints its times in seconds, to the microsecond. */
bool rbmap_clock_in_usecs(const char *clock);

/* Whether time stamps tell in which order sub-buffers were filled. */
bool rbmap_clock_gives_order(const char *clock);

#endif
