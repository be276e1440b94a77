// SPDX-License-Identifier: LGPL-2.1-only
#include "events.h"
#include "internal.h"

#include <rbmap/subbuf.h>

#define NAME_WIDTH 20

static int state(const struct trace_seq *out)
{
	return out->state == TRACE_SEQ__GOOD ? 0 : -ENOMEM;
}

static void put_time(struct trace_seq *out, bool usecs, uint64_t time_stamp)
{
	uint64_t time = time_stamp / 1000 + (time_stamp % 1000 >= 500);

	if (usecs)
		trace_seq_printf(out,
				 " %5llu.%06llu:", (unsigned long long)(time / 1000000),
				 (unsigned long long)(time % 1000000));
	else
		trace_seq_printf(out, "%12llu:", (unsigned long long)time_stamp);
}

static void put_name(struct trace_seq *out, const char *name)
{
	size_t width = strlen(name);

	trace_seq_printf(out, " %s: %*s", name,
			 width < NAME_WIDTH ? (int)(NAME_WIDTH - width) : 0, "");
}

/* The record ends before its event's fields do: the kernel writes no such record. */
static bool too_short(const struct tep_event *event, const struct tep_record *record)
{
	const struct tep_format_field *field;

	for (field = event->format.fields; field; field = field->next)
		if (field->offset < 0 || field->size < 0 ||
		    rbmap_field_end(field) > record->size)
			return true;
	return false;
}

static void put_head(struct rbmap_events *events, struct tep_record *record,
		     struct trace_seq *out)
{
	int pid = tep_data_pid(events->tep, record);

	trace_seq_printf(out, "%16s-%-5d [%03d]", rbmap_events_comm(events, pid), pid,
			 record->cpu);
	put_time(out, events->usecs, record->ts);
}

static void put_info(struct rbmap_events *events, const struct tep_event *event,
		     struct tep_record *record, struct trace_seq *out)
{
	unsigned int begin = out->len;

	if (too_short(event, record))
		trace_seq_printf(out, "[RECORD CUT SHORT: %d BYTES]", record->size);
	else
		tep_print_event(events->tep, out, record, "%s", TEP_PRINT_INFO);
	if (out->len > begin && out->buffer[out->len - 1] == '\n')
		out->len--;
}

RBMAP_PUBLIC int rbmap_events_text(struct rbmap_events *events,
				   const struct rbmap_record *record,
				   struct trace_seq *out)
{
	struct tep_event *event = rbmap_events_find(events, record);
	struct tep_record copy;
	int error;

	error = rbmap_events_tep_record(events, record, &copy);
	if (error)
		return error;
	if (event) {
		put_head(events, &copy, out);
		put_name(out, event->name);
		put_info(events, event, &copy, out);
	} else {
		/* So trace-cmd report has it: without the time and the pid. */
		trace_seq_puts(out, "[UNKNOWN EVENT][UNKNOWN EVENT]");
		put_name(out, "(NULL)");
		trace_seq_puts(out, "[UNKNOWN EVENT]");
	}
	return state(out);
}

RBMAP_PUBLIC int rbmap_events_lost_text(const struct rbmap_record *record,
					struct trace_seq *out)
{
	if (record->lost == RBMAP_LOST_UNKNOWN)
		trace_seq_printf(out, "CPU:%d [EVENTS DROPPED]", record->cpu);
	else
		trace_seq_printf(out, "CPU:%d [%llu EVENTS DROPPED]", record->cpu,
				 (unsigned long long)record->lost);
	return state(out);
}
