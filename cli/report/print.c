// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <trace-seq.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/events.h>

#include "common.h"
#include "report.h"

/* A write this large costs next to nothing a line. */
#define FULL (64 * 1024)

struct printer {
	struct report *report;
	struct trace_seq text;
	struct common_writer writer;
	/* What writing said, as opposed to reading. */
	int write_error;
	/* Names of buffers stand before the lines where there are several. */
	int name_width;
};

static int flush(struct printer *printer)
{
	printer->write_error =
		common_writer_write(&printer->writer, printer->text.buffer,
				    printer->text.len);
	trace_seq_reset(&printer->text);
	return printer->write_error;
}

/* As trace-cmd report has it: wide enough for the longest, once for a record. */
static void put_buffer_name(struct printer *printer, size_t buffer)
{
	const char *name = printer->report->buffers[buffer].name;

	if (!printer->name_width)
		return;
	trace_seq_printf(&printer->text, "%*s%s", printer->name_width, name,
			 *name ? ": " : "  ");
}

/* Each line ends here, and there is nearly always room: no call for one byte. */
static int end_line(struct printer *printer)
{
	struct trace_seq *text = &printer->text;

	if (text->state != TRACE_SEQ__GOOD || text->len + 1 >= text->buffer_size)
		return trace_seq_putc(text, '\n') < 1 ? -ENOMEM : 0;
	text->buffer[text->len++] = '\n';
	return 0;
}

static int put_text(struct printer *printer, const struct report_record *record)
{
	struct rbmap_events *events =
		rbmap_tracedat_reader_events(printer->report->reader, record->buffer);
	int r = 0;

	put_buffer_name(printer, record->buffer);
	if (record->record.lost) {
		r = rbmap_events_lost_text(&record->record, &printer->text);
		if (r == 0)
			r = end_line(printer);
	}
	if (r == 0)
		r = rbmap_events_text(events, &record->record, &printer->text);
	return r == 0 ? end_line(printer) : r;
}

/* The library's object, with the buffer as a member more where there are several. */
static int end_object(struct printer *printer, size_t buffer)
{
	const char *name = printer->report->buffers[buffer].name;

	if (printer->name_width) {
		printer->text.len--;
		trace_seq_puts(&printer->text, ",\"buffer\":\"");
		for (; *name; name++) {
			unsigned char c = *name;

			if (c < ' ' || c == '"' || c == '\\')
				trace_seq_printf(&printer->text, "\\u%04x", c);
			else
				trace_seq_putc(&printer->text, c);
		}
		trace_seq_puts(&printer->text, "\"}");
	}
	return end_line(printer);
}

static int put_json(struct printer *printer, const struct report_record *record)
{
	struct rbmap_events *events =
		rbmap_tracedat_reader_events(printer->report->reader, record->buffer);
	int r = 0;

	if (record->record.lost) {
		r = rbmap_events_lost_json(&record->record, &printer->text);
		if (r == 0)
			r = end_object(printer, record->buffer);
	}
	if (r == 0)
		r = rbmap_events_json(events, &record->record, &printer->text);
	return r == 0 ? end_object(printer, record->buffer) : r;
}

static int put(struct printer *printer, const struct report_record *record)
{
	unsigned int begin = printer->text.len;
	int r = printer->report->config.json ? put_json(printer, record) :
					       put_text(printer, record);

	if (r < 0)
		printer->text.len = begin;
	return r;
}

static int print_records(struct printer *printer)
{
	struct report_record record;
	int r;

	while ((r = report_next(printer->report, &record)) > 0) {
		r = put(printer, &record);
		if (r == 0 && printer->text.len >= FULL)
			r = flush(printer);
		if (r < 0)
			break;
	}
	return r;
}

/* What came before an error is printed. */
static int print_all(struct printer *printer)
{
	struct report *report = printer->report;
	int r;

	/* Of a file that was cut off before it says so, there is nothing to tell. */
	if (!report->config.json && report->info->nr_cpus)
		trace_seq_printf(&printer->text, "cpus=%u\n", report->info->nr_cpus);
	r = print_records(printer);
	if (!printer->write_error)
		flush(printer);
	return r;
}

static int width_of_names(const struct report *report)
{
	size_t width = 0;

	for (size_t i = 0; i < report->nr_buffers; i++)
		if (strlen(report->buffers[i].name) > width)
			width = strlen(report->buffers[i].name);
	return width < 256 ? (int)width : 256;
}

static int ended(const struct printer *printer, int r)
{
	const struct report *report = printer->report;

	/* Who read it has seen enough. */
	if (printer->write_error == -EPIPE)
		return COMMON_OK;
	if (printer->write_error)
		return common_fail("standard output: %s",
				   strerror(-printer->write_error));
	if (r < 0)
		return common_fail("%s: %s", report->config.file, rbmap_strerror(r));
	return report_tell_faults(report);
}

int report_print_events(struct report *report)
{
	struct printer printer = { .report = report };
	int status;

	trace_seq_init(&printer.text);
	common_writer_init(&printer.writer, STDOUT_FILENO, -1);
	printer.name_width = width_of_names(report);
	status = ended(&printer, print_all(&printer));
	trace_seq_destroy(&printer.text);
	return status;
}
