// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "common.h"
#include "report.h"

#define NS_PER_US 1000

/*
 * Where a time was given as it is printed, what is compared has to be rounded as that
 * is: to the nearest microsecond.
 */
static uint64_t as_given(const struct report_time *time, uint64_t time_stamp)
{
	if (!time->is_seconds || time->value % NS_PER_US)
		return time_stamp;
	return (time_stamp + NS_PER_US / 2) / NS_PER_US * NS_PER_US;
}

static bool is_in_time(const struct config *config, const struct rbmap_record *record)
{
	const struct report_time *from = &config->from, *to = &config->to;

	if (from->given && as_given(from, record->time_stamp) < from->value)
		return false;
	return !to->given || as_given(to, record->time_stamp) <= to->value;
}

static struct report_loss *find_loss(struct report *report,
				     const struct report_record *record)
{
	for (size_t i = 0; i < report->nr_losses; i++)
		if (report->losses[i].buffer == record->buffer &&
		    report->losses[i].cpu == record->record.cpu)
			return &report->losses[i];
	return NULL;
}

static uint64_t add_lost(uint64_t a, uint64_t b)
{
	return a > RBMAP_LOST_UNKNOWN - b ? RBMAP_LOST_UNKNOWN : a + b;
}

/* What was lost before a record that is passed over. */
static int keep_loss(struct report *report, const struct report_record *record)
{
	struct report_loss *loss = find_loss(report, record), *larger;

	if (loss) {
		loss->lost = add_lost(loss->lost, record->record.lost);
		return 0;
	}
	larger = reallocarray(report->losses, report->nr_losses + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	larger[report->nr_losses++] =
		(struct report_loss){ record->buffer, record->record.cpu,
				      record->record.lost };
	report->losses = larger;
	return 0;
}

static void take_loss(struct report *report, struct report_record *record)
{
	struct report_loss *loss = find_loss(report, record);

	if (!loss)
		return;
	record->record.lost = add_lost(record->record.lost, loss->lost);
	*loss = report->losses[--report->nr_losses];
}

int report_next(struct report *report, struct report_record *ret)
{
	int r;

	for (;;) {
		r = rbmap_tracedat_reader_next(report->reader, &ret->record,
					       &ret->buffer);
		if (r <= 0)
			return r;
		if (!is_in_time(&report->config, &ret->record))
			continue;
		r = report->choice ? choice_takes(report->choice, &ret->record) : 1;
		if (r < 0)
			return r;
		if (r > 0)
			break;
		r = ret->record.lost ? keep_loss(report, ret) : 0;
		if (r < 0)
			return r;
	}
	if (report->nr_losses)
		take_loss(report, ret);
	return 1;
}

int report_print_faults(const struct report *report)
{
	const struct rbmap_tracedat_fault *faults;
	size_t nr = rbmap_tracedat_reader_faults(report->reader, &faults);

	for (size_t i = 0; i < nr; i++)
		common_error("%s: at byte %llu: %s", report->config.file,
			     (unsigned long long)faults[i].offset, faults[i].text);
	return nr ? COMMON_FAILURE : COMMON_OK;
}

/* Where it is, or would be. A CPU is looked up for each record: a file may have many.
 */
static size_t find_cpu(const struct rbmap_tracedat_buffer *buffer, int cpu)
{
	size_t low = 0, high = buffer->nr_cpus, middle;

	/* Most files have all CPUs, so that the number is the place. */
	if (cpu >= 0 && (size_t)cpu < high && buffer->cpus[cpu].cpu == cpu)
		return cpu;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (buffer->cpus[middle].cpu < cpu)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t report_stream(const struct report *report, size_t buffer, int cpu)
{
	size_t before = 0;

	for (size_t i = 0; i < buffer; i++)
		before += report->buffers[i].nr_cpus;
	return before + find_cpu(&report->buffers[buffer], cpu);
}

size_t report_nr_streams(const struct report *report)
{
	size_t nr = 0;

	for (size_t i = 0; i < report->nr_buffers; i++)
		nr += report->buffers[i].nr_cpus;
	return nr;
}
