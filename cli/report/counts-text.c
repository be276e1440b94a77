// SPDX-License-Identifier: GPL-2.0-only
#include "counts-text.h"

#include <event-parse.h>
#include <inttypes.h>
#include <stdio.h>

#include <rbmap/events.h>

#include "anchors.h"
#include "common.h"
#include "escape.h"
#include "ts.h"

/* As it stands before an event. */
static const char *format_time(char text[TS_SIZE], const struct report *report,
			       uint64_t time_stamp)
{
	return ts_format(text, report, ts_convert(report, time_stamp));
}

/* "-" where the clock counts no time. */
static void print_rate(const struct report *report, uint64_t events, uint64_t first,
		       uint64_t last)
{
	double rate;

	if (counts_rate(report, events, first, last, &rate))
		printf(" %12.1f", rate);
	else
		printf(" %12s", "-");
}

static void print_conversion(const struct rbmap_tracedat_info *info)
{
	if (info->tsc_mult)
		printf("time stamps are multiplied by %u and shifted right by %u bits\n",
		       info->tsc_mult, info->tsc_shift);
	if (info->offset)
		printf("%" PRId64 " is added to each time stamp\n", info->offset);
}

/* A string of the file; returns its length. */
static size_t print_string(const struct report *report, const char *text)
{
	if (report->config.escape)
		return common_put_escaped(stdout, text, false);
	return printf("%s", text);
}

static void print_line(const struct report *report, const char *what, const char *text)
{
	printf("%s ", what);
	print_string(report, text);
	putchar('\n');
}

static void print_file(const struct report *report)
{
	const struct rbmap_tracedat_info *info = report->info;
	char size[COMMON_FORMAT_SIZE];

	printf("%s: trace.dat version %u, %s, %s-endian, long of %u bytes, "
	       "compression %s\n",
	       report->config.file, info->version,
	       common_format_bytes(size, info->size),
	       info->big_endian ? "big" : "little", info->long_size, info->compression);
	if (info->writer)
		print_line(report, "written by", info->writer);
	if (info->system)
		print_line(report, "on", info->system);
	if (info->trace_id)
		printf("trace id 0x%" PRIx64 "\n", info->trace_id);
	print_line(report, "clock", info->clock ? info->clock : "unknown");
	print_conversion(info);
	anchors_print(report);
}

/* A date is longer than seconds. */
static int time_width(const struct report *report)
{
	return (report->config.ts == REPORT_TS_REALTIME ? 26 : 18) +
	       (report->config.ns ? 3 : 0);
}

static void print_cpu(const struct report_counts *stat, const struct counts_cpu *cpu,
		      const struct rbmap_tracedat_cpu *place)
{
	int width = time_width(stat->report);
	char first[TS_SIZE], last[TS_SIZE], size[COMMON_FORMAT_SIZE];

	printf("%5d %12" PRIu64, place->cpu, cpu->records);
	print_rate(stat->report, cpu->records, cpu->first, cpu->last);
	printf(" %12" PRIu64 "%c", cpu->lost, cpu->gaps_unknown ? '+' : ' ');
	if (cpu->records)
		printf(" %*s %*s", width, format_time(first, stat->report, cpu->first),
		       width, format_time(last, stat->report, cpu->last));
	else
		printf(" %*s %*s", width, "-", width, "-");
	printf(" %10s\n", common_format_bytes(size, place->size));
}

static void print_cpus(const struct report_counts *stat, size_t buffer)
{
	const struct rbmap_tracedat_buffer *of = &stat->report->buffers[buffer];
	int width = time_width(stat->report);

	printf("%5s %12s %12s %12s  %*s %*s %10s\n", "CPU", "EVENTS", "EVENTS/S",
	       "LOST", width, "FROM", width, "TO", "SIZE");
	for (size_t i = 0; i < of->nr_cpus; i++)
		print_cpu(stat,
			  &stat->cpus[report_stream(stat->report, buffer,
						    of->cpus[i].cpu)],
			  &of->cpus[i]);
}

static void print_name(const struct report_counts *stat, int id)
{
	const struct tep_event *event = counts_event(stat, id);
	char name[128];
	size_t length;

	if (event)
		snprintf(name, sizeof(name), "%s:%s", event->system, event->name);
	else
		snprintf(name, sizeof(name), "unknown event %d", id);
	length = print_string(stat->report, name);
	printf("%*s", length < 40 ? 40 - (int)length : 0, "");
}

/* One line for all CPUs, then one for each that has any. */
static void print_event(const struct report_counts *stat, size_t buffer, int id)
{
	const struct rbmap_tracedat_buffer *of = &stat->report->buffers[buffer];
	const uint64_t *counts = counts_of_event(stat, buffer, id);
	uint64_t all = counts_sum(stat, buffer, id), first, last;

	if (!all)
		return;
	counts_extent(stat, buffer, &first, &last);
	print_name(stat, id);
	printf(" %5s %12" PRIu64, "all", all);
	print_rate(stat->report, all, first, last);
	printf("\n");
	for (size_t i = 0; i < of->nr_cpus; i++) {
		if (!counts[i])
			continue;
		printf("%-40s %5d %12" PRIu64, "", of->cpus[i].cpu, counts[i]);
		print_rate(stat->report, counts[i], first, last);
		printf("\n");
	}
}

static void print_events(const struct report_counts *stat, size_t buffer)
{
	printf("%-40s %5s %12s %12s\n", "EVENT", "CPU", "EVENTS", "EVENTS/S");
	for (int id = 0; id < COUNTS_IDS; id++)
		print_event(stat, buffer, id);
}

static void print_gap(const struct report_counts *stat, const struct counts_gap *gap)
{
	const char *name = stat->report->buffers[gap->buffer].name;
	char from[TS_SIZE], to[TS_SIZE];

	printf("gap on CPU %d%s", gap->cpu, *name ? " of " : "");
	print_string(stat->report, name);
	printf(": ");
	if (gap->lost == RBMAP_LOST_UNKNOWN)
		printf("an unknown number of events");
	else
		printf("%" PRIu64 " events", gap->lost);
	if (gap->begins)
		printf(" from %s", format_time(from, stat->report, gap->from));
	else
		printf(" from the start");
	printf(" to %s\n", format_time(to, stat->report, gap->to));
}

static void print_gaps(const struct report_counts *stat)
{
	uint64_t listed = stat->nr_gaps < COUNTS_GAPS ? stat->nr_gaps : COUNTS_GAPS;

	printf("\n%" PRIu64 " gap%s\n", stat->nr_gaps, stat->nr_gaps == 1 ? "" : "s");
	for (uint64_t i = 0; i < listed; i++)
		print_gap(stat, &stat->gaps[i]);
	if (listed < stat->nr_gaps)
		printf("and %" PRIu64 " more\n", stat->nr_gaps - listed);
}

static uint64_t print_slow_event(const struct report_counts *stat, int id)
{
	const char *why = counts_why_not_compiled(stat, id);
	uint64_t all = 0;

	if (!why)
		return 0;
	for (size_t i = 0; i < stat->report->nr_buffers; i++)
		all += counts_sum(stat, i, id);
	print_name(stat, id);
	printf(" %12" PRIu64 "  %s\n", all, why);
	return all;
}

/* What makes a report slow, for who asks for more. */
static void print_slow_events(const struct report_counts *stat)
{
	uint64_t all = 0;

	printf("\nEvents printed by libtraceevent, without a compiled format\n"
	       "%-40s %12s  %s\n",
	       "EVENT", "EVENTS", "WHY");
	for (int id = 0; id < COUNTS_IDS; id++)
		all += print_slow_event(stat, id);
	if (!all)
		printf("none\n");
}

/* The kernel's counters, as the recorder found them at the end. */
static void print_summary(const struct report *report)
{
	const char *const *stats = report->info->cpu_stats;

	if (*stats)
		printf("\nThe kernel's counters at the end of the recording\n");
	for (; *stats; stats++)
		if (report->config.escape)
			common_put_escaped(stdout, *stats, true);
		else
			printf("%s", *stats);
}

void counts_print_text(const struct report_counts *stat)
{
	const struct report *report = stat->report;

	print_file(report);
	for (size_t i = 0; i < report->nr_buffers; i++) {
		if (!report->buffers[i].nr_cpus)
			continue;
		print_line(report, "\nbuffer",
			   *report->buffers[i].name ? report->buffers[i].name :
						      "(top level)");
		print_cpus(stat, i);
		print_events(stat, i);
	}
	print_gaps(stat);
	if (report->config.verbosity > 0)
		print_slow_events(stat);
	print_summary(report);
}
