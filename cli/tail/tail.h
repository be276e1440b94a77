/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include <rbmap/merge.h>
#include <rbmap/record.h>
#include <rbmap/session.h>

#include "choice.h"
#include "config.h"
#include "gap.h"
#include "history.h"
#include "printer.h"

struct tracefs_instance;

struct tail_cpu {
	struct rbmap_walk walk;
	/* The walk met bytes that are no records. */
	bool broken;
	uint64_t order;
	/* Of the last record that was seen, shown or not. */
	uint64_t last;
	bool has_last;
	/* Not printed yet. */
	struct gap gap;
};

/* What the library has to say while rings are opened is the reason of a failure. */
struct tail_reason {
	int verbosity;
	bool over;
	char warning[256];
};

struct tail {
	struct config config;
	struct tracefs_instance *instance;
	struct rbmap_events *events;
	struct choice *choice;
	struct rbmap_session *session;
	struct rbmap_merge *merge;
	struct tail_printer printer;
	struct history history;
	struct tail_reason reason;
	/* By their numbers. */
	struct tail_cpu *cpus;
	size_t nr_cpus;
	/* The latest record that was seen, and up to where they are remembered. */
	uint64_t latest;
	uint64_t until;
	int signal_fd;
	/* A signal came. */
	bool ended;
	/* No more lines are wanted. */
	bool stop;
};

/* ---- tail.c; each prints its errors and returns an exit code ---- */

/* To each span that the round takes; returns 0 or a negative errno. */
typedef int (*tail_put)(struct tail *tail, const struct rbmap_span *span);

/* Until every ring has been looked at; *@took: there was something. */
int tail_round(struct tail *tail, tail_put put, bool *took);

/* What became of a line. */
int tail_printed(struct tail *tail, int r);

/* Notes where a record leaves its CPU; what was lost before it becomes part of the gap.
 */
void tail_note(struct tail_cpu *cpu, const struct rbmap_record *record, uint64_t lost);

/* Prints the gap of a CPU, if there is one, which then is none any more. */
int tail_print_gap(struct tail *tail, int cpu);

/* ---- past.c, follow.c: likewise ---- */

/* Reads what is in the rings now into the history. */
int tail_read_past(struct tail *tail);

/* Prints the first entry of the history at *@at that comes before @before. */
int tail_print_past(struct tail *tail, size_t *at, uint64_t before);

/* What was lost after the last that is shown. */
int tail_print_gaps(struct tail *tail);

/* Prints the history and all that follows, until it is to stop. */
int tail_follow(struct tail *tail);

#endif
