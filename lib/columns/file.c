// SPDX-License-Identifier: LGPL-2.1-only
/* Records of a file as rows. */
#include <stdlib.h>

#include "base/internal.h"
#include "columns/columns.h"
#include "tracedat/read/datfile.h"

/* The reader gives each record once, and its data only until the next. */
static int hold(struct rbmap_columns *columns, const struct rbmap_record *records,
		size_t nr, size_t buffer)
{
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < nr; i++)
		size += records[i].size;
	at = malloc(size + 1);
	if (!at)
		return -ENOMEM;
	columns->held_data = at;
	columns->held_buffer = buffer;
	columns->nr_held = nr;
	for (size_t i = 0; i < nr; i++) {
		memcpy(at, records[i].data, records[i].size);
		columns->held[i] = records[i];
		columns->held[i].data = at;
		at += records[i].size;
	}
	return 1;
}

/* 1: the batch is full again. */
static int add_held(struct rbmap_columns *columns)
{
	int r;
	size_t nr = rbmap_columns_add_all(columns, columns->held, columns->nr_held,
					  columns->held_buffer, &r);

	columns->nr_held -= nr;
	memmove(columns->held, columns->held + nr,
		columns->nr_held * sizeof(*columns->held));
	if (r < 0)
		return r == -ENOBUFS ? 1 : r;
	free(columns->held_data);
	columns->held_data = NULL;
	return 0;
}

/* No more than have room: those that follow are for whoever reads on. */
static size_t run_size(const struct rbmap_columns *columns)
{
	size_t left = columns->max_rows - columns->nr_rows;

	return left < COLUMNS_RUN ? left : COLUMNS_RUN;
}

RBMAP_PUBLIC int rbmap_columns_fill(struct rbmap_columns *columns,
				    struct rbmap_tracedat_reader *reader)
{
	struct rbmap_record records[COLUMNS_RUN];
	size_t buffer, added;
	ssize_t nr;
	int r = columns->held_data ? add_held(columns) : 0;

	if (r != 0)
		return r;
	while (columns->nr_rows < columns->max_rows) {
		nr = rbmap_datfile_next_records(reader, records, run_size(columns),
						&buffer);
		if (nr <= 0)
			return nr;
		added = rbmap_columns_add_all(columns, records, nr, buffer, &r);
		if (r == -ENOBUFS)
			return hold(columns, records + added, nr - added, buffer);
		if (r < 0)
			return r;
	}
	return 1;
}
