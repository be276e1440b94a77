// SPDX-License-Identifier: LGPL-2.1-only
/*
 * What addresses among an event's fields stand for, by what the print format makes of
 * them: names of functions (%ps, %pS), or strings of the kernel (%s of a pointer). So
 * objects can have these beside the addresses.
 */
#include "format/build.h"

static struct format_member *member_of(const struct format_plan *plan,
				       const struct tep_format_field *wanted)
{
	const struct tep_format_field *field = plan->event->format.fields;
	struct format_member *member = plan->members + plan->nr_common;

	for (; field; field = field->next, member++)
		if (field == wanted)
			return member;
	return NULL;
}

static bool is_address_size(uint32_t size)
{
	return size == 4 || size == 8;
}

static void mark(struct format_plan *plan, const struct tep_format_field *field,
		 enum format_json_means means)
{
	struct format_member *member = member_of(plan, field);

	if (!member)
		return;
	/* The callers of a stack are functions, too; strings have pointers of their
	 * own.
	 */
	if (member->kind == JSON_NUMBER ?
		    !is_address_size(member->size) :
		    member->kind != JSON_ARRAY || means == MEANS_STRING ||
			    !is_address_size(member->element))
		return;
	plan->json_names |= member->means != means;
	member->means = means;
}

/* Casts, and the index of an array, change nothing. */
static const struct tep_format_field *field_of(const struct format_plan *plan,
					       const struct tep_print_arg *arg)
{
	while (arg) {
		if (arg->type == TEP_PRINT_TYPE)
			arg = arg->typecast.item;
		else if (arg->type == TEP_PRINT_OP && !strcmp(arg->op.op, "["))
			arg = arg->op.left;
		else
			break;
	}
	if (!arg || arg->type != TEP_PRINT_FIELD)
		return NULL;
	return arg->field.field ?
		       arg->field.field :
		       tep_find_field((struct tep_event *)plan->event, arg->field.name);
}

static void mark_argument(struct format_plan *plan, const struct tep_print_arg *arg,
			  const char *conversion)
{
	const struct tep_format_field *field = field_of(plan, arg);

	if (!field)
		return;
	if (*conversion == 's')
		mark(plan, field, MEANS_STRING);
	else if (*conversion == 'p' && conversion[1] && strchr("sSfFB", conversion[1]))
		mark(plan, field, MEANS_FUNCTION);
}

static void mark_arguments(struct format_plan *plan)
{
	const char *at = plan->event->print_fmt.format;
	const struct tep_print_arg *arg = plan->event->print_fmt.args;

	while (arg && at && (at = strchr(at, '%'))) {
		for (at++; arg && *at && strchr("-+ #.*0123456789hlLzZ", *at); at++)
			if (*at == '*')
				arg = arg->next;
		if (!arg || !*at)
			return;
		if (*at != '%') {
			mark_argument(plan, arg, at);
			arg = arg->next;
		}
		at++;
	}
}

/* What the tracers' plugins print by name, whatever the print format says. */
static void mark_tracer(struct format_plan *plan)
{
	static const struct {
		const char *name;
		enum format_json_means means;
	} fields[] = {
		{ "ip", MEANS_FUNCTION },     { "parent_ip", MEANS_FUNCTION },
		{ "func", MEANS_FUNCTION },   { "retaddr", MEANS_FUNCTION },
		{ "caller", MEANS_FUNCTION }, { "fmt", MEANS_STRING },
		{ "str", MEANS_STRING },
	};
	const struct tep_format_field *field = plan->event->format.fields;

	for (; field; field = field->next)
		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (!strcmp(field->name, fields[i].name))
				mark(plan, field, fields[i].means);
}

void rbmap_build_pointers(struct format_plan *plan)
{
	const struct tep_event *event = plan->event;

	/* Its callers are not the kernel's. */
	if (!strcmp(event->system, "ftrace") && !strcmp(event->name, "user_stack"))
		return;
	if (!(event->flags & TEP_EVENT_FL_FAILED))
		mark_arguments(plan);
	if (strcmp(event->system, "ftrace") != 0)
		return;
	mark_tracer(plan);
	plan->is_printk =
		!strcmp(event->name, "bprint") || !strcmp(event->name, "bputs");
}
