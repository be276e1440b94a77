// SPDX-License-Identifier: LGPL-2.1-only
/* Memory of a batch. */
#include <stdlib.h>

#include "base/internal.h"
#include "columns/columns.h"

#define FIRST_ROWS 1024
#define FIRST_BYTES 4096

static size_t valid_size(size_t rows)
{
	return (rows + 7) / 8;
}

static int grow_valid(const struct rbmap_columns *columns, struct column *column,
		      size_t from, size_t to)
{
	uint8_t *valid = rbmap_pool_grow(columns->pool, column->valid, valid_size(from),
					 valid_size(to));

	if (!valid)
		return -ENOMEM;
	memset(valid + valid_size(from), 0xff, valid_size(to) - valid_size(from));
	column->valid = valid;
	return 0;
}

static int grow_column(const struct rbmap_columns *columns, struct column *column,
		       size_t from, size_t to)
{
	/* There is one offset more than rows. */
	unsigned char *values = rbmap_pool_grow(columns->pool, column->values,
						(from + 1) * column->width,
						(to + 1) * column->width + 1);

	if (!values)
		return -ENOMEM;
	column->values = values;
	if (!from && column_has_offsets(column))
		memset(values, 0, column->width);
	return column->valid ? grow_valid(columns, column, from, to) : 0;
}

static size_t next_room(const struct rbmap_columns *columns)
{
	size_t room = 2 * columns->room;

	if (!room)
		room = columns->hint ? columns->hint : FIRST_ROWS;
	return room < columns->max_rows ? room : columns->max_rows;
}

int rbmap_columns_grow(struct rbmap_columns *columns)
{
	size_t room = next_room(columns);
	int r = 0;

	if (columns->nr_rows == columns->max_rows)
		return -ENOBUFS;
	for (size_t i = 0; r == 0 && i < columns->nr_columns; i++)
		r = grow_column(columns, &columns->columns[i], columns->room, room);
	if (r == 0)
		columns->room = room;
	rbmap_columns_place_loads(columns);
	return r;
}

int rbmap_column_make_room(struct rbmap_columns *columns, struct column *column,
			   size_t used, size_t more)
{
	uint64_t room = (uint64_t)used + more;
	unsigned char *bytes;

	if (room > COLUMN_MAX_BYTES ||
	    (columns->nr_rows && columns->bytes + more > COLUMNS_MAX_BYTES))
		return -ENOBUFS;
	room *= 2;
	if (room < column->hint)
		room = column->hint;
	if (room < FIRST_BYTES)
		room = FIRST_BYTES;
	bytes = rbmap_pool_grow(columns->pool, column->bytes, used, room);
	if (!bytes)
		return -ENOMEM;
	columns->bytes += room - column->room;
	column->bytes = bytes;
	column->room = room;
	return 0;
}

int rbmap_column_set_null(const struct rbmap_columns *columns, struct column *column,
			  size_t row)
{
	int r = column->valid ? 0 : grow_valid(columns, column, 0, columns->room);
	int32_t *offset = (int32_t *)column->values + row;

	if (r < 0)
		return r;
	column->valid[row / 8] &= ~(1u << row % 8);
	if (column_has_offsets(column))
		offset[1] = offset[0];
	else
		memset(column->values + row * column->width, 0, column->width);
	return 0;
}

void rbmap_columns_forget_row(struct rbmap_columns *columns, size_t row)
{
	for (size_t i = 0; i < columns->nr_columns; i++)
		if (columns->columns[i].valid)
			columns->columns[i].valid[row / 8] |= 1u << row % 8;
}
