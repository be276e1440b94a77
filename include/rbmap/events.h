/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: only one thread at a time can use events, even if each thread has its own,
 * since libtraceevent's plugins keep state for the whole process; rbmap_events_open()
 * and rbmap_events_close() count as uses. To print on several threads, use a batch.
 */
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
struct tep_record;
struct trace_seq;
struct tracefs_instance;

/**
 * struct rbmap_events_options - options of rbmap_events_open()
 *
 * @size: sizeof(struct rbmap_events_options)
 * @instance: a libtracefs instance, borrowed until rbmap_events_close(); NULL selects
 *	the top-level instance
 * @systems: a NULL-terminated list of event systems, borrowed during the call; NULL
 *	loads all systems. The "ftrace" system is always loaded
 * @tep: a libtraceevent handle to load into, together with any plugins and function
 *	names it already has; a reference is taken. NULL creates a new handle
 * @log: where messages go
 * @instance_name: instead of @instance, the name of an instance that exists, borrowed
 *	during the call
 *
 * Zero the struct, set @size, then set the fields you need.
 *
 * Since: 0.1
 */
struct rbmap_events_options {
	size_t size;
	struct tracefs_instance *instance;
	const char *const *systems;
	struct tep_handle *tep;
	struct rbmap_log log;
	const char *instance_name;
};

/**
 * rbmap_events_open - load the event formats of an instance
 *
 * @ret: the events on success, untouched on failure; free them with
 *	rbmap_events_close()
 * @options: borrowed during the call
 *
 * Also loads everything else that printing needs: libtraceevent's plugins (as root only
 * those in the system's folder, never from $HOME or TRACEEVENT_PLUGIN_DIR), the names
 * of kernel functions, the trace_printk() formats, the saved command lines and the trace
 * clock. The plugins keep state for the whole process, so two threads must not use
 * events at the same time, even if each has its own; to print from several threads, use
 * rbmap_batch(3). A format that libtraceevent cannot parse is not an error: its records
 * are printed as raw fields.
 *
 * Returns 0, -E2BIG if @options has non-zero fields that this library does not know,
 * -EINVAL if @options has both an instance and an instance_name, or one with a '/',
 * -ENOENT if the instance or a system does not exist, -ENOMEM, or the negative errno
 * from reading the files.
 *
 * Since: 0.1
 */
int rbmap_events_open(struct rbmap_events **ret,
		      const struct rbmap_events_options *options);

/**
 * rbmap_events_from_tep - use the event formats of a libtraceevent handle
 *
 * @ret: the events on success, untouched on failure; free them with
 *	rbmap_events_close()
 * @tep: the handle, with its events, plugins, commands and functions; a reference is
 *	taken
 * @clock: the name of the trace clock, borrowed during the call; NULL if it counts
 *	nanoseconds
 *
 * Compiles and prints the formats that are already in the handle, and those that are
 * added to it later. Nothing is read from tracefs or /proc. As with
 * rbmap_events_open(), two threads must not use events at the same time.
 *
 * Handlers of events and functions of print formats that the program has registered in
 * the handle (tep_register_event_handler(), tep_register_print_function()) are called
 * only where a line is printed: by rbmap_events_text() and by rbmap_batch_add() of
 * RBMAP_BATCH_TEXT, as tep_print_event() would call them, and not for records that are
 * cut short. JSON objects, fields, filters and columns never call them. The handle's
 * function resolver is asked for the names of functions, in lines and in objects. All
 * of this also applies to the handle of rbmap_events_options and to rbmap_events_tep().
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_from_tep(struct rbmap_events **ret, struct tep_handle *tep,
			  const char *clock);

/**
 * enum rbmap_time_format - how rbmap_events_text() prints time stamps
 *
 * @RBMAP_TIME_CLOCK: as the trace clock requires, which is the default: in seconds, or
 *	as a number if the clock does not count nanoseconds
 * @RBMAP_TIME_SECONDS: in seconds
 * @RBMAP_TIME_DATE: nanoseconds since the Epoch, as local date and time:
 *	2026-11-26 21:05:07.123456
 * @RBMAP_TIME_NS: a flag: with nine digits after the point instead of six; without it,
 *	times are rounded to the nearest microsecond
 *
 * Since: 0.1
 */
enum rbmap_time_format {
	RBMAP_TIME_CLOCK = 0,
	RBMAP_TIME_SECONDS = 1,
	RBMAP_TIME_DATE = 2,
	RBMAP_TIME_NS = 1 << 8
};

/**
 * rbmap_events_set_time_format - choose how time stamps are printed
 *
 * @events: the events
 * @format: one of enum rbmap_time_format, with RBMAP_TIME_NS or without
 *
 * Applies to rbmap_events_text(), and to records that are added to a batch afterwards.
 * The time stamps of the records are printed as they are; to print those of another
 * clock, convert them first, for example with rbmap_tracedat_reader_convert(). JSON
 * objects do not change.
 *
 * Returns 0, or -EINVAL if @format is not a known format.
 *
 * Since: 0.1
 */
int rbmap_events_set_time_format(struct rbmap_events *events, unsigned int format);

/**
 * enum rbmap_text_format - how rbmap_events_text() prints lines
 *
 * @RBMAP_TEXT_LATENCY: a flag: with the columns of trace-cmd report -l instead of the
 *	CPU in brackets: the CPU, whether interrupts were off, whether a reschedule was
 *	due, hard or soft interrupt, the depths of preempt_disable() and
 *	migrate_disable()
 * @RBMAP_TEXT_ESCAPE: a flag: control characters in names and strings are printed as \n,
 *	\t or \x1b, and bytes that are not valid UTF-8 as \x9b, so that a string cannot
 *	control a terminal or look like another line. Newlines and tabs of events without
 *	strings, such as kernel_stack, stay
 *
 * Since: 0.1
 */
enum rbmap_text_format {
	RBMAP_TEXT_LATENCY = 1 << 0,
	RBMAP_TEXT_ESCAPE = 1 << 1
};

/**
 * rbmap_events_set_text_format - choose how lines are printed
 *
 * @events: the events
 * @format: flags of enum rbmap_text_format, or 0, which is the default
 *
 * Applies to rbmap_events_text(), and to records that are added to a batch afterwards.
 * JSON objects do not change.
 *
 * Returns 0, or -EINVAL if @format has an unknown flag.
 *
 * Since: 0.1
 */
int rbmap_events_set_text_format(struct rbmap_events *events, unsigned int format);

/**
 * rbmap_events_close - free the events
 *
 * @events: may be NULL
 *
 * Since: 0.1
 */
void rbmap_events_close(struct rbmap_events *events);

/**
 * rbmap_events_tep - get the libtraceevent handle
 *
 * @events: the events
 *
 * Returns the handle, valid until rbmap_events_close(). To keep it longer, take a
 * reference with tep_ref().
 *
 * Since: 0.1
 */
struct tep_handle *rbmap_events_tep(const struct rbmap_events *events);

/**
 * rbmap_events_find - find the event of a record
 *
 * @events: the events
 * @record: borrowed
 *
 * Returns libtraceevent's event, valid until rbmap_events_close(), or NULL if the
 * record belongs to no loaded event.
 *
 * Since: 0.1
 */
struct tep_event *rbmap_events_find(const struct rbmap_events *events,
				    const struct rbmap_record *record);

/**
 * rbmap_record_id - the event of a record, as a number
 *
 * @events: the events
 * @record: borrowed
 *
 * The number is the common_type field of the record, which is the ID in the event's
 * format. rbmap_events_find() returns the event itself.
 *
 * Returns the number, at most 65535, or -EBADMSG if the record is too short to have one.
 *
 * Since: 0.1
 */
int rbmap_record_id(const struct rbmap_events *events,
		    const struct rbmap_record *record);

/**
 * rbmap_record_pid - the thread that wrote a record
 *
 * @events: the events
 * @record: borrowed
 *
 * The thread ID is the common_pid field of the record. rbmap_events_comm() returns the
 * command name that belongs to it.
 *
 * Returns the thread ID, 0 for the idle task, -EBADMSG if the record is too short to
 * have one or has a negative number in its place, or -ENOENT if no event is loaded.
 *
 * Since: 0.1
 */
int rbmap_record_pid(struct rbmap_events *events, const struct rbmap_record *record);

/**
 * rbmap_record_tep - pass a record to libtraceevent
 *
 * @record: borrowed
 * @ret: overwritten: a struct tep_record of libtraceevent, whose data are those of
 *	@record, not a copy, and valid as long
 *
 * missed_events is the number of events lost before the record, or -1 if it is not
 * known. The struct is not reference-counted.
 *
 * libtraceevent can read past the end of a record whose contents are invalid. With
 * records from an untrusted source, use rbmap_field(3), rbmap_events_text() or
 * rbmap_events_json(), which do not.
 *
 * Since: 0.1
 */
void rbmap_record_tep(const struct rbmap_record *record, struct tep_record *ret);

/**
 * rbmap_events_comm - the command name of a thread
 *
 * @events: the events
 * @pid: a thread ID, such as rbmap_record_pid() returns
 *
 * The name is the current one. It is read from /proc if the thread still exists and the
 * caller is in the initial PID namespace, otherwise from saved_cmdlines. A name is
 * looked up at most ten times a second.
 *
 * Returns a string, valid until the next call on the events: "<idle>" for pid 0,
 * "<...>" if the name is not known.
 *
 * Since: 0.1
 */
const char *rbmap_events_comm(struct rbmap_events *events, int pid);

/**
 * rbmap_events_text - print a record as a line of trace-cmd report
 *
 * @events: the events
 * @record: borrowed
 * @out: a trace_seq of libtraceevent; the line is appended without a newline
 *
 * The command name is the one that rbmap_events_comm() returns. Events lost before the
 * record are not mentioned; print them with rbmap_events_lost_text().
 *
 * The line is printed by the event's compiled format or, if there is none, by
 * libtraceevent; the text is the same (see rbmap_events_why_not_compiled()). Nothing
 * outside the record is ever read. Broken records are marked: the line ends in "[FIELD
 * OUTSIDE THE RECORD]" if a field reaches past the end of the record, and contains
 * "[RECORD CUT SHORT: N BYTES]" if the fixed-size fields do. A record that could make
 * libtraceevent misbehave is printed as its plain fields, after "[PRINT FORMAT NOT
 * TRUSTED]". In a compiled format, a division by 0 yields 0.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_text(struct rbmap_events *events, const struct rbmap_record *record,
		      struct trace_seq *out);

/**
 * rbmap_events_is_leaf - whether two records are a function that calls no other
 *
 * @events: the events
 * @entry: borrowed
 * @exit: the next record of the same instance, in time order; borrowed. NULL: whether
 *	@entry may be the first of two such records
 *
 * trace-cmd report prints the entry and the exit of a function as one line,
 * "1.500 us | function();", if nothing was traced in between: an event funcgraph_entry
 * that is followed by the funcgraph_exit of the same function, thread and CPU.
 * rbmap_events_leaf_text() prints such a line; by rbmap_events_text(), each of the two
 * records is a line of its own. If events were lost before @exit, the two are not a
 * leaf, since one of these events may have been a call.
 *
 * Returns 1 or 0.
 *
 * Since: 0.1
 */
int rbmap_events_is_leaf(struct rbmap_events *events, const struct rbmap_record *entry,
			 const struct rbmap_record *exit);

/**
 * rbmap_events_leaf_text - print a function that calls no other as a line
 *
 * @events: the events
 * @entry: borrowed
 * @exit: borrowed
 * @out: a trace_seq of libtraceevent; the line is appended without a newline
 *
 * The line has the time stamp of the entry.
 *
 * Returns 0, -EINVAL if the records are not a leaf (see rbmap_events_is_leaf()), or
 * -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_leaf_text(struct rbmap_events *events,
			   const struct rbmap_record *entry,
			   const struct rbmap_record *exit, struct trace_seq *out);

/**
 * rbmap_events_why_not_compiled - why an event is printed by libtraceevent
 *
 * @events: the events
 * @event: an event of the libtraceevent handle of @events, borrowed
 *
 * At the first record of an event, rbmap_events_text() compiles the event's print
 * format into steps that run several times as fast as libtraceevent. If it is not
 * certain that the steps print the same text, the format is not compiled and
 * libtraceevent prints the records. rbmap_events_json() does not use print formats and
 * is fast for all events.
 *
 * Returns a human-readable reason, which stays valid and must not be freed, or NULL if
 * the format compiles. Without memory to compile it, "no memory", with errno ENOMEM.
 *
 * Since: 0.1
 */
const char *rbmap_events_why_not_compiled(struct rbmap_events *events,
					  const struct tep_event *event);

/**
 * rbmap_events_lost_text - print lost events as a line of trace-cmd report
 *
 * @record: the first record after the loss, whose lost field is not 0; borrowed
 * @out: a trace_seq of libtraceevent; the line is appended without a newline
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_lost_text(const struct rbmap_record *record, struct trace_seq *out);

/**
 * rbmap_events_json - print a record as a JSON object
 *
 * @events: the events
 * @record: borrowed
 * @out: a trace_seq of libtraceevent; the object is appended without a newline
 *
 * The object has the form
 * {"ts":NS,"cpu":N,"comm":S,"pid":N,"event":S,"system":S,"type":N,"flags":N,
 * "preempt_count":N,"fields":{...}}. The common fields of the event have their names
 * without "common_"; after "preempt_count" come those that the kernel has in addition.
 * Fields have their names and their types: numbers with all digits, escaped strings
 * (bytes that are not valid UTF-8 become U+FFFD), and arrays. If the clock does not
 * count time, "ts" is the raw clock value. A record that belongs to no loaded event has
 * "event":null and its bytes as "raw".
 *
 * What addresses among the fields stand for comes after the fields, where it is known:
 * "functions":{FIELD:NAME}, "strings":{FIELD:S}, the kernel's strings, and "text":S, the
 * text of a trace_printk(). Strings are known only to events that loaded them: those of
 * rbmap_events_open() and of a trace.dat.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_json(struct rbmap_events *events, const struct rbmap_record *record,
		      struct trace_seq *out);

/**
 * rbmap_events_lost_json - print lost events as a JSON object
 *
 * @record: the first record after the loss, whose lost field is not 0; borrowed
 * @out: a trace_seq of libtraceevent; the object is appended without a newline
 *
 * The object has the form {"ts":NS,"cpu":N,"lost":N}. "ts" is the time stamp of
 * @record; "lost" is null if the number is not known.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_events_lost_json(const struct rbmap_record *record, struct trace_seq *out);

#ifdef __cplusplus
}
#endif

#endif
