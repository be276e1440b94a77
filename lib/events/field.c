// SPDX-License-Identifier: LGPL-2.1-only
/* A field of an event, found once and then read from many records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include <rbmap/field.h>

#include "base/internal.h"
#include "events/events.h"
#include "format/field.h"
#include "format/plan.h"

/*
 * @id: common_type as it is in the records, whatever their byte order
 * @offset, @end: the part that each record of the event has
 * @spare: bits to shift a number by, and back, for its sign
 */
struct rbmap_field {
	uint16_t id;
	bool is_common;
	bool is_number;
	bool is_signed;
	bool is_array;
	bool is_open;
	bool is_dynamic;
	bool is_relative;
	bool swap;
	uint8_t spare;
	uint32_t offset, end;
};

static bool is_number_size(int size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static bool is_sound(const struct tep_format_field *field)
{
	if (field->offset < 0 || field->size < 0 || rbmap_field_end(field) > UINT32_MAX)
		return false;
	return !(field->flags & TEP_FIELD_IS_DYNAMIC) ||
	       field->size == sizeof(uint32_t);
}

static struct rbmap_field *make(const struct rbmap_events *events, bool is_common,
				const struct tep_format_field *found)
{
	struct rbmap_field *field = calloc(1, sizeof(*field));
	uint16_t id = found->event->id;

	if (!field)
		return NULL;
	field->swap = events->swap;
	field->id = events->swap ? __builtin_bswap16(id) : id;
	field->is_common = is_common;
	field->is_signed = found->flags & TEP_FIELD_IS_SIGNED;
	field->is_open = rbmap_field_is_open(found);
	field->is_dynamic = found->flags & TEP_FIELD_IS_DYNAMIC;
	field->is_relative = found->flags & TEP_FIELD_IS_RELATIVE;
	field->is_array = found->flags & TEP_FIELD_IS_ARRAY || field->is_dynamic ||
			  field->is_open;
	field->is_number = !field->is_array && is_number_size(found->size);
	field->spare = field->is_number ? 64 - 8 * found->size : 0;
	field->offset = found->offset;
	field->end = rbmap_field_end(found);
	return field;
}

static const struct tep_format_field *find(const struct rbmap_events *events,
					   const char *system, const char *event,
					   const char *name)
{
	struct tep_event *found = tep_find_event_by_name(events->tep, system, event);

	return found ? tep_find_any_field(found, name) : NULL;
}

RBMAP_PUBLIC int rbmap_field_open(struct rbmap_field **ret,
				  const struct rbmap_events *events, const char *system,
				  const char *event, const char *name)
{
	const struct tep_format_field *found;
	struct rbmap_field *field;

	if (system && !event)
		return -EINVAL;
	found = event ? find(events, system, event, name) :
			rbmap_events_common(events, name);
	if (!found || !is_sound(found))
		return -ENOENT;
	field = make(events, !event, found);
	if (!field)
		return -ENOMEM;
	*ret = field;
	return 0;
}

RBMAP_PUBLIC void rbmap_field_close(struct rbmap_field *field)
{
	free(field);
}

static bool is_of_event(const struct rbmap_field *field,
			const struct rbmap_record *record)
{
	uint16_t id;

	if (record->size < sizeof(id))
		return false;
	memcpy(&id, record->data, sizeof(id));
	return field->is_common || id == field->id;
}

RBMAP_PUBLIC int rbmap_field_s64(const struct rbmap_field *field,
				 const struct rbmap_record *record, int64_t *ret)
{
	const unsigned char *data = record->data;
	uint64_t number;

	if (!is_of_event(field, record))
		return -EINVAL;
	if (!field->is_number)
		return -ENOTSUP;
	if (field->end > record->size)
		return -EBADMSG;
	number = format_read(data + field->offset, field->end - field->offset,
			     field->swap);
	*ret = number;
	if (field->is_signed)
		*ret = (int64_t)(number << field->spare) >> field->spare;
	return 0;
}

RBMAP_PUBLIC int rbmap_field_u64(const struct rbmap_field *field,
				 const struct rbmap_record *record, uint64_t *ret)
{
	int64_t number;
	int r = rbmap_field_s64(field, record, &number);

	if (r == 0)
		*ret = number;
	return r;
}

/* Where a dynamic array is: relative to the end of the word that gives its place, or
 * to the start of the record. */
static void locate(const struct rbmap_field *field, const unsigned char *data,
		   uint64_t *offset, uint64_t *size)
{
	uint32_t word = format_read(data + field->offset, sizeof(word), field->swap);

	*offset = (word & 0xffff) + (field->is_relative ? field->end : 0);
	*size = word >> 16;
}

RBMAP_PUBLIC int rbmap_field_bytes(const struct rbmap_field *field,
				   const struct rbmap_record *record, const void **ret,
				   size_t *ret_size)
{
	const unsigned char *data = record->data;
	uint64_t offset = field->offset, size = field->end - offset;

	if (!is_of_event(field, record))
		return -EINVAL;
	if (field->end > record->size)
		return -EBADMSG;
	if (field->is_dynamic)
		locate(field, data, &offset, &size);
	else if (field->is_open)
		size = record->size - offset;
	if (offset + size > record->size)
		return -EBADMSG;
	*ret = data + offset;
	*ret_size = size;
	return 0;
}

RBMAP_PUBLIC int rbmap_field_text(const struct rbmap_field *field,
				  const struct rbmap_record *record, const char **ret,
				  size_t *ret_length)
{
	const void *bytes;
	size_t size;
	int r = rbmap_field_bytes(field, record, &bytes, &size);

	if (r < 0)
		return r;
	if (!field->is_array)
		return -ENOTSUP;
	*ret = bytes;
	*ret_length = strnlen(bytes, size);
	return 0;
}
