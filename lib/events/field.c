// SPDX-License-Identifier: LGPL-2.1-only
/* A field of an event, found once and then read from many records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "base/internal.h"
#include "events/events.h"
#include "events/field.h"
#include "format/field.h"
#include "format/plan.h"

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

static int read_number(const struct rbmap_field *field,
		       const struct rbmap_record *record, uint64_t *ret);

static void make_number(struct event_field *field, const struct rbmap_events *events,
			bool is_common, uint16_t id)
{
	struct rbmap_field *number = &field->number;
	unsigned int bits = 8 * (field->end - field->offset);

	*number = (struct rbmap_field){
		.read = read_number,
		.end = UINT64_MAX,
		/* As it is in the records. */
		.id = events->swap ? __builtin_bswap16(id) : id,
		.id_mask = is_common ? 0 : UINT16_MAX,
	};
	if (!field->is_number || field->swap || field->end < sizeof(uint64_t))
		return;
	number->end = field->end;
	number->at = field->end - sizeof(uint64_t);
	number->spare = 64 - bits;
	number->sign = field->is_signed ? UINT64_C(1) << (bits - 1) : 0;
}

bool rbmap_field_make(struct event_field *ret, const struct rbmap_events *events,
		      bool is_common, const struct tep_format_field *found)
{
	if (!is_sound(found))
		return false;
	*ret = (struct event_field){
		.swap = events->swap,
		.is_signed = found->flags & TEP_FIELD_IS_SIGNED,
		.is_open = rbmap_field_is_open(found),
		.is_dynamic = found->flags & TEP_FIELD_IS_DYNAMIC,
		.is_relative = found->flags & TEP_FIELD_IS_RELATIVE,
		.offset = found->offset,
		.end = rbmap_field_end(found),
	};
	ret->is_array =
		found->flags & TEP_FIELD_IS_ARRAY || ret->is_dynamic || ret->is_open;
	ret->is_number = !ret->is_array && is_number_size(found->size);
	make_number(ret, events, is_common, found->event->id);
	return true;
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
	struct event_field *field, made;

	if (system && !event)
		return -EINVAL;
	found = event ? find(events, system, event, name) :
			rbmap_events_common(events, name);
	if (!found || !rbmap_field_make(&made, events, !event, found))
		return -ENOENT;
	field = malloc(sizeof(*field));
	if (!field)
		return -ENOMEM;
	*field = made;
	*ret = &field->number;
	return 0;
}

RBMAP_PUBLIC void rbmap_field_close(struct rbmap_field *field)
{
	free(field);
}

static const struct event_field *all_of(const struct rbmap_field *field)
{
	return (const struct event_field *)field;
}

static bool is_of_event(const struct event_field *field,
			const struct rbmap_record *record)
{
	uint16_t id;

	if (record->size < sizeof(id))
		return false;
	memcpy(&id, record->data, sizeof(id));
	return !((id ^ field->number.id) & field->number.id_mask);
}

static int read_number(const struct rbmap_field *of, const struct rbmap_record *record,
		       uint64_t *ret)
{
	const struct event_field *field = all_of(of);
	const unsigned char *data = record->data;
	unsigned int size = field->end - field->offset, spare = 64 - 8 * size;

	if (!is_of_event(field, record))
		return -EINVAL;
	if (!field->is_number)
		return -ENOTSUP;
	if (field->end > record->size)
		return -EBADMSG;
	*ret = format_read(data + field->offset, size, field->swap);
	if (field->is_signed)
		*ret = (int64_t)(*ret << spare) >> spare;
	return 0;
}

/* Of programs that do not have them inline. */
RBMAP_PUBLIC int rbmap_field_u64(const struct rbmap_field *field,
				 const struct rbmap_record *record, uint64_t *ret)
{
	return read_number(field, record, ret);
}

RBMAP_PUBLIC int rbmap_field_s64(const struct rbmap_field *field,
				 const struct rbmap_record *record, int64_t *ret)
{
	return read_number(field, record, (uint64_t *)ret);
}

/* Where a dynamic array is: relative to the end of the word that gives its place, or
 * to the start of the record. */
static void locate(const struct event_field *field, const unsigned char *data,
		   uint64_t *offset, uint64_t *size)
{
	uint32_t word = format_read(data + field->offset, sizeof(word), field->swap);

	*offset = (word & 0xffff) + (field->is_relative ? field->end : 0);
	*size = word >> 16;
}

RBMAP_PUBLIC int rbmap_field_bytes(const struct rbmap_field *of,
				   const struct rbmap_record *record, const void **ret,
				   size_t *ret_size)
{
	const struct event_field *field = all_of(of);
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
	if (!all_of(field)->is_array)
		return -ENOTSUP;
	*ret = bytes;
	*ret_length = strnlen(bytes, size);
	return 0;
}
