/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the columns share. A column has room for the values of so many rows
 * and grows with the batch; rbmap_columns_take() moves that memory into the arrays that
 * it hands out.
 */
#ifndef RBMAP_COLUMNS_COLUMNS_H
#define RBMAP_COLUMNS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/columns.h>

#include "columns/dictionary.h"
#include "columns/pool.h"
#include "columns/symbol.h"
#include "format/plan.h"

struct rbmap_events;

/* Bounds what a made-up format can make us do. */
#define COLUMNS_MAX 4096
#define COLUMNS_MAX_WIDTH (UINT32_C(1) << 20)
/* Of the rows of a batch, and of what their offsets refer to. */
#define COLUMNS_MAX_BYTES (UINT64_C(1) << 28)
/* Arrow's offsets have 31 bits. */
#define COLUMN_MAX_BYTES (INT32_C(1) << 28)
/* An array with more bytes has offsets, so that only those take room that there are. */
#define COLUMN_MAX_FIXED 4096
#define COLUMN_COMMS 4096
#define COLUMN_NEVER UINT64_MAX
/* Records of a file that are taken at once. */
#define COLUMNS_RUN 64

enum column_kind {
	COLUMN_NULL,
	COLUMN_NUMBER,
	COLUMN_BOOL,
	/* Bytes and elements of a fixed number. */
	COLUMN_BYTES,
	COLUMN_ARRAY,
	/* These have offsets. */
	COLUMN_TEXT,
	COLUMN_ANY_BYTES,
	COLUMN_LIST,
	/* The text of a number. */
	COLUMN_SYMBOL,
	/* Not fields. */
	COLUMN_TIMESTAMP,
	COLUMN_CPU,
	COLUMN_COMM,
	COLUMN_LOST,
	COLUMN_REALTIME,
	COLUMN_BUFFER
};

/*
 * @offset, @size: of the field, as its member of an object has them
 * @end: a record without so many bytes does not have the field
 * @element: bytes of an element of an array
 * @width: bytes of a row in @values: of its number, its bytes, or its offset
 * @bytes: text and elements that the offsets refer to, with @room; @hint: how much the
 * batch before had
 * @valid: a bit for each row; NULL: all are valid
 * @dictionary: of indices
 */
struct column {
	char *name;
	uint8_t kind;
	bool is_signed, open, dynamic, relative;
	uint32_t offset, size, element, width;
	uint64_t end;
	unsigned char *values;
	unsigned char *bytes;
	size_t room, hint;
	uint8_t *valid;
	struct dictionary *dictionary;
	/* Of the kind of that name. */
	struct symbol *symbol;
};

/* A number of a fixed size that is copied as it is. */
struct column_load {
	unsigned char *to;
	uint32_t offset;
};

/* Whose command it is, until then (CLOCK_MONOTONIC). */
struct column_comm {
	int pid;
	int32_t index;
	uint64_t due;
};

/* What was lost before records that are no rows. */
struct column_loss {
	size_t buffer;
	int cpu;
	uint64_t lost;
};

/*
 * @id: common_type as it is in the records, whatever their byte order
 * @end: a record with so many bytes has all fields of a fixed size
 * @nr_rows, @room, @max_rows: rows that there are, have room, and make a full batch;
 * @hint: how many the batch before had
 * @bytes: room of all columns with offsets
 * @loads: of 1, 2, 4 and 8 bytes, in this order, @nr_loads of each
 * @texts: char arrays of a fixed size
 * @others: columns of none of these kinds, and not one that has a pointer of its own
 */
struct rbmap_columns {
	struct rbmap_events *events;
	struct pool *pool;
	const struct format_plan *plan;
	uint16_t id;
	bool swap;
	uint64_t end;
	size_t nr_rows, room, max_rows, hint;
	uint64_t bytes;
	struct column *columns;
	size_t nr_columns;
	struct column_load *loads;
	size_t nr_loads[4];
	struct column **texts;
	size_t nr_texts;
	struct column **others;
	size_t nr_others;
	/* NULL: not among the columns. */
	struct column *timestamp, *cpu, *comm, *lost;
	struct column_loss *losses;
	size_t nr_losses;
	/* Of a stream. */
	const struct rbmap_tracedat_reader *reader;
	int32_t *buffer_numbers;
	/* Records of a file that a full batch did not take: copies, and their data. */
	struct rbmap_record held[COLUMNS_RUN];
	size_t nr_held, held_buffer;
	void *held_data;
	struct dictionary comms, buffers;
	struct column_comm seen[COLUMN_COMMS];
};

static inline bool column_has_offsets(const struct column *column)
{
	return column->kind == COLUMN_TEXT || column->kind == COLUMN_ANY_BYTES ||
	       column->kind == COLUMN_LIST;
}

static inline bool column_is_fixed_text(const struct column *column)
{
	return column->kind == COLUMN_TEXT && !column->dynamic && !column->open;
}

/* choose.c: the columns that the options ask for. */
int rbmap_columns_choose(struct rbmap_columns *columns,
			 const struct rbmap_columns_options *options);

/* type.c: the type of a field. */
void rbmap_column_set_field(struct column *column, const struct format_member *member,
			    const char *type);
/* Of the column, and of the elements of a list, as Arrow writes them. */
#define COLUMN_FORMAT_SIZE 24
void rbmap_column_format(const struct column *column, char *ret);
void rbmap_column_element_format(const struct column *column, char *ret);

/* room.c: room for more rows, at least one. -ENOBUFS: the batch is full. */
int rbmap_columns_grow(struct rbmap_columns *columns);
/* After memory has moved. */
void rbmap_columns_place_loads(struct rbmap_columns *columns);
/* For so many bytes more; @used are in use. -ENOBUFS: as before. */
int rbmap_column_make_room(struct rbmap_columns *columns, struct column *column,
			   size_t used, size_t more);
/* Of a row that has room. */
int rbmap_column_set_null(const struct rbmap_columns *columns, struct column *column,
			  size_t row);
/* A row that was begun is not one. */
void rbmap_columns_forget_row(struct rbmap_columns *columns, size_t row);

/* comm.c: as column_comm(), of a place where the name is not known for good. */
int32_t rbmap_columns_look_up(struct rbmap_columns *columns, struct column_comm *seen,
			      int pid);

/* The index of a thread's command name, or -ENOMEM. */
static inline int32_t column_comm(struct rbmap_columns *columns, int pid)
{
	struct column_comm *seen = &columns->seen[(unsigned int)pid % COLUMN_COMMS];

	if (seen->pid == pid && seen->due == COLUMN_NEVER)
		return seen->index;
	return rbmap_columns_look_up(columns, seen, pid);
}

/* add.c: as rbmap_columns_add(), of a buffer. */
int rbmap_columns_add_from(struct rbmap_columns *columns,
			   const struct rbmap_record *record, size_t buffer);

/*
 * run.c: the same of several; returns how many were added or passed over, and in *ret 0, or why
 * the next one was not.
 */
size_t rbmap_columns_add_all(struct rbmap_columns *columns,
			     const struct rbmap_record *records, size_t nr,
			     size_t buffer, int *ret);

/* columns.c: as rbmap_columns_open(); @reader: of a stream, or NULL. */
int rbmap_columns_new(struct rbmap_columns **ret, struct rbmap_events *events,
		      const struct rbmap_tracedat_reader *reader,
		      const struct rbmap_columns_options *options);

#endif
