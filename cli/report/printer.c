// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include <errno.h>

#include <rbmap/events.h>

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

/* Each line ends here, and there is nearly always room: no call for one byte. */
static int end_line(struct trace_seq *text)
{
	if (text->state != TRACE_SEQ__GOOD || text->len + 1 >= text->buffer_size)
		return trace_seq_putc(text, '\n') < 1 ? -ENOMEM : 0;
	text->buffer[text->len++] = '\n';
	return 0;
}

static struct rbmap_events *events_of(const struct report_printer *printer,
				      const struct report_record *record)
{
	return rbmap_tracedat_reader_events(printer->report->reader, record->buffer);
}

static int put_text(const struct report_printer *printer,
		    const struct report_record *record, struct rbmap_batch *batch,
		    size_t number, struct trace_seq *text)
{
	int r = 0;

	put_buffer_name(printer, record->buffer, text);
	if (record->record.lost) {
		r = rbmap_events_lost_text(&record->record, text);
		if (r == 0)
			r = end_line(text);
	}
	if (r < 0)
		return r;
	r = batch ? rbmap_batch_put(batch, number, text) :
		    rbmap_events_text(events_of(printer, record), &record->record,
				      text);
	return r == 0 ? end_line(text) : r;
}

/* The library's object, with the buffer as a member more where there are several. */
static int end_object(const struct report_printer *printer, size_t buffer,
		      struct trace_seq *text)
{
	if (printer->members) {
		text->len--;
		trace_seq_puts(text, printer->members[buffer]);
	}
	return end_line(text);
}

static int put_json(const struct report_printer *printer,
		    const struct report_record *record, struct rbmap_batch *batch,
		    size_t number, struct trace_seq *text)
{
	int r = 0;

	if (record->record.lost) {
		r = rbmap_events_lost_json(&record->record, text);
		if (r == 0)
			r = end_object(printer, record->buffer, text);
	}
	if (r < 0)
		return r;
	r = batch ? rbmap_batch_put(batch, number, text) :
		    rbmap_events_json(events_of(printer, record), &record->record,
				      text);
	return r == 0 ? end_object(printer, record->buffer, text) : r;
}

int printer_put(const struct report_printer *printer,
		const struct report_record *record, struct rbmap_batch *batch,
		size_t number, struct trace_seq *text)
{
	unsigned int begin = text->len;
	int r = printer->report->config.json ?
			put_json(printer, record, batch, number, text) :
			put_text(printer, record, batch, number, text);

	if (r < 0)
		text->len = begin;
	return r;
}

void printer_put_begin(const struct report_printer *printer, struct trace_seq *text)
{
	const struct report *report = printer->report;

	/* Of a file that was cut off before it says so, there is nothing to tell. */
	if (!report->config.json && report->info->nr_cpus)
		trace_seq_printf(text, "cpus=%u\n", report->info->nr_cpus);
}
