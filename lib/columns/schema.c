// SPDX-License-Identifier: LGPL-2.1-only
/* The types of the columns as a schema. */
#include "base/internal.h"
#include "columns/arrow.h"
#include "columns/columns.h"

static int make_element(struct ArrowSchema *schema, const struct column *column)
{
	char format[COLUMN_FORMAT_SIZE];

	rbmap_column_element_format(column, format);
	return rbmap_arrow_make_schema(schema->children[0], format, "item", 0, false);
}

static int make_column(struct ArrowSchema *ret, const struct column *column)
{
	bool has_element = column->kind == COLUMN_LIST || column->kind == COLUMN_ARRAY;
	char format[COLUMN_FORMAT_SIZE];
	int r;

	rbmap_column_format(column, format);
	r = rbmap_arrow_make_schema(ret, format, column->name, has_element,
				    column->dictionary);
	if (r == 0 && has_element)
		r = make_element(ret, column);
	if (r == 0 && column->dictionary)
		r = rbmap_arrow_make_schema(ret->dictionary, "u", "", 0, false);
	return r;
}

RBMAP_PUBLIC int rbmap_columns_schema(const struct rbmap_columns *columns,
				      struct ArrowSchema *ret)
{
	struct ArrowSchema schema;
	int r = rbmap_arrow_make_schema(&schema, "+s", "", columns->nr_columns, false);

	if (r < 0)
		return r;
	schema.flags = 0;
	for (size_t i = 0; r == 0 && i < columns->nr_columns; i++)
		r = make_column(schema.children[i], &columns->columns[i]);
	if (r < 0)
		schema.release(&schema);
	else
		*ret = schema;
	return r;
}
