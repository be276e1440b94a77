// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Whether libtraceevent may print a record. It computes with what is in it, and
 * believes it: a division by 0 ends the program, an index may lead anywhere, a width
 * may ask for gigabytes. Steps mind all of this; where there are none, guards look
 * first.
 */
#include <stdlib.h>

#include "format/build.h"

/* What is behind a record that libtraceevent gets has room for this. */
#define BYTES_MAX 65536
#define WIDTH_MAX 4096
#define DIGITS_MAX 4

static bool guard_all(struct format_build *build, const struct tep_print_arg *arg,
		      unsigned int depth);

/* Always true, so that they can be chained: what cannot be guarded is not trusted. */
static bool distrust(struct format_build *build)
{
	build->plan->distrusted = true;
	return true;
}

static bool add_guard(struct format_build *build, const struct tep_print_arg *arg,
		      uint64_t least, uint64_t most)
{
	struct format_plan *plan = build->plan;
	struct format_guard guard = { .least = least, .most = most }, *guards;

	guard.value = rbmap_build_number(build, arg);
	if (guard.value == FORMAT_NONE)
		return distrust(build);
	guards = realloc(plan->guards, (plan->nr_guards + 1) * sizeof(*guards));
	if (!guards)
		return rbmap_build_out_of_memory(build);
	plan->guards = guards;
	guards[plan->nr_guards++] = guard;
	return true;
}

/* Elements of a dynamic array may be as large as any number. */
static bool guard_index(struct format_build *build, const struct tep_print_arg *arg)
{
	const struct tep_print_arg *array = arg->op.left;
	const struct tep_format_field *field = NULL;
	uint64_t element = sizeof(uint64_t);

	while (array && array->type == TEP_PRINT_TYPE)
		array = array->typecast.item;
	if (array && array->type == TEP_PRINT_FIELD)
		field = rbmap_build_field(build, array);
	else if (array && array->type == TEP_PRINT_DYNAMIC_ARRAY)
		field = array->dynarray.field;
	if (!field)
		return distrust(build);
	if (field->elementsize > element)
		element = field->elementsize;
	return add_guard(build, arg->op.right, 0, BYTES_MAX / element);
}

static bool guard_operator(struct format_build *build, const struct tep_print_arg *arg,
			   unsigned int depth)
{
	const char *op = arg->op.op;

	if (!strcmp(op, "[") && !guard_index(build, arg))
		return false;
	if ((!strcmp(op, "/") || !strcmp(op, "%")) &&
	    !add_guard(build, arg->op.right, 1, UINT64_MAX))
		return false;
	return guard_all(build, arg->op.left, depth) &&
	       guard_all(build, arg->op.right, depth);
}

static bool guard_array(struct format_build *build, const struct tep_print_arg *arg,
			unsigned int depth)
{
	const struct tep_print_arg *nr =
		arg->type == TEP_PRINT_INT_ARRAY ? arg->int_array.count : arg->hex.size;

	if (arg->type == TEP_PRINT_INT_ARRAY &&
	    (!add_guard(build, arg->int_array.el_size, 1, sizeof(uint64_t)) ||
	     !guard_all(build, arg->int_array.el_size, depth)))
		return false;
	return add_guard(build, nr, 0, BYTES_MAX / sizeof(uint64_t)) &&
	       guard_all(build, nr, depth);
}

/* With those behind it; a sign has nothing on its left. */
static bool guard_all(struct format_build *build, const struct tep_print_arg *arg,
		      unsigned int depth)
{
	bool done = true;

	if (arg && depth++ >= FORMAT_DEPTH_MAX)
		return distrust(build);
	for (; done && arg; arg = arg->next) {
		if (arg->type == TEP_PRINT_OP)
			done = guard_operator(build, arg, depth);
		else if (arg->type == TEP_PRINT_TYPE)
			done = guard_all(build, arg->typecast.item, depth);
		else if (arg->type == TEP_PRINT_FLAGS)
			done = guard_all(build, arg->flags.field, depth);
		else if (arg->type == TEP_PRINT_SYMBOL)
			done = guard_all(build, arg->symbol.field, depth);
		else if (arg->type == TEP_PRINT_FUNC)
			done = guard_all(build, arg->func.args, depth);
		else if (arg->type == TEP_PRINT_HEX || arg->type == TEP_PRINT_HEX_STR ||
			 arg->type == TEP_PRINT_INT_ARRAY)
			done = guard_array(build, arg, depth);
	}
	return done;
}

/* A '*' that is negative fills on the other side. */
static bool guard_star(struct format_build *build, const struct tep_print_arg **arg)
{
	if (!*arg)
		return distrust(build);
	if (!rbmap_build_share_names(build, *arg, false) ||
	    !add_guard(build, *arg, 0, WIDTH_MAX))
		return false;
	*arg = (*arg)->next;
	return true;
}

/* What may stand between the '%' and the letter, to the library that is loaded. */
static bool is_flag(struct format_build *build, char c)
{
	if (c == '+')
		return rbmap_build_dialect(build)->has_plus;
	return c && strchr("-#.*0123456789hlLzZ", c);
}

static bool takes_argument(struct format_build *build, char c)
{
	if (c == 'c')
		return rbmap_build_dialect(build)->has_char;
	return c && strchr("diuxXosp", c);
}

/* Widths, and numbers that are widths; and the symbols that arguments name. */
static bool guard_format(struct format_build *build)
{
	const char *at = build->plan->event->print_fmt.format;
	const struct tep_print_arg *arg = build->plan->event->print_fmt.args;
	size_t digits;

	while ((at = strchr(at, '%'))) {
		for (at++; is_flag(build, *at);) {
			digits = strspn(at, "0123456789");
			if (digits > DIGITS_MAX)
				return distrust(build);
			if (*at == '*' && !guard_star(build, &arg))
				return false;
			at += digits ? digits : 1;
		}
		if (arg && takes_argument(build, *at)) {
			if (!rbmap_build_share_names(build, arg, *at == 's'))
				return false;
			arg = arg->next;
		}
		at += *at == '%';
	}
	return true;
}

bool rbmap_build_guards(struct format_build *build)
{
	const struct tep_event *event = build->plan->event;
	const char *why_not = build->why_not;

	/* Then libtraceevent prints the fields, or by a format of the record's own. */
	if (event->flags & (TEP_EVENT_FL_FAILED | TEP_EVENT_FL_ISBPRINT) ||
	    !event->print_fmt.format)
		return true;
	if (!guard_format(build) || !guard_all(build, event->print_fmt.args, 0))
		return false;
	/* What cannot be guarded may compile all the same. */
	build->why_not = why_not;
	return true;
}
