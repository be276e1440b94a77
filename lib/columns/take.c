// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The rows as an array of Arrow. Everything that can fail comes first: then the memory
 * of the columns moves into the arrays.
 */
#include <byteswap.h>
#include <stdlib.h>

#include "base/internal.h"
#include "columns/arrow.h"
#include "columns/columns.h"

/* Of those that ArrowArray has: which rows are valid, and the values. */
enum {
	VALID,
	VALUES,
	BYTES
};

static size_t nr_buffers(const struct column *column)
{
	switch (column->kind) {
	case COLUMN_NULL:
		return 0;
	case COLUMN_ARRAY:
		return 1;
	case COLUMN_TEXT:
	case COLUMN_ANY_BYTES:
		return 3;
	default:
		return 2;
	}
}

static void *copy_of(struct pool *pool, const void *bytes, size_t size)
{
	void *copy = rbmap_pool_alloc(pool, size + 1);

	if (copy && size)
		memcpy(copy, bytes, size);
	return copy;
}

static int make_dictionary(struct pool *pool, struct ArrowArray *ret,
			   const struct dictionary *dictionary)
{
	static const int32_t none;
	const int32_t *offsets = dictionary->nr ? dictionary->offsets : &none;
	size_t nr = dictionary->nr;
	int r = rbmap_arrow_make_array(ret, 3, 0, false);

	if (r < 0)
		return r;
	ret->length = nr;
	rbmap_arrow_give(ret, VALUES,
			 copy_of(pool, offsets, (nr + 1) * sizeof(*offsets)));
	rbmap_arrow_give(ret, BYTES, copy_of(pool, dictionary->bytes, offsets[nr]));
	return ret->buffers[VALUES] && ret->buffers[BYTES] ? 0 : -ENOMEM;
}

static int make_column(struct rbmap_columns *columns, struct column *column,
		       struct ArrowArray *ret)
{
	bool has_element = column->kind == COLUMN_LIST || column->kind == COLUMN_ARRAY;
	int r = rbmap_arrow_make_array(ret, nr_buffers(column), has_element,
				       column->dictionary);

	if (r == 0 && has_element)
		r = rbmap_arrow_make_array(ret->children[0], 2, 0, false);
	if (r == 0 && column->dictionary)
		r = make_dictionary(columns->pool, ret->dictionary, column->dictionary);
	/* Readers want memory also where all texts are empty. */
	if (r == 0 && column_has_offsets(column) && !column->bytes)
		r = rbmap_column_make_room(columns, column, 0, 0);
	return r == -ENOBUFS ? -ENOMEM : r;
}

static void swap_numbers(void *bytes, size_t nr, uint32_t size)
{
	uint16_t *two = bytes;
	uint32_t *four = bytes;
	uint64_t *eight = bytes;

	for (size_t i = 0; size == sizeof(*two) && i < nr; i++)
		two[i] = bswap_16(two[i]);
	for (size_t i = 0; size == sizeof(*four) && i < nr; i++)
		four[i] = bswap_32(four[i]);
	for (size_t i = 0; size == sizeof(*eight) && i < nr; i++)
		eight[i] = bswap_64(eight[i]);
}

/* A byte for each row becomes a bit. */
static void pack_bools(unsigned char *values, size_t nr)
{
	unsigned char bits;

	for (size_t i = 0; i < nr; i += 8) {
		bits = 0;
		for (size_t bit = 0; bit < 8 && i + bit < nr; bit++)
			bits |= (values[i + bit] != 0) << bit;
		values[i / 8] = bits;
	}
}

static size_t count_nulls(const uint8_t *valid, size_t nr)
{
	size_t nulls = 0;

	for (size_t i = 0; valid && i < nr; i++)
		nulls += !(valid[i / 8] >> i % 8 & 1);
	return nulls;
}

/* What the offsets of a column count. */
static size_t elements_of(const struct column *column, size_t rows)
{
	return ((const int32_t *)column->values)[rows];
}

static void move_elements(const struct rbmap_columns *columns, struct column *column,
			  struct ArrowArray *ret)
{
	bool is_list = column->kind == COLUMN_LIST;
	unsigned char *bytes = is_list ? column->bytes : column->values;
	size_t rows = columns->nr_rows;

	ret->length = is_list ? elements_of(column, rows) :
				rows * (column->size / column->element);
	if (columns->swap)
		swap_numbers(bytes, ret->length, column->element);
	rbmap_arrow_give(ret, VALUES, bytes);
}

static void move_values(const struct rbmap_columns *columns, struct column *column,
			struct ArrowArray *ret)
{
	size_t rows = columns->nr_rows;

	if (column->kind == COLUMN_NUMBER && columns->swap)
		swap_numbers(column->values, rows, column->width);
	if (column->kind == COLUMN_BOOL)
		pack_bools(column->values, rows);
	rbmap_arrow_give(ret, VALUES, column->values);
	if (column->kind == COLUMN_TEXT || column->kind == COLUMN_ANY_BYTES)
		rbmap_arrow_give(ret, BYTES, column->bytes);
}

static void move_column(const struct rbmap_columns *columns, struct column *column,
			struct ArrowArray *ret)
{
	size_t rows = columns->nr_rows;

	ret->length = rows;
	if (column->kind == COLUMN_NULL) {
		ret->null_count = rows;
		rbmap_pool_free(column->values);
		return;
	}
	ret->null_count = count_nulls(column->valid, rows);
	rbmap_arrow_give(ret, VALID, column->valid);
	if (ret->n_children)
		move_elements(columns, column, ret->children[0]);
	if (column->kind != COLUMN_ARRAY)
		move_values(columns, column, ret);
}

static void begin_batch(struct rbmap_columns *columns)
{
	for (size_t i = 0; i < columns->nr_columns; i++) {
		struct column *column = &columns->columns[i];

		column->hint = column->room;
		column->values = column->bytes = column->valid = NULL;
		column->room = 0;
	}
	columns->hint = columns->room;
	columns->bytes = 0;
	columns->nr_rows = columns->room = 0;
	rbmap_columns_place_loads(columns);
}

static int make_batch(struct rbmap_columns *columns, struct ArrowArray *ret)
{
	int r = rbmap_arrow_make_array(ret, 1, columns->nr_columns, false);

	for (size_t i = 0; r == 0 && i < columns->nr_columns; i++)
		r = make_column(columns, &columns->columns[i], ret->children[i]);
	return r;
}

RBMAP_PUBLIC int rbmap_columns_take(struct rbmap_columns *columns,
				    struct ArrowArray *ret)
{
	struct ArrowArray batch = { 0 };
	int r = columns->room ? 0 : rbmap_columns_grow(columns);

	if (r == 0)
		r = make_batch(columns, &batch);
	if (r < 0) {
		if (batch.release)
			batch.release(&batch);
		return r;
	}
	batch.length = columns->nr_rows;
	for (size_t i = 0; i < columns->nr_columns; i++)
		move_column(columns, &columns->columns[i], batch.children[i]);
	begin_batch(columns);
	*ret = batch;
	return 0;
}
