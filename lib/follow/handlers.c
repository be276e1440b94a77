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

/* Returns 1, 0 if the source has no such event, or -ENOMEM. */
static int set_event(struct follow_source *source, const struct follow_event *event)
{
	struct tep_event *found;
	int r;

	found = tep_find_event_by_name(rbmap_events_tep(source->events), event->system,
				       event->event);
	if (!found || found->id < 0 || (uint32_t)found->id >= EVENTS_MAX)
		return 0;
	r = set_handler(source, found->id, &event->handler);
	return r < 0 ? r : 1;
}

int rbmap_follow_set_handlers(struct rbmap_follow *follow, struct follow_source *source)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < follow->nr_events; i++)
		r = set_event(source, &follow->events[i]);
	return r < 0 ? r : 0;
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
		    !strcmp(kept->event, event->event)) {
			kept->handler = event->handler;
			return 0;
		}
	larger = reallocarray(follow->events, follow->nr_events + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	follow->events = larger;
	kept = &larger[follow->nr_events];
	*kept = (struct follow_event){ .event = strdup(event->event),
				       .handler = event->handler };
	if (event->system)
		kept->system = strdup(event->system);
	if (!kept->event || (event->system && !kept->system)) {
		free_event(kept);
		return -ENOMEM;
	}
	follow->nr_events++;
	return 0;
}

static bool has_event(const struct rbmap_follow *follow, const char *system,
		      const char *event)
{
	for (size_t i = 0; i < follow->nr_sources; i++)
		if (tep_find_event_by_name(rbmap_events_tep(follow->sources[i].events),
					   system, event))
			return true;
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

	if (!callback || (system && !event))
		return -EINVAL;
	if (!event) {
		follow->any = added.handler;
		return 0;
	}
	if (!has_event(follow, system, event))
		return -ENOENT;
	r = keep_event(follow, &added);
	for (size_t i = 0; r >= 0 && i < follow->nr_sources; i++)
		r = set_event(&follow->sources[i], &added);
	return r < 0 ? r : 0;
}

RBMAP_PUBLIC int rbmap_follow_lost(struct rbmap_follow *follow,
				   rbmap_follow_callback callback, void *data)
{
	if (!callback)
		return -EINVAL;
	follow->lost = (struct follow_handler){ callback, data };
	return 0;
}
