/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: columns, or a stream, can be used by one thread at a time, and count as a use
 * of their events (see rbmap_events(3)). A batch or a schema that was taken is
 * independent: any thread can use and release it.
 */
#ifndef RBMAP_COLUMNS_H
#define RBMAP_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/arrow.h>
#include <rbmap/events.h>
#include <rbmap/record.h>
#include <rbmap/tracedat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_columns;

/**
 * enum rbmap_columns_flags - which columns there are, and how a file is read
 *
 * @RBMAP_COLUMNS_COMMON: adds the other common fields of the event, such as
 *	common_flags and common_preempt_count
 * @RBMAP_COLUMNS_SYMBOLS: adds a column FIELD_text, a dictionary of utf8, after each
 *	field that the event's print format prints with __print_symbolic() or
 *	__print_flags(), with that text
 * @RBMAP_COLUMNS_REALTIME: adds the column common_realtime, the time by CLOCK_REALTIME
 * @RBMAP_COLUMNS_UNORDERED: the records of each CPU in order of time, one CPU after the
 *	other, instead of all in order of time
 * @RBMAP_COLUMNS_DAMAGED: damage of the file is not an error
 *
 * The last three are only for rbmap_columns_stream_file().
 *
 * Since: 0.1
 */
enum rbmap_columns_flags {
	RBMAP_COLUMNS_COMMON = 1 << 0,
	RBMAP_COLUMNS_SYMBOLS = 1 << 1,
	RBMAP_COLUMNS_REALTIME = 1 << 2,
	RBMAP_COLUMNS_UNORDERED = 1 << 3,
	RBMAP_COLUMNS_DAMAGED = 1 << 4
};

/**
 * enum rbmap_columns_rows - rows of a batch
 *
 * @RBMAP_COLUMNS_ROWS: unless struct rbmap_columns_options says otherwise
 * @RBMAP_COLUMNS_MAX_ROWS: the most that it may say
 *
 * Since: 0.1
 */
enum rbmap_columns_rows {
	RBMAP_COLUMNS_ROWS = 16384,
	RBMAP_COLUMNS_MAX_ROWS = 16777216
};

/**
 * struct rbmap_columns_options - options of rbmap_columns_open()
 *
 * @size: sizeof(struct rbmap_columns_options)
 * @system: the event system, such as "sched"; NULL searches all systems
 * @event: the event, such as "sched_switch"
 * @fields: the columns and their order: a NULL-terminated list of the names that are
 *	listed under rbmap_columns_open(); NULL selects the standard ones
 * @rows: rows of a batch, at most RBMAP_COLUMNS_MAX_ROWS; 0 selects RBMAP_COLUMNS_ROWS
 * @flags: flags of enum rbmap_columns_flags
 *
 * Everything is borrowed during the call. Zero the struct, set @size, then set the
 * fields you need.
 *
 * Since: 0.1
 */
struct rbmap_columns_options {
	size_t size;
	const char *system;
	const char *event;
	const char *const *fields;
	size_t rows;
	unsigned int flags;
};

/**
 * rbmap_columns_open - prepare to collect the records of one event as columns
 *
 * @ret: the columns on success, untouched on failure; free them with
 *	rbmap_columns_close()
 * @events: the events that the records belong to, borrowed until
 *	rbmap_columns_close()
 * @options: borrowed during the call
 *
 * The standard columns are, with their Arrow types:
 *
 * common_timestamp, int64: the time stamp, in nanoseconds unless the trace clock counts
 * something else. common_cpu, int32: the CPU. common_pid, int32: the thread.
 * common_comm, a dictionary of utf8: its command name, as rbmap_events_comm() returns
 * it. common_lost, uint64: the events lost on this CPU between its previous row and
 * this one; null if the number is not known.
 *
 * Then follow the fields of the event, with their names and their types: an integer of
 * 8, 16, 32 or 64 bits with or without sign; bool; for char arrays, utf8; for other
 * arrays, a list, of a fixed size if the array has one; for everything else, binary.
 * Text ends before its first 0 byte, and a byte that is not valid UTF-8 becomes U+FFFD.
 * A field that is not within its record is null. If two columns had the same name, the
 * later one gets the suffix _2. The values are those of rbmap_events_json().
 *
 * The names of the columns that are not fields are those that the kernel's histogram
 * triggers use, as far as these have them, since many events have fields such as pid
 * and comm of their own.
 *
 * Returns 0, -ENOENT if there is no such event or it has no such field, -EINVAL if an
 * option is not valid, -E2BIG if @options has non-zero fields that this library does
 * not know or the event has more than 4096 columns, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_columns_open(struct rbmap_columns **ret, struct rbmap_events *events,
		       const struct rbmap_columns_options *options);

/**
 * rbmap_columns_close - free the columns and the rows that were not taken
 *
 * @columns: may be NULL
 *
 * Batches that were taken stay valid.
 *
 * Since: 0.1
 */
void rbmap_columns_close(struct rbmap_columns *columns);

/**
 * rbmap_columns_add - add a record as a row
 *
 * @columns: the columns
 * @record: borrowed during the call
 *
 * Pass all records, also those of other events: the losses that they show are added to
 * the next row of their CPU.
 *
 * Returns 1 if the record was added, 0 if it is of another event, -ENOBUFS if the batch
 * is full and has to be taken first, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_columns_add(struct rbmap_columns *columns, const struct rbmap_record *record);

/**
 * rbmap_columns_fill - add records of a file until the batch is full
 *
 * @columns: columns of the events of @reader
 * @reader: records are taken with rbmap_tracedat_reader_next(), of all buffers
 *
 * Returns 1 if the batch is full, 0 at the end of the file, -ENOMEM, or the negative
 * errno from reading the file.
 *
 * Since: 0.1
 */
int rbmap_columns_fill(struct rbmap_columns *columns,
		       struct rbmap_tracedat_reader *reader);

/**
 * rbmap_columns_count - the number of rows in the batch
 *
 * @columns: the columns
 *
 * Returns the number of rows added since the last rbmap_columns_take().
 *
 * Since: 0.1
 */
size_t rbmap_columns_count(const struct rbmap_columns *columns);

/**
 * rbmap_columns_lost - the losses that no row shows
 *
 * @columns: the columns
 *
 * Returns the number of events lost since the last row of each CPU, or
 * RBMAP_LOST_UNKNOWN. Ask at the end.
 *
 * Since: 0.1
 */
uint64_t rbmap_columns_lost(const struct rbmap_columns *columns);

/**
 * rbmap_columns_schema - the names and types of the columns
 *
 * @columns: the columns
 * @ret: on success a struct with a child for each column, untouched on failure; free it
 *	with its release callback. It does not depend on @columns
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_columns_schema(const struct rbmap_columns *columns, struct ArrowSchema *ret);

/**
 * rbmap_columns_take - take the batch
 *
 * @columns: the columns, which have no rows afterwards
 * @ret: on success the rows, as the schema describes them; untouched on failure, and
 *	the rows stay. Free it with its release callback. It does not depend on
 *	@columns, and any thread may use it
 *
 * A batch may be empty. A dictionary grows from one batch to the next: the indices of
 * earlier batches keep their meaning.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_columns_take(struct rbmap_columns *columns, struct ArrowArray *ret);

/**
 * rbmap_columns_stream_file - the records of one event of a file as a stream of batches
 *
 * @ret: the stream on success, untouched on failure; free it with its release callback
 * @reader: a reader that has not returned a record yet. On success, it and its file
 *	descriptor belong to the stream, whose release callback closes both
 * @options: as for rbmap_columns_open(), borrowed during the call
 *
 * If the file has more than one buffer, the column common_buffer, a dictionary of utf8,
 * has the name of the record's buffer; it is "" for the top-level instance.
 *
 * The end of the stream is the error EBADMSG if the file is damaged: all intact records
 * have been returned before. get_last_error describes the damage.
 *
 * Returns as rbmap_columns_open(), or -ENODATA with RBMAP_COLUMNS_REALTIME if the file
 * does not relate its trace clock to that clock.
 *
 * Since: 0.1
 */
int rbmap_columns_stream_file(struct ArrowArrayStream *ret,
			      struct rbmap_tracedat_reader *reader,
			      const struct rbmap_columns_options *options);

#ifdef __cplusplus
}
#endif

#endif
