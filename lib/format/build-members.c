// SPDX-License-Identifier: LGPL-2.1-only
/* The fields of an event as members of a JSON object. */
#include <stdlib.h>

#include "base/decimal.h"
#include "base/json.h"
#include "format/build.h"
#include "format/field.h"

/* A char array of up to so many bytes has room in each object. */
#define COMM_MAX 64
#define TYPE ",\"type\":"
#define FLAGS ",\"flags\":"

static bool is_array(const struct tep_format_field *field)
{
	return field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC) ||
	       rbmap_field_is_open(field);
}

/*
 * libtraceevent calls arrays of u8 strings as well, among them IP addresses; here
 * only char is text.
 */
static bool is_text(const struct tep_format_field *field)
{
	return is_array(field) && strstr(field->type, "char") &&
	       !strstr(field->type, "signed char");
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
	if (is_array(field))
		return is_number_size(rbmap_field_element(field)) ? JSON_ARRAY :
								    JSON_BYTES;
	return is_number_size(field->size) ? JSON_NUMBER : JSON_BYTES;
}

void rbmap_format_member(struct format_member *member,
			 const struct tep_format_field *field)
{
	member->kind = kind_of(field);
	member->is_signed = field->flags & TEP_FIELD_IS_SIGNED;
	member->open = rbmap_field_is_open(field);
	member->dynamic = field->flags & TEP_FIELD_IS_DYNAMIC;
	member->relative = field->flags & TEP_FIELD_IS_RELATIVE;
	member->offset = field->offset;
	member->size = field->size;
	member->element = rbmap_field_element(field);
}

static bool add_text(struct format_build *build, struct text *text, uint32_t *ret,
		     uint32_t *length)
{
	*length = text->used;
	if (text->failed)
		return rbmap_build_out_of_memory(build);
	return rbmap_build_string(build, text->buffer, text->used, ret);
}

static bool add_member(struct format_build *build, struct text *key,
		       const struct tep_format_field *field)
{
	struct format_plan *plan = build->plan;
	struct format_member *member = &plan->members[plan->nr_members++];

	rbmap_format_member(member, field);
	if (!add_text(build, key, &member->key, &member->key_length))
		return false;
	plan->json_room += member->key_length + DECIMAL_ROOM;
	if (member->kind == JSON_COMM)
		plan->json_room += member->size;
	return true;
}

/* The others are in the object already, as "pid", "flags" and "type". */
static bool is_common_member(const struct tep_format_field *field)
{
	return strcmp(field->name, "common_pid") != 0 &&
	       strcmp(field->name, "common_flags") != 0 &&
	       strcmp(field->name, "common_type") != 0;
}

/* "preempt_count" of common_preempt_count; what the object has already keeps all of it.
 */
static const char *common_name(const struct tep_format_field *field)
{
	static const char prefix[] = "common_";
	static const char *const taken[] = { "ts",     "cpu",	   "comm",
					     "event",  "system",   "fields",
					     "buffer", "realtime", "mono" };
	const char *name = field->name;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return name;
	name += sizeof(prefix) - 1;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(name, taken[i]))
			return field->name;
	return name;
}

static bool add_common(struct format_build *build, struct text *text)
{
	struct format_plan *plan = build->plan;
	const struct tep_format_field *field = plan->event->format.common_fields;
	const char *name;

	for (; field; field = field->next) {
		if (!is_common_member(field))
			continue;
		name = common_name(field);
		text->used = 0;
		text_char(text, ',');
		rbmap_json_string(text, name, strlen(name));
		text_char(text, ':');
		if (!add_member(build, text, field))
			return false;
	}
	plan->nr_common = plan->nr_members;
	return true;
}

static bool add_fields(struct format_build *build, struct text *text)
{
	struct format_plan *plan = build->plan;
	const struct tep_format_field *field = plan->event->format.fields;

	for (; field; field = field->next) {
		text->used = 0;
		if (plan->nr_members > plan->nr_common)
			text_char(text, ',');
		rbmap_json_string(text, field->name, strlen(field->name));
		text_char(text, ':');
		if (!add_member(build, text, field))
			return false;
	}
	return true;
}

static size_t count(const struct tep_format_field *field)
{
	size_t nr = 0;

	for (; field; field = field->next)
		nr++;
	return nr;
}

bool rbmap_build_json(struct format_build *build)
{
	struct format_plan *plan = build->plan;
	const struct tep_event *event = plan->event;
	size_t nr = count(event->format.common_fields) + count(event->format.fields);
	struct text text = { 0 };
	bool done;

	plan->members = calloc(nr + 1, sizeof(*plan->members));
	if (!plan->members)
		return rbmap_build_out_of_memory(build);
	text_string(&text, ",\"event\":");
	rbmap_json_string(&text, event->name, strlen(event->name));
	text_string(&text, ",\"system\":");
	rbmap_json_string(&text, event->system, strlen(event->system));
	text_string(&text, TYPE);
	rbmap_text_unsigned(&text, event->id);
	text_string(&text, FLAGS);
	done = add_text(build, &text, &plan->json_name, &plan->json_name_length);
	plan->json_room = plan->json_name_length + DECIMAL_ROOM +
			  sizeof(FORMAT_JSON_FIELDS) + sizeof("}}") + TEXT_SHORT;
	done = done && add_common(build, &text) && add_fields(build, &text);
	free(text.buffer);
	if (done)
		rbmap_build_pointers(plan);
	return done;
}
