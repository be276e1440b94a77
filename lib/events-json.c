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

static void put_number(struct json *json, const struct tep_format_field *field,
		       const char *data, uint32_t size)
{
	uint64_t value = tep_read_number(field->event->tep, data, size);
	unsigned int spare = 64 - 8 * size;

	if (field->flags & TEP_FIELD_IS_SIGNED)
		rbmap_json_signed(json, (int64_t)(value << spare) >> spare);
	else
		rbmap_json_unsigned(json, value);
}

static bool is_number_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static void put_bytes(struct json *json, const unsigned char *data, uint32_t size)
{
	rbmap_json_put(json, "[", 1);
	for (uint32_t i = 0; i < size; i++) {
		if (i)
			rbmap_json_put(json, ",", 1);
		rbmap_json_unsigned(json, data[i]);
	}
	rbmap_json_put(json, "]", 1);
}

static void put_array(struct json *json, const struct tep_format_field *field,
		      const char *data, uint32_t size)
{
	uint32_t each = field->elementsize;

	if (!is_number_size(each) || size % each) {
		put_bytes(json, (const unsigned char *)data, size);
		return;
	}
	rbmap_json_put(json, "[", 1);
	for (uint32_t at = 0; at < size; at += each) {
		if (at)
			rbmap_json_put(json, ",", 1);
		put_number(json, field, data + at, each);
	}
	rbmap_json_put(json, "]", 1);
}

static void put_value(struct json *json, const struct tep_format_field *field,
		      const struct tep_record *record)
{
	uint32_t offset, size;
	const char *data;

	if (!rbmap_field_bytes(field, record, &offset, &size)) {
		rbmap_json_literal(json, "null");
		return;
	}
	data = (const char *)record->data + offset;
	if (is_text(field))
		rbmap_json_string(json, data, strnlen(data, size));
	else if (field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC))
		put_array(json, field, data, size);
	else if (is_number_size(size))
		put_number(json, field, data, size);
	else
		put_bytes(json, (const unsigned char *)data, size);
}

static void put_key(struct json *json, const char *key)
{
	rbmap_json_string(json, key, strlen(key));
	rbmap_json_put(json, ":", 1);
}

static void put_common(struct json *json, struct rbmap_events *events,
		       const struct tep_record *record)
{
	const char *comm;
	int pid;

	rbmap_json_literal(json, "{\"ts\":");
	rbmap_json_unsigned(json, record->ts);
	rbmap_json_literal(json, ",\"cpu\":");
	rbmap_json_signed(json, record->cpu);
	pid = tep_data_pid(events->tep, (struct tep_record *)record);
	comm = rbmap_events_comm(events, pid);
	rbmap_json_literal(json, ",\"comm\":");
	rbmap_json_string(json, comm, strlen(comm));
	rbmap_json_literal(json, ",\"pid\":");
	rbmap_json_signed(json, pid);
}

static void put_event(struct json *json, const struct tep_event *event,
		      const struct tep_record *record)
{
	const struct tep_format_field *field;

	rbmap_json_literal(json, ",\"event\":");
	rbmap_json_string(json, event->name, strlen(event->name));
	rbmap_json_literal(json, ",\"system\":");
	rbmap_json_string(json, event->system, strlen(event->system));
	rbmap_json_literal(json, ",\"flags\":");
	rbmap_json_signed(json,
			  tep_data_flags(event->tep, (struct tep_record *)record));
	rbmap_json_literal(json, ",\"fields\":{");
	for (field = event->format.fields; field; field = field->next) {
		if (field != event->format.fields)
			rbmap_json_put(json, ",", 1);
		put_key(json, field->name);
		put_value(json, field, record);
	}
	rbmap_json_literal(json, "}}");
}

static void put_unknown(struct json *json, const struct tep_record *record)
{
	rbmap_json_literal(json, ",\"event\":null,\"raw\":");
	put_bytes(json, record->data, record->size);
	rbmap_json_put(json, "}", 1);
}

RBMAP_PUBLIC int rbmap_events_json(struct rbmap_events *events,
				   const struct rbmap_record *record,
				   struct trace_seq *out)
{
	struct tep_event *event = rbmap_events_find(events, record);
	struct json json = { .text = events->json, .size = events->json_size };
	struct tep_record copy;
	int error;

	error = rbmap_events_tep_record(events, record, &copy);
	if (error)
		return error;
	put_common(&json, events, &copy);
	if (event)
		put_event(&json, event, &copy);
	else
		put_unknown(&json, &copy);
	rbmap_json_put(&json, "", 1);
	events->json = json.text;
	events->json_size = json.size;
	if (json.failed)
		return -ENOMEM;
	trace_seq_puts(out, json.text);
	return out->state == TRACE_SEQ__GOOD ? 0 : -ENOMEM;
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
