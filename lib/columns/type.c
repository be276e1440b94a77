// SPDX-License-Identifier: LGPL-2.1-only
/* Which type of Arrow a field has. */
#include <stdio.h>

#include "base/internal.h"
#include "columns/columns.h"

static bool is_bool(const char *type)
{
	return !strcmp(type, "bool") || !strcmp(type, "_Bool");
}

static bool is_fixed(const struct format_member *member)
{
	return !member->open && !member->dynamic && member->size &&
	       member->size <= COLUMN_MAX_FIXED;
}

/* What no number of elements makes up is shown as bytes in an object, too. */
static bool has_elements(const struct format_member *member)
{
	return member->kind == JSON_ARRAY &&
	       (member->open || member->dynamic || member->size % member->element == 0);
}

static enum column_kind kind_of(const struct format_member *member, const char *type)
{
	switch (member->kind) {
	case JSON_NULL:
		return COLUMN_NULL;
	case JSON_NUMBER:
		return member->size == 1 && is_bool(type) ? COLUMN_BOOL : COLUMN_NUMBER;
	case JSON_COMM:
	case JSON_TEXT:
		return COLUMN_TEXT;
	}
	if (has_elements(member))
		return is_fixed(member) ? COLUMN_ARRAY : COLUMN_LIST;
	return is_fixed(member) ? COLUMN_BYTES : COLUMN_ANY_BYTES;
}

static uint32_t width_of(const struct column *column)
{
	if (column->kind == COLUMN_NULL)
		return 0;
	return column_has_offsets(column) ? sizeof(int32_t) : column->size;
}

void rbmap_column_set_field(struct column *column, const struct format_member *member,
			    const char *type)
{
	column->kind = kind_of(member, type);
	column->is_signed = member->is_signed;
	column->open = member->open;
	column->dynamic = member->dynamic;
	column->relative = member->relative;
	column->offset = member->offset;
	column->size = member->size;
	column->element = member->element;
	column->width = width_of(column);
	if (column->kind != COLUMN_NULL)
		column->end =
			(uint64_t)member->offset + (member->open ? 0 : member->size);
}

static const char *number_format(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? "c" : "C";
	case 2:
		return is_signed ? "s" : "S";
	case 4:
		return is_signed ? "i" : "I";
	default:
		return is_signed ? "l" : "L";
	}
}

static const char *simple_format(const struct column *column)
{
	switch (column->kind) {
	case COLUMN_NUMBER:
		return number_format(column->size, column->is_signed);
	case COLUMN_BOOL:
		return "b";
	case COLUMN_TEXT:
		return "u";
	case COLUMN_ANY_BYTES:
		return "z";
	case COLUMN_LIST:
		return "+l";
	case COLUMN_CPU:
	case COLUMN_COMM:
	case COLUMN_SYMBOL:
	case COLUMN_BUFFER:
		return "i";
	case COLUMN_TIMESTAMP:
		return "l";
	case COLUMN_LOST:
		return "L";
	case COLUMN_REALTIME:
		return "tsn:UTC";
	default:
		return "n";
	}
}

void rbmap_column_format(const struct column *column, char *ret)
{
	if (column->kind == COLUMN_BYTES)
		snprintf(ret, COLUMN_FORMAT_SIZE, "w:%u", column->size);
	else if (column->kind == COLUMN_ARRAY)
		snprintf(ret, COLUMN_FORMAT_SIZE, "+w:%u",
			 column->size / column->element);
	else
		snprintf(ret, COLUMN_FORMAT_SIZE, "%s", simple_format(column));
}

void rbmap_column_element_format(const struct column *column, char *ret)
{
	snprintf(ret, COLUMN_FORMAT_SIZE, "%s",
		 number_format(column->element, column->is_signed));
}
