// SPDX-License-Identifier: LGPL-2.1-only
#include "events.h"
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

/* __data_loc and __rel_loc: the size in the upper half, the place in the lower. */
static bool dynamic_bytes(const struct tep_format_field *field,
			  const struct tep_record *record, uint32_t *offset,
			  uint32_t *size)
{
	struct tep_handle *tep = field->event->tep;
	uint32_t end = (uint32_t)field->offset + field->size;
	uint32_t word;

	if (field->size != sizeof(word))
		return false;
	word = tep_read_number(tep, (char *)record->data + field->offset, sizeof(word));
	*offset = word & 0xffff;
	*size = word >> 16;
	if (field->flags & TEP_FIELD_IS_RELATIVE)
		*offset += end;
	return (uint64_t)*offset + *size <= (uint32_t)record->size;
}

bool rbmap_field_bytes(const struct tep_format_field *field,
		       const struct tep_record *record, uint32_t *offset,
		       uint32_t *size)
{
	if (field->offset < 0 || field->size < 0 ||
	    rbmap_field_end(field) > record->size)
		return false;
	if (field->flags & TEP_FIELD_IS_DYNAMIC)
		return dynamic_bytes(field, record, offset, size);
	*offset = field->offset;
	*size = field->size;
	if (rbmap_field_is_open(field)) {
		*size = record->size - field->offset;
		if (field->elementsize)
			*size -= *size % field->elementsize;
	}
	return true;
}

/*
 * libtraceevent calls arrays of u8 strings as well, among them IP addresses; here
 * only char is text.
 */
static bool is_text(const struct tep_format_field *field)
{
	return field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC) &&
	       strstr(field->type, "char") && !strstr(field->type, "signed char");
}

static void put_number(struct text *text, const struct tep_format_field *field,
		       const char *data, uint32_t size)
{
	uint64_t value = tep_read_number(field->event->tep, data, size);
	unsigned int spare = 64 - 8 * size;

	if (field->flags & TEP_FIELD_IS_SIGNED)
		rbmap_text_signed(text, (int64_t)(value << spare) >> spare);
	else
		rbmap_text_unsigned(text, value);
}

static bool is_number_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static void put_bytes(struct text *text, const unsigned char *data, uint32_t size)
{
	text_put(text, "[", 1);
	for (uint32_t i = 0; i < size; i++) {
		if (i)
			text_put(text, ",", 1);
		rbmap_text_unsigned(text, data[i]);
	}
	text_put(text, "]", 1);
}

static void put_array(struct text *text, const struct tep_format_field *field,
		      const char *data, uint32_t size)
{
	uint32_t each = field->elementsize;

	if (!is_number_size(each) || size % each) {
		put_bytes(text, (const unsigned char *)data, size);
		return;
	}
	text_put(text, "[", 1);
	for (uint32_t at = 0; at < size; at += each) {
		if (at)
			text_put(text, ",", 1);
		put_number(text, field, data + at, each);
	}
	text_put(text, "]", 1);
}

static void put_value(struct text *text, const struct tep_format_field *field,
		      const struct tep_record *record)
{
	uint32_t offset, size;
	const char *data;

	if (!rbmap_field_bytes(field, record, &offset, &size)) {
		text_string(text, "null");
		return;
	}
	data = (const char *)record->data + offset;
	if (is_text(field))
		rbmap_json_string(text, data, strnlen(data, size));
	else if (field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC))
		put_array(text, field, data, size);
	else if (is_number_size(size))
		put_number(text, field, data, size);
	else
		put_bytes(text, (const unsigned char *)data, size);
}

static void put_key(struct text *text, const char *key)
{
	rbmap_json_string(text, key, strlen(key));
	text_put(text, ":", 1);
}

static void put_common(struct text *text, struct rbmap_events *events,
		       const struct tep_record *record)
{
	const char *comm;
	int pid;

	text_string(text, "{\"ts\":");
	rbmap_text_unsigned(text, record->ts);
	text_string(text, ",\"cpu\":");
	rbmap_text_signed(text, record->cpu);
	pid = tep_data_pid(events->tep, (struct tep_record *)record);
	comm = rbmap_events_comm(events, pid);
	text_string(text, ",\"comm\":");
	rbmap_json_string(text, comm, strlen(comm));
	text_string(text, ",\"pid\":");
	rbmap_text_signed(text, pid);
}

static void put_event(struct text *text, const struct tep_event *event,
		      const struct tep_record *record)
{
	const struct tep_format_field *field;

	text_string(text, ",\"event\":");
	rbmap_json_string(text, event->name, strlen(event->name));
	text_string(text, ",\"system\":");
	rbmap_json_string(text, event->system, strlen(event->system));
	text_string(text, ",\"flags\":");
	rbmap_text_signed(text,
			  tep_data_flags(event->tep, (struct tep_record *)record));
	text_string(text, ",\"fields\":{");
	for (field = event->format.fields; field; field = field->next) {
		if (field != event->format.fields)
			text_put(text, ",", 1);
		put_key(text, field->name);
		put_value(text, field, record);
	}
	text_string(text, "}}");
}

static void put_unknown(struct text *text, const struct tep_record *record)
{
	text_string(text, ",\"event\":null,\"raw\":");
	put_bytes(text, record->data, record->size);
	text_put(text, "}", 1);
}

RBMAP_PUBLIC int rbmap_events_json(struct rbmap_events *events,
				   const struct rbmap_record *record,
				   struct trace_seq *out)
{
	struct tep_event *event = rbmap_events_find(events, record);
	struct text text = rbmap_text_from_seq(out);
	struct tep_record copy;
	int error;

	error = rbmap_events_tep_record(events, record, &copy);
	if (error)
		return error;
	put_common(&text, events, &copy);
	if (event)
		put_event(&text, event, &copy);
	else
		put_unknown(&text, &copy);
	rbmap_text_to_seq(&text, out);
	return text.failed ? -ENOMEM : 0;
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
