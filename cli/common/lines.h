/* SPDX-License-Identifier: GPL-2.0-only */
/* A record as lines: what was lost before it, the event, each ended by a newline. */
#ifndef COMMON_LINES_H
#define COMMON_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <trace-seq.h>

struct rbmap_batch;
struct rbmap_events;
struct rbmap_record;

/*
 * How a record is printed. All borrowed.
 * @time, @member: what ends each JSON object, ",NAME:VALUE}", in place of its "}", one
 *	after the other; may be NULL
 * @exit: the record is the entry of a function that calls no other, and this its exit;
 *	the event's line is of both; may be NULL
 * @batch: the event is the one of this @number in it, not formatted from the record;
 *	may be NULL
 */
struct common_lines {
	struct rbmap_events *events;
	bool json;
	const char *time;
	const char *member;
	const struct rbmap_record *exit;
	struct rbmap_batch *batch;
	size_t number;
};

/*
 * All return 0 or a negative errno; what a failure has added to the text is for the
 * caller to take back.
 */

/* A loss line where the record has a loss, then the event's line. */
int common_lines_put(const struct common_lines *lines,
		     const struct rbmap_record *record, struct trace_seq *text);

/* The event's line alone. */
int common_lines_put_event(const struct common_lines *lines,
			   const struct rbmap_record *record, struct trace_seq *text);

/* The loss line without what ends it, so that more can be said in it. */
int common_lines_put_loss(const struct common_lines *lines,
			  const struct rbmap_record *record, struct trace_seq *text);

/* Ends a line: the member and the newline. */
int common_lines_end(const struct common_lines *lines, struct trace_seq *text);

#endif
