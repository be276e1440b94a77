/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a follow can be used by one thread at a time, except for
 * rbmap_follow_stop(), which any thread and any signal handler can call. Two threads
 * must not add sources, or close follows, or print in callbacks at the same time, since
 * these use events (see rbmap_events(3)).
 */
#ifndef RBMAP_FOLLOW_H
#define RBMAP_FOLLOW_H

#include <stddef.h>

#include <rbmap/events.h>
#include <rbmap/log.h>
#include <rbmap/record.h>
#include <rbmap/session.h>
#include <rbmap/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_follow;
struct rbmap_tracedat_reader;
struct tracefs_instance;

/**
 * struct rbmap_follow_options - options of rbmap_follow_open()
 *
 * @size: sizeof(struct rbmap_follow_options)
 * @engine: the engine that reads the rings of instances
 * @latency_ms: the maximum time in milliseconds until an event is read, as in struct
 *	rbmap_session_options; 0 means 100
 * @cpus: the CPUs to follow, borrowed during the call; NULL selects all. A CPU that a
 *	file does not have is left out there
 * @nr_cpus: number of CPUs in @cpus
 * @systems: a NULL-terminated list of event systems, borrowed during the call: of
 *	instances, only the formats of these are loaded, which takes less time. NULL loads
 *	all systems
 * @log: where messages go
 *
 * Zero the struct, set @size, then set the fields you need.
 *
 * Since: 0.1
 */
struct rbmap_follow_options {
	size_t size;
	enum rbmap_engine engine;
	unsigned int latency_ms;
	const int *cpus;
	size_t nr_cpus;
	const char *const *systems;
	struct rbmap_log log;
};

/**
 * struct rbmap_follow_record - a record, and where it comes from
 *
 * @record: the record; a loss before it is in its lost field
 * @events: the event formats it belongs to, those of its source
 * @source: the number of the source
 *
 * Allocated by the library. It and the record's data are valid until the callback
 * returns, or until the next call on the follow.
 *
 * Since: 0.1
 */
struct rbmap_follow_record {
	struct rbmap_record record;
	struct rbmap_events *events;
	int source;
};

/**
 * rbmap_follow_open - create a follow, which calls functions for events in time order
 *
 * @ret: the follow on success, untouched on failure; free it with rbmap_follow_close()
 * @options: borrowed during the call; NULL selects the defaults
 *
 * A follow reads one or more instances while they are traced, or one or more files. Add
 * these sources first, then the callbacks, and then call rbmap_follow_run(), or use
 * rbmap_follow_step() or rbmap_follow_next() in a loop of your own.
 *
 * Records are delivered in the order of time, over all CPUs and sources. Those of one
 * CPU of a source keep the order in which they were written. Data that the kernel
 * overwrites while it is read is never delivered; it is reported as lost.
 *
 * A follow neither starts nor stops tracing and changes no settings: use libtracefs(3)
 * to enable events. At the end, turn tracing off before rbmap_follow_stop() if no event
 * is to come after those that are delivered. A program that prints each event and is
 * traced itself produces new events without end: use an instance of your own, and keep
 * the program out of it with set_event_notrace_pid.
 *
 * A follow can be used by only one thread at a time, except for rbmap_follow_stop().
 *
 * Returns 0, -E2BIG if @options has non-zero fields that this library does not know,
 * -EINVAL if @options is invalid, -ENOMEM, or the negative errno from creating file
 * descriptors.
 *
 * Since: 0.1
 */
int rbmap_follow_open(struct rbmap_follow **ret,
		      const struct rbmap_follow_options *options);

/**
 * rbmap_follow_close - free a follow
 *
 * @follow: may be NULL; must not be in use, also not by rbmap_follow_stop()
 *
 * Closes what the follow has opened. A mapped instance can be removed afterwards.
 *
 * Since: 0.1
 */
void rbmap_follow_close(struct rbmap_follow *follow);

/**
 * rbmap_follow_add_instance - follow an instance
 *
 * @follow: the follow
 * @instance: a libtracefs instance, borrowed until rbmap_follow_close(); NULL selects
 *	the top-level instance
 * @events: the event formats of the instance, borrowed until rbmap_follow_close(); NULL
 *	loads those that the options of the follow select
 *
 * Set the tracer, the clock and the buffer sizes of the instance first: the kernel
 * refuses to change them while its rings are open or mapped. Unread events that are
 * already in the rings are delivered first. Several instances must have the same trace
 * clock, since their records would have no common order otherwise.
 *
 * Events that are created later, such as probes, are unknown to formats that were loaded
 * before. CPUs that come online for the first time later are not followed.
 *
 * Returns the number of the source (0, 1, ...) or a negative errno: -EINVAL if the
 * instance has another trace clock than a source before it, or if the follow has files,
 * -EBUSY if the follow has already delivered or looked for records, -ENOMEM, or an
 * error from rbmap_session_open() or rbmap_events_open().
 *
 * Since: 0.1
 */
int rbmap_follow_add_instance(struct rbmap_follow *follow,
			      struct tracefs_instance *instance,
			      struct rbmap_events *events);

/**
 * rbmap_follow_add_instance_name - follow an instance by its name
 *
 * @follow: the follow
 * @name: the name of an instance that exists, borrowed during the call; NULL selects the
 *	top-level instance
 * @events: the event formats of the instance, borrowed until rbmap_follow_close(); NULL
 *	loads those that the options of the follow select
 *
 * As rbmap_follow_add_instance(), for programs that do not use libtracefs.
 *
 * Returns as rbmap_follow_add_instance(), or -ENOENT if there is no instance of that
 * name.
 *
 * Since: 0.1
 */
int rbmap_follow_add_instance_name(struct rbmap_follow *follow, const char *name,
				   struct rbmap_events *events);

/**
 * rbmap_follow_add_file - read a trace.dat
 *
 * @follow: the follow
 * @fd: a regular file, open for reading, borrowed until rbmap_follow_close()
 *
 * Each ring buffer in the file is a source: the top-level one first, if the file has
 * one, then those of the instances in file order. Time stamps are those of
 * rbmap_tracedat_reader_next().
 *
 * Returns the number of the first of these sources, or a negative errno: -EINVAL if the
 * file has another trace clock than a source before it, or if the follow has instances,
 * -EBUSY if the follow has already delivered or looked for records, -ENODATA if the
 * file has no buffers, -ENOMEM, or an error from rbmap_tracedat_reader_open().
 *
 * Since: 0.1
 */
int rbmap_follow_add_file(struct rbmap_follow *follow, int fd);

/**
 * rbmap_follow_add_reader - read a trace.dat that is already open
 *
 * @follow: the follow
 * @reader: the reader, borrowed until rbmap_follow_close(); the follow calls
 *	rbmap_tracedat_reader_next(), so records that were taken before are left out
 *
 * As rbmap_follow_add_file(). For a file that may be malicious, open the reader with
 * rbmap_tracedat_reader_open_confined().
 *
 * Returns as rbmap_follow_add_file().
 *
 * Since: 0.1
 */
int rbmap_follow_add_reader(struct rbmap_follow *follow,
			    struct rbmap_tracedat_reader *reader);

/**
 * rbmap_follow_sources - the number of sources
 *
 * @follow: the follow
 *
 * Returns the number; sources are numbered from 0.
 *
 * Since: 0.1
 */
int rbmap_follow_sources(const struct rbmap_follow *follow);

/**
 * rbmap_follow_name - the name of a source
 *
 * @follow: the follow
 * @source: the number of the source
 *
 * Returns the name of the instance, "" for the top-level instance, or NULL if there is
 * no such source; valid until rbmap_follow_close().
 *
 * Since: 0.1
 */
const char *rbmap_follow_name(const struct rbmap_follow *follow, int source);

/**
 * rbmap_follow_events - the event formats of a source
 *
 * @follow: the follow
 * @source: the number of the source
 *
 * Returns the events, or NULL if there is no such source; valid until
 * rbmap_follow_close(). Do not close them.
 *
 * Since: 0.1
 */
struct rbmap_events *rbmap_follow_events(const struct rbmap_follow *follow, int source);

/**
 * rbmap_follow_session - the session of a source
 *
 * @follow: the follow
 * @source: the number of the source
 *
 * For rbmap_session_engine() and other questions. Do not wait, take, settle or close.
 *
 * Returns the session, or NULL if the source is not an instance; valid until
 * rbmap_follow_close().
 *
 * Since: 0.1
 */
struct rbmap_session *rbmap_follow_session(const struct rbmap_follow *follow,
					   int source);

/**
 * rbmap_follow_reader - the reader of a source
 *
 * @follow: the follow
 * @source: the number of the source
 *
 * For rbmap_tracedat_reader_faults(), which lists the damage of a file, and other
 * questions. Do not take, go to the next record, or close.
 *
 * Returns the reader, or NULL if the source is not a file; valid until
 * rbmap_follow_close().
 *
 * Since: 0.1
 */
struct rbmap_tracedat_reader *rbmap_follow_reader(const struct rbmap_follow *follow,
						  int source);

/**
 * rbmap_follow_account - what happened to the events of an instance
 *
 * @follow: the follow
 * @source: the number of the source
 * @ret: the sums over all CPUs that are followed, since the instance was added. Unread
 *	events that were in the rings then count as written
 *
 * At the end, tells what was delivered and what was lost, by the kernel's counters, also
 * if the numbers of the single losses are not known: rbmap_account_lost() is the sum.
 * Turn tracing off first, and call it when the follow has come to its end: records that
 * it has read from the rings but not delivered are among those of other readers, or
 * torn.
 *
 * Returns 0, -EINVAL if the source is not an instance, or as rbmap_account_fill() and
 * rbmap_counters_read(). With -ESTALE and -EBADMSG, @ret is filled in as well.
 *
 * Since: 0.1
 */
int rbmap_follow_account(const struct rbmap_follow *follow, int source,
			 struct rbmap_account *ret);

/**
 * rbmap_follow_callback - a function that is called for a record
 *
 * @record: the record; valid until the function returns
 * @data: what was given with the function
 *
 * It may call any function on the follow but rbmap_follow_next(), rbmap_follow_step(),
 * rbmap_follow_run(), rbmap_follow_wait() and rbmap_follow_close().
 *
 * Returns 0 to go on. Any other value ends rbmap_follow_step() and rbmap_follow_run(),
 * which return it: use a negative errno, but not -EAGAIN.
 *
 * Since: 0.1
 */
typedef int (*rbmap_follow_callback)(const struct rbmap_follow_record *record,
				     void *data);

/**
 * rbmap_follow_event - call a function for each record of an event
 *
 * @follow: the follow
 * @system: the event system, such as "sched", borrowed during the call; NULL searches
 *	all systems
 * @event: the event, such as "sched_switch", borrowed during the call; NULL selects
 *	those events of @system that have no callback of their own, or, if @system is
 *	NULL too, every event that has none of its own or of its system
 * @callback: the function
 * @data: passed to @callback
 *
 * Applies to all sources, also to those that are added later. A second callback for an
 * event replaces the first. Does not enable the event.
 *
 * Returns 0, -ENOENT if no source has this event, -EINVAL if @callback is NULL, or
 * -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_follow_event(struct rbmap_follow *follow, const char *system,
		       const char *event, rbmap_follow_callback callback, void *data);

/**
 * rbmap_follow_lost - call a function when events were lost
 *
 * @follow: the follow
 * @callback: the function
 * @data: passed to @callback
 *
 * @callback is called with the first record after the loss on its CPU, directly before
 * the callback of the record's event, if it has one. record.lost is the number of lost
 * events, or RBMAP_LOST_UNKNOWN. It is unknown if the engine is RBMAP_ENGINE_OBSERVE,
 * or if the sub-buffer after the gap has no room for the kernel's number. Without this
 * callback, losses are written to the log as warnings. Events that the kernel refused
 * to store leave no mark in the ring; rbmap_stats(3) counts them.
 *
 * The gap starts at the previous record of this CPU. Records that other CPUs wrote in
 * the meantime have already been delivered: a program that pairs records, such as the
 * entry and the exit of a system call, has to discard those that are open.
 *
 * Returns 0, or -EINVAL if @callback is NULL.
 *
 * Since: 0.1
 */
int rbmap_follow_lost(struct rbmap_follow *follow, rbmap_follow_callback callback,
		      void *data);

/**
 * rbmap_follow_next - get the next record in time order
 *
 * @follow: the follow
 * @ret: set to the record if 1 is returned, untouched otherwise; valid until the next
 *	call on the follow
 *
 * For loops of your own and for bindings: returns the records of all events, and calls
 * no callbacks. It does not wait: after -EAGAIN, call rbmap_follow_wait() or wait for
 * rbmap_follow_fd().
 *
 * Returns 1, 0 at the end (of all files, or after rbmap_follow_stop()), -EAGAIN if
 * there is no record yet, -EINVAL if the follow has no sources, or another negative
 * errno from reading them.
 *
 * Since: 0.1
 */
int rbmap_follow_next(struct rbmap_follow *follow,
		      const struct rbmap_follow_record **ret);

/**
 * rbmap_follow_step - call the callbacks for what there is
 *
 * @follow: the follow
 *
 * For a poll loop of your own: call it when rbmap_follow_fd() is readable. It does not
 * wait, and reads each ring at most twice. Of files, some thousand records are read.
 *
 * Returns 1 if there is more to come, 0 at the end (of all files, or after
 * rbmap_follow_stop()), what a callback returned if that is not 0, -EINVAL if the
 * follow has no sources, or another negative errno from reading them. It can be called
 * again in any case; a record whose callback has returned is not delivered again.
 *
 * Since: 0.1
 */
int rbmap_follow_step(struct rbmap_follow *follow);

/**
 * rbmap_follow_run - call the callbacks until the end
 *
 * @follow: the follow
 *
 * Waits and does what rbmap_follow_step() does, until there is no more to come. A signal
 * that is handled does not end it; call rbmap_follow_stop() in the handler.
 *
 * Returns 0 at the end, what a callback returned if that is not 0, or a negative errno
 * as rbmap_follow_step().
 *
 * Since: 0.1
 */
int rbmap_follow_run(struct rbmap_follow *follow);

/**
 * rbmap_follow_wait - wait until there is something to do
 *
 * @follow: the follow
 * @timeout_ms: milliseconds; 0 does not wait, a negative value waits indefinitely
 *
 * Wakes up as often as rbmap_session_wait() does, and at rbmap_follow_stop(). Does not
 * wait for files.
 *
 * Returns 1, 0 on timeout, -EINTR, or another negative errno.
 *
 * Since: 0.1
 */
int rbmap_follow_wait(struct rbmap_follow *follow, int timeout_ms);

/**
 * rbmap_follow_stop - end a follow
 *
 * @follow: the follow
 *
 * Can be called by any thread and by a signal handler, at any time, also before
 * rbmap_follow_run() and more than once. It returns at once; the follow wakes up. What
 * was written to the rings before is still delivered, and then rbmap_follow_run(),
 * rbmap_follow_step() and rbmap_follow_next() return 0. With files, no more records are
 * delivered. A follow that was stopped stays so.
 *
 * To stop without the events that are still in the rings, return a value other than 0
 * from a callback.
 *
 * Since: 0.1
 */
void rbmap_follow_stop(struct rbmap_follow *follow);

/**
 * rbmap_follow_fd - a file descriptor for poll(2) and similar calls
 *
 * @follow: the follow
 *
 * Returns a file descriptor that is readable when rbmap_follow_wait() would not block.
 * Call rbmap_follow_step() then, or rbmap_follow_next() until it returns -EAGAIN. The
 * descriptor belongs to the follow: do not close it and do not read from it.
 *
 * Since: 0.1
 */
int rbmap_follow_fd(const struct rbmap_follow *follow);

#ifdef __cplusplus
}
#endif

#endif
