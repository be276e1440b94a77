// SPDX-License-Identifier: LGPL-2.1-only
#include <stdlib.h>

#include "format/build.h"
#include "format/field.h"
#include "format/run.h"

static bool measure(struct format_build *build, const struct tep_format_field *field)
{
	struct format_plan *plan = build->plan;

	for (; field; field = field->next) {
		if (field->offset < 0 || field->size < 0 ||
		    rbmap_field_end(field) > INT32_MAX)
			return rbmap_build_refuse(
				build, "a field with an invalid offset or size");
		if (rbmap_field_end(field) > plan->min_size)
			plan->min_size = rbmap_field_end(field);
	}
	return true;
}

/* An array, too, may have that name, and be longer than the record. */
static const struct tep_format_field *find_number(struct tep_event *event,
						  const char *name)
{
	const struct tep_format_field *field = tep_find_common_field(event, name);

	if (!field || field->offset < 0 || field->flags & TEP_FIELD_IS_ARRAY)
		return NULL;
	return field;
}

static struct format_place find_place(struct tep_event *event, const char *name)
{
	const struct tep_format_field *field = find_number(event, name);

	if (!field)
		return (struct format_place){ 0 };
	return (struct format_place){ field->offset, field->size };
}

/* The head of a line, and of an object, needs these. */
static void find_common(struct format_plan *plan)
{
	struct tep_event *event = (struct tep_event *)plan->event;
	const struct tep_format_field *pid, *flags;

	pid = find_number(event, "common_pid");
	if (pid) {
		plan->pid_offset = pid->offset;
		plan->pid_size = pid->size;
	}
	flags = find_number(event, "common_flags");
	if (flags) {
		plan->flags_offset = flags->offset;
		plan->flags_size = flags->size;
	}
	plan->preempt = find_place(event, "common_preempt_count");
	plan->migrate = find_place(event, "common_migrate_disable");
	plan->lock = find_place(event, "common_lock_depth");
}

/* Also a string that a pointer leads to. */
static bool may_be_text(const struct tep_format_field *field)
{
	if (field->flags &
	    (TEP_FIELD_IS_STRING | TEP_FIELD_IS_DYNAMIC | TEP_FIELD_IS_POINTER))
		return true;
	/* Not the callers of a stack. */
	return (field->flags & TEP_FIELD_IS_ARRAY || rbmap_field_is_open(field)) &&
	       rbmap_field_element(field) <= 1;
}

static bool has_no_text(const struct tep_event *event)
{
	const struct tep_format_field *field = event->format.fields;

	while (field && !may_be_text(field))
		field = field->next;
	return !field;
}

static bool add_name(struct format_build *build)
{
	struct format_plan *plan = build->plan;
	struct text text = { 0 };
	bool done;

	rbmap_format_put_name(plan->event->name, &text);
	done = text.failed ?
		       rbmap_build_out_of_memory(build) :
		       rbmap_build_string(build, text.buffer, text.used, &plan->name);
	plan->name_length = text.used;
	free(text.buffer);
	return done;
}

static bool may_compile(struct format_build *build)
{
	const struct tep_event *event = build->plan->event;

	if (event->flags & TEP_EVENT_FL_FAILED || !event->print_fmt.format)
		return rbmap_build_refuse(
			build, "libtraceevent cannot parse its print format");
	if (event->flags & TEP_EVENT_FL_ISBPRINT)
		return rbmap_build_refuse(build, "each record has its own format");
	if (event->flags & TEP_EVENT_FL_PRINTRAW)
		return rbmap_build_refuse(build, "it is to be printed raw");
	return true;
}

static bool add_steps(struct format_build *build)
{
	const struct tep_event *event = build->plan->event;

	if (event->handler && !(event->flags & TEP_EVENT_FL_NOHANDLE))
		return rbmap_build_plugin(build);
	if (!strcmp(event->system, "ftrace"))
		return rbmap_build_tracer(build);
	return rbmap_build_print_format(build);
}

static bool needs_name(const struct format_step *step)
{
	return step->kind == STEP_FUNCTION || step->kind == STEP_FUNCTION_OFFSET ||
	       step->kind == STEP_FUNCTION_BARE || step->kind == STEP_CALL_SITE ||
	       step->kind == STEP_TIMER_FUNCTION || step->kind == STEP_LEARN_COMM;
}

/* See put_bits(): padding and cutting of bits. */
static bool gives_up(const struct format_step *step)
{
	return (step->kind == STEP_BITMASK || step->kind == STEP_CPUMASK) &&
	       (step->style.width || step->style.precision >= 0 ||
		step->star != FORMAT_NONE);
}

static bool note_lookups(struct format_build *build)
{
	struct format_plan *plan = build->plan;

	plan->lookups = calloc(plan->nr_steps + 1, sizeof(*plan->lookups));
	if (!plan->lookups)
		return rbmap_build_out_of_memory(build);
	for (size_t i = 0; i < plan->nr_steps; i++) {
		struct format_step *step = &plan->steps[i];

		plan->may_give_up |= gives_up(step);
		if (!needs_name(step))
			continue;
		plan->lookups[plan->nr_lookups++] = i;
		if (step->kind != STEP_LEARN_COMM)
			step->to = plan->nr_functions++;
	}
	return true;
}

static struct format_plan *compile(const struct tep_event *event,
				   struct rbmap_names *names,
				   struct rbmap_plugins *plugins, bool is_leaf)
{
	struct format_plan *plan = calloc(1, sizeof(*plan));
	struct format_build build = {
		.plan = plan, .names = names, .plugins = plugins, .is_leaf = is_leaf
	};

	if (!plan)
		return NULL;
	plan->event = event;
	plan->handler = event->handler;
	plan->flags = event->flags;
	plan->swap =
		tep_is_file_bigendian(event->tep) != tep_is_local_bigendian(event->tep);
	find_common(plan);
	plan->has_no_text = has_no_text(event);
	if (rbmap_build_json(&build) && add_name(&build) &&
	    measure(&build, event->format.common_fields) &&
	    measure(&build, event->format.fields) && rbmap_build_guards(&build) &&
	    may_compile(&build) && add_steps(&build) && note_lookups(&build))
		rbmap_build_fuse(plan);
	if (build.no_memory) {
		rbmap_format_free(plan);
		return NULL;
	}
	plan->why_not = build.why_not;
	return plan;
}

struct format_plan *rbmap_format_compile(const struct tep_event *event,
					 struct rbmap_names *names,
					 struct rbmap_plugins *plugins)
{
	struct format_plan *plan = compile(event, names, plugins, false);

	if (!plan || plan->why_not || plan->graph.kind != GRAPH_ENTRY)
		return plan;
	plan->leaf = compile(event, names, plugins, true);
	if (plan->leaf)
		return plan;
	rbmap_format_free(plan);
	return NULL;
}
