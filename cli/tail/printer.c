// SPDX-License-Identifier: GPL-2.0-only
#include "printer.h"

#include <inttypes.h>
#include <unistd.h>

#include <rbmap/record.h>

#define NS_PER_US 1000
#define US_PER_S 1000000

void printer_open(struct tail_printer *printer, struct rbmap_events *events,
		  int stop_fd)
{
	printer->lines.events = events;
	printer->leaf.lines = &printer->lines;
	trace_seq_init(&printer->text);
	common_writer_init(&printer->writer, STDOUT_FILENO, stop_fd);
}

void printer_close(struct tail_printer *printer)
{
	if (printer->lines.events) {
		trace_seq_destroy(&printer->text);
		common_writer_close(&printer->writer);
	}
	common_leaf_free(&printer->leaf);
}

static int write_out(struct tail_printer *printer)
{
	int r;

	r = common_writer_write(&printer->writer, printer->text.buffer,
				printer->text.len);
	trace_seq_reset(&printer->text);
	return r;
}

/* What comes next may be long in coming. */
int printer_flush(struct tail_printer *printer)
{
	int r = common_leaf_end(&printer->leaf, &printer->text);

	return r < 0 ? r : write_out(printer);
}

static int flush_if_full(struct tail_printer *printer)
{
	return printer->text.len < COMMON_WRITE_SIZE ? 0 : write_out(printer);
}

int printer_record(struct tail_printer *printer, const struct rbmap_record *record)
{
	struct rbmap_record event = *record;
	int r;

	/* Gaps have lines of their own, see printer_gap(). */
	event.lost = 0;
	r = common_leaf_put(&printer->leaf, &event, &printer->text);
	return r < 0 ? r : flush_if_full(printer);
}

int printer_lone_record(struct tail_printer *printer, const struct rbmap_record *record)
{
	int r = common_lines_put_event(&printer->lines, record, &printer->text);

	return r < 0 ? r : flush_if_full(printer);
}

int printer_pass(struct tail_printer *printer, const struct rbmap_record *record)
{
	return common_leaf_pass(&printer->leaf, record, &printer->text);
}

static void put_missed_text(struct tail_printer *printer, const struct gap *gap)
{
	uint64_t us = gap->missed / NS_PER_US;

	if (gap->missed_unknown)
		trace_seq_puts(&printer->text, " missed: unknown time");
	else if (printer->ticks)
		trace_seq_printf(&printer->text, " missed: %" PRIu64 " ticks",
				 gap->missed);
	else
		trace_seq_printf(&printer->text, " missed: %" PRIu64 ".%06" PRIu64 " s",
				 us / US_PER_S, us % US_PER_S);
}

/* The library's object, with a member more. */
static void put_missed_json(struct tail_printer *printer, const struct gap *gap)
{
	printer->text.len--;
	if (gap->missed_unknown)
		trace_seq_puts(&printer->text, ",\"missed\":null}");
	else
		trace_seq_printf(&printer->text, ",\"missed\":%" PRIu64 "}",
				 gap->missed);
}

int printer_gap(struct tail_printer *printer, int cpu, const struct gap *gap)
{
	struct rbmap_record after = { .cpu = cpu,
				      .time_stamp = gap->time_stamp,
				      .lost = gap->lost };
	int r = common_leaf_end(&printer->leaf, &printer->text);

	if (r == 0)
		r = common_lines_put_loss(&printer->lines, &after, &printer->text);
	if (r < 0)
		return r;
	if (printer->lines.json)
		put_missed_json(printer, gap);
	else
		put_missed_text(printer, gap);
	r = common_lines_end(&printer->lines, &printer->text);
	return r < 0 ? r : flush_if_full(printer);
}
