// SPDX-License-Identifier: LGPL-2.1-only
#include "events.h"
#include "format.h"
#include "internal.h"
#include "json.h"

#include <rbmap/subbuf.h>

bool rbmap_field_is_open(const struct tep_format_field *field)
{
	if (!(field->flags & TEP_FIELD_IS_ARRAY))
		return false;
	if (field->flags & TEP_FIELD_IS_DYNAMIC)
		return false;
	if (!field->size)
		return true;
	return !field->next && !strcmp(field->event->system, "ftrace");
}

int64_t rbmap_field_end(const struct tep_format_field *field)
{
	return (int64_t)field->offset + (rbmap_field_is_open(field) ? 0 : field->size);
}

static void put_comm(struct text *text, struct rbmap_events *events, int pid)
{
	const struct rbmap_seen_pid *seen = rbmap_events_see(events, pid);
	const char *comm;

	text_string(text, ",\"comm\":");
	if (seen->head_length) {
		rbmap_json_string(text, seen->head + seen->comm_begin,
				  seen->comm_length);
	} else {
		comm = tep_data_comm_from_pid(events->tep, pid);
		rbmap_json_string(text, comm, strlen(comm));
	}
	text_string(text, ",\"pid\":");
	rbmap_text_signed(text, pid);
}

static void put_common(struct text *text, struct rbmap_events *events,
		       const struct rbmap_record *record, int pid)
{
	text_string(text, "{\"ts\":");
	rbmap_text_unsigned(text, record->time_stamp);
	text_string(text, ",\"cpu\":");
	rbmap_text_signed(text, record->cpu);
	put_comm(text, events, pid);
}

static int put_unknown(struct text *text, struct rbmap_events *events,
		       const struct rbmap_record *record)
{
	const struct format_plan *any = rbmap_events_any_plan(events);

	if (rbmap_events_find(events, record))
		return -ENOMEM;
	put_common(text, events, record,
		   any ? format_pid(any, record->data, record->size) : -1);
	text_string(text, ",\"event\":null,\"raw\":");
	rbmap_format_json_bytes(text, record->data, record->size);
	text_char(text, '}');
	return 0;
}

RBMAP_PUBLIC int rbmap_events_json(struct rbmap_events *events,
				   const struct rbmap_record *record,
				   struct trace_seq *out)
{
	const struct format_plan *plan = rbmap_events_plan(events, record);
	struct text text = rbmap_text_from_seq(out);
	int error = 0;

	if (plan) {
		put_common(&text, events, record,
			   format_pid(plan, record->data, record->size));
		rbmap_format_json(plan, record->data, record->size, &text);
	} else {
		error = put_unknown(&text, events, record);
	}
	rbmap_text_to_seq(&text, out);
	return text.failed ? -ENOMEM : error;
}

RBMAP_PUBLIC int rbmap_events_lost_json(const struct rbmap_record *record,
					struct trace_seq *out)
{
	trace_seq_printf(out, "{\"ts\":%llu,\"cpu\":%d,\"lost\":",
			 (unsigned long long)record->time_stamp, record->cpu);
	if (record->lost == RBMAP_LOST_UNKNOWN)
		trace_seq_puts(out, "null}");
	else
		trace_seq_printf(out, "%llu}", (unsigned long long)record->lost);
	return out->state == TRACE_SEQ__GOOD ? 0 : -ENOMEM;
}
