/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/record.h>
#include <rbmap/tracedat.h>

#include "config.h"

/* Reported with the next record that is chosen. */
struct report_loss {
	size_t buffer;
	int cpu;
	uint64_t lost;
};

struct report {
	struct config config;
	int fd;
	struct rbmap_tracedat_reader *reader;
	const struct rbmap_tracedat_info *info;
	const struct rbmap_tracedat_buffer *buffers;
	size_t nr_buffers;
	struct choice *choice;
	struct report_loss *losses;
	size_t nr_losses;
};

/*
 * A record that was chosen, and its buffer. Where they are printed together, as
 * printer_next() has it, also the exit of the function that is entered.
 */
struct report_record {
	struct rbmap_record record;
	size_t buffer;
	bool has_exit;
	struct rbmap_record exit;
};

/*
 * The next record that is chosen: 1, 0 at the end, or a negative errno. A loss before a
 * record that is passed over is reported with the next one of its CPU.
 */
int report_next(struct report *report, struct report_record *ret);

/* Counts through the CPUs of all buffers; the CPU is one that the buffer has. */
size_t report_stream(const struct report *report, size_t buffer, int cpu);
size_t report_nr_streams(const struct report *report);

/* Each prints its errors and returns an exit code. */
int report_print_events(struct report *report);
int report_print_statistics(struct report *report);
int report_check(struct report *report);

/* What was found broken, to standard error; COMMON_FAILURE where anything was. */
int report_print_faults(const struct report *report);

#endif
