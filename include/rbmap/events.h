/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_EVENTS_H
#define RBMAP_EVENTS_H

#include <stddef.h>

#include <rbmap/log.h>
#include <rbmap/record.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_events;
struct tep_event;
struct tep_handle;
struct trace_seq;
struct tracefs_instance;

/**
 * struct rbmap_events_options - what rbmap_events_open() is to load
 *
 * @size: sizeof(struct rbmap_events_options)
 * @instance: a libtracefs instance, borrowed until rbmap_events_close(); NULL is
 *	the top-level one
 * @systems: names of event systems, ended by NULL, borrowed during the call; NULL
 *	loads all. The "ftrace" system is always loaded
 * @tep: a libtraceevent handle to load into, of which a reference is taken, with the
 *	plugins and the function names that the caller has given it; NULL makes one
 * @log: where messages go
 *
 * Zero it, set @size, then set what is wanted.
 *
 * Since: 0.1
 */
struct rbmap_events_options {
	size_t size;
	struct tracefs_instance *instance;
	const char *const *systems;
	struct tep_handle *tep;
	struct rbmap_log log;
};

/**
 * rbmap_events_open - load the event formats of an instance
 *
 * @ret: the events on success, untouched otherwise; free them with
 *	rbmap_events_close()
 * @options: borrowed during the call
 *
 * Loads libtraceevent's plugins, the names of kernel functions, the trace_printk()
 * formats, the saved command lines and the clock as well, so that records can be
 * printed. The plugins keep state of the whole process: events of two threads must not
 * be used at the same time; to print by several threads there is <rbmap/batch.h>. A
 * format that libtraceevent cannot parse is no error: its records print as raw fields.
 *
 * Returns 0, -E2BIG where @options has fields that this library does not know,
 * -ENOENT where a system does not exist, -ENOMEM, or the negative errno of reading
 * the files.
 *
 * Since: 0.1
 */
int rbmap_events_open(struct rbmap_events **ret,
		      const struct rbmap_events_options *options);

/**
 * rbmap_events_from_tep - compile and print the event formats of a libtraceevent handle
 *
 * @ret: the events on success, untouched otherwise; free them with
 *	rbmap_events_close()
 * @tep: the handle, with its events, plugins, commands and functions; a reference is taken
 * @clock: the name of the trace clock, borrowed during the call; NULL is one in
 *	nanoseconds
 *
 * Nothing is read from tracefs or /proc: what the handle knows is all there is. Events
 * that it is given later are found as well. As with rbmap_events_open(), the events must
 * not be used by two threads at the same time.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_from_tep(struct rbmap_events **ret, struct tep_handle *tep,
			  const char *clock);

/**
 * rbmap_events_close - free the events
 *
 * @events: may be NULL
 *
 * Since: 0.1
 */
void rbmap_events_close(struct rbmap_events *events);

/**
 * rbmap_events_tep - the libtraceevent handle
 *
 * @events: the events
 *
 * Returns the handle, valid until rbmap_events_close(); take a reference of your
 * own (tep_ref()) to keep it for longer.
 *
 * Since: 0.1
 */
struct tep_handle *rbmap_events_tep(const struct rbmap_events *events);

/**
 * rbmap_events_find - the event of a record
 *
 * @events: the events
 * @record: borrowed
 *
 * Returns libtraceevent's event, valid until rbmap_events_close(), or NULL where
 * the record is of no loaded event.
 *
 * Since: 0.1
 */
struct tep_event *rbmap_events_find(const struct rbmap_events *events,
				    const struct rbmap_record *record);

/**
 * rbmap_events_comm - the name of a thread's command
 *
 * @events: the events
 * @pid: common_pid of a record
 *
 * The name is that of now, looked up in /proc for a thread that lives (in the first PID
 * namespace) and else in saved_cmdlines, at the most ten times a second.
 *
 * Returns a string, valid until the next call on the events: "<idle>" for 0, "<...>"
 * where the name is not known.
 *
 * Since: 0.1
 */
const char *rbmap_events_comm(struct rbmap_events *events, int pid);

/**
 * rbmap_events_text - a record as the line that trace-cmd report prints
 *
 * @events: the events
 * @record: borrowed
 * @out: a trace_seq of libtraceevent; the line is added, without a newline
 *
 * The name of the command is that of rbmap_events_comm(). Events lost before the record
 * are not told here: rbmap_events_lost_text().
 *
 * The line is printed by the compiled format of the event, or else by libtraceevent,
 * which gives the same text: see rbmap_events_why_not_compiled(). Nothing outside the
 * record is read. Where a field of a broken record would lie there the line ends in
 * "[FIELD OUTSIDE THE RECORD]" (or says "[RECORD CUT SHORT: N BYTES]" where the fixed
 * fields do); a division by 0 is 0; and a record that would lead libtraceevent astray is
 * printed as its fields, behind "[PRINT FORMAT NOT TRUSTED]".
 *
 * Returns 0, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_text(struct rbmap_events *events, const struct rbmap_record *record,
		      struct trace_seq *out);

/**
 * rbmap_events_why_not_compiled - why libtraceevent prints an event, and so slowly
 *
 * @events: the events
 * @event: of their libtraceevent handle, borrowed
 *
 * rbmap_events_text() compiles the print format of an event once, at its first record,
 * into steps that print several times as fast as libtraceevent. A format of which it
 * is not sure that the steps print the same does not compile: libtraceevent prints
 * these records. rbmap_events_json() needs no print format and is fast for all events.
 *
 * Returns a reason for people to read, which needs no freeing and stays valid; NULL
 * where the format compiles.
 *
 * Since: 0.1
 */
const char *rbmap_events_why_not_compiled(struct rbmap_events *events,
					  const struct tep_event *event);

/**
 * rbmap_events_lost_text - the line that trace-cmd report prints for lost events
 *
 * @record: the record that follows the loss, with its lost not 0; borrowed
 * @out: a trace_seq of libtraceevent; the line is added, without a newline
 *
 * Returns 0, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_lost_text(const struct rbmap_record *record, struct trace_seq *out);

/**
 * rbmap_events_json - a record as one JSON object
 *
 * @events: the events
 * @record: borrowed
 * @out: a trace_seq of libtraceevent; the object is added, without a newline
 *
 * {"ts":NS,"cpu":N,"comm":S,"pid":N,"event":S,"system":S,"flags":N,
 * "fields":{...}}: the fields by their names and in their real types: numbers with
 * all their digits, strings escaped (bytes that are not UTF-8 as U+FFFD), arrays as
 * arrays. With a clock that is no time, ts is the clock's number. A record of no
 * loaded event has "event":null and its bytes as "raw".
 *
 * Returns 0, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_json(struct rbmap_events *events, const struct rbmap_record *record,
		      struct trace_seq *out);

/**
 * rbmap_events_lost_json - lost events as one JSON object
 *
 * @record: the record that follows the loss, with its lost not 0; borrowed
 * @out: a trace_seq of libtraceevent; the object is added, without a newline
 *
 * {"ts":NS,"cpu":N,"lost":N}; "lost" is null where the number is not known; ts is
 * the record's.
 *
 * Returns 0, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_lost_json(const struct rbmap_record *record, struct trace_seq *out);

#ifdef __cplusplus
}
#endif

#endif
