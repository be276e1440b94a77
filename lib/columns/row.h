/* SPDX-License-Identifier: LGPL-2.1-only */
/* What rows are made with, one by one and many at once. */
#ifndef RBMAP_COLUMNS_ROW_H
#define RBMAP_COLUMNS_ROW_H

#include "columns/columns.h"
#include "columns/text.h"

static inline bool column_is_of_event(const struct rbmap_columns *columns,
				      const struct rbmap_record *record)
{
	uint16_t id;

	if (record->size < sizeof(id))
		return false;
	memcpy(&id, record->data, sizeof(id));
	return id == columns->id;
}

static inline int column_put_text(struct rbmap_columns *columns, struct column *column,
				  size_t number, const unsigned char *text, size_t size)
{
	int32_t *offset = (int32_t *)column->values + number;
	size_t used = offset[0], room = column_text_room(size);
	int r;

	if (used + room > column->room) {
		r = rbmap_column_make_room(columns, column, used, room);
		if (r < 0)
			return r;
	}
	offset[1] = used + column_copy_text(column->bytes + used, text, size);
	return 0;
}

#endif
