// SPDX-License-Identifier: LGPL-2.1-only
/*
 * A record becomes a row. Numbers, which most fields are, are copied as they are, in
 * the byte order of the record, in a loop for each size; what a record has none of is
 * null.
 */
#include <stdlib.h>

#include "base/internal.h"
#include "columns/columns.h"
#include "columns/row.h"
#include "span/subbuf.h"

/* @lost: before the record, also before those that were passed over. */
struct row {
	const struct rbmap_record *record;
	size_t buffer, number;
	uint64_t lost;
};

static struct column_loss *find_loss(const struct rbmap_columns *columns,
				     const struct rbmap_record *record, size_t buffer)
{
	for (size_t i = 0; i < columns->nr_losses; i++)
		if (columns->losses[i].buffer == buffer &&
		    columns->losses[i].cpu == record->cpu)
			return &columns->losses[i];
	return NULL;
}

static int keep_loss(struct rbmap_columns *columns, const struct rbmap_record *record,
		     size_t buffer)
{
	struct column_loss *loss = find_loss(columns, record, buffer), *larger;

	if (loss) {
		loss->lost = rbmap_add_lost(loss->lost, record->lost);
		return 0;
	}
	larger = realloc(columns->losses, (columns->nr_losses + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	columns->losses = larger;
	larger[columns->nr_losses++] =
		(struct column_loss){ buffer, record->cpu, record->lost };
	return 0;
}

RBMAP_PUBLIC uint64_t rbmap_columns_lost(const struct rbmap_columns *columns)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < columns->nr_losses; i++)
		lost = rbmap_add_lost(lost, columns->losses[i].lost);
	return lost;
}

static inline void put_loads(const struct rbmap_columns *columns, const struct row *row)
{
	const unsigned char *data = row->record->data;
	const struct column_load *load = columns->loads, *end = load;
	size_t number = row->number;

	for (end += columns->nr_loads[0]; load < end; load++)
		load->to[number] = data[load->offset];
	for (end += columns->nr_loads[1]; load < end; load++)
		memcpy(load->to + 2 * number, data + load->offset, 2);
	for (end += columns->nr_loads[2]; load < end; load++)
		memcpy(load->to + 4 * number, data + load->offset, 4);
	for (end += columns->nr_loads[3]; load < end; load++)
		memcpy(load->to + 8 * number, data + load->offset, 8);
}

/* Where the bytes are; false where they are not all in the record. */
static inline bool find_bytes(const struct rbmap_columns *columns,
			      const struct column *column,
			      const struct rbmap_record *record,
			      const unsigned char **ret, uint64_t *ret_size)
{
	const unsigned char *data = record->data;
	uint64_t offset = column->offset, size = column->size;
	uint32_t word;

	if (column->end > record->size)
		return false;
	if (column->dynamic) {
		word = format_read(data + offset, sizeof(word), columns->swap);
		offset = (word & 0xffff) + (column->relative ? column->end : 0);
		size = word >> 16;
		if (offset + size > record->size)
			return false;
	} else if (column->open) {
		size = record->size - offset;
		if (column->element)
			size -= size % column->element;
	}
	*ret = data + offset;
	*ret_size = size;
	return true;
}

static inline int put_texts(struct rbmap_columns *columns, const struct row *row)
{
	const unsigned char *data = row->record->data;
	struct column *column;
	int r = 0;

	for (size_t i = 0; r == 0 && i < columns->nr_texts; i++) {
		column = columns->texts[i];
		r = column_put_text(columns, column, row->number, data + column->offset,
				    column->size);
	}
	return r;
}

/* @element: bytes that an offset counts. */
static int put_bytes(struct rbmap_columns *columns, struct column *column,
		     size_t number, const unsigned char *bytes, uint64_t size,
		     uint32_t element)
{
	int32_t *offset = (int32_t *)column->values + number;
	size_t used = (size_t)offset[0] * element;
	int r;

	if (size % element)
		return rbmap_column_set_null(columns, column, number);
	if (used + size > column->room) {
		r = rbmap_column_make_room(columns, column, used, size);
		if (r < 0)
			return r;
	}
	if (size)
		memcpy(column->bytes + used, bytes, size);
	offset[1] = offset[0] + (int32_t)(size / element);
	return 0;
}

static int put_field(struct rbmap_columns *columns, struct column *column,
		     const struct row *row)
{
	const unsigned char *bytes;
	uint64_t size;

	/* Not even a batch of its own has room for such a text. */
	if (!find_bytes(columns, column, row->record, &bytes, &size) ||
	    size > COLUMN_MAX_BYTES / 4)
		return rbmap_column_set_null(columns, column, row->number);
	switch (column->kind) {
	case COLUMN_TEXT:
		return column_put_text(columns, column, row->number, bytes, size);
	case COLUMN_LIST:
		return put_bytes(columns, column, row->number, bytes, size,
				 column->element);
	case COLUMN_ANY_BYTES:
		return put_bytes(columns, column, row->number, bytes, size, 1);
	default:
		memcpy(column->values + row->number * column->width, bytes, size);
		return 0;
	}
}

static int put_realtime(const struct rbmap_columns *columns, struct column *column,
			const struct row *row)
{
	uint64_t time;

	if (rbmap_tracedat_reader_convert(columns->reader, RBMAP_TRACEDAT_REALTIME,
					  row->record->time_stamp, &time) < 0 ||
	    time > INT64_MAX)
		return rbmap_column_set_null(columns, column, row->number);
	((int64_t *)column->values)[row->number] = time;
	return 0;
}

static inline int put_timestamp(const struct rbmap_columns *columns,
				const struct row *row)
{
	struct column *column = columns->timestamp;
	uint64_t time = row->record->time_stamp;

	((int64_t *)column->values)[row->number] = time;
	if (time > INT64_MAX)
		return rbmap_column_set_null(columns, column, row->number);
	return 0;
}

static inline int put_lost(const struct rbmap_columns *columns, const struct row *row)
{
	struct column *column = columns->lost;

	((uint64_t *)column->values)[row->number] = row->lost;
	if (row->lost == RBMAP_LOST_UNKNOWN)
		return rbmap_column_set_null(columns, column, row->number);
	return 0;
}

static inline int put_comm(struct rbmap_columns *columns, const struct row *row)
{
	const struct rbmap_record *record = row->record;
	int32_t index = column_comm(columns, format_pid(columns->plan, record->data,
							record->size));

	((int32_t *)columns->comm->values)[row->number] = index;
	return index < 0 ? index : 0;
}

/* What is not a field. */
static inline int put_head(struct rbmap_columns *columns, const struct row *row)
{
	int r = 0;

	if (columns->cpu)
		((int32_t *)columns->cpu->values)[row->number] = row->record->cpu;
	if (columns->timestamp)
		r = put_timestamp(columns, row);
	if (r == 0 && columns->lost)
		r = put_lost(columns, row);
	return r == 0 && columns->comm ? put_comm(columns, row) : r;
}

static int put_symbol(const struct rbmap_columns *columns, struct column *column,
		      const struct row *row)
{
	const struct rbmap_record *record = row->record;
	const struct format_plan *plan = columns->plan;
	const unsigned char *data = record->data;
	int32_t *to = (int32_t *)column->values + row->number;

	if (record->size < column->end || record->size < plan->min_size)
		return rbmap_column_set_null(columns, column, row->number);
	*to = rbmap_symbol_find(column->symbol, plan, record,
				format_read(data + column->offset, column->size,
					    columns->swap));
	return *to < 0 ? *to : 0;
}

static int put_other(struct rbmap_columns *columns, struct column *column,
		     const struct row *row)
{
	switch (column->kind) {
	case COLUMN_NULL:
		return 0;
	case COLUMN_SYMBOL:
		return put_symbol(columns, column, row);
	case COLUMN_REALTIME:
		return put_realtime(columns, column, row);
	case COLUMN_BUFFER:
		((int32_t *)column->values)[row->number] =
			columns->buffer_numbers[row->buffer];
		return 0;
	default:
		return put_field(columns, column, row);
	}
}

/* Of a record that has not all fields of a fixed size. */
static int put_each_fixed(struct rbmap_columns *columns, const struct row *row)
{
	struct column *column = columns->columns;
	struct column *end = column + columns->nr_columns;
	int r = 0;

	for (; r == 0 && column < end; column++)
		if (column->kind == COLUMN_NUMBER || column->kind == COLUMN_BOOL ||
		    column_is_fixed_text(column))
			r = put_field(columns, column, row);
	return r;
}

static inline int put_row(struct rbmap_columns *columns, const struct row *row)
{
	int r;

	if (row->record->size >= columns->end) {
		put_loads(columns, row);
		r = put_texts(columns, row);
	} else {
		r = put_each_fixed(columns, row);
	}
	if (r == 0)
		r = put_head(columns, row);
	for (size_t i = 0; r == 0 && i < columns->nr_others; i++)
		r = put_other(columns, columns->others[i], row);
	return r;
}

int rbmap_columns_add_from(struct rbmap_columns *columns,
			   const struct rbmap_record *record, size_t buffer)
{
	struct row row = { record, buffer, columns->nr_rows, record->lost };
	struct column_loss *loss = NULL;
	int r;

	if (!column_is_of_event(columns, record))
		return record->lost ? keep_loss(columns, record, buffer) : 0;
	if (row.number == columns->room) {
		r = rbmap_columns_grow(columns);
		if (r < 0)
			return r;
	}
	if (columns->nr_losses)
		loss = find_loss(columns, record, buffer);
	if (loss)
		row.lost = rbmap_add_lost(row.lost, loss->lost);
	r = put_row(columns, &row);
	if (r < 0) {
		rbmap_columns_forget_row(columns, row.number);
		return r;
	}
	if (loss)
		*loss = columns->losses[--columns->nr_losses];
	columns->nr_rows++;
	return 1;
}

RBMAP_PUBLIC int rbmap_columns_add(struct rbmap_columns *columns,
				   const struct rbmap_record *record)
{
	return rbmap_columns_add_from(columns, record, 0);
}
