// SPDX-License-Identifier: LGPL-2.1-only
/* A plan over a record: the fields as members of a JSON object. */
#include <stdlib.h>

#include "base/decimal.h"
#include "base/json.h"
#include "events/events.h"
#include "format/build.h"

/* A char array of up to so many bytes has room in each object. */
#define COMM_MAX 64
#define FLAGS ",\"flags\":"
#define FIELDS ",\"fields\":{"

/*
 * libtraceevent calls arrays of u8 strings as well, among them IP addresses; here
 * only char is text.
 */
static bool is_text(const struct tep_format_field *field)
{
	return field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC) &&
	       strstr(field->type, "char") && !strstr(field->type, "signed char");
}

static bool is_number_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static enum format_json_kind kind_of_text(const struct tep_format_field *field)
{
	if (field->flags & TEP_FIELD_IS_DYNAMIC || rbmap_field_is_open(field) ||
	    field->size > COMM_MAX)
		return JSON_TEXT;
	return JSON_COMM;
}

static enum format_json_kind kind_of(const struct tep_format_field *field)
{
	if (field->offset < 0 || field->size < 0)
		return JSON_NULL;
	if (field->flags & TEP_FIELD_IS_DYNAMIC && field->size != sizeof(uint32_t))
		return JSON_NULL;
	if (is_text(field))
		return kind_of_text(field);
	if (field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC))
		return is_number_size(field->elementsize) ? JSON_ARRAY : JSON_BYTES;
	return is_number_size(field->size) ? JSON_NUMBER : JSON_BYTES;
}

static void set_member(struct format_member *member,
		       const struct tep_format_field *field)
{
	member->kind = kind_of(field);
	member->is_signed = field->flags & TEP_FIELD_IS_SIGNED;
	member->open = rbmap_field_is_open(field);
	member->dynamic = field->flags & TEP_FIELD_IS_DYNAMIC;
	member->relative = field->flags & TEP_FIELD_IS_RELATIVE;
	member->offset = field->offset;
	member->size = field->size;
	member->element = field->elementsize;
}

static bool add_text(struct format_build *build, struct text *text, uint32_t *ret,
		     uint32_t *length)
{
	*length = text->used;
	if (text->failed)
		return rbmap_build_out_of_memory(build);
	return rbmap_build_string(build, text->buffer, text->used, ret);
}

static bool add_members(struct format_build *build, struct text *text)
{
	struct format_plan *plan = build->plan;
	const struct tep_format_field *field = plan->event->format.fields;
	struct format_member *member = plan->members;

	for (; field; field = field->next, member++) {
		set_member(member, field);
		text->used = 0;
		if (plan->nr_members++)
			text_char(text, ',');
		rbmap_json_string(text, field->name, strlen(field->name));
		text_char(text, ':');
		if (!add_text(build, text, &member->key, &member->key_length))
			return false;
		plan->json_room += member->key_length + DECIMAL_ROOM;
		if (member->kind == JSON_COMM)
			plan->json_room += member->size;
	}
	return true;
}

bool rbmap_build_json(struct format_build *build)
{
	struct format_plan *plan = build->plan;
	const struct tep_event *event = plan->event;
	const struct tep_format_field *field;
	struct text text = { 0 };
	size_t nr = 0;
	bool done;

	for (field = event->format.fields; field; field = field->next)
		nr++;
	plan->members = calloc(nr + 1, sizeof(*plan->members));
	if (!plan->members)
		return rbmap_build_out_of_memory(build);
	text_string(&text, ",\"event\":");
	rbmap_json_string(&text, event->name, strlen(event->name));
	text_string(&text, ",\"system\":");
	rbmap_json_string(&text, event->system, strlen(event->system));
	text_string(&text, FLAGS);
	done = add_text(build, &text, &plan->json_name, &plan->json_name_length);
	plan->json_room = plan->json_name_length + DECIMAL_ROOM + sizeof(FIELDS) +
			  sizeof("}}") + TEXT_SHORT;
	done = done && add_members(build, &text);
	free(text.buffer);
	return done;
}

uint64_t rbmap_format_cut_off(const struct format_plan *plan, const void *data,
			      uint32_t size, uint32_t offset, uint32_t bytes)
{
	unsigned char copy[sizeof(uint64_t)] = { 0 };

	if (bytes > sizeof(copy) || offset >= size)
		return 0;
	memcpy(copy, (const char *)data + offset,
	       bytes < size - offset ? bytes : size - offset);
	return format_read(copy, bytes, plan->swap);
}

void rbmap_format_json_bytes(struct text *text, const void *data, uint32_t size)
{
	const unsigned char *bytes = data;

	text_char(text, '[');
	for (uint32_t i = 0; i < size; i++) {
		if (i)
			text_char(text, ',');
		rbmap_text_unsigned(text, bytes[i]);
	}
	text_char(text, ']');
}

static inline char *write_number(char *at, const struct format_plan *plan,
				 const struct format_member *member,
				 const unsigned char *data, uint32_t size)
{
	uint64_t value = format_read(data, size, plan->swap);
	unsigned int spare = 64 - 8 * size;

	if (member->is_signed) {
		value = (uint64_t)((int64_t)(value << spare) >> spare);
		if (value >> 63) {
			*at++ = '-';
			value = -value;
		}
	}
	return decimal_write(at, value);
}

static void put_number(struct text *text, const struct format_run *run,
		       const struct format_member *member, const unsigned char *data,
		       uint32_t size)
{
	char *at = text_room(text, 1 + DECIMAL_ROOM);

	if (at)
		text_ends(text, write_number(at, run->plan, member, data, size));
}

static void put_array(struct text *text, const struct format_run *run,
		      const struct format_member *member, const unsigned char *data,
		      uint32_t size)
{
	if (size % member->element) {
		rbmap_format_json_bytes(text, data, size);
		return;
	}
	text_char(text, '[');
	for (uint32_t at = 0; at < size; at += member->element) {
		if (at)
			text_char(text, ',');
		put_number(text, run, member, data + at, member->element);
	}
	text_char(text, ']');
}

/* Where the bytes lie; false where they are not all in the record. */
static bool find_bytes(struct format_run *run, const struct format_member *member,
		       uint32_t *offset, uint32_t *size)
{
	uint64_t end = (uint64_t)member->offset + (member->open ? 0 : member->size);

	if (end > run->size)
		return false;
	*offset = member->offset;
	*size = member->size;
	if (member->dynamic) {
		run->outside = false;
		rbmap_format_locate(run, member->offset, member->relative, offset,
				    size);
		return !run->outside;
	}
	if (member->open) {
		*size = run->size - member->offset;
		if (member->element)
			*size -= *size % member->element;
	}
	return true;
}

static void put_member(struct text *text, struct format_run *run,
		       const struct format_member *member)
{
	const unsigned char *data;
	uint32_t offset, size;

	if (member->kind == JSON_NULL || !find_bytes(run, member, &offset, &size)) {
		text_put(text, "null", 4);
		return;
	}
	data = run->data + offset;
	switch (member->kind) {
	case JSON_COMM:
	case JSON_TEXT:
		rbmap_json_string(text, (const char *)data, size);
		break;
	case JSON_ARRAY:
		put_array(text, run, member, data, size);
		break;
	default:
		rbmap_format_json_bytes(text, data, size);
	}
}

/* Nothing that has to be escaped; NULL: there is. */
static char *write_comm(char *at, const struct format_member *member,
			const unsigned char *data)
{
	const char *string = (const char *)data;
	size_t plain;

	*at = '"';
	plain = json_copy_plain(at + 1, string, member->size);
	if (plain < member->size && string[plain])
		return NULL;
	at[1 + plain] = '"';
	return at + 2 + plain;
}

/* Of the kinds that most members are, and all in the record; NULL: any other. */
static inline char *write_member(char *at, const struct format_run *run,
				 const struct format_member *member)
{
	const unsigned char *data = run->data + member->offset;

	if ((uint64_t)member->offset + member->size > run->size)
		return NULL;
	if (member->kind == JSON_NUMBER)
		return write_number(at, run->plan, member, data, member->size);
	if (member->kind == JSON_COMM)
		return write_comm(at, member, data);
	return NULL;
}

/* There is the plan's room at `at`, and again where it returns; NULL: no memory. */
static char *write_members(struct text *text, char *at, struct format_run *run)
{
	const struct format_plan *plan = run->plan;
	const struct format_member *member = plan->members;
	const struct format_member *end = member + plan->nr_members;
	char *behind;

	for (; member < end; member++) {
		at = text_copy_short(at, plan->strings + member->key,
				     member->key_length);
		behind = write_member(at, run, member);
		if (!behind) {
			text_ends(text, at);
			put_member(text, run, member);
			behind = text_room(text, plan->json_room);
			if (!behind)
				return NULL;
		}
		at = behind;
	}
	return at;
}

void rbmap_format_json_fields(const struct format_plan *plan, const void *data,
			      uint32_t size, struct text *text)
{
	struct format_run run = { .plan = plan, .data = data, .size = size };
	char *at = text_room(text, plan->json_room);

	if (!at)
		return;
	*at++ = '{';
	at = write_members(text, at, &run);
	if (!at)
		return;
	*at++ = '}';
	text_ends(text, at);
}

void rbmap_format_json(const struct format_plan *plan, const void *data, uint32_t size,
		       struct text *text)
{
	struct format_run run = { .plan = plan, .data = data, .size = size };
	char *at = text_room(text, plan->json_room);

	if (!at)
		return;
	at = text_copy_short(at, plan->strings + plan->json_name,
			     plan->json_name_length);
	at = decimal_write(at, format_common(plan, data, size, plan->flags_offset,
					     plan->flags_size));
	memcpy(at, FIELDS, sizeof(FIELDS) - 1);
	at = write_members(text, at + sizeof(FIELDS) - 1, &run);
	if (!at)
		return;
	memcpy(at, "}}", 2);
	text_ends(text, at + 2);
}
