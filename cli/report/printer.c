// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include "lines.h"

int printer_write(struct report_printer *printer, struct trace_seq *text)
{
	printer->write_error =
		common_writer_write(&printer->writer, text->buffer, text->len);
	trace_seq_reset(text);
	return printer->write_error;
}

/* As trace-cmd report has it: wide enough for the longest, once for a record. */
static void put_buffer_name(const struct report_printer *printer, size_t buffer,
			    struct trace_seq *text)
{
	const char *name = printer->report->buffers[buffer].name;

	if (!printer->name_width)
		return;
	trace_seq_printf(text, "%*s%s", printer->name_width, name, *name ? ": " : "  ");
}

int printer_put(const struct report_printer *printer,
		const struct report_record *record, struct rbmap_batch *batch,
		size_t number, struct trace_seq *text)
{
	const struct report *report = printer->report;
	struct common_lines lines = { .json = report->config.json,
				      .batch = batch,
				      .number = number };
	unsigned int start = text->len;
	int r;

	if (!batch)
		lines.events =
			rbmap_tracedat_reader_events(report->reader, record->buffer);
	if (printer->members)
		lines.member = printer->members[record->buffer];
	if (!lines.json)
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
	if (!report->config.json && report->info->nr_cpus)
		trace_seq_printf(text, "cpus=%u\n", report->info->nr_cpus);
}
