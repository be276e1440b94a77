/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_COUNTS_H
#define REPORT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

/* Further gaps are only counted. */
#define COUNTS_GAPS 1000
/* What a record begins with is 16 bits. */
#define COUNTS_IDS 65536

/* @gaps_unknown: how often events were lost of which the file has no number */
struct counts_cpu {
	uint64_t records;
	uint64_t first;
	uint64_t last;
	uint64_t lost;
	uint64_t gaps_unknown;
};

/* @begins: there is a record before it, at @from */
struct counts_gap {
	size_t buffer;
	int cpu;
	bool begins;
	uint64_t lost;
	uint64_t from;
	uint64_t to;
};

/* @cpus: by the number of the stream; @counts: by the number of the event, then by that
 */
struct report_counts {
	struct report *report;
	size_t nr_streams;
	struct counts_cpu *cpus;
	uint64_t **counts;
	struct counts_gap *gaps;
	uint64_t nr_gaps;
};

struct tep_event;

/* NULL where the file has no format of it. */
const struct tep_event *counts_event(const struct report_counts *stat, int id);

/* NULL where a compiled format prints the event, or where nothing can or has to. */
const char *counts_why_not_compiled(const struct report_counts *stat, int id);

/* How many of the event each CPU of the buffer has; NULL where none of any has. */
const uint64_t *counts_of_event(const struct report_counts *stat, size_t buffer,
				int id);
uint64_t counts_sum(const struct report_counts *stat, size_t buffer, int id);

/* From the first to the last record of all CPUs of the buffer. */
void counts_extent(const struct report_counts *stat, size_t buffer, uint64_t *first,
		   uint64_t *last);

/* Events a second; false where the clock counts no time, or none went by. */
bool counts_rate(const struct report *report, uint64_t events, uint64_t first,
		 uint64_t last, double *ret);

/* Reads all records that are chosen: 0 or a negative errno. */
int counts_take_all(struct report_counts *stat);

#endif
