// SPDX-License-Identifier: LGPL-2.1-only
/* Lines of the function graph tracer: how long a function took, and how deep it is. */
#include "format/run.h"

#define INDENT 2
/* The kernel follows 50 calls: FTRACE_RETFUNC_DEPTH in include/linux/ftrace.h. */
#define INDENT_MAX (INDENT * 1000)
#define NS_PER_US 1000
#define DIGITS 7

/* Marks of the kernel's, for more than so many nanoseconds. */
static const struct {
	uint64_t more_than;
	char mark;
} marks[] = {
	{ 1000000000, '$' },
	{ 1000000, '#' },
	{ 100000, '!' },
	{ 10000, '+' },
};

static char mark_of(uint64_t duration)
{
	/* The kernel's own way to say that there is none. */
	if (duration == UINT64_MAX)
		return ' ';
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (duration > marks[i].more_than)
			return marks[i].mark;
	return ' ';
}

/* "+ 20.500 us  |  " */
static void put_duration(uint64_t duration, struct text *text)
{
	size_t begin, width;

	text_char(text, mark_of(duration));
	text_char(text, ' ');
	begin = text->used;
	rbmap_text_unsigned(text, duration / NS_PER_US);
	if (text->used - begin < DIGITS) {
		text_char(text, '.');
		rbmap_text_digits(text, duration % NS_PER_US, 3);
	}
	width = text->used - begin;
	text_string(text, " us ");
	if (width < DIGITS)
		rbmap_text_fill(text, ' ', DIGITS - width);
	text_string(text, "|  ");
}

static void put_indent(uint64_t depth, struct text *text)
{
	int32_t width = (int32_t)(INDENT * depth);

	if (width > 0)
		rbmap_text_fill(text, ' ', width < INDENT_MAX ? width : INDENT_MAX);
}

void rbmap_format_tracer(struct format_run *run, const struct format_step *step,
			 struct text *text)
{
	uint64_t value = format_evaluate(run, step->value);

	if (step->kind == STEP_DURATION)
		put_duration(value, text);
	else
		put_indent(value, text);
}

static uint64_t read_place(const struct format_plan *plan,
			   const struct format_place *place, const void *data)
{
	return format_read((const unsigned char *)data + place->offset, place->size,
			   plan->swap);
}

uint64_t rbmap_format_graph_function(const struct format_plan *plan, const void *data)
{
	return read_place(plan, &plan->graph.func, data);
}

uint32_t rbmap_format_join(const struct format_plan *entry, const void *entry_data,
			   const struct format_plan *exit, const void *exit_data,
			   void *ret)
{
	uint64_t duration = read_place(exit, &exit->graph.end, exit_data) -
			    read_place(exit, &exit->graph.start, exit_data);

	if (entry->swap)
		duration = __builtin_bswap64(duration);
	memcpy(ret, entry_data, entry->min_size);
	memcpy((char *)ret + entry->min_size, &duration, sizeof(duration));
	return entry->min_size + sizeof(duration);
}
