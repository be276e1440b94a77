// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trace-seq.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/events.h>

#include "common-json.h"
#include "printer.h"

/* A write this large costs next to nothing a line. */
#define FULL (64 * 1024)

int printer_write(struct printer *printer, struct trace_seq *text)
{
	printer->write_error =
		common_writer_write(&printer->writer, text->buffer, text->len);
	trace_seq_reset(text);
	return printer->write_error;
}

/* As trace-cmd report has it: wide enough for the longest, once for a record. */
static void put_buffer_name(const struct printer *printer, size_t buffer,
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

static struct rbmap_events *events_of(const struct printer *printer,
				      const struct report_record *record)
{
	return rbmap_tracedat_reader_events(printer->report->reader, record->buffer);
}

static int put_text(const struct printer *printer, const struct report_record *record,
		    struct rbmap_batch *batch, size_t number, struct trace_seq *text)
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
static int end_object(const struct printer *printer, size_t buffer,
		      struct trace_seq *text)
{
	if (printer->members) {
		text->len--;
		trace_seq_puts(text, printer->members[buffer]);
	}
	return end_line(text);
}

static int put_json(const struct printer *printer, const struct report_record *record,
		    struct rbmap_batch *batch, size_t number, struct trace_seq *text)
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

int printer_put(const struct printer *printer, const struct report_record *record,
		struct rbmap_batch *batch, size_t number, struct trace_seq *text)
{
	unsigned int begin = text->len;
	int r = printer->report->config.json ?
			put_json(printer, record, batch, number, text) :
			put_text(printer, record, batch, number, text);

	if (r < 0)
		text->len = begin;
	return r;
}

void printer_put_begin(const struct printer *printer, struct trace_seq *text)
{
	const struct report *report = printer->report;

	/* Of a file that was cut off before it says so, there is nothing to tell. */
	if (!report->config.json && report->info->nr_cpus)
		trace_seq_printf(text, "cpus=%u\n", report->info->nr_cpus);
}

static int print_records(struct printer *printer, struct trace_seq *text)
{
	struct report_record record;
	int r;

	while ((r = report_next(printer->report, &record)) > 0) {
		r = printer_put(printer, &record, NULL, 0, text);
		if (r == 0 && text->len >= FULL)
			r = printer_write(printer, text);
		if (r < 0)
			return r;
	}
	return r;
}

/* What came before an error is printed. */
static int print_all(struct printer *printer)
{
	struct trace_seq text;
	int r;

	trace_seq_init(&text);
	printer_put_begin(printer, &text);
	r = print_records(printer, &text);
	if (!printer->write_error)
		printer_write(printer, &text);
	trace_seq_destroy(&text);
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

static char *buffer_member(const char *name)
{
	struct json_object *string = common_json_string(name);
	char *member = NULL;

	if (!string ||
	    asprintf(&member, ",\"buffer\":%s}",
		     json_object_to_json_string_ext(
			     string, JSON_C_TO_STRING_PLAIN |
					     JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
		member = NULL;
	json_object_put(string);
	return member;
}

static int make_members(struct printer *printer)
{
	const struct report *report = printer->report;

	if (!report->config.json || !printer->name_width)
		return 0;
	printer->members = calloc(report->nr_buffers, sizeof(*printer->members));
	if (!printer->members)
		return -ENOMEM;
	for (size_t i = 0; i < report->nr_buffers; i++) {
		printer->members[i] = buffer_member(report->buffers[i].name);
		if (!printer->members[i])
			return -ENOMEM;
	}
	return 0;
}

static void free_members(struct printer *printer)
{
	for (size_t i = 0; printer->members && i < printer->report->nr_buffers; i++)
		free(printer->members[i]);
	free(printer->members);
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
	int r;

	common_writer_init(&printer.writer, STDOUT_FILENO, -1);
	printer.name_width = width_of_names(report);
	r = make_members(&printer);
	if (r == 0)
		r = report->config.jobs > 1 ? printer_run_jobs(&printer) :
					      print_all(&printer);
	free_members(&printer);
	return ended(&printer, r);
}
