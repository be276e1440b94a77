/* SPDX-License-Identifier: GPL-2.0-only */
/* Events as lines on standard output. */
#ifndef REPORT_PRINTER_H
#define REPORT_PRINTER_H

#include <trace-seq.h>

#include <rbmap/batch.h>

#include "common.h"
#include "report.h"

struct report_printer {
	struct report *report;
	struct common_writer writer;
	/* What writing said, as opposed to reading. */
	int write_error;
	/* Names of buffers stand before the lines where there are several. */
	char **names;
	int name_width;
	/* Of the record before; read by --ts delta alone. */
	uint64_t previous;
	bool has_previous;
	/* What ends an object, of each buffer. NULL: there is but one. */
	char **members;
};

/*
 * The next record to be printed, as report_next() has it. Its time is the one that is
 * asked for; in an object, "ts" is always that of the file.
 */
int printer_next(struct report_printer *printer, struct report_record *ret);

/*
 * Adds a record's lines to the text, and nothing where that fails: 0 or a negative
 * errno. In a batch the record is the one of that number; NULL: it is printed right
 * away. With a batch it changes nothing but that and the text, and may be called by any
 * thread.
 */
int printer_put(const struct report_printer *printer,
		const struct report_record *record, struct rbmap_batch *batch,
		size_t number, struct trace_seq *text);

/* What stands before all lines. */
void printer_put_begin(const struct report_printer *printer, struct trace_seq *text);

/* Writes the text and empties it. */
int printer_write(struct report_printer *printer, struct trace_seq *text);

#endif
