/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: each call uses the events that the filter was opened with, so only one
 * thread at a time can use the filter or its events.
 */
#ifndef RBMAP_FILTER_H
#define RBMAP_FILTER_H

#include <stddef.h>

#include <rbmap/events.h>
#include <rbmap/record.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_filter;
struct tep_event;

/**
 * rbmap_filter_open - compile a filter for the records of events
 *
 * @ret: the filter on success, untouched on failure; free it with rbmap_filter_close()
 * @events: borrowed until rbmap_filter_close()
 * @system: the event system, such as "sched"; NULL selects all systems
 * @event: the event, such as "sched_switch"; NULL selects all events, or those of
 *	@system
 * @text: the filter, such as "prev_prio < 100 && next_comm ~ 'kworker*'"
 * @error: on -EINVAL, what is wrong with @text: a string that is static and has no full
 *	stop; untouched otherwise; may be NULL
 * @at: on -EINVAL, where that is: the offset of a byte in @text, or its length; may be
 *	NULL
 *
 * The strings are borrowed during the call. The syntax is that of the kernel's filters;
 * see rbmap_filter(3). The filter does not match the records of events that lack one of
 * its fields. If all selected events do, the call fails, and @error and @at are those
 * of the event for which the longest part of @text is correct.
 *
 * Returns 0, -ENOENT if there is no such event, -EINVAL if the filter is valid for none
 * of the events, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_filter_open(struct rbmap_filter **ret, struct rbmap_events *events,
		      const char *system, const char *event, const char *text,
		      const char **error, size_t *at);

/**
 * rbmap_filter_open_list - compile a filter for events that the caller selects
 *
 * @ret: the filter on success, untouched on failure; free it with rbmap_filter_close()
 * @events: borrowed until rbmap_filter_close()
 * @list: events of the libtraceevent handle of @events, and NULL at the end, as
 *	tep_list_events() returns them; borrowed during the call
 * @text: the filter, borrowed during the call
 * @error: as for rbmap_filter_open()
 * @at: as for rbmap_filter_open()
 *
 * Returns 0, -ENOENT if @list is empty, -EINVAL if the filter is valid for none of the
 * events, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_filter_open_list(struct rbmap_filter **ret, struct rbmap_events *events,
			   struct tep_event *const *list, const char *text,
			   const char **error, size_t *at);

/**
 * rbmap_filter_close - free a filter
 *
 * @filter: may be NULL
 *
 * Since: 0.1
 */
void rbmap_filter_close(struct rbmap_filter *filter);

/**
 * rbmap_filter_match - whether a record matches a filter
 *
 * @filter: the filter
 * @record: borrowed
 *
 * Nothing outside the record is read. A comparison with a field that is not within the
 * record is false.
 *
 * Returns 1 if it matches, 0 if it does not or is of another event, or -ENOMEM if a
 * command name could not be looked up.
 *
 * Since: 0.1
 */
int rbmap_filter_match(struct rbmap_filter *filter, const struct rbmap_record *record);

#ifdef __cplusplus
}
#endif

#endif
