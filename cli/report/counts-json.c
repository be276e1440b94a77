// SPDX-License-Identifier: GPL-2.0-only
#include "counts-json.h"

#include <errno.h>
#include <event-parse.h>
#include <inttypes.h>
#include <stdio.h>

#include <rbmap/events.h>
#include <rbmap/version.h>

#include "anchors.h"
#include "common-json.h"

static void add_rate(struct json_object *object, const struct report *report,
		     uint64_t events, uint64_t first, uint64_t last)
{
	double rate;

	if (counts_rate(report, events, first, last, &rate))
		common_json_double(object, "events_per_second", rate);
	else
		common_json_null(object, "events_per_second");
}

/* An identifier, with more digits than most readers of JSON keep of a number. */
static void add_trace_id(struct json_object *object, uint64_t trace_id)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, trace_id);
	common_json_text(object, "trace_id", trace_id ? text : NULL);
}

static void add_file(struct json_object *object, const struct report *report)
{
	const struct rbmap_tracedat_info *info = report->info;

	common_json_text(object, "version", rbmap_version());
	common_json_text(object, "file", report->config.file);
	common_json_number(object, "file_version", info->version);
	common_json_number(object, "bytes", info->size);
	common_json_text(object, "byte_order", info->big_endian ? "big" : "little");
	common_json_number(object, "long_size", info->long_size);
	common_json_text(object, "compression", info->compression);
	common_json_text(object, "writer", info->writer);
	common_json_text(object, "system", info->system);
	add_trace_id(object, info->trace_id);
	common_json_text(object, "clock", info->clock);
	common_json_text(object, "time_unit", info->in_seconds ? "ns" : "ticks");
	common_json_number_if(object, "tsc_mult", info->tsc_mult, info->tsc_mult);
	common_json_number_if(object, "tsc_shift", info->tsc_mult, info->tsc_shift);
	common_json_signed(object, "offset", info->offset);
	common_json_add(object, "anchors", anchors_array(report));
}

static struct json_object *cpu_object(const struct report_counts *stat,
				      const struct counts_cpu *cpu,
				      const struct rbmap_tracedat_cpu *place)
{
	struct json_object *object = common_json_object();

	common_json_signed(object, "cpu", place->cpu);
	common_json_number(object, "events", cpu->records);
	add_rate(object, stat->report, cpu->records, cpu->first, cpu->last);
	common_json_number(object, "lost", cpu->lost);
	common_json_number(object, "gaps_unknown", cpu->gaps_unknown);
	common_json_number_if(object, "oldest", cpu->records, cpu->first);
	common_json_number_if(object, "newest", cpu->records, cpu->last);
	common_json_number(object, "bytes", place->size);
	return object;
}

static struct json_object *cpus_array(const struct report_counts *stat, size_t buffer)
{
	const struct rbmap_tracedat_buffer *of = &stat->report->buffers[buffer];
	struct json_object *array = common_json_array();
	size_t stream;

	for (size_t i = 0; i < of->nr_cpus; i++) {
		stream = report_stream(stat->report, buffer, of->cpus[i].cpu);
		common_json_append(array,
				   cpu_object(stat, &stat->cpus[stream], &of->cpus[i]));
	}
	return array;
}

/* Of the CPUs that have any. */
static struct json_object *counts_array(const struct report_counts *stat, size_t buffer,
					int id, uint64_t first, uint64_t last)
{
	const struct rbmap_tracedat_buffer *of = &stat->report->buffers[buffer];
	const uint64_t *counts = counts_of_event(stat, buffer, id);
	struct json_object *array = common_json_array(), *object;

	for (size_t i = 0; i < of->nr_cpus; i++) {
		if (!counts[i])
			continue;
		object = common_json_object();
		common_json_signed(object, "cpu", of->cpus[i].cpu);
		common_json_number(object, "events", counts[i]);
		add_rate(object, stat->report, counts[i], first, last);
		common_json_append(array, object);
	}
	return array;
}

/* To know it takes a compiled format, which is made here. */
static void add_why_not_compiled(struct json_object *object,
				 const struct report_counts *stat, int id)
{
	const char *why;

	errno = 0;
	why = counts_why_not_compiled(stat, id);
	if (errno == ENOMEM)
		common_json_add(object, "why_not_compiled", NULL);
	else
		common_json_text(object, "why_not_compiled", why);
}

static struct json_object *event_object(const struct report_counts *stat, size_t buffer,
					int id, uint64_t all)
{
	const struct tep_event *event = counts_event(stat, id);
	struct json_object *object = common_json_object();
	uint64_t first, last;

	counts_extent(stat, buffer, &first, &last);
	common_json_number(object, "id", id);
	common_json_text(object, "event", event ? event->name : NULL);
	common_json_text(object, "system", event ? event->system : NULL);
	common_json_number(object, "events", all);
	add_rate(object, stat->report, all, first, last);
	common_json_add(object, "cpus", counts_array(stat, buffer, id, first, last));
	add_why_not_compiled(object, stat, id);
	return object;
}

static struct json_object *buffer_object(const struct report_counts *stat,
					 size_t buffer)
{
	struct json_object *object = common_json_object();
	struct json_object *events = common_json_array();
	uint64_t all;

	common_json_text(object, "buffer", stat->report->buffers[buffer].name);
	common_json_add(object, "cpus", cpus_array(stat, buffer));
	for (int id = 0; id < COUNTS_IDS; id++) {
		all = counts_sum(stat, buffer, id);
		if (all)
			common_json_append(events, event_object(stat, buffer, id, all));
	}
	common_json_add(object, "events", events);
	return object;
}

static struct json_object *gap_object(const struct report_counts *stat,
				      const struct counts_gap *gap)
{
	struct json_object *object = common_json_object();

	common_json_text(object, "buffer", stat->report->buffers[gap->buffer].name);
	common_json_signed(object, "cpu", gap->cpu);
	common_json_number_if(object, "after", gap->begins, gap->from);
	common_json_number(object, "before", gap->to);
	common_json_number_if(object, "events", gap->lost != RBMAP_LOST_UNKNOWN,
			      gap->lost);
	return object;
}

static void add_gaps(struct json_object *object, const struct report_counts *stat)
{
	struct json_object *array = common_json_array();
	uint64_t listed = stat->nr_gaps < COUNTS_GAPS ? stat->nr_gaps : COUNTS_GAPS;

	for (uint64_t i = 0; i < listed; i++)
		common_json_append(array, gap_object(stat, &stat->gaps[i]));
	common_json_add(object, "lost", array);
	common_json_number(object, "lost_not_listed", stat->nr_gaps - listed);
}

int counts_print_json(const struct report_counts *stat)
{
	const struct report *report = stat->report;
	struct json_object *document = common_json_object();
	struct json_object *buffers = common_json_array();
	struct json_object *texts = common_json_array();

	add_file(document, report);
	for (size_t i = 0; i < report->nr_buffers; i++)
		if (report->buffers[i].nr_cpus)
			common_json_append(buffers, buffer_object(stat, i));
	common_json_add(document, "buffers", buffers);
	add_gaps(document, stat);
	for (const char *const *text = report->info->cpu_stats; *text; text++)
		common_json_append(texts, common_json_string(*text));
	common_json_add(document, "cpu_stats", texts);
	return common_json_print(document);
}
