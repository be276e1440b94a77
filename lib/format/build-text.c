// SPDX-License-Identifier: LGPL-2.1-only
/* What %s prints: from libtraceevent's arguments to steps. */
#include <ctype.h>
#include <stdlib.h>

#include "format/build.h"

/* The names that libtraceevent knows where a value should be. */
static const struct {
	const char *name;
	uint64_t value;
} known_names[] = {
	{ "HI_SOFTIRQ", 0 },	  { "TIMER_SOFTIRQ", 1 },     { "NET_TX_SOFTIRQ", 2 },
	{ "NET_RX_SOFTIRQ", 3 },  { "BLOCK_SOFTIRQ", 4 },     { "IRQ_POLL_SOFTIRQ", 5 },
	{ "TASKLET_SOFTIRQ", 6 }, { "SCHED_SOFTIRQ", 7 },     { "HRTIMER_SOFTIRQ", 8 },
	{ "RCU_SOFTIRQ", 9 },	  { "HRTIMER_NORESTART", 0 }, { "HRTIMER_RESTART", 1 },
};

/* A negative number, too, is all bits set to libtraceevent. */
static uint64_t row_value(const char *text)
{
	if (isdigit((unsigned char)*text))
		return strtoull(text, NULL, 0);
	for (size_t i = 0; i < sizeof(known_names) / sizeof(*known_names); i++)
		if (!strcmp(text, known_names[i].name))
			return known_names[i].value;
	return UINT64_MAX;
}

static bool add_rows(struct format_build *build, const struct tep_print_flag_sym *row,
		     struct format_step *step)
{
	step->first_row = build->plan->nr_rows;
	for (; row; row = row->next)
		if (!rbmap_build_row(build, row_value(row->value), row->str))
			return false;
	step->nr_rows = build->plan->nr_rows - step->first_row;
	return step->nr_rows || rbmap_build_refuse(build, "a table without rows");
}

static bool add_flags(struct format_build *build, const struct tep_print_arg *arg,
		      struct format_step *step)
{
	const char *separator = arg->flags.delim ? arg->flags.delim : "";

	step->kind = STEP_FLAGS;
	step->value = rbmap_build_number(build, arg->flags.field);
	step->length = strlen(separator);
	return step->value != FORMAT_NONE &&
	       rbmap_build_string(build, separator, step->length, &step->string) &&
	       add_rows(build, arg->flags.flags, step) && rbmap_build_step(build, step);
}

static bool add_symbol(struct format_build *build, const struct tep_print_arg *arg,
		       struct format_step *step)
{
	step->kind = STEP_SYMBOL;
	step->value = rbmap_build_number(build, arg->symbol.field);
	return step->value != FORMAT_NONE &&
	       add_rows(build, arg->symbol.symbols, step) &&
	       rbmap_build_step(build, step);
}

/* Where the bytes lie that __print_hex() and __print_array() print. */
static bool set_place(struct format_build *build, const struct tep_print_arg *arg,
		      struct format_step *step)
{
	const struct tep_format_field *field;

	if (arg && arg->type == TEP_PRINT_DYNAMIC_ARRAY) {
		field = arg->dynarray.field;
		step->dynamic = true;
	} else if (arg && arg->type == TEP_PRINT_FIELD) {
		field = rbmap_build_field(build, arg);
	} else {
		return rbmap_build_refuse(build, "an array that is not a field");
	}
	if (!field)
		return rbmap_build_refuse(build, "an array that is not a field");
	if (!rbmap_build_covers(build, field) ||
	    (step->dynamic && field->size != sizeof(uint32_t)))
		return rbmap_build_refuse(build, "a dynamic array without a place");
	step->relative = field->flags & TEP_FIELD_IS_RELATIVE;
	step->offset = field->offset;
	return true;
}

static bool add_hex(struct format_build *build, const struct tep_print_arg *arg,
		    struct format_step *step)
{
	step->kind = STEP_HEX_DUMP;
	step->separator = arg->type == TEP_PRINT_HEX ? ' ' : '\0';
	step->value = rbmap_build_number(build, arg->hex.size);
	return step->value != FORMAT_NONE && set_place(build, arg->hex.field, step) &&
	       rbmap_build_step(build, step);
}

static bool add_array(struct format_build *build, const struct tep_print_arg *arg,
		      struct format_step *step)
{
	const struct format_value *size;
	uint16_t value;

	step->kind =
		rbmap_build_dialect(build)->has_braces ? STEP_ARRAY_BRACES : STEP_ARRAY;
	step->value = rbmap_build_number(build, arg->int_array.count);
	value = rbmap_build_number(build, arg->int_array.el_size);
	if (step->value == FORMAT_NONE || value == FORMAT_NONE)
		return false;
	size = &build->plan->values[value];
	if (size->kind != VALUE_CONSTANT ||
	    (size->constant != 1 && size->constant != 2 && size->constant != 4 &&
	     size->constant != 8))
		return rbmap_build_refuse(build,
					  "an array with elements of an unusual size");
	step->element = size->constant;
	return set_place(build, arg->int_array.field, step) &&
	       rbmap_build_step(build, step);
}

static bool add_bits(struct format_build *build, const struct tep_print_arg *arg,
		     struct format_step *step)
{
	const struct tep_format_field *field = arg->bitmask.field;

	if (!field)
		field = tep_find_any_field((struct tep_event *)build->plan->event,
					   arg->bitmask.bitmask);
	if (!field || field->size != sizeof(uint32_t) ||
	    !rbmap_build_covers(build, field))
		return rbmap_build_refuse(build, "a bitmask without a place");
	if (build->plan->swap)
		return rbmap_build_refuse(build, "a bitmask of the other byte order");
	step->kind = arg->type == TEP_PRINT_CPUMASK ? STEP_CPUMASK : STEP_BITMASK;
	step->relative = field->flags & TEP_FIELD_IS_RELATIVE;
	step->offset = field->offset;
	return rbmap_build_step(build, step);
}

static bool add_field(struct format_build *build, const struct tep_print_arg *arg,
		      struct format_step *step)
{
	const struct tep_format_field *field = rbmap_build_field(build, arg);

	if (!field || !rbmap_build_covers(build, field))
		return false;
	step->offset = field->offset;
	step->size = field->size;
	if (!field->size)
		step->kind = STEP_TEXT_REST;
	else if (!(field->flags & TEP_FIELD_IS_ARRAY) &&
		 field->size == tep_get_long_size(build->plan->event->tep))
		return rbmap_build_refuse(build, "a string in kernel memory");
	else
		step->kind = STEP_TEXT_FIELD;
	return rbmap_build_step(build, step);
}

static bool add_dynamic(struct format_build *build, const struct tep_print_arg *arg,
			struct format_step *step)
{
	const struct tep_format_field *field = arg->string.field;

	if (!field)
		field = tep_find_any_field((struct tep_event *)build->plan->event,
					   arg->string.string);
	if (!field || field->size != sizeof(uint32_t) ||
	    !rbmap_build_covers(build, field))
		return rbmap_build_refuse(build, "a string without a place");
	step->kind = STEP_TEXT_DYNAMIC;
	step->relative = field->flags & TEP_FIELD_IS_RELATIVE;
	step->offset = field->offset;
	return rbmap_build_step(build, step);
}

static bool add_constant(struct format_build *build, const char *string,
			 struct format_step *step)
{
	struct text text = { 0 };
	bool done;

	if (step->star != FORMAT_NONE)
		return rbmap_build_refuse(build, "a '*' for constant text");
	rbmap_text_bytes(&text, &step->style, string, strlen(string));
	done = text.failed ? rbmap_build_out_of_memory(build) :
			     rbmap_build_literal(build, text.buffer, text.used);
	free(text.buffer);
	return done;
}

/* Nothing, if it is no choice between two texts: as libtraceevent has it. */
static bool add_choice(struct format_build *build, const struct tep_print_arg *arg,
		       const struct format_step *like)
{
	const struct tep_print_arg *both = arg->op.right;
	struct format_step unless = { .kind = STEP_UNLESS },
			   jump = { .kind = STEP_JUMP };
	struct format_plan *plan = build->plan;
	size_t at, end;

	if (strcmp(arg->op.op, "?") != 0)
		return true;
	if (!both || both->type != TEP_PRINT_OP)
		return rbmap_build_refuse(build, "a ? without its :");
	unless.value = rbmap_build_number(build, arg->op.left);
	if (unless.value == FORMAT_NONE)
		return false;
	at = plan->nr_steps;
	if (!rbmap_build_step(build, &unless) ||
	    !rbmap_build_text(build, both->op.left, like))
		return false;
	end = plan->nr_steps;
	if (!rbmap_build_step(build, &jump))
		return false;
	plan->steps[at].to = plan->nr_steps;
	if (!rbmap_build_text(build, both->op.right, like))
		return false;
	plan->steps[end].to = plan->nr_steps;
	return true;
}

static bool add_any(struct format_build *build, const struct tep_print_arg *arg,
		    const struct format_step *like)
{
	struct format_step step = *like;

	switch (arg->type) {
	case TEP_PRINT_ATOM:
		return add_constant(build, arg->atom.atom, &step);
	case TEP_PRINT_FIELD:
		return add_field(build, arg, &step);
	case TEP_PRINT_FLAGS:
		return add_flags(build, arg, &step);
	case TEP_PRINT_SYMBOL:
		return add_symbol(build, arg, &step);
	case TEP_PRINT_HEX:
	case TEP_PRINT_HEX_STR:
		return add_hex(build, arg, &step);
	case TEP_PRINT_INT_ARRAY:
		return add_array(build, arg, &step);
	case TEP_PRINT_STRING:
		return add_dynamic(build, arg, &step);
	case TEP_PRINT_BITMASK:
	case TEP_PRINT_CPUMASK:
		return add_bits(build, arg, &step);
	case TEP_PRINT_OP:
		return add_choice(build, arg, like);
	/* A string behind a cast is none to libtraceevent, which prints nothing. */
	case TEP_PRINT_TYPE:
		return true;
	default:
		return rbmap_build_refuse(build, "text of an unknown kind");
	}
}

bool rbmap_build_text(struct format_build *build, const struct tep_print_arg *arg,
		      const struct format_step *like)
{
	bool done;

	if (!arg || build->depth >= FORMAT_DEPTH_MAX)
		return rbmap_build_refuse(build, "a missing argument");
	build->depth++;
	done = add_any(build, arg, like);
	build->depth--;
	return done;
}
