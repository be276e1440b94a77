// SPDX-License-Identifier: LGPL-2.1-only
#include <string.h>

#include <traceevent/event-parse.h>

#include "format/field.h"

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
