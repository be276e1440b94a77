// SPDX-License-Identifier: LGPL-2.1-only
/* The compiled formats of the events, each made at its first record. */
#include <stdlib.h>

#include "base/internal.h"
#include "events/events.h"
#include "format/plan.h"
#include "format/plugins.h"

static bool make_room(struct rbmap_events *events, size_t id)
{
	size_t want = events->nr_plans ? events->nr_plans : 512;
	struct format_plan **plans;

	if (id < events->nr_plans)
		return true;
	while (want <= id)
		want *= 2;
	plans = realloc(events->plans, want * sizeof(*plans));
	if (!plans)
		return false;
	memset(plans + events->nr_plans, 0, (want - events->nr_plans) * sizeof(*plans));
	events->plans = plans;
	events->nr_plans = want;
	return true;
}

/* Without them libtraceevent prints the event. */
static void want_plugins(struct rbmap_events *events, const struct tep_event *event)
{
	if (events->plugins || !rbmap_format_wants_plugins(event))
		return;
	events->owns_plugins =
		!rbmap_plugins_open(&events->plugins, &events->names.log);
}

static const struct format_plan *make(struct rbmap_events *events, uint16_t id)
{
	const struct tep_event *event = tep_find_event(events->tep, id);
	struct format_plan *plan;

	if (!event || !make_room(events, id))
		return NULL;
	want_plugins(events, event);
	plan = rbmap_format_compile(event, &events->names, events->plugins);
	if (!plan)
		return NULL;
	/* A batch may have records for the one before. */
	plan->older = events->plans[id];
	events->plans[id] = plan;
	return plan;
}

/* A plugin may register after the first record of its event. */
static bool is_current(const struct format_plan *plan)
{
	return plan->handler == plan->event->handler &&
	       plan->flags == plan->event->flags;
}

static const struct format_plan *find(struct rbmap_events *events, uint16_t id)
{
	const struct format_plan *plan = NULL;

	if (id < events->nr_plans)
		plan = events->plans[id];
	while (plan && !is_current(plan))
		plan = plan->older;
	return plan ? plan : make(events, id);
}

const struct format_plan *rbmap_events_plan(struct rbmap_events *events,
					    const struct rbmap_record *record)
{
	int id = events_record_id(events, record);

	return id < 0 ? NULL : find(events, id);
}

static bool is_number_of_record(const struct tep_event *event)
{
	return event->id >= 0 && event->id <= UINT16_MAX;
}

RBMAP_PUBLIC const char *rbmap_events_why_not_compiled(struct rbmap_events *events,
						       const struct tep_event *event)
{
	const struct format_plan *plan;

	if (!is_number_of_record(event))
		return "its ID is too large for a record";
	plan = find(events, event->id);
	if (plan)
		return plan->why_not;
	errno = ENOMEM;
	return "no memory";
}
