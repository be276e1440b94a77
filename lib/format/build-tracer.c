// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Events of the function tracers, which trace-cmd report does not print by their print
 * formats: funcgraph_entry and funcgraph_exit with the duration and the nesting, as the
 * kernel's own trace file has them, and function, if no plugin prints it.
 *
 * A function that calls no other is one line, with the duration of its exit. What
 * prints it is a plan of its own, for records that are made of both: see
 * rbmap_format_join().
 */
#include "format/build.h"

#define NESTED "             |  "

static bool add_literal(struct format_build *build, const char *string)
{
	return rbmap_build_literal(build, string, strlen(string));
}

/* Whether all records have it, as a number. */
static bool has(struct format_build *build, const char *name, struct format_place *ret)
{
	struct tep_event *event = (struct tep_event *)build->plan->event;
	const struct tep_format_field *field = tep_find_field(event, name);

	if (!field || (field->size != 1 && field->size != 2 && field->size != 4 &&
		       field->size != 8))
		return false;
	ret->offset = field->offset;
	ret->size = field->size;
	return (uint64_t)ret->offset + ret->size <= build->plan->min_size;
}

static uint16_t load(struct format_build *build, const struct format_place *place)
{
	struct format_value value = {
		.kind = VALUE_LOAD,
		.offset = place->offset,
		.size = place->size,
	};

	return rbmap_build_value(build, &value);
}

static bool add_step(struct format_build *build, enum format_step_kind kind,
		     uint16_t value)
{
	struct format_step step = { .kind = kind, .star = FORMAT_NONE, .value = value };

	return value != FORMAT_NONE && rbmap_build_step(build, &step);
}

static uint16_t duration(struct format_build *build)
{
	const struct format_graph *graph = &build->plan->graph;
	struct format_value value = { .kind = VALUE_SUBTRACT, .other = FORMAT_NONE };

	value.left = load(build, &graph->end);
	value.right = load(build, &graph->start);
	if (value.left == FORMAT_NONE || value.right == FORMAT_NONE)
		return FORMAT_NONE;
	return rbmap_build_value(build, &value);
}

static bool add_entry(struct format_build *build, const struct format_place *depth,
		      const char *end)
{
	return add_step(build, STEP_INDENT, load(build, depth)) &&
	       add_step(build, STEP_FUNCTION_BARE,
			load(build, &build->plan->graph.func)) &&
	       add_literal(build, end);
}

static bool build_entry(struct format_build *build, const struct format_place *depth)
{
	return add_literal(build, NESTED) && add_entry(build, depth, "() {");
}

static bool build_exit(struct format_build *build, const struct format_place *depth)
{
	return add_step(build, STEP_DURATION, duration(build)) &&
	       add_step(build, STEP_INDENT, load(build, depth)) &&
	       add_literal(build, "}");
}

/* The duration is behind the fields that all records of the event have. */
static bool build_leaf(struct format_build *build, const struct format_place *depth)
{
	struct format_place behind = { .offset = build->plan->min_size,
				       .size = sizeof(uint64_t) };

	build->plan->min_size += sizeof(uint64_t);
	return add_step(build, STEP_DURATION, load(build, &behind)) &&
	       add_entry(build, depth, "();");
}

/* An entry without an exit to go with it is printed by its print format. */
static enum format_graph_kind kind_of(struct format_build *build,
				      struct format_place *depth)
{
	struct format_graph *graph = &build->plan->graph;
	const char *name = build->plan->event->name;

	if (!has(build, "func", &graph->func) || !has(build, "depth", depth))
		return GRAPH_NONE;
	if (!strcmp(name, "funcgraph_entry"))
		return tep_find_event_by_name(build->plan->event->tep, "ftrace",
					      "funcgraph_exit") ?
			       GRAPH_ENTRY :
			       GRAPH_NONE;
	if (!strcmp(name, "funcgraph_exit") && has(build, "calltime", &graph->start) &&
	    has(build, "rettime", &graph->end))
		return GRAPH_EXIT;
	return GRAPH_NONE;
}

static bool build_function(struct format_build *build)
{
	struct format_place ip, parent;

	if (!has(build, "ip", &ip) || !has(build, "parent_ip", &parent))
		return rbmap_build_print_format(build);
	return add_step(build, STEP_FUNCTION, load(build, &ip)) &&
	       add_literal(build, " <-- ") &&
	       add_step(build, STEP_FUNCTION, load(build, &parent));
}

bool rbmap_build_tracer(struct format_build *build)
{
	struct format_place depth;

	if (!strcmp(build->plan->event->name, "function"))
		return build_function(build);
	build->plan->graph.kind = kind_of(build, &depth);
	switch (build->plan->graph.kind) {
	case GRAPH_ENTRY:
		return build->is_leaf ? build_leaf(build, &depth) :
					build_entry(build, &depth);
	case GRAPH_EXIT:
		return build_exit(build, &depth);
	default:
		return rbmap_build_print_format(build);
	}
}
