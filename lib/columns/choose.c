// SPDX-License-Identifier: LGPL-2.1-only
/* Which columns there are. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"
#include "columns/columns.h"

#define SYMBOL_SUFFIX "_text"
/* Longer names of fields are cut off. */
#define FIELD_NAME_SIZE 256

/* The columns that are not fields; common_pid is one. */
static const struct {
	const char *name;
	uint8_t kind;
	uint8_t width;
} heads[] = {
	{ "common_timestamp", COLUMN_TIMESTAMP, sizeof(int64_t) },
	{ "common_realtime", COLUMN_REALTIME, sizeof(int64_t) },
	{ "common_buffer", COLUMN_BUFFER, sizeof(int32_t) },
	{ "common_cpu", COLUMN_CPU, sizeof(int32_t) },
	{ "common_pid", COLUMN_NUMBER, 0 },
	{ "common_comm", COLUMN_COMM, sizeof(int32_t) },
	{ "common_lost", COLUMN_LOST, sizeof(uint64_t) },
};

#define NR_HEADS (sizeof(heads) / sizeof(*heads))

struct choice {
	struct rbmap_columns *columns;
	const struct rbmap_columns_options *options;
	const struct tep_event *event;
	size_t room;
};

static bool has_head(const struct choice *choice, size_t head)
{
	switch (heads[head].kind) {
	case COLUMN_REALTIME:
		return choice->options->flags & RBMAP_COLUMNS_REALTIME;
	case COLUMN_BUFFER:
		return choice->columns->buffers.nr > 1;
	default:
		return true;
	}
}

static bool is_taken(const struct rbmap_columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->nr_columns; i++)
		if (!strcmp(columns->columns[i].name, name))
			return true;
	return false;
}

/* NAME, or NAME_2 and so on where that is taken. */
static char *unique_name(const struct rbmap_columns *columns, const char *name)
{
	char *other;

	if (!is_taken(columns, name))
		return strdup(name);
	for (unsigned int i = 2;; i++) {
		if (asprintf(&other, "%s_%u", name, i) < 0)
			return NULL;
		if (!is_taken(columns, other))
			return other;
		free(other);
	}
}

static int add_column(struct choice *choice, const char *name, struct column **ret)
{
	struct rbmap_columns *columns = choice->columns;
	struct column *larger;
	char *copy;

	if (columns->nr_columns == COLUMNS_MAX)
		return -E2BIG;
	if (columns->nr_columns == choice->room) {
		choice->room = 2 * choice->room + 16;
		larger = reallocarray(columns->columns, choice->room, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		columns->columns = larger;
	}
	copy = unique_name(columns, name);
	if (!copy)
		return -ENOMEM;
	*ret = &columns->columns[columns->nr_columns++];
	**ret = (struct column){ .name = copy };
	return 0;
}

static int add_field(struct choice *choice, const struct tep_format_field *field)
{
	struct format_member member = { 0 };
	struct column *column;
	int r = add_column(choice, field->name, &column);

	if (r < 0)
		return r;
	rbmap_format_member(&member, field);
	rbmap_column_set_field(column, &member, field->type);
	return 0;
}

/* The text of a field, where the print format has one: 1, or 0. */
static int add_symbol(struct choice *choice, const struct tep_format_field *field)
{
	const struct format_plan *plan = choice->columns->plan;
	struct format_member member = { 0 };
	struct format_range steps;
	struct column *column;
	char name[FIELD_NAME_SIZE];
	int r;

	rbmap_format_member(&member, field);
	if (!rbmap_format_field_text(plan, &member, &steps))
		return 0;
	snprintf(name, sizeof(name), "%s" SYMBOL_SUFFIX, field->name);
	r = add_column(choice, name, &column);
	if (r < 0)
		return r;
	rbmap_column_set_field(column, &member, field->type);
	column->kind = COLUMN_SYMBOL;
	column->width = sizeof(int32_t);
	column->symbol = rbmap_symbol_open(&steps);
	if (!column->symbol)
		return -ENOMEM;
	column->dictionary = rbmap_symbol_texts(column->symbol);
	return 1;
}

/* FIELD_text, of a field. */
static int add_named_symbol(struct choice *choice, const char *name)
{
	size_t length = strlen(name), suffix = strlen(SYMBOL_SUFFIX);
	const struct tep_format_field *field;
	char base[FIELD_NAME_SIZE];
	int r;

	if (!(choice->options->flags & RBMAP_COLUMNS_SYMBOLS) || length <= suffix ||
	    length >= sizeof(base) ||
	    strcmp(name + length - suffix, SYMBOL_SUFFIX) != 0)
		return -ENOENT;
	snprintf(base, sizeof(base), "%.*s", (int)(length - suffix), name);
	field = tep_find_field((struct tep_event *)choice->event, base);
	r = field ? add_symbol(choice, field) : 0;
	if (r == 0)
		return -ENOENT;
	return r < 0 ? r : 0;
}

static int add_head(struct choice *choice, size_t head)
{
	const struct tep_format_field *field;
	struct column *column;
	int r;

	if (heads[head].kind == COLUMN_NUMBER) {
		field = tep_find_common_field((struct tep_event *)choice->event,
					      heads[head].name);
		return field ? add_field(choice, field) : 0;
	}
	r = add_column(choice, heads[head].name, &column);
	if (r < 0)
		return r;
	column->kind = heads[head].kind;
	column->width = heads[head].width;
	if (column->kind == COLUMN_COMM)
		column->dictionary = &choice->columns->comms;
	else if (column->kind == COLUMN_BUFFER)
		column->dictionary = &choice->columns->buffers;
	return 0;
}

/* One that the options name. */
static int add_named(struct choice *choice, const char *name)
{
	const struct tep_format_field *field;

	if (is_taken(choice->columns, name))
		return -EINVAL;
	for (size_t i = 0; i < NR_HEADS; i++)
		if (!strcmp(heads[i].name, name) && has_head(choice, i))
			return add_head(choice, i);
	field = tep_find_any_field((struct tep_event *)choice->event, name);
	return field ? add_field(choice, field) : add_named_symbol(choice, name);
}

/* The number of the event is the same in each row, and common_pid is there already. */
static bool is_wanted_common(const char *name)
{
	return strcmp(name, "common_type") != 0 && strcmp(name, "common_pid") != 0;
}

static int add_fields(struct choice *choice)
{
	const struct tep_format_field *field = choice->event->format.common_fields;
	int r = 0;

	if (choice->options->flags & RBMAP_COLUMNS_COMMON)
		for (; r == 0 && field; field = field->next)
			if (is_wanted_common(field->name))
				r = add_field(choice, field);
	field = choice->event->format.fields;
	for (; r >= 0 && field; field = field->next) {
		r = add_field(choice, field);
		if (r == 0 && choice->options->flags & RBMAP_COLUMNS_SYMBOLS)
			r = add_symbol(choice, field);
	}
	return r < 0 ? r : 0;
}

static int add_standard(struct choice *choice)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NR_HEADS; i++)
		if (has_head(choice, i))
			r = add_head(choice, i);
	return r == 0 ? add_fields(choice) : r;
}

int rbmap_columns_choose(struct rbmap_columns *columns,
			 const struct rbmap_columns_options *options)
{
	struct choice choice = {
		.columns = columns,
		.options = options,
		.event = columns->plan->event,
	};
	int r = 0;

	if (!options->fields)
		return add_standard(&choice);
	for (size_t i = 0; r == 0 && options->fields[i]; i++)
		r = add_named(&choice, options->fields[i]);
	return r;
}
