/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * An event's format compiled once into a flat plan, which prints a record without
 * libtraceevent: values (a small program of numbers read from the record) and steps
 * that put text. What prints differently from libtraceevent does not compile. How a
 * plan is run over a record: format/run.h.
 */
#ifndef RBMAP_FORMAT_PLAN_H
#define RBMAP_FORMAT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traceevent/event-parse.h>

#include "base/text.h"

struct rbmap_names;
struct rbmap_plugins;

#define FORMAT_NONE UINT16_MAX
/* What follows the flags in an object. */
#define FORMAT_JSON_FIELDS ",\"fields\":{"

enum format_value_kind {
	VALUE_CONSTANT,
	/* A number at a fixed place. */
	VALUE_LOAD,
	/* Bytes of a dynamic array. */
	VALUE_LENGTH,
	/* A number at a place that depends on left; in a dynamic array: its bytes. */
	VALUE_ELEMENT,
	VALUE_DYNAMIC_ELEMENT,
	/* left ? right : other */
	VALUE_CHOICE,
	VALUE_MASK,
	VALUE_NOT,
	VALUE_INVERT,
	VALUE_ADD,
	VALUE_SUBTRACT,
	VALUE_MULTIPLY,
	VALUE_DIVIDE,
	VALUE_REMAINDER,
	VALUE_SHIFT_LEFT,
	VALUE_SHIFT_RIGHT,
	VALUE_BIT_AND,
	VALUE_BIT_OR,
	VALUE_AND,
	VALUE_OR,
	VALUE_EQUAL,
	VALUE_NOT_EQUAL,
	VALUE_LESS,
	VALUE_LESS_EQUAL,
	VALUE_GREATER,
	VALUE_GREATER_EQUAL
};

/* Operands are places in the plan's values. */
struct format_value {
	uint8_t kind;
	uint8_t size;
	/* VALUE_LENGTH, VALUE_DYNAMIC_ELEMENT: a __rel_loc */
	bool relative;
	uint16_t left, right, other;
	uint32_t offset;
	uint64_t constant;
};

enum format_step_kind {
	STEP_LITERAL,
	STEP_NUMBER,
	/* A number with neither width nor flags. */
	STEP_DECIMAL,
	STEP_HEXADECIMAL,
	STEP_CHARACTER,
	/* A literal, together with the number that is the next step. */
	STEP_LITERAL_DECIMAL,
	STEP_LITERAL_HEXADECIMAL,
	STEP_POINTER,
	STEP_FUNCTION,
	STEP_FUNCTION_OFFSET,
	/* Without "0x" where the address is in none. */
	STEP_FUNCTION_BARE,
	STEP_TEXT_FIELD,
	STEP_TEXT_REST,
	STEP_TEXT_DYNAMIC,
	STEP_FLAGS,
	STEP_SYMBOL,
	STEP_HEX_DUMP,
	/* "1 2", and {0x1,0x2}. */
	STEP_ARRAY,
	STEP_ARRAY_BRACES,
	STEP_BITMASK,
	STEP_CPUMASK,
	STEP_MAC,
	STEP_UUID,
	/* To the step at `to` where the value is 0. */
	STEP_UNLESS,
	STEP_JUMP,
	/* What libtraceevent's plugins do: see format/build-plugin.c. */
	STEP_CALL_SITE,
	STEP_TIMER_FUNCTION,
	STEP_LEARN_COMM,
	/* Of the function graph tracer: see format/run-tracer.c. */
	STEP_DURATION,
	STEP_INDENT
};

/* How a step gets a number that is nothing but a field, which most numbers are. */
enum format_load {
	LOAD_COMPUTED,
	LOAD_U32,
	LOAD_S32,
	LOAD_U64
};

struct format_step {
	uint8_t kind;
	/* enum format_load, of the number at offset; see format/build-fuse.c */
	uint8_t load;
	/* STEP_NUMBER: bytes of the number, and whether it has a sign. */
	uint8_t bytes;
	bool is_signed;
	/* The place is in a dynamic array whose locator is at offset. */
	bool dynamic;
	bool relative;
	char separator;
	/* Elements of an array; MAC and UUID: the order. */
	uint8_t element;
	bool upper;
	uint16_t value;
	/* The value that '*' stands for, or FORMAT_NONE: a width, or else a precision.
	 */
	uint16_t star;
	bool star_is_width;
	/* The step to go on with; of a name of a function: its place among those. */
	uint16_t to;
	uint32_t offset;
	uint32_t size;
	/* Of the plan's tables. */
	uint32_t first_row, nr_rows;
	/* In the plan's strings: a literal, a separator of flags. */
	uint32_t string, length;
	struct text_style style;
};

/* Of __print_flags() or __print_symbolic(). */
struct format_row {
	uint64_t value;
	uint32_t string, length;
};

enum format_json_kind {
	JSON_NULL,
	JSON_NUMBER,
	/* A char array of a fixed size, and any other. */
	JSON_COMM,
	JSON_TEXT,
	JSON_ARRAY,
	JSON_BYTES
};

/* What a number that is an address stands for. */
enum format_json_means {
	MEANS_NOTHING,
	MEANS_FUNCTION,
	MEANS_STRING
};

/* A field as a member of an object. */
struct format_member {
	uint8_t kind;
	/* enum format_json_means */
	uint8_t means;
	bool is_signed;
	/* To the end of the record. */
	bool open;
	/* A locator tells the place. */
	bool dynamic;
	bool relative;
	uint32_t offset;
	uint32_t size;
	/* Bytes of an element of an array. */
	uint32_t element;
	/* In the plan's strings: ',' unless it is the first field, the name, ':' */
	uint32_t key, key_length;
};

/* What a value has to be where libtraceevent prints the record. */
struct format_guard {
	uint16_t value;
	uint64_t least, most;
};

/* A number; of size 0 where there is none. */
struct format_place {
	uint32_t offset, size;
};

enum format_graph_kind {
	GRAPH_NONE,
	GRAPH_ENTRY,
	GRAPH_EXIT
};

/* What the events of the function graph tracer say; @start and @end: of an exit. */
struct format_graph {
	enum format_graph_kind kind;
	struct format_place func, start, end;
};

struct format_plan {
	/* Made anew meanwhile: see rbmap_events_plan(). */
	struct format_plan *older;
	const struct tep_event *event;
	/* What it was compiled for: a plugin may register later. */
	tep_event_handler_func handler;
	int flags;
	bool swap;
	/* Why libtraceevent is to print it, NULL where the steps do. */
	const char *why_not;
	/* It may not: a number that it computes with is not known here. */
	bool distrusted;
	/* Fewer bytes cannot hold the event's fields. */
	uint32_t min_size;
	uint32_t pid_offset, pid_size, flags_offset, flags_size;
	/* Of common_preempt_count, common_migrate_disable and common_lock_depth. */
	struct format_place preempt, migrate, lock;

	struct format_value *values;
	struct format_step *steps;
	struct format_row *rows;
	/* The nr_common common fields, then those of the event. */
	struct format_member *members;
	struct format_guard *guards;
	char *strings;
	/* Places of the steps that look up a name, or learn one. */
	uint16_t *lookups;
	size_t nr_values, nr_steps, nr_rows, nr_members, nr_common, nr_guards,
		nr_lookups, strings_size;
	/* Names of functions that the steps put. */
	uint32_t nr_functions;
	/* Newlines and tabs are those of the format or a plugin: no text is in a
	 * record.
	 */
	bool has_no_text;
	/* A step may find that only libtraceevent can print the record. */
	bool may_give_up;

	struct format_graph graph;
	/* Of an entry: prints what rbmap_format_join() makes of it and its exit. */
	struct format_plan *leaf;

	/* An object has names beside addresses; also the text of a trace_printk(). */
	bool json_names, is_printk;

	/* In the strings: the event's name as it follows the time. */
	uint32_t name, name_length;
	/* What follows the pid in an object, up to the flags. */
	uint32_t json_name, json_name_length;
	/* Room that all of it takes, but for members that have no bound. */
	size_t json_room;
};

static inline uint64_t format_read(const unsigned char *data, unsigned int size,
				   bool swap)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (size) {
	case 1:
		return *data;
	case 2:
		memcpy(&two, data, sizeof(two));
		return swap ? __builtin_bswap16(two) : two;
	case 4:
		memcpy(&four, data, sizeof(four));
		return swap ? __builtin_bswap32(four) : four;
	case 8:
		memcpy(&eight, data, sizeof(eight));
		return swap ? __builtin_bswap64(eight) : eight;
	}
	return 0;
}

/* Returns the plan, also of an event that libtraceevent is to print; NULL: no memory.
 */
struct format_plan *rbmap_format_compile(const struct tep_event *event,
					 struct rbmap_names *names,
					 struct rbmap_plugins *plugins);

/* How a field is a member of an object; but for its key and what it means. */
void rbmap_format_member(struct format_member *member,
			 const struct tep_format_field *field);

/* Whether the plugins, which may be NULL otherwise, are of use to compile the event. */
bool rbmap_format_wants_plugins(const struct tep_event *event);

void rbmap_format_free(struct format_plan *plan);

/* A number that lies behind the end of the record, or across it: 0 is read there. */
uint64_t rbmap_format_cut_off(const struct format_plan *plan, const void *data,
			      uint32_t size, uint32_t offset, uint32_t bytes);

static inline uint64_t format_common(const struct format_plan *plan, const void *data,
				     uint32_t size, uint32_t offset, uint32_t bytes)
{
	if ((uint64_t)offset + bytes > size)
		return rbmap_format_cut_off(plan, data, size, offset, bytes);
	return format_read((const unsigned char *)data + offset, bytes, plan->swap);
}

/* common_pid of a record of any size. */
static inline int format_pid(const struct format_plan *plan, const void *data,
			     uint32_t size)
{
	return format_common(plan, data, size, plan->pid_offset, plan->pid_size);
}

#endif
