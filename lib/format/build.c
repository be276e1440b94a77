// SPDX-License-Identifier: LGPL-2.1-only
#include <stdlib.h>

#include "format/build.h"

/* Operands and jumps are 16 bits; no print format comes near it. */
#define PLAN_MAX 32768

bool rbmap_build_refuse(struct format_build *build, const char *why)
{
	if (!build->why_not)
		build->why_not = why;
	return false;
}

bool rbmap_build_out_of_memory(struct format_build *build)
{
	build->no_memory = true;
	return rbmap_build_refuse(build, "no memory");
}

const struct format_dialect *rbmap_build_dialect(struct format_build *build)
{
	if (!build->knows_dialect)
		build->dialect = rbmap_dialect_try();
	build->knows_dialect = true;
	return &build->dialect;
}

/* Room for one more of `size` bytes each, or for nr more bytes. */
static bool make_room(struct format_build *build, void **array, size_t *room,
		      size_t used, size_t nr, size_t size)
{
	size_t want = *room ? *room : 16;
	void *larger;

	if (used + nr <= *room)
		return true;
	while (want < used + nr)
		want *= 2;
	larger = realloc(*array, want * size);
	if (!larger)
		return rbmap_build_out_of_memory(build);
	*array = larger;
	*room = want;
	return true;
}

uint16_t rbmap_build_value(struct format_build *build, const struct format_value *value)
{
	struct format_plan *plan = build->plan;
	void *values = plan->values;

	if (plan->nr_values >= PLAN_MAX) {
		rbmap_build_refuse(build, "a print format that is too long");
		return FORMAT_NONE;
	}
	if (!make_room(build, &values, &build->values_room, plan->nr_values, 1,
		       sizeof(*value)))
		return FORMAT_NONE;
	plan->values = values;
	plan->values[plan->nr_values] = *value;
	return plan->nr_values++;
}

bool rbmap_build_step(struct format_build *build, const struct format_step *step)
{
	struct format_plan *plan = build->plan;
	void *steps = plan->steps;

	if (plan->nr_steps >= PLAN_MAX)
		return rbmap_build_refuse(build, "a print format that is too long");
	if (!make_room(build, &steps, &build->steps_room, plan->nr_steps, 1,
		       sizeof(*step)))
		return false;
	plan->steps = steps;
	plan->steps[plan->nr_steps++] = *step;
	return true;
}

bool rbmap_build_string(struct format_build *build, const char *string, size_t length,
			uint32_t *ret)
{
	struct format_plan *plan = build->plan;
	void *strings = plan->strings;

	if (length >= UINT32_MAX - plan->strings_size)
		return rbmap_build_refuse(build, "a print format that is too long");
	/* Short ones are copied with what follows them. */
	if (!make_room(build, &strings, &build->strings_room, plan->strings_size,
		       length + TEXT_SHORT, 1))
		return false;
	plan->strings = strings;
	memcpy(plan->strings + plan->strings_size, string, length);
	memset(plan->strings + plan->strings_size + length, 0, TEXT_SHORT);
	*ret = plan->strings_size;
	plan->strings_size += length + 1;
	return true;
}

bool rbmap_build_row(struct format_build *build, uint64_t value, const char *string)
{
	struct format_plan *plan = build->plan;
	struct format_row row = { .value = value, .length = strlen(string) };
	void *rows = plan->rows;

	if (!rbmap_build_string(build, string, row.length, &row.string))
		return false;
	if (!make_room(build, &rows, &build->rows_room, plan->nr_rows, 1, sizeof(row)))
		return false;
	plan->rows = rows;
	plan->rows[plan->nr_rows++] = row;
	return true;
}

bool rbmap_build_literal(struct format_build *build, const char *string, size_t length)
{
	struct format_step step = { .kind = STEP_LITERAL, .length = length };

	if (!length)
		return true;
	return rbmap_build_string(build, string, length, &step.string) &&
	       rbmap_build_step(build, &step);
}

struct tep_format_field *rbmap_build_field(struct format_build *build,
					   const struct tep_print_arg *arg)
{
	struct tep_format_field *field = arg->field.field;

	if (!field)
		field = tep_find_any_field((struct tep_event *)build->plan->event,
					   arg->field.name);
	if (!field)
		rbmap_build_refuse(build, "a field that the event does not have");
	return field;
}

bool rbmap_build_covers(struct format_build *build,
			const struct tep_format_field *field)
{
	if ((uint64_t)field->offset + field->size <= build->plan->min_size)
		return true;
	return rbmap_build_refuse(build, "an array as long as its record");
}
