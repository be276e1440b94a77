/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_EVENTS_FIELD_H
#define RBMAP_EVENTS_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rbmap/field.h>

struct tep_format_field;

/*
 * @quick_end: where a number ends that rbmap_field_number() can read; beyond the end of
 *	any record for all else
 * @quick_at: the eight bytes that end there, of which the number is the last
 * @spare: the bits of these that are not the number's
 * @sign: the highest bit of a signed number
 * @id: common_type as it is in the records, whatever their byte order
 * @id_mask: 0 of a common field, which all events have
 * @offset, @end: the part that each record of the event has
 */
struct rbmap_field {
	uint64_t quick_end;
	uint64_t sign;
	uint32_t quick_at;
	uint16_t id, id_mask;
	uint8_t spare;
	bool swap;
	bool is_number;
	bool is_signed;
	bool is_array;
	bool is_open;
	bool is_dynamic;
	bool is_relative;
	uint32_t offset, end;
};

/* False: the format gives the field a place that it cannot have. */
bool rbmap_field_make(struct rbmap_field *ret, const struct rbmap_events *events,
		      bool is_common, const struct tep_format_field *found);

/* Of the first bytes of a record, if there are any, or of the other byte order. */
int rbmap_field_number_slow(const struct rbmap_field *field,
			    const struct rbmap_record *record, uint64_t *ret);

/*
 * A number costs one comparison with the end of the record and one of the event: all
 * else was decided when the field was made.
 */
static inline int rbmap_field_number(const struct rbmap_field *field,
				     const struct rbmap_record *record, uint64_t *ret)
{
	const unsigned char *data = record->data;
	uint64_t eight;
	uint16_t id;

	if (__builtin_expect(field->quick_end > record->size, 0))
		return rbmap_field_number_slow(field, record, ret);
	memcpy(&id, data, sizeof(id));
	if (__builtin_expect((id ^ field->id) & field->id_mask, 0))
		return rbmap_field_number_slow(field, record, ret);
	memcpy(&eight, data + field->quick_at, sizeof(eight));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		eight <<= field->spare;
	eight >>= field->spare;
	*ret = (eight ^ field->sign) - field->sign;
	return 0;
}

#endif
