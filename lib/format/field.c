// SPDX-License-Identifier: LGPL-2.1-only
#include <string.h>

#include <traceevent/event-parse.h>

#include "format/field.h"

bool rbmap_field_is_open(const struct tep_format_field *field)
{
	if (field->flags & TEP_FIELD_IS_DYNAMIC)
		return false;
	if (!(field->flags & TEP_FIELD_IS_ARRAY))
		return !field->size && !field->next;
	if (!field->size)
		return true;
	return !field->next && !strcmp(field->event->system, "ftrace");
}

/* "unsigned long" has the word, and so has "long long", which always has 8 bytes. */
static unsigned int size_of_type(const struct tep_format_field *field)
{
	static const struct {
		const char *word;
		unsigned int size;
	} types[] = {
		{ "char", 1 },	{ "u8", 1 },  { "s8", 1 },  { "bool", 1 },
		{ "short", 2 }, { "u16", 2 }, { "s16", 2 }, { "u32", 4 },
		{ "s32", 4 },	{ "u64", 8 }, { "s64", 8 }, { "long long", 8 },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strstr(field->type, types[i].word))
			return types[i].size;
	if (strstr(field->type, "long"))
		return tep_get_long_size(field->event->tep);
	return strstr(field->type, "int") ? 4 : 0;
}

unsigned int rbmap_field_element(const struct tep_format_field *field)
{
	if (!(field->flags & TEP_FIELD_IS_ARRAY) && rbmap_field_is_open(field))
		return size_of_type(field);
	return field->elementsize;
}

int64_t rbmap_field_end(const struct tep_format_field *field)
{
	return (int64_t)field->offset + (rbmap_field_is_open(field) ? 0 : field->size);
}
