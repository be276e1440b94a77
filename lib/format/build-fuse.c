// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Of nearly all events most steps are a literal and a number that is a field. Such
 * numbers are loaded without a look at the plan's values, and the two steps are done as
 * one. The literal then does what both did; the number's own step stays for who jumps
 * to it, and so no place of a step changes.
 */
#include "format/build.h"

static enum format_load load_of(const struct format_plan *plan,
				const struct format_step *step)
{
	const struct format_value *value = &plan->values[step->value];

	if (value->kind != VALUE_LOAD || plan->swap)
		return LOAD_COMPUTED;
	if (value->size == 8 && step->bytes == 8)
		return LOAD_U64;
	if (value->size != 4 || step->bytes < 4)
		return LOAD_COMPUTED;
	return step->is_signed && step->bytes == 4 ? LOAD_S32 : LOAD_U32;
}

static bool is_plain_number(const struct format_step *step)
{
	return step->kind == STEP_DECIMAL || step->kind == STEP_HEXADECIMAL;
}

static void fuse(struct format_step *literal, const struct format_step *number)
{
	literal->kind = number->kind == STEP_DECIMAL ? STEP_LITERAL_DECIMAL :
						       STEP_LITERAL_HEXADECIMAL;
	literal->load = number->load;
	literal->offset = number->offset;
	literal->value = number->value;
	literal->bytes = number->bytes;
	literal->is_signed = number->is_signed;
}

void rbmap_build_fuse(struct format_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++) {
		struct format_step *step = &plan->steps[i];

		if (!is_plain_number(step))
			continue;
		step->load = load_of(plan, step);
		if (step->load != LOAD_COMPUTED)
			step->offset = plan->values[step->value].offset;
		if (i && step[-1].kind == STEP_LITERAL)
			fuse(step - 1, step);
	}
}
