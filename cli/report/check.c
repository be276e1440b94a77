// SPDX-License-Identifier: GPL-2.0-only
/* Reads all of the file; the library notes what it meets that is broken. */
#define _GNU_SOURCE
#include <errno.h>
#include <event-parse.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/error.h>
#include <rbmap/events.h>

#include "common.h"
#include "report.h"

/* More of them say nothing new. */
#define MOST_COMPLAINTS 100

struct check {
	struct report *report;
	/* Of the last record of each CPU. */
	uint64_t *times;
	uint64_t records;
	uint64_t faults;
};

static void complain(struct check *check, const struct report_record *record,
		     const char *what)
{
	const struct report *report = check->report;
	const char *name = report->buffers[record->buffer].name;

	if (check->faults++ >= MOST_COMPLAINTS)
		return;
	common_error("%s: at byte %" PRIu64
		     ": CPU %d%s%s, record at offset %u in its sub-buffer: %s",
		     report->config.file, rbmap_tracedat_reader_place(report->reader),
		     record->record.cpu, *name ? " of " : "", name,
		     record->record.offset, what);
}

/* An array at the end of an event of ftrace may claim more than a record has. */
static bool is_open(const struct tep_format_field *field)
{
	return field->flags & TEP_FIELD_IS_ARRAY &&
	       (!field->size ||
		(!field->next && !strcmp(field->event->system, "ftrace")));
}

static bool has_all_fields(const struct tep_event *event,
			   const struct rbmap_record *record)
{
	const struct tep_format_field *field;

	for (field = event->format.fields; field; field = field->next)
		if (!is_open(field) &&
		    (int64_t)field->offset + field->size > record->size)
			return false;
	return true;
}

static void check_record(struct check *check, const struct report_record *record)
{
	struct rbmap_events *events =
		rbmap_tracedat_reader_events(check->report->reader, record->buffer);
	struct tep_event *event = rbmap_events_find(events, &record->record);
	uint64_t *time = &check->times[report_stream(check->report, record->buffer,
						     record->record.cpu)];

	check->records++;
	if (!event)
		complain(check, record, "the file lacks the format of its event");
	else if (!has_all_fields(event, &record->record))
		complain(check, record, "shorter than the fields of its event");
	if (record->record.time_stamp < *time)
		complain(check, record, "earlier than the previous record");
	*time = record->record.time_stamp;
}

/* They are read only once a name is looked up. */
static void check_symbols(const struct report *report)
{
	struct rbmap_events *events = rbmap_tracedat_reader_events(report->reader, 0);

	tep_find_function(rbmap_events_tep(events), 0);
}

static int check_all(struct check *check)
{
	struct report_record record;
	int r;

	check_symbols(check->report);
	while ((r = report_next(check->report, &record)) > 0)
		check_record(check, &record);
	return r;
}

int report_check(struct report *report)
{
	struct check check = { .report = report };
	size_t nr_streams = report_nr_streams(report);
	int r, status;

	check.times = calloc(nr_streams + 1, sizeof(*check.times));
	r = check.times ? check_all(&check) : -ENOMEM;
	free(check.times);
	if (r < 0)
		return common_fail("%s: %s", report->config.file, rbmap_strerror(r));
	status = report_print_faults(report);
	if (check.faults > MOST_COMPLAINTS)
		common_error("%s: %" PRIu64 " more invalid records",
			     report->config.file, check.faults - MOST_COMPLAINTS);
	if (check.faults)
		status = COMMON_FAILURE;
	printf("%s: %" PRIu64 " events in %zu rings: %s\n", report->config.file,
	       check.records, nr_streams, status == COMMON_OK ? "intact" : "damaged");
	return status;
}
