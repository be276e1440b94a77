// SPDX-License-Identifier: LGPL-2.1-only
#include "base/decimal.h"
#include "base/internal.h"
#include "base/json.h"
#include "events/events.h"
#include "format/run.h"

#include <rbmap/subbuf.h>

/* What libtraceevent prints instead of a text. */
#define NO_FORMAT "(NO FORMAT FOUND"

void rbmap_object_pid(struct text *text, struct rbmap_events *events, int pid)
{
	const struct rbmap_pid_name *seen = rbmap_names_pid(&events->names, pid);
	char *at;

	if (!seen->json_length) {
		rbmap_names_put_pid(text, tep_data_comm_from_pid(events->tep, pid),
				    pid);
		return;
	}
	at = text_room(text, sizeof(seen->json));
	if (!at)
		return;
	memcpy(at, seen->json, sizeof(seen->json));
	text->used += seen->json_length;
}

static void put_stamp(struct text *text, const struct rbmap_record *record)
{
	static const char begin[] = "{\"ts\":", cpu[] = ",\"cpu\":";
	char *at = text_room(text, sizeof(begin) + sizeof(cpu) + 2 * DECIMAL_ROOM);

	if (!at)
		return;
	memcpy(at, begin, sizeof(begin) - 1);
	at = decimal_write(at + sizeof(begin) - 1, record->time_stamp);
	memcpy(at, cpu, sizeof(cpu) - 1);
	at = decimal_write_signed(at + sizeof(cpu) - 1, record->cpu);
	text_ends(text, at);
}

static void put_common(struct text *text, struct rbmap_events *events,
		       const struct rbmap_record *record, int pid)
{
	put_stamp(text, record);
	rbmap_object_pid(text, events, pid);
}

/* In place of the end of an object, which follows them. */
static void put_names(struct text *text, const char *names, size_t length)
{
	if (!length || text->failed)
		return;
	text->used--;
	text_put(text, names, length);
	text_char(text, '}');
}

void rbmap_object_resolved(const struct format_plan *plan,
			   const struct rbmap_object_parts *parts,
			   const struct rbmap_record *record, struct text *text)
{
	put_stamp(text, record);
	text_put(text, parts->pid, parts->pid_length);
	rbmap_format_json(plan, record->data, record->size, text);
	put_names(text, parts->names, parts->names_length);
}

/*
 * Whether it is known what libtraceevent prints of a bprint; where no strings are known
 * here, only it can tell.
 */
static bool has_format(struct rbmap_events *events, const struct format_plan *plan,
		       const struct rbmap_record *record)
{
	if (record->size < plan->min_size)
		return false;
	return !events->names.resolver->strings ||
	       rbmap_format_string(plan, &events->names, record->data, record->size);
}

static void put_text(struct text *text, const char *string)
{
	text_string(text, ",\"text\":");
	rbmap_json_string(text, string, strlen(string));
}

/* The line of a trace_printk() after the name of its function. */
static void put_bprint(struct rbmap_events *events, const struct format_plan *plan,
		       const struct rbmap_record *record, struct text *text)
{
	struct trace_seq info;
	const char *begin;

	if (!has_format(events, plan, record))
		return;
	trace_seq_init(&info);
	if (rbmap_line_info(events, plan, record, &info)) {
		text->failed = true;
	} else {
		trace_seq_terminate(&info);
		begin = strstr(info.buffer, ": ");
		/* A handle of the caller's may not have the format. */
		if (begin && strncmp(begin + 2, NO_FORMAT, strlen(NO_FORMAT)) != 0)
			put_text(text, begin + 2);
	}
	trace_seq_destroy(&info);
}

/* The string of a bputs is all of its text. */
static void put_printk(struct rbmap_events *events, const struct format_plan *plan,
		       const struct rbmap_record *record, struct text *text)
{
	const char *string;

	if (plan->flags & TEP_EVENT_FL_ISBPRINT) {
		put_bprint(events, plan, record, text);
		return;
	}
	string = rbmap_format_string(plan, &events->names, record->data, record->size);
	if (string)
		put_text(text, string);
}

void rbmap_object_names(struct rbmap_events *events, const struct format_plan *plan,
			const struct rbmap_record *record, struct text *text)
{
	rbmap_format_json_names(plan, &events->names, record->data, record->size, text);
	if (plan->is_printk)
		put_printk(events, plan, record, text);
}

static int put_unknown(struct text *text, struct rbmap_events *events,
		       const struct rbmap_record *record)
{
	int pid = rbmap_record_pid(events, record);

	if (rbmap_events_find(events, record))
		return -ENOMEM;
	put_common(text, events, record, pid < 0 ? -1 : pid);
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
	int r = 0;

	if (plan) {
		put_common(&text, events, record,
			   format_pid(plan, record->data, record->size));
		rbmap_format_json(plan, record->data, record->size, &text);
		if (plan->json_names && !text.failed) {
			text.used--;
			rbmap_object_names(events, plan, record, &text);
			text_char(&text, '}');
		}
	} else {
		r = put_unknown(&text, events, record);
	}
	rbmap_text_to_seq(&text, out);
	if (text.failed)
		return -ENOMEM;
	return r ? r : rbmap_names_state(&events->names);
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
