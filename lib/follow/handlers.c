// SPDX-License-Identifier: LGPL-2.1-only
/* What is called for which record. */
#define _GNU_SOURCE
#include <stdlib.h>

#include <traceevent/event-parse.h>

#include "base/internal.h"
#include "follow/follow.h"

/* common_type has 16 bits. */
#define EVENTS_MAX (UINT32_C(1) << 16)

static int set_handler(struct follow_source *source, size_t id,
		       const struct follow_handler *handler)
{
	struct follow_handler *larger;

	if (id >= source->nr_handlers) {
		larger = reallocarray(source->handlers, id + 1, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		memset(larger + source->nr_handlers, 0,
		       (id + 1 - source->nr_handlers) * sizeof(*larger));
		source->handlers = larger;
		source->nr_handlers = id + 1;
	}
	source->handlers[id] = *handler;
	return 0;
}

static int set_event(struct follow_source *source, const struct tep_event *event,
		     const struct follow_handler *handler)
{
	if (event->id < 0 || (uint32_t)event->id >= EVENTS_MAX)
		return 0;
	return set_handler(source, event->id, handler);
}

static bool is_selected(const struct tep_event *event,
			const struct follow_event *selection)
{
	return (!selection->system || !strcmp(event->system, selection->system)) &&
	       (!selection->event || !strcmp(event->name, selection->event));
}

/* Of a name without a system, only the first event that has it. */
static int set_selected(struct follow_source *source,
			const struct follow_event *selection)
{
	struct tep_handle *tep = rbmap_events_tep(source->events);
	struct tep_event *event;
	int r = 0;

	if (selection->event) {
		event = tep_find_event_by_name(tep, selection->system,
					       selection->event);
		return event ? set_event(source, event, &selection->handler) : 0;
	}
	for (int i = 0; r == 0 && i < tep_get_events_count(tep); i++) {
		event = tep_get_event(tep, i);
		if (is_selected(event, selection))
			r = set_event(source, event, &selection->handler);
	}
	return r;
}

/* An event's own callback comes before that of its system. */
int rbmap_follow_set_handlers(struct rbmap_follow *follow, struct follow_source *source)
{
	int r = 0;

	for (int single = 0; single < 2; single++)
		for (size_t i = 0; r == 0 && i < follow->nr_events; i++)
			if (!!follow->events[i].event == single)
				r = set_selected(source, &follow->events[i]);
	return r;
}

static void free_event(struct follow_event *event)
{
	free(event->system);
	free(event->event);
}

void rbmap_follow_free_handlers(struct rbmap_follow *follow)
{
	for (size_t i = 0; i < follow->nr_events; i++)
		free_event(&follow->events[i]);
	free(follow->events);
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* A later one takes the place of the first. */
static int keep_event(struct rbmap_follow *follow, const struct follow_event *event)
{
	struct follow_event *kept, *larger;

	for (kept = follow->events; kept < follow->events + follow->nr_events; kept++)
		if (is_same(kept->system, event->system) &&
		    is_same(kept->event, event->event)) {
			kept->handler = event->handler;
			return 0;
		}
	larger = reallocarray(follow->events, follow->nr_events + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	follow->events = larger;
	kept = &larger[follow->nr_events];
	*kept = (struct follow_event){ .handler = event->handler };
	if (event->event)
		kept->event = strdup(event->event);
	if (event->system)
		kept->system = strdup(event->system);
	if ((event->event && !kept->event) || (event->system && !kept->system)) {
		free_event(kept);
		return -ENOMEM;
	}
	follow->nr_events++;
	return 0;
}

static bool has_event(const struct rbmap_follow *follow,
		      const struct follow_event *selection)
{
	for (size_t i = 0; i < follow->nr_sources; i++) {
		struct tep_handle *tep = rbmap_events_tep(follow->sources[i].events);

		for (int event = 0; event < tep_get_events_count(tep); event++)
			if (is_selected(tep_get_event(tep, event), selection))
				return true;
	}
	return false;
}

RBMAP_PUBLIC int rbmap_follow_event(struct rbmap_follow *follow, const char *system,
				    const char *event, rbmap_follow_callback callback,
				    void *data)
{
	struct follow_event added = { .system = (char *)system,
				      .event = (char *)event,
				      .handler = { callback, data } };
	int r;

	if (!callback)
		return -EINVAL;
	if (!system && !event) {
		follow->any = added.handler;
		return 0;
	}
	if (!has_event(follow, &added))
		return -ENOENT;
	r = keep_event(follow, &added);
	for (size_t i = 0; r == 0 && i < follow->nr_sources; i++)
		r = rbmap_follow_set_handlers(follow, &follow->sources[i]);
	return r;
}

RBMAP_PUBLIC int rbmap_follow_lost(struct rbmap_follow *follow,
				   rbmap_follow_callback callback, void *data)
{
	if (!callback)
		return -EINVAL;
	follow->lost = (struct follow_handler){ callback, data };
	return 0;
}
