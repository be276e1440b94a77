// SPDX-License-Identifier: LGPL-2.1-only
/* Records of a file as rows. */
#include <stdlib.h>

#include "base/internal.h"
#include "columns/columns.h"

/* The reader gives each record once. */
static int hold(struct rbmap_columns *columns, const struct rbmap_record *record,
		size_t buffer)
{
	void *copy = malloc(record->size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, record->data, record->size);
	columns->held = *record;
	columns->held.data = copy;
	columns->held_buffer = buffer;
	return 1;
}

static int add_held(struct rbmap_columns *columns)
{
	int r = rbmap_columns_add_from(columns, &columns->held, columns->held_buffer);

	if (r < 0)
		return r == -ENOBUFS ? 1 : r;
	free((void *)columns->held.data);
	columns->held.data = NULL;
	return 0;
}

RBMAP_PUBLIC int rbmap_columns_fill(struct rbmap_columns *columns,
				    struct rbmap_tracedat_reader *reader)
{
	struct rbmap_record record;
	size_t buffer;
	int r = columns->held.data ? add_held(columns) : 0;

	if (r != 0)
		return r;
	while (columns->nr_rows < columns->max_rows) {
		r = rbmap_tracedat_reader_next(reader, &record, &buffer);
		if (r <= 0)
			return r;
		r = rbmap_columns_add_from(columns, &record, buffer);
		if (r == -ENOBUFS)
			return hold(columns, &record, buffer);
		if (r < 0)
			return r;
	}
	return 1;
}
