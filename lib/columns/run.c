// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Many records become rows, a column at a time: nothing is decided for each record and
 * column. Only of records that are whole, and where all columns can be filled so.
 */
#include <sys/types.h>

#include "base/internal.h"
#include "columns/row.h"

/* Whether all columns can take it in a loop: of the event, and whole. */
static inline bool is_plain(const struct rbmap_columns *columns,
			    const struct rbmap_record *record)
{
	return column_is_of_event(columns, record) && record->size >= columns->end &&
	       !record->lost;
}

static size_t count_plain(const struct rbmap_columns *columns,
			  const struct rbmap_record *records, size_t nr)
{
	size_t plain = 0, room = columns->room - columns->nr_rows;

	if (columns->nr_losses || columns->nr_others)
		return 0;
	if (nr > room)
		nr = room;
	while (plain < nr && is_plain(columns, &records[plain]))
		plain++;
	return plain;
}

#define LOAD_RUN(type) \
	for (size_t i = 0; i < nr; i++) \
	memcpy(to + i * sizeof(type), (const char *)records[i].data + load->offset, \
	       sizeof(type))

static void load_run(const struct rbmap_columns *columns,
		     const struct rbmap_record *records, size_t nr)
{
	const struct column_load *load = columns->loads;
	unsigned char *to;

	for (size_t class = 0; class < 4; class ++)
		for (size_t n = columns->nr_loads[class]; n; n--, load++) {
			to = load->to + (columns->nr_rows << class);
			if (class == 0)
				LOAD_RUN(uint8_t);
			else if (class == 1)
				LOAD_RUN(uint16_t);
			else if (class == 2)
				LOAD_RUN(uint32_t);
			else
				LOAD_RUN(uint64_t);
		}
}

static int text_run(struct rbmap_columns *columns, const struct rbmap_record *records,
		    size_t nr)
{
	for (size_t n = 0; n < columns->nr_texts; n++) {
		struct column *column = columns->texts[n];
		uint32_t offset = column->offset, size = column->size;
		size_t row = columns->nr_rows;
		int r = 0;

		for (size_t i = 0; r == 0 && i < nr; i++)
			r = column_put_text(columns, column, row + i,
					    (const unsigned char *)records[i].data +
						    offset,
					    size);
		if (r < 0)
			return r;
	}
	return 0;
}

static int comm_run(struct rbmap_columns *columns, const struct rbmap_record *records,
		    size_t nr)
{
	const struct format_plan *plan = columns->plan;
	int32_t *to = (int32_t *)columns->comm->values + columns->nr_rows;

	for (size_t i = 0; i < nr; i++) {
		const unsigned char *data = records[i].data;

		to[i] = column_comm(columns,
				    format_read(data + plan->pid_offset, plan->pid_size,
						columns->swap));
		if (to[i] < 0)
			return to[i];
	}
	return 0;
}

static int timestamp_run(struct rbmap_columns *columns,
			 const struct rbmap_record *records, size_t nr)
{
	struct column *column = columns->timestamp;
	uint64_t *to = (uint64_t *)column->values + columns->nr_rows, all = 0;
	int r = 0;

	for (size_t i = 0; i < nr; i++) {
		to[i] = records[i].time_stamp;
		all |= to[i];
	}
	for (size_t i = 0; all > INT64_MAX && r == 0 && i < nr; i++)
		if (records[i].time_stamp > INT64_MAX)
			r = rbmap_column_set_null(columns, column,
						  columns->nr_rows + i);
	return r;
}

/* What is not a field; nothing was lost. */
static int head_run(struct rbmap_columns *columns, const struct rbmap_record *records,
		    size_t nr)
{
	size_t row = columns->nr_rows;
	int r = 0;

	for (size_t i = 0; columns->cpu && i < nr; i++)
		((int32_t *)columns->cpu->values)[row + i] = records[i].cpu;
	if (columns->lost)
		memset((uint64_t *)columns->lost->values + row, 0,
		       nr * sizeof(uint64_t));
	if (columns->timestamp)
		r = timestamp_run(columns, records, nr);
	return r == 0 && columns->comm ? comm_run(columns, records, nr) : r;
}

/* A column at a time: as many as are added, or a negative errno and none. */
static ssize_t add_run(struct rbmap_columns *columns,
		       const struct rbmap_record *records, size_t nr)
{
	size_t plain = count_plain(columns, records, nr);
	int r = plain ? text_run(columns, records, plain) : 0;

	if (!plain)
		return 0;
	load_run(columns, records, plain);
	if (r == 0)
		r = head_run(columns, records, plain);
	if (r < 0) {
		for (size_t i = 0; i < plain; i++)
			rbmap_columns_forget_row(columns, columns->nr_rows + i);
		return r;
	}
	columns->nr_rows += plain;
	return plain;
}

size_t rbmap_columns_add_all(struct rbmap_columns *columns,
			     const struct rbmap_record *records, size_t nr,
			     size_t buffer, int *ret)
{
	size_t added = 0;
	ssize_t r;

	*ret = 0;
	while (added < nr) {
		r = add_run(columns, records + added, nr - added);
		/* One that is not plain, or for which there is no room. */
		if (r <= 0) {
			*ret = rbmap_columns_add_from(columns, records + added, buffer);
			if (*ret < 0)
				return added;
			r = 1;
		}
		added += r;
	}
	*ret = 0;
	return added;
}
