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
#include "csv.h"
#include "escape.h"
#include "jobs.h"
#include "printer.h"

static int print_records(struct report_printer *printer, struct trace_seq *text)
{
	struct report_record record;
	int r;

	while ((r = printer_next(printer, &record)) > 0) {
		r = printer_put(printer, &record, NULL, 0, text);
		if (r == 0 && text->len >= COMMON_WRITE_SIZE)
			r = printer_write(printer, text);
		if (r < 0)
			return r;
	}
	return r;
}

/* What came before an error is printed. */
static int print_all(struct report_printer *printer)
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

static char *escaped(const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	common_put_escaped(stream, name, false);
	if (fclose(stream)) {
		free(text);
		return NULL;
	}
	return text;
}

static int make_names(struct report_printer *printer)
{
	const struct report *report = printer->report;
	size_t width = 0;

	printer->names = calloc(report->nr_buffers + 1, sizeof(*printer->names));
	if (!printer->names)
		return -ENOMEM;
	for (size_t i = 0; i < report->nr_buffers; i++) {
		const char *name = report->buffers[i].name;

		printer->names[i] =
			report->config.escape ? escaped(name) : strdup(name);
		if (!printer->names[i])
			return -ENOMEM;
		if (strlen(printer->names[i]) > width)
			width = strlen(printer->names[i]);
	}
	printer->name_width = width < 256 ? (int)width : 256;
	return 0;
}

static char *buffer_member(const char *name)
{
	struct json_object *string = common_json_string(name);
	const char *text =
		common_json_format(string, JSON_C_TO_STRING_PLAIN |
						   JSON_C_TO_STRING_NOSLASHESCAPE);
	char *member = NULL;

	if (!text || asprintf(&member, ",\"buffer\":%s}", text) < 0)
		member = NULL;
	json_object_put(string);
	return member;
}

static int make_members(struct report_printer *printer)
{
	const struct report *report = printer->report;

	if (report->config.format != REPORT_JSON || !printer->name_width)
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

static void free_all(char **strings, size_t nr)
{
	for (size_t i = 0; strings && i < nr; i++)
		free(strings[i]);
	free(strings);
}

static int ended(const struct report_printer *printer, int r)
{
	const struct report *report = printer->report;

	/* The reader has seen enough. */
	if (printer->write_error == -EPIPE)
		return COMMON_OK;
	if (printer->write_error)
		return common_fail("standard output: %s",
				   strerror(-printer->write_error));
	if (r < 0)
		return common_fail("%s: %s", report->config.file, rbmap_strerror(r));
	return report_print_faults(report);
}

static void choose_text(const struct report *report)
{
	unsigned int format = (report->config.latency ? RBMAP_TEXT_LATENCY : 0) |
			      (report->config.escape ? RBMAP_TEXT_ESCAPE : 0);

	for (size_t i = 0; i < report->nr_buffers; i++)
		rbmap_events_set_text_format(
			rbmap_tracedat_reader_events(report->reader, i), format);
}

static int print_as_asked(struct report_printer *printer)
{
	const struct config *config = &printer->report->config;

	if (config->format == REPORT_CSV)
		return csv_print(printer);
	return config->jobs > 1 ? jobs_print(printer) : print_all(printer);
}

int report_print_events(struct report *report)
{
	struct report_printer printer = { .report = report };
	int r;

	common_writer_init(&printer.writer, STDOUT_FILENO, -1);
	choose_text(report);
	r = make_names(&printer);
	if (r == 0)
		r = make_members(&printer);
	if (r == 0)
		r = print_as_asked(&printer);
	free_all(printer.names, report->nr_buffers);
	free_all(printer.members, report->nr_buffers);
	return ended(&printer, r);
}
