// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of one event as comma-separated values: rows of columns, as they are
 * handed out for Arrow, are printed one by one.
 */
#include "csv.h"

#include <errno.h>
#include <event-parse.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/columns.h>

#include "common.h"
#include "escape.h"
#include "ts.h"

/* Few enough for a reader that waits for the first ones. */
#define ROWS 1024

/*
 * @buffers: of the rows
 * @time: the name of a column with times that are converted; NULL: none
 */
struct csv {
	struct report_printer *printer;
	struct rbmap_columns *columns;
	struct ArrowSchema schema;
	struct ArrowArray batch;
	struct trace_seq text;
	const char *time;
	size_t buffers[ROWS];
};

int csv_check(const struct report *report)
{
	struct tep_event *event;
	size_t nr = report->choice ? choice_events(report->choice, &event) : 0;

	if (!report->choice)
		return common_usage_error("--format csv: choose one event, as in -e "
					  "sched:sched_switch");
	if (nr != 1)
		return common_usage_error("--format csv: -e chooses %zu events; choose "
					  "one, as in -e sched:sched_switch",
					  nr);
	return COMMON_OK;
}

static bool must_be_quoted(const char *bytes, size_t size)
{
	/* Nothing at all is a value that is missing. */
	if (!size || bytes[0] == ' ' || bytes[size - 1] == ' ')
		return true;
	for (size_t i = 0; i < size; i++)
		if (strchr(",\"\r\n", bytes[i]))
			return true;
	return false;
}

static void put_bytes(struct csv *csv, const char *bytes, size_t size)
{
	trace_seq_printf(&csv->text, "%.*s", (int)size, bytes);
}

/* A character, or the byte that begins none. */
static size_t put_character(struct csv *csv, const char *bytes, size_t left)
{
	char escape[COMMON_ESCAPE_SIZE];
	size_t length = 1;

	if (csv->printer->report->config.escape)
		length = common_escape(escape, bytes, left);
	if (!length) {
		trace_seq_puts(&csv->text, escape);
		return 1;
	}
	if (*bytes == '"')
		trace_seq_putc(&csv->text, '"');
	put_bytes(csv, bytes, length);
	return length;
}

static void put_string(struct csv *csv, const char *bytes, size_t size)
{
	bool quoted = must_be_quoted(bytes, size);

	if (quoted)
		trace_seq_putc(&csv->text, '"');
	for (size_t at = 0; at < size;)
		at += put_character(csv, bytes + at, size - at);
	if (quoted)
		trace_seq_putc(&csv->text, '"');
}

static void put_number(struct csv *csv, char format, const void *values, int64_t row)
{
	struct trace_seq *text = &csv->text;

	switch (format) {
	case 'b':
		trace_seq_printf(text, "%d",
				 ((const uint8_t *)values)[row / 8] >> row % 8 & 1);
		break;
	case 'c':
		trace_seq_printf(text, "%" PRId8, ((const int8_t *)values)[row]);
		break;
	case 'C':
		trace_seq_printf(text, "%" PRIu8, ((const uint8_t *)values)[row]);
		break;
	case 's':
		trace_seq_printf(text, "%" PRId16, ((const int16_t *)values)[row]);
		break;
	case 'S':
		trace_seq_printf(text, "%" PRIu16, ((const uint16_t *)values)[row]);
		break;
	case 'i':
		trace_seq_printf(text, "%" PRId32, ((const int32_t *)values)[row]);
		break;
	case 'I':
		trace_seq_printf(text, "%" PRIu32, ((const uint32_t *)values)[row]);
		break;
	case 'l':
		trace_seq_printf(text, "%" PRId64, ((const int64_t *)values)[row]);
		break;
	default:
		trace_seq_printf(text, "%" PRIu64, ((const uint64_t *)values)[row]);
	}
}

/* As in JSON; in quotes for the commas. */
static void put_list(struct csv *csv, char format, const void *values, int64_t from,
		     int64_t end)
{
	trace_seq_puts(&csv->text, "\"[");
	for (int64_t i = from; i < end; i++) {
		if (i > from)
			trace_seq_putc(&csv->text, ',');
		put_number(csv, format, values, i);
	}
	trace_seq_puts(&csv->text, "]\"");
}

static bool is_valid(const struct ArrowArray *array, int64_t row)
{
	const uint8_t *valid = array->n_buffers ? array->buffers[0] : NULL;

	return array->n_buffers && (!valid || valid[row / 8] >> row % 8 & 1);
}

static void put_fixed(struct csv *csv, const struct ArrowSchema *schema,
		      const struct ArrowArray *array, int64_t row)
{
	int64_t nr = atoll(strchr(schema->format, ':') + 1);

	if (schema->format[0] == 'w')
		put_list(csv, 'C', array->buffers[1], row * nr, (row + 1) * nr);
	else
		put_list(csv, schema->children[0]->format[0],
			 array->children[0]->buffers[1], row * nr, (row + 1) * nr);
}

static void put_value(struct csv *csv, const struct ArrowSchema *schema,
		      const struct ArrowArray *array, int64_t row)
{
	const int32_t *offsets;

	if (!is_valid(array, row))
		return;
	offsets = array->buffers[1];
	if (schema->dictionary)
		put_value(csv, schema->dictionary, array->dictionary, offsets[row]);
	else if (strchr(schema->format, ':'))
		put_fixed(csv, schema, array, row);
	else if (schema->format[0] == 'u')
		put_string(csv, (const char *)array->buffers[2] + offsets[row],
			   offsets[row + 1] - offsets[row]);
	else if (schema->format[0] == 'z')
		put_list(csv, 'C', array->buffers[2], offsets[row], offsets[row + 1]);
	else if (schema->format[0] == '+')
		put_list(csv, schema->children[0]->format[0],
			 array->children[0]->buffers[1], offsets[row],
			 offsets[row + 1]);
	else
		put_number(csv, schema->format[0], array->buffers[1], row);
}

/* Behind the time stamp, which is the first column. */
static void put_others(struct csv *csv, int64_t row)
{
	const struct report *report = csv->printer->report;
	const uint64_t *stamps = csv->batch.children[0]->buffers[1];
	const char *name;

	if (csv->time)
		trace_seq_printf(&csv->text, ",%" PRIu64,
				 ts_convert(report, stamps[row]));
	if (report->nr_buffers > 1) {
		name = report->buffers[csv->buffers[row]].name;
		trace_seq_putc(&csv->text, ',');
		put_string(csv, name, strlen(name));
	}
}

static void put_row(struct csv *csv, int64_t row)
{
	put_value(csv, csv->schema.children[0], csv->batch.children[0], row);
	put_others(csv, row);
	for (int64_t i = 1; i < csv->schema.n_children; i++) {
		trace_seq_putc(&csv->text, ',');
		put_value(csv, csv->schema.children[i], csv->batch.children[i], row);
	}
	trace_seq_putc(&csv->text, '\n');
}

static void put_header(struct csv *csv)
{
	const char *name = csv->schema.children[0]->name;

	put_string(csv, name, strlen(name));
	if (csv->time)
		trace_seq_printf(&csv->text, ",%s", csv->time);
	if (csv->printer->report->nr_buffers > 1)
		trace_seq_puts(&csv->text, ",common_buffer");
	for (int64_t i = 1; i < csv->schema.n_children; i++) {
		name = csv->schema.children[i]->name;
		trace_seq_putc(&csv->text, ',');
		put_string(csv, name, strlen(name));
	}
	trace_seq_putc(&csv->text, '\n');
}

static int write_text(struct csv *csv)
{
	return csv->text.state == TRACE_SEQ__GOOD ?
		       printer_write(csv->printer, &csv->text) :
		       -ENOMEM;
}

static int print_batch(struct csv *csv)
{
	int r = rbmap_columns_take(csv->columns, &csv->batch);

	if (r < 0)
		return r;
	for (int64_t row = 0; r == 0 && row < csv->batch.length; row++) {
		put_row(csv, row);
		if (csv->text.len >= COMMON_WRITE_SIZE)
			r = write_text(csv);
	}
	csv->batch.release(&csv->batch);
	return r == 0 ? write_text(csv) : r;
}

/* A batch that takes no more may have fewer rows than it has room for. */
static int add(struct csv *csv, const struct report_record *record)
{
	size_t row = rbmap_columns_count(csv->columns);
	int r = row == ROWS ? -ENOBUFS :
			      rbmap_columns_add(csv->columns, &record->record);

	if (r == -ENOBUFS) {
		r = print_batch(csv);
		row = 0;
		if (r == 0)
			r = rbmap_columns_add(csv->columns, &record->record);
	}
	if (r > 0)
		csv->buffers[row] = record->buffer;
	return r;
}

static int print_all(struct csv *csv)
{
	struct report_record record;
	int r, last;

	put_header(csv);
	while ((r = printer_next(csv->printer, &record)) > 0) {
		r = add(csv, &record);
		if (r < 0)
			break;
	}
	/* What came before an error is printed. */
	last = csv->printer->write_error ? 0 : print_batch(csv);
	return r < 0 ? r : last;
}

static int open_columns(struct csv *csv)
{
	const struct report *report = csv->printer->report;
	struct rbmap_columns_options options = { .size = sizeof(options),
						 .rows = ROWS };
	struct tep_event *event;
	int r;

	choice_events(report->choice, &event);
	options.system = event->system;
	options.event = event->name;
	r = rbmap_columns_open(&csv->columns,
			       rbmap_tracedat_reader_events(report->reader, 0),
			       &options);
	return r < 0 ? r : rbmap_columns_schema(csv->columns, &csv->schema);
}

int csv_print(struct report_printer *printer)
{
	struct csv *csv = calloc(1, sizeof(*csv));
	int r;

	if (!csv)
		return -ENOMEM;
	csv->printer = printer;
	if (printer->report->config.ts == REPORT_TS_REALTIME)
		csv->time = "common_realtime";
	else if (printer->report->config.ts == REPORT_TS_MONO)
		csv->time = "common_mono";
	trace_seq_init(&csv->text);
	r = open_columns(csv);
	if (r == 0)
		r = print_all(csv);
	trace_seq_destroy(&csv->text);
	if (csv->schema.release)
		csv->schema.release(&csv->schema);
	rbmap_columns_close(csv->columns);
	free(csv);
	return r;
}
