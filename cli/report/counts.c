// SPDX-License-Identifier: GPL-2.0-only
#include "counts.h"

#include <errno.h>
#include <event-parse.h>
#include <stdlib.h>

#include <rbmap/events.h>

static int id_of(struct report *report, const struct report_record *record)
{
	struct rbmap_events *events =
		rbmap_tracedat_reader_events(report->reader, record->buffer);
	uint16_t id = 0;

	if (record->record.size >= sizeof(id))
		id = tep_read_number(rbmap_events_tep(events), record->record.data,
				     sizeof(id));
	return id;
}

static int add_gap(struct report_counts *stat, const struct report_record *record,
		   const struct counts_cpu *cpu)
{
	uint64_t lost = record->record.lost;

	stat->nr_gaps++;
	if (stat->nr_gaps > COUNTS_GAPS)
		return 0;
	stat->gaps[stat->nr_gaps - 1] = (struct counts_gap){
		.buffer = record->buffer,
		.cpu = record->record.cpu,
		.lost = lost,
		.begins = cpu->records != 0,
		.from = cpu->last,
		.to = record->record.time_stamp,
	};
	return 0;
}

static void add_to_cpu(struct counts_cpu *cpu, const struct rbmap_record *record)
{
	if (!cpu->records++)
		cpu->first = record->time_stamp;
	cpu->last = record->time_stamp;
	if (record->lost == RBMAP_LOST_UNKNOWN)
		cpu->gaps_unknown++;
	else
		cpu->lost += record->lost;
}

static int add(struct report_counts *stat, const struct report_record *record)
{
	size_t stream = report_stream(stat->report, record->buffer, record->record.cpu);
	int id = id_of(stat->report, record);
	uint64_t **counts = &stat->counts[id];
	int r = 0;

	if (!*counts)
		*counts = calloc(stat->nr_streams, sizeof(**counts));
	if (!*counts)
		return -ENOMEM;
	(*counts)[stream]++;
	if (record->record.lost)
		r = add_gap(stat, record, &stat->cpus[stream]);
	add_to_cpu(&stat->cpus[stream], &record->record);
	return r;
}

int counts_take_all(struct report_counts *stat)
{
	struct report_record record;
	int r;

	while ((r = report_next(stat->report, &record)) > 0) {
		r = add(stat, &record);
		if (r < 0)
			break;
	}
	return r;
}

const struct tep_event *counts_event(const struct report_counts *stat, int id)
{
	struct rbmap_events *events =
		rbmap_tracedat_reader_events(stat->report->reader, 0);

	return tep_find_event(rbmap_events_tep(events), id);
}

const char *counts_why_not_compiled(const struct report_counts *stat, int id)
{
	struct rbmap_events *events;
	const struct tep_event *event;

	if (!stat->counts[id])
		return NULL;
	events = rbmap_tracedat_reader_events(stat->report->reader, 0);
	event = counts_event(stat, id);
	return event ? rbmap_events_why_not_compiled(events, event) : NULL;
}

static size_t first_stream(const struct report *report, size_t buffer)
{
	const struct rbmap_tracedat_buffer *of = &report->buffers[buffer];

	return of->nr_cpus ? report_stream(report, buffer, of->cpus[0].cpu) : 0;
}

const uint64_t *counts_of_event(const struct report_counts *stat, size_t buffer, int id)
{
	const uint64_t *counts = stat->counts[id];

	return counts ? counts + first_stream(stat->report, buffer) : NULL;
}

uint64_t counts_sum(const struct report_counts *stat, size_t buffer, int id)
{
	const uint64_t *counts = counts_of_event(stat, buffer, id);
	uint64_t sum = 0;

	for (size_t i = 0; counts && i < stat->report->buffers[buffer].nr_cpus; i++)
		sum += counts[i];
	return sum;
}

void counts_extent(const struct report_counts *stat, size_t buffer, uint64_t *first,
		   uint64_t *last)
{
	const struct counts_cpu *cpu = stat->cpus + first_stream(stat->report, buffer);
	const struct counts_cpu *end = cpu + stat->report->buffers[buffer].nr_cpus;

	*first = UINT64_MAX;
	*last = 0;
	for (; cpu < end; cpu++) {
		if (cpu->records && cpu->first < *first)
			*first = cpu->first;
		if (cpu->records && cpu->last > *last)
			*last = cpu->last;
	}
}

bool counts_rate(const struct report *report, uint64_t events, uint64_t first,
		 uint64_t last, double *ret)
{
	if (!report->info->in_seconds || last <= first)
		return false;
	*ret = (double)events * 1e9 / (double)(last - first);
	return true;
}
