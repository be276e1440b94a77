/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_EVENTS_FIELD_H
#define RBMAP_EVENTS_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include <rbmap/field.h>

struct tep_format_field;

/*
 * All of a field.
 *
 * @number: what rbmap_field_u64() reads a number with, inline. Where it cannot, as at
 *	the start of a record, where there are no eight bytes, or in the other byte
 *	order, its end is beyond that of any record
 * @offset, @end: the part that each record of the event has
 */
struct event_field {
	struct rbmap_field number;
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
bool rbmap_field_make(struct event_field *ret, const struct rbmap_events *events,
		      bool is_common, const struct tep_format_field *found);

#endif
