// SPDX-License-Identifier: LGPL-2.1-only
/* A plan over a record: names and strings beside the addresses in an object. */
#include "base/json.h"
#include "format/run.h"
#include "names/names.h"

/* What an address stands for; NULL: nothing that is known. */
static const char *name_of(struct rbmap_names *names, enum format_json_means means,
			   uint64_t address)
{
	const struct rbmap_function *function;

	if (means == MEANS_STRING)
		return rbmap_names_string(names, address);
	function = rbmap_names_function(names, address);
	return function ? function->name : NULL;
}

static void put_name(struct text *text, const char *name)
{
	if (name)
		rbmap_json_string(text, name, strlen(name));
	else
		text_put(text, "null", 4);
}

/* All of an array; false where none of them is known. */
static bool put_names(struct text *text, const struct format_run *run,
		      const struct format_member *member, uint32_t size)
{
	const unsigned char *data = run->data + member->offset;
	bool known = false;
	const char *name;

	text_char(text, '[');
	for (uint32_t at = 0; at + member->element <= size; at += member->element) {
		if (at)
			text_char(text, ',');
		name = name_of(run->names, member->means,
			       format_read(data + at, member->element,
					   run->plan->swap));
		known |= name != NULL;
		put_name(text, name);
	}
	text_char(text, ']');
	return known;
}

static bool put_value(struct text *text, const struct format_run *run,
		      const struct format_member *member)
{
	uint32_t size = member->open ? run->size - member->offset : member->size;
	const char *name;

	if (member->kind == JSON_ARRAY)
		return put_names(text, run, member, size);
	name = name_of(run->names, member->means,
		       format_read(run->data + member->offset, member->size,
				   run->plan->swap));
	if (name)
		put_name(text, name);
	return name != NULL;
}

static bool is_there(const struct format_run *run, const struct format_member *member)
{
	return !member->dynamic &&
	       (uint64_t)member->offset + (member->open ? 0 : member->size) <=
		       run->size;
}

/* Nothing, where nothing is known. */
static void put_object(struct text *text, const struct format_run *run,
		       enum format_json_means means, const char *title)
{
	const struct format_plan *plan = run->plan;
	size_t begin = text->used, last = begin;

	text_string(text, title);
	for (size_t i = plan->nr_common; i < plan->nr_members; i++) {
		const struct format_member *member = &plan->members[i];
		const char *key = plan->strings + member->key;
		bool comma = *key == ',';
		size_t back = text->used;

		if (member->means != means || !is_there(run, member))
			continue;
		if (last != begin)
			text_char(text, ',');
		text_put(text, key + comma, member->key_length - comma);
		if (put_value(text, run, member))
			last = text->used;
		else
			text->used = back;
	}
	if (last == begin)
		text->used = begin;
	else
		text_char(text, '}');
}

void rbmap_format_json_names(const struct format_plan *plan, struct rbmap_names *names,
			     const void *data, uint32_t size, struct text *text)
{
	struct format_run run = {
		.plan = plan,
		.names = names,
		.data = data,
		.size = size,
	};

	put_object(text, &run, MEANS_FUNCTION, ",\"functions\":{");
	put_object(text, &run, MEANS_STRING, ",\"strings\":{");
}

const char *rbmap_format_string(const struct format_plan *plan,
				struct rbmap_names *names, const void *data,
				uint32_t size)
{
	const struct format_run run = { .plan = plan, .data = data, .size = size };
	const char *string = NULL;

	for (size_t i = plan->nr_common; !string && i < plan->nr_members; i++) {
		const struct format_member *member = &plan->members[i];

		if (member->means == MEANS_STRING && is_there(&run, member))
			string = rbmap_names_string(names,
						    format_read(run.data +
									member->offset,
								member->size,
								plan->swap));
	}
	return string;
}
