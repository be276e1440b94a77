/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The kernel's filters (Documentation/trace/events.rst), evaluated here. libtraceevent
 * has filters too, but other ones: to them a field that does not exist is no error,
 * && binds no closer than ||, ~ is no glob and -1 no number.
 */
#ifndef RBMAP_EVENTS_FILTER_H
#define RBMAP_EVENTS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct filter;
struct rbmap_record;
struct tep_event;

/* What is wrong, in a static string, and at which character, from 0 on. */
struct filter_error {
	const char *what;
	size_t at;
};

/*
 * Compiles @text for the records of @event, which is borrowed for as long as the filter
 * lives. Returns 0, -ENOMEM, or -EINVAL with @error filled in.
 */
int filter_parse(struct filter **ret, const char *text, struct tep_event *event,
		 struct filter_error *error);

/* Takes NULL. */
void filter_free(struct filter *filter);

/* Whether filter_takes() needs to know the name of the command. */
bool filter_wants_comm(const struct filter *filter);

/* Reads nothing outside of the record, whatever its bytes are. */
bool filter_takes(const struct filter *filter, const struct rbmap_record *record,
		  const char *comm);

#endif
