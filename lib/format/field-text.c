// SPDX-License-Identifier: LGPL-2.1-only
/* Which steps of a plan put a field as text, of __print_symbolic() or __print_flags(). */
#include "format/field-text.h"

#include "format/run.h"

/* How a number is computed; each also of what the ones before are of. */
enum source {
	OF_CONSTANTS,
	OF_FIELD,
	OF_OTHERS
};

static enum source worse(enum source a, enum source b)
{
	return a > b ? a : b;
}

static enum source source_of(const struct format_plan *plan,
			     const struct format_member *member, uint16_t number)
{
	const struct format_value *value = &plan->values[number];
	enum source left;

	switch (value->kind) {
	case VALUE_CONSTANT:
		return OF_CONSTANTS;
	case VALUE_LOAD:
		return value->offset == member->offset && value->size == member->size ?
			       OF_FIELD :
			       OF_OTHERS;
	case VALUE_LENGTH:
	case VALUE_ELEMENT:
	case VALUE_DYNAMIC_ELEMENT:
		return OF_OTHERS;
	}
	left = source_of(plan, member, value->left);
	if (value->kind == VALUE_MASK || value->kind == VALUE_NOT ||
	    value->kind == VALUE_INVERT)
		return left;
	left = worse(left, source_of(plan, member, value->right));
	if (value->kind == VALUE_CHOICE)
		left = worse(left, source_of(plan, member, value->other));
	return left;
}

static bool is_name(const struct format_step *step)
{
	return step->kind == STEP_FLAGS || step->kind == STEP_SYMBOL;
}

/* Nothing but text that depends on the field alone. */
static bool is_of_field(const struct format_plan *plan,
			const struct format_member *member, size_t from, size_t to)
{
	for (; from < to; from++) {
		const struct format_step *step = &plan->steps[from];

		if (step->kind == STEP_LITERAL)
			continue;
		if (step->kind == STEP_JUMP) {
			if (step->to > to)
				return false;
			continue;
		}
		if ((!is_name(step) && step->kind != STEP_UNLESS) ||
		    source_of(plan, member, step->value) == OF_OTHERS ||
		    (step->kind == STEP_UNLESS && step->to > to))
			return false;
	}
	return true;
}

/* Where both sides of a condition end. */
static size_t end_of(const struct format_plan *plan, size_t unless)
{
	size_t other = plan->steps[unless].to;
	const struct format_step *last = &plan->steps[other - 1];

	return other - 1 > unless && last->kind == STEP_JUMP ? last->to : other;
}

/* With the condition that it is under, such as that of "R" in a list of states. */
static void widen(const struct format_plan *plan, const struct format_member *member,
		  struct format_range *range)
{
	for (size_t at = range->from; at-- > 0;) {
		if (plan->steps[at].kind != STEP_UNLESS || end_of(plan, at) < range->to)
			continue;
		if (!is_of_field(plan, member, at, end_of(plan, at)))
			break;
		range->to = end_of(plan, at);
		range->from = at;
	}
	while (range->to < plan->nr_steps &&
	       plan->steps[range->to].kind == STEP_UNLESS &&
	       is_of_field(plan, member, range->to, end_of(plan, range->to)))
		range->to = end_of(plan, range->to);
}

bool rbmap_format_field_text(const struct format_plan *plan,
			     const struct format_member *member,
			     struct format_range *ret)
{
	if (plan->why_not || member->kind != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < plan->nr_steps; i++) {
		if (!is_name(&plan->steps[i]) ||
		    source_of(plan, member, plan->steps[i].value) != OF_FIELD)
			continue;
		*ret = (struct format_range){ i, i + 1 };
		widen(plan, member, ret);
		return true;
	}
	return false;
}
