// SPDX-License-Identifier: LGPL-2.1-only
/* A plan over a record: the fields as members of a JSON object. */
#include "base/decimal.h"
#include "base/json.h"
#include "format/run.h"

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
static char *write_members(struct text *text, char *at, struct format_run *run,
			   size_t from, size_t to)
{
	const struct format_plan *plan = run->plan;
	const struct format_member *member = plan->members + from;
	const struct format_member *end = plan->members + to;
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
	at = write_members(text, at, &run, plan->nr_common, plan->nr_members);
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
	at = write_members(text, at, &run, 0, plan->nr_common);
	if (!at)
		return;
	memcpy(at, FORMAT_JSON_FIELDS, sizeof(FORMAT_JSON_FIELDS) - 1);
	at = write_members(text, at + sizeof(FORMAT_JSON_FIELDS) - 1, &run,
			   plan->nr_common, plan->nr_members);
	if (!at)
		return;
	memcpy(at, "}}", 2);
	text_ends(text, at + 2);
}
