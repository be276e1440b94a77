// SPDX-License-Identifier: LGPL-2.1-only
/* The records of one event as columns. */
#include "columns/columns.h"

#include <stdlib.h>

#include "base/internal.h"
#include "events/events.h"

#define ALL_FLAGS \
	(RBMAP_COLUMNS_COMMON | RBMAP_COLUMNS_SYMBOLS | RBMAP_COLUMNS_REALTIME | \
	 RBMAP_COLUMNS_UNORDERED | RBMAP_COLUMNS_DAMAGED)
#define STREAM_FLAGS \
	(RBMAP_COLUMNS_REALTIME | RBMAP_COLUMNS_UNORDERED | RBMAP_COLUMNS_DAMAGED)

static int find_plan(const struct format_plan **ret, struct rbmap_events *events,
		     const struct rbmap_columns_options *options)
{
	const struct tep_event *event =
		tep_find_event_by_name(events->tep, options->system, options->event);
	struct rbmap_record record = { .size = sizeof(uint16_t) };
	uint16_t id;

	if (!event || event->id < 0 || event->id > UINT16_MAX)
		return -ENOENT;
	id = events->swap ? __builtin_bswap16(event->id) : event->id;
	record.data = &id;
	*ret = rbmap_events_plan(events, &record);
	return *ret ? 0 : -ENOMEM;
}

/* So that the values of fixed sizes have bounded room. */
static int set_rows(struct rbmap_columns *columns, size_t rows)
{
	size_t width = 1;

	for (size_t i = 0; i < columns->nr_columns; i++)
		width += columns->columns[i].width;
	if (width > COLUMNS_MAX_WIDTH)
		return -E2BIG;
	columns->max_rows = rows ? rows : RBMAP_COLUMNS_ROWS;
	if (!rows && columns->max_rows > COLUMNS_MAX_BYTES / width)
		columns->max_rows = COLUMNS_MAX_BYTES / width;
	return 0;
}

/* Which of the loads it is among, by the size of its number; -1: none. */
static int class_of(const struct column *column)
{
	if (column->kind != COLUMN_NUMBER && column->kind != COLUMN_BOOL)
		return -1;
	return __builtin_ctz(column->width);
}

/* One that a record is asked for in a way of its own; NULL: none. */
static struct column **place_of(struct rbmap_columns *columns,
				const struct column *column)
{
	switch (column->kind) {
	case COLUMN_TIMESTAMP:
		return &columns->timestamp;
	case COLUMN_CPU:
		return &columns->cpu;
	case COLUMN_COMM:
		return &columns->comm;
	case COLUMN_LOST:
		return &columns->lost;
	default:
		return NULL;
	}
}

static void sort_in(struct rbmap_columns *columns, struct column *column)
{
	struct column **place = place_of(columns, column);

	if (place) {
		*place = column;
		return;
	}
	if (class_of(column) >= 0) {
		columns->nr_loads[class_of(column)]++;
	} else if (column_is_fixed_text(column)) {
		columns->texts[columns->nr_texts++] = column;
	} else {
		columns->others[columns->nr_others++] = column;
		return;
	}
	if (column->end > columns->end)
		columns->end = column->end;
}

static int make_lists(struct rbmap_columns *columns)
{
	size_t nr = columns->nr_columns;
	uint64_t end;

	columns->loads = calloc(nr + 1, sizeof(*columns->loads));
	columns->texts = calloc(nr + 1, sizeof(*columns->texts));
	columns->others = calloc(nr + 1, sizeof(*columns->others));
	if (!columns->loads || !columns->texts || !columns->others)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		sort_in(columns, &columns->columns[i]);
	end = (uint64_t)columns->plan->pid_offset + columns->plan->pid_size;
	if (columns->comm && end > columns->end)
		columns->end = end;
	return 0;
}

void rbmap_columns_place_loads(struct rbmap_columns *columns)
{
	struct column_load *load = columns->loads;

	for (int class = 0; class < 4; class ++)
		for (size_t i = 0; i < columns->nr_columns; i++)
			if (class_of(&columns->columns[i]) == class)
				*load++ = (struct column_load){
					columns->columns[i].values,
					columns->columns[i].offset,
				};
}

/* A file may have two buffers of one name. */
static int name_buffers(struct rbmap_columns *columns)
{
	const struct rbmap_tracedat_buffer *buffers;
	size_t nr = rbmap_tracedat_reader_buffers(columns->reader, &buffers);
	int32_t number;

	columns->buffer_numbers = calloc(nr + 1, sizeof(*columns->buffer_numbers));
	if (!columns->buffer_numbers)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		number = rbmap_dictionary_find(&columns->buffers, buffers[i].name,
					       strlen(buffers[i].name));
		if (number < 0)
			return number;
		columns->buffer_numbers[i] = number;
	}
	return 0;
}

static int fill(struct rbmap_columns *columns,
		const struct rbmap_columns_options *options)
{
	int r = columns->reader ? name_buffers(columns) : 0;

	if (r == 0)
		r = rbmap_columns_choose(columns, options);
	if (r == 0)
		r = set_rows(columns, options->rows);
	return r == 0 ? make_lists(columns) : r;
}

int rbmap_columns_new(struct rbmap_columns **ret, struct rbmap_events *events,
		      const struct rbmap_tracedat_reader *reader,
		      const struct rbmap_columns_options *options)
{
	struct rbmap_columns *columns;
	uint16_t id;
	int r;

	if (!options->event || options->rows > RBMAP_COLUMNS_MAX_ROWS ||
	    options->flags & ~(unsigned int)ALL_FLAGS)
		return -EINVAL;
	columns = calloc(1, sizeof(*columns));
	if (!columns)
		return -ENOMEM;
	columns->events = events;
	columns->reader = reader;
	columns->swap = events->swap;
	columns->pool = rbmap_pool_open();
	r = columns->pool ? find_plan(&columns->plan, events, options) : -ENOMEM;
	if (r == 0)
		r = fill(columns, options);
	if (r < 0) {
		rbmap_columns_close(columns);
		return r;
	}
	id = columns->plan->event->id;
	columns->id = columns->swap ? __builtin_bswap16(id) : id;
	*ret = columns;
	return 0;
}

RBMAP_PUBLIC int rbmap_columns_open(struct rbmap_columns **ret,
				    struct rbmap_events *events,
				    const struct rbmap_columns_options *options)
{
	struct rbmap_columns_options o;
	int r = rbmap_options_copy(&o, sizeof(o), options);

	if (r < 0)
		return r;
	if (o.flags & STREAM_FLAGS)
		return -EINVAL;
	return rbmap_columns_new(ret, events, NULL, &o);
}

RBMAP_PUBLIC void rbmap_columns_close(struct rbmap_columns *columns)
{
	if (!columns)
		return;
	for (size_t i = 0; i < columns->nr_columns; i++) {
		free(columns->columns[i].name);
		rbmap_symbol_close(columns->columns[i].symbol);
		rbmap_pool_free(columns->columns[i].values);
		rbmap_pool_free(columns->columns[i].bytes);
		rbmap_pool_free(columns->columns[i].valid);
	}
	free(columns->columns);
	free(columns->loads);
	free(columns->texts);
	free(columns->others);
	free(columns->losses);
	free(columns->buffer_numbers);
	free(columns->held_data);
	rbmap_dictionary_free(&columns->comms);
	rbmap_dictionary_free(&columns->buffers);
	rbmap_pool_unref(columns->pool);
	free(columns);
}

RBMAP_PUBLIC size_t rbmap_columns_count(const struct rbmap_columns *columns)
{
	return columns->nr_rows;
}
