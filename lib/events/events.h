/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_EVENTS_EVENTS_H
#define RBMAP_EVENTS_EVENTS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traceevent/event-parse.h>

#include <rbmap/events.h>

#include "base/text.h"
#include "format/plan.h"
#include "names/names.h"

struct rbmap_plugins;
struct tracefs_instance;

#define RBMAP_SECOND_SIZE 24

/* How lines tell the time: a number where it is neither seconds nor a date. */
struct rbmap_time_style {
	bool seconds;
	bool date;
	/* Nine digits behind the point instead of six. */
	bool nanos;
};

/* How lines look. */
struct rbmap_line_style {
	struct rbmap_time_style time;
	/* The columns of trace-cmd report -l instead of the CPU in brackets. */
	bool latency;
	/* Control characters are escaped. */
	bool escape;
};

/*
 * A second as lines tell it, and the time stamps that are in it once they are rounded:
 * from @begin, before @end. @whole: where it begins. @style: of all that.
 */
struct rbmap_second {
	uint64_t begin, end, whole;
	struct rbmap_time_style style;
	uint8_t length;
	char text[RBMAP_SECOND_SIZE];
};

struct rbmap_events {
	struct tep_handle *tep;
	/* Loaded into the handle, or opened to try what the caller has loaded. */
	struct rbmap_plugins *plugins;
	bool owns_plugins, loaded_plugins;

	/* trace-cmd report shows this clock in seconds, to the microsecond. */
	bool usecs;
	struct rbmap_line_style style;
	struct rbmap_second second;
	/* The events are in the other byte order. */
	bool swap;
	/* common_pid, the same in all events; of size 0 before it is looked up. */
	struct format_place pid;

	/* By the events' numbers, each made at the first record. */
	struct format_plan **plans;
	size_t nr_plans;

	/* A record followed by zeros: libtraceevent may read past its end. */
	unsigned char *copy;
	size_t copy_size;
	size_t copy_used;

	/* Large, and so the last. */
	struct rbmap_names names;
};

/* Takes over the files, also on failure, and a reference of tep. */
int rbmap_events_new(struct rbmap_events **ret, struct tep_handle *tep,
		     const struct rbmap_names_files *files,
		     const struct rbmap_log *log);

void rbmap_events_set_clock(struct rbmap_events *events, const char *clock);

/*
 * tep_parse_event(), with a print format that would end the program left out. All that
 * parses a format comes here.
 */
enum tep_errno rbmap_events_parse(struct tep_handle *tep, const struct rbmap_log *log,
				  const char *text, size_t size, const char *system);

int rbmap_events_load(struct rbmap_events *events, struct tracefs_instance *instance,
		      const char *const *systems);

/* NULL where the record is of no loaded event, or without memory. */
const struct format_plan *rbmap_events_plan(struct rbmap_events *events,
					    const struct rbmap_record *record);

/* rbmap_record_id() without a call. */
static inline int events_record_id(const struct rbmap_events *events,
				   const struct rbmap_record *record)
{
	if (record->size < sizeof(uint16_t))
		return -EBADMSG;
	return format_read(record->data, sizeof(uint16_t), events->swap);
}

/* A field that all events have; NULL: no event is loaded, or it is not there. */
const struct tep_format_field *rbmap_events_common(const struct rbmap_events *events,
						   const char *name);

/* The record as libtraceevent wants it, its data copied; valid until the next. */
int rbmap_events_tep_record(struct rbmap_events *events,
			    const struct rbmap_record *record, struct tep_record *ret);

/* What libtraceevent itself makes of a record, without the head of the line. */
int rbmap_line_info(struct rbmap_events *events, const struct format_plan *plan,
		    const struct rbmap_record *record, struct trace_seq *out);

/* Whether the steps of a plan, which may be NULL, print the record. */
bool rbmap_line_is_compiled(const struct format_plan *plan,
			    const struct rbmap_record *record);

/*
 * Whether they are an entry and its exit that are one line, and what prints the
 * entries; NULL otherwise. @exit NULL: whether the entry may be part of such a line.
 */
const struct format_plan *rbmap_leaf_plan(struct rbmap_events *events,
					  const struct rbmap_record *entry,
					  const struct rbmap_record *exit);

/*
 * The record that is printed for both.
 * @data: has room for format_joined_size() of the plan; becomes the record's
 */
struct rbmap_record rbmap_leaf_join(struct rbmap_events *events,
				    const struct format_plan *plan,
				    const struct rbmap_record *entry,
				    const struct rbmap_record *exit, void *data);

/* How a line begins: "COMM-PID"; with the columns of latency, COMM is cut. */
void rbmap_line_comm(const char *comm, int pid, bool latency, struct text *text);

/* A whole line, by steps: false where only libtraceevent can print it. */
bool rbmap_line_compiled(struct rbmap_events *events, const struct format_plan *plan,
			 const struct rbmap_record *record, struct text *text);

/*
 * All that follows, of a record that the steps print; see rbmap_format_resolve().
 * @begin: of the line
 */
void rbmap_line_resolved(const struct format_plan *plan,
			 const struct rbmap_function *functions,
			 const struct rbmap_record *record,
			 const struct rbmap_line_style *style,
			 struct rbmap_second *second, size_t begin, struct text *text);

/* A part of an object: ,"comm":"COMM","pid":PID */
void rbmap_object_pid(struct text *text, struct rbmap_events *events, int pid);

/*
 * Another, which is the last: names and strings beside addresses, and the text of a
 * trace_printk(). Nothing where nothing of it is known.
 */
void rbmap_object_names(struct rbmap_events *events, const struct format_plan *plan,
			const struct rbmap_record *record, struct text *text);

/* The two parts. */
struct rbmap_object_parts {
	const char *pid, *names;
	size_t pid_length, names_length;
};

/* The object of a record that has a plan, with these. */
void rbmap_object_resolved(const struct format_plan *plan,
			   const struct rbmap_object_parts *parts,
			   const struct rbmap_record *record, struct text *text);

#endif
