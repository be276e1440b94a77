/* SPDX-License-Identifier: GPL-2.0-only */
/* Records and gaps as lines on standard output. */
#ifndef TAIL_PRINTER_H
#define TAIL_PRINTER_H

#include <stdbool.h>
#include <trace-seq.h>

#include "common.h"
#include "gap.h"
#include "leaf.h"
#include "lines.h"

struct rbmap_events;
struct rbmap_record;

struct tail_printer {
	struct common_lines lines;
	struct common_leaf leaf;
	/* The clock counts something else than nanoseconds. */
	bool ticks;
	struct trace_seq text;
	struct common_writer writer;
};

/* @printer is zeroed; @events is borrowed. */
void printer_open(struct tail_printer *printer, struct rbmap_events *events,
		  int stop_fd);

/* Takes a zeroed one. */
void printer_close(struct tail_printer *printer);

/* All return 0 or a negative errno; those of common_writer_write() among them. */
int printer_record(struct tail_printer *printer, const struct rbmap_record *record);
/* Whatever comes next. */
int printer_lone_record(struct tail_printer *printer,
			const struct rbmap_record *record);
/* One that is not shown. */
int printer_pass(struct tail_printer *printer, const struct rbmap_record *record);
int printer_gap(struct tail_printer *printer, int cpu, const struct gap *gap);
int printer_flush(struct tail_printer *printer);

#endif
