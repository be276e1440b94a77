// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include "lines.h"
#include "ts.h"

int printer_write(struct report_printer *printer, struct trace_seq *text)
{
	printer->write_error =
		common_writer_write(&printer->writer, text->buffer, text->len);
	trace_seq_reset(text);
	return printer->write_error;
}

static uint64_t since_previous(struct report_printer *printer, uint64_t time_stamp)
{
	uint64_t previous = printer->has_previous ? printer->previous : time_stamp;

	printer->has_previous = true;
	printer->previous = time_stamp;
	/* A CPU of a broken file may go back in time. */
	return time_stamp > previous ? time_stamp - previous : 0;
}

int printer_next(struct report_printer *printer, struct report_record *ret)
{
	struct report *report = printer->report;
	int r = report_next(report, ret);
	uint64_t *time = &ret->record.time_stamp;

	ret->has_exit = false;
	if (r <= 0 || report->config.format != REPORT_TEXT)
		return r;
	ret->has_exit =
		rbmap_tracedat_reader_leaf(report->reader, &ret->record, &ret->exit);
	*time = report->config.ts == REPORT_TS_DELTA ? since_previous(printer, *time) :
						       ts_convert(report, *time);
	return r;
}

/* As trace-cmd report has it: wide enough for the longest, once for a record. */
static void put_buffer_name(const struct report_printer *printer, size_t buffer,
			    struct trace_seq *text)
{
	const char *name;

	if (!printer->name_width)
		return;
	name = printer->names[buffer];
	trace_seq_printf(text, "%*s%s", printer->name_width, name, *name ? ": " : "  ");
}

int printer_put(const struct report_printer *printer,
		const struct report_record *record, struct rbmap_batch *batch,
		size_t number, struct trace_seq *text)
{
	const struct report *report = printer->report;
	struct common_lines lines = { .json = report->config.format == REPORT_JSON,
				      .batch = batch,
				      .number = number };
	unsigned int start = text->len;
	char time[TS_SIZE];
	int r;

	if (!batch) {
		lines.events =
			rbmap_tracedat_reader_events(report->reader, record->buffer);
		lines.exit = record->has_exit ? &record->exit : NULL;
	}
	if (printer->members)
		lines.member = printer->members[record->buffer];
	if (lines.json)
		lines.time = ts_member(time, report, record->record.time_stamp);
	else
		put_buffer_name(printer, record->buffer, text);
	r = common_lines_put(&lines, &record->record, text);
	if (r < 0)
		text->len = start;
	return r;
}

void printer_put_begin(const struct report_printer *printer, struct trace_seq *text)
{
	const struct report *report = printer->report;

	/* A file that was cut off early does not say how many. */
	if (report->config.format == REPORT_TEXT && report->info->nr_cpus)
		trace_seq_printf(text, "cpus=%u\n", report->info->nr_cpus);
}
