/* SPDX-License-Identifier: LGPL-2.1-only */
/* A plan run over a record. */
#ifndef RBMAP_FORMAT_RUN_H
#define RBMAP_FORMAT_RUN_H

#include "format/plan.h"

struct rbmap_names;
struct rbmap_function;

struct format_run {
	const struct format_plan *plan;
	/* Looked up before the run; NULL: the names are looked up in it. */
	const struct rbmap_function *functions;
	struct rbmap_names *names;
	const unsigned char *data;
	uint32_t size;
	/* A place that the record named was not in it. */
	bool outside;
	/* Only libtraceevent can tell. */
	bool give_up;
};

/*
 * Where a dynamic array lies; as libtraceevent has it, one that is not in the record
 * is empty. Then the run is marked.
 */
void rbmap_format_locate(struct format_run *run, uint32_t locator, bool relative,
			 uint32_t *offset, uint32_t *size);

uint64_t rbmap_format_compute(struct format_run *run, uint16_t value);

static inline uint64_t format_evaluate(struct format_run *run, uint16_t value)
{
	const struct format_value *v = &run->plan->values[value];

	if (v->kind == VALUE_LOAD)
		return format_read(run->data + v->offset, v->size, run->plan->swap);
	return rbmap_format_compute(run, value);
}

/* Arrays of bytes and numbers, of all kinds. */
void rbmap_format_dump(struct format_run *run, const struct format_step *step,
		       struct text *text);

/* What is left of the steps of the function tracers. */
void rbmap_format_tracer(struct format_run *run, const struct format_step *step,
			 struct text *text);

/* The style of a step, with what a '*' in it stands for. */
struct text_style rbmap_format_style(struct format_run *run,
				     const struct format_step *step);

/* Whether libtraceevent may print the record: false where that reads what is not there.
 */
bool rbmap_format_is_safe(const struct format_plan *plan, const void *data,
			  uint32_t size);

/* " NAME: ", as it follows the time of a line: padded to a column. */
void rbmap_format_put_name(const char *name, struct text *text);

/*
 * Puts what the event says of itself, without the head of the line. The record has at
 * least min_size bytes. False: nothing was put, libtraceevent is to print it.
 */
bool rbmap_format_text(const struct format_plan *plan, struct rbmap_names *names,
		       const void *data, uint32_t size, struct text *text);

/*
 * Only the steps from @from, before @to, of which none puts a name that is looked up.
 * The record has at least min_size bytes.
 */
void rbmap_format_put_steps(const struct format_plan *plan, size_t from, size_t to,
			    const void *data, uint32_t size, struct text *text);

/*
 * Looks up all names that the record's steps put, and stores those that they learn:
 * after it the record can be printed by another thread, if the plan never gives up.
 * @functions: room for the plan's nr_functions
 */
void rbmap_format_resolve(const struct format_plan *plan, struct rbmap_names *names,
			  const void *data, uint32_t size,
			  struct rbmap_function *functions);

/* rbmap_format_text() after rbmap_format_resolve(): uses only the names it is given. */
void rbmap_format_resolved_text(const struct format_plan *plan,
				const struct rbmap_function *functions,
				const void *data, uint32_t size, struct text *text);

/* The function of an entry or exit that its steps print. */
uint64_t rbmap_format_graph_function(const struct format_plan *plan, const void *data);

/*
 * Makes one record of an entry and its exit, which their steps print: the plan's leaf
 * prints it. Returns its size.
 * @ret: has room for format_joined_size()
 */
uint32_t rbmap_format_join(const struct format_plan *entry, const void *entry_data,
			   const struct format_plan *exit, const void *exit_data,
			   void *ret);

static inline uint32_t format_joined_size(const struct format_plan *entry)
{
	return entry->min_size + sizeof(uint64_t);
}

/* The event's part of an object: from its name to the end. For records of any size. */
void rbmap_format_json(const struct format_plan *plan, const void *data, uint32_t size,
		       struct text *text);

/*
 * What the event's addresses stand for, as members of an object: ,"functions":{...} and
 * ,"strings":{...}, where anything is known.
 */
void rbmap_format_json_names(const struct format_plan *plan, struct rbmap_names *names,
			     const void *data, uint32_t size, struct text *text);

/* The first string that is known of those; NULL: none is. */
const char *rbmap_format_string(const struct format_plan *plan,
				struct rbmap_names *names, const void *data,
				uint32_t size);

/* The fields alone, as an object. */
void rbmap_format_json_fields(const struct format_plan *plan, const void *data,
			      uint32_t size, struct text *text);

/* An array of numbers, one a byte. */
void rbmap_format_json_bytes(struct text *text, const void *data, uint32_t size);

#endif
