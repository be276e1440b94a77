// SPDX-License-Identifier: LGPL-2.1-only
/* What the records of all events have in common. */
#include "base/internal.h"
#include "events/events.h"

const struct tep_format_field *rbmap_events_common(const struct rbmap_events *events,
						   const char *name)
{
	struct tep_event *event = tep_get_first_event(events->tep);

	return event ? tep_find_common_field(event, name) : NULL;
}

RBMAP_PUBLIC int rbmap_record_id(const struct rbmap_events *events,
				 const struct rbmap_record *record)
{
	return events_record_id(events, record);
}

RBMAP_PUBLIC struct tep_event *rbmap_events_find(const struct rbmap_events *events,
						 const struct rbmap_record *record)
{
	int id = events_record_id(events, record);

	return id < 0 ? NULL : tep_find_event(events->tep, id);
}

static int find_pid(struct rbmap_events *events)
{
	const struct tep_format_field *field =
		rbmap_events_common(events, "common_pid");

	if (!field || field->offset < 0 || field->size != sizeof(int32_t))
		return -ENOENT;
	events->pid = (struct format_place){ field->offset, field->size };
	return 0;
}

RBMAP_PUBLIC int rbmap_record_pid(struct rbmap_events *events,
				  const struct rbmap_record *record)
{
	const struct format_place *pid = &events->pid;
	const unsigned char *data = record->data;
	int32_t number;

	if (!pid->size) {
		int r = find_pid(events);

		if (r < 0)
			return r;
	}
	if ((uint64_t)pid->offset + sizeof(number) > record->size)
		return -EBADMSG;
	number = format_read(data + pid->offset, sizeof(number), events->swap);
	return number < 0 ? -EBADMSG : number;
}

RBMAP_PUBLIC void rbmap_record_tep(const struct rbmap_record *record,
				   struct tep_record *ret)
{
	*ret = (struct tep_record){
		.ts = record->time_stamp,
		.offset = record->offset,
		/* RBMAP_LOST_UNKNOWN is the -1 of libtraceevent. */
		.missed_events = record->lost,
		.record_size = record->size,
		.data = (void *)record->data,
		.size = record->size,
		.cpu = record->cpu,
	};
}
