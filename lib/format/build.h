/* SPDX-License-Identifier: LGPL-2.1-only */
/* A plan while it is made. */
#ifndef RBMAP_FORMAT_BUILD_H
#define RBMAP_FORMAT_BUILD_H

#include "format/dialect.h"
#include "format/plan.h"

/* Arguments in arguments; no print format comes near it. */
#define FORMAT_DEPTH_MAX 100

struct format_build {
	struct format_plan *plan;
	struct rbmap_names *names;
	struct rbmap_plugins *plugins;
	/* The event in our own handle, where a plugin is tried. */
	struct tep_event *own;
	size_t values_room, steps_room, rows_room, strings_room;
	unsigned int depth;
	/* Why it does not compile, from the first that did not. */
	const char *why_not;
	bool no_memory;
	/* Of rbmap_build_dialect(). */
	struct format_dialect dialect;
	bool knows_dialect;
	/* The plan is the leaf of another. */
	bool is_leaf;
};

/* Both remember only the first reason; false, so that they can be returned. */
bool rbmap_build_refuse(struct format_build *build, const char *why);
bool rbmap_build_out_of_memory(struct format_build *build);

/* FORMAT_NONE where there is no more room: the build has failed then. */
uint16_t rbmap_build_value(struct format_build *build,
			   const struct format_value *value);
bool rbmap_build_step(struct format_build *build, const struct format_step *step);
bool rbmap_build_row(struct format_build *build, uint64_t value, const char *string);
bool rbmap_build_string(struct format_build *build, const char *string, size_t length,
			uint32_t *ret);
bool rbmap_build_literal(struct format_build *build, const char *string, size_t length);

/* The field of an argument, found by its name if need be; NULL: refused. */
struct tep_format_field *rbmap_build_field(struct format_build *build,
					   const struct tep_print_arg *arg);

/* Whether all records that are long enough for the plan have all of the field. */
bool rbmap_build_covers(struct format_build *build,
			const struct tep_format_field *field);

/* A number; FORMAT_NONE: refused. */
uint16_t rbmap_build_number(struct format_build *build,
			    const struct tep_print_arg *arg);

/* What %c prints: a character in quotes may be a digit. */
uint16_t rbmap_build_character(struct format_build *build,
			       const struct tep_print_arg *arg);

/* Tried at the first question: few formats need it. */
const struct format_dialect *rbmap_build_dialect(struct format_build *build);

/* Whether it may be that of a symbol. */
bool rbmap_build_is_name(const char *atom);

/*
 * Makes libtraceevent know the symbols that an argument names; @is_text: it is one of
 * %s. False only without memory.
 */
bool rbmap_build_share_names(struct format_build *build,
			     const struct tep_print_arg *arg, bool is_text);

/* What %s prints, in the style of the step. */
bool rbmap_build_text(struct format_build *build, const struct tep_print_arg *arg,
		      const struct format_step *like);

/* The steps of the event's print format. */
bool rbmap_build_print_format(struct format_build *build);

/* What to look at before libtraceevent prints; false only without memory. */
bool rbmap_build_guards(struct format_build *build);

/* How the fields are members of an object; false only without memory. */
bool rbmap_build_json(struct format_build *build);

/* What addresses among the members stand for. */
void rbmap_build_pointers(struct format_plan *plan);

/* Makes the steps that print most of all events cheaper: see format/build-fuse.c. */
void rbmap_build_fuse(struct format_plan *plan);

/* What trace-cmd prints for the events of system ftrace that it treats itself. */
bool rbmap_build_tracer(struct format_build *build);

/* What a plugin of libtraceevent prints for the event, if it is known to. */
bool rbmap_build_plugin(struct format_build *build);

#endif
