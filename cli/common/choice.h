/* SPDX-License-Identifier: GPL-2.0-only */
/* Which records are shown: what -e and -F say. */
#ifndef COMMON_CHOICE_H
#define COMMON_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "common.h"

struct choice;
struct rbmap_events;
struct rbmap_record;
struct tep_event;

/* Zero it. */
struct choice_wanted {
	/* Each -e, with the -F that follows it. */
	struct common_event_options events;
	/* The -F for all events; only where there is no -e. */
	const char *filter;
	/* What a thread of this id wrote is not shown; 0: all is. */
	int without_pid;
	/* Where the names of events can be looked up. */
	const char *names;
};

/* A set of common_option. Both print their errors and return an exit code. */
int choice_set_filter(void *wanted, const char *option, char *filter);
/* After the last option. */
int choice_check(const struct choice_wanted *wanted);

/*
 * Both are borrowed. A pattern or a filter that fits no event is an error; prints it
 * and returns an exit code.
 */
int choice_open(struct choice **ret, const struct choice_wanted *wanted,
		struct rbmap_events *events);

/* Takes NULL. */
void choice_close(struct choice *choice);

/* How many events are chosen, filters aside, and one of them, if there are any. */
size_t choice_events(const struct choice *choice, struct tep_event **ret);

/* Returns 1, 0, or -ENOMEM. */
int choice_takes(struct choice *choice, const struct rbmap_record *record);

#endif
