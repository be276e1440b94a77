// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "fields.h"

struct fields fields;

#if defined(FIELDS_NAME) && defined(RECORDS_RBMAP)

static field_type open_field(const char *event, const char *name)
{
	struct rbmap_field *field;
	int r = rbmap_field_open(&field, fields.events, "sched", event, name);

	if (r < 0)
		harness_die(name, -r);
	return field;
}

void fields_close(void)
{
	field_type *const all[] = { &fields.pid,	&fields.prio,
				    &fields.target_cpu, &fields.prev_pid,
				    &fields.prev_comm,	&fields.prev_state,
				    &fields.next_pid };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		rbmap_field_close(*all[i]);
}

#else

static field_type open_field(const char *event_name, const char *name)
{
	struct tep_event *event =
		tep_find_event_by_name(fields.tep, "sched", event_name);
	struct tep_format_field *field = event ? tep_find_any_field(event, name) : NULL;

	if (!field)
		harness_die(name, ENOENT);
#if defined(FIELDS_RAW)
	return field->offset;
#elif defined(FIELDS_CACHED)
	return field;
#else
	return (field_type){ .event = event, .name = name };
#endif
}

void fields_close(void)
{
}

#endif

static int open_event(const char *name)
{
	struct tep_event *event = tep_find_event_by_name(fields.tep, "sched", name);

	if (!event)
		harness_die(name, ENOENT);
	return event->id;
}

void fields_open(struct rbmap_events *events, struct tep_handle *tep)
{
	fields.events = events;
	fields.tep = tep;
	fields.switch_id = open_event("sched_switch");
	fields.prev_pid = open_field("sched_switch", "prev_pid");
	fields.prev_comm = open_field("sched_switch", "prev_comm");
	fields.prev_state = open_field("sched_switch", "prev_state");
	fields.next_pid = open_field("sched_switch", "next_pid");
	if (!TOOL_WAKINGS)
		return;
	fields.waking_id = open_event("sched_waking");
	fields.pid = open_field("sched_waking", "pid");
	fields.prio = open_field("sched_waking", "prio");
	fields.target_cpu = open_field("sched_waking", "target_cpu");
}
