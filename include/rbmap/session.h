/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a session can be used by one thread at a time. Different sessions are
 * independent. rbmap_session_split() moves half of the rings to a session for a second
 * thread.
 */
#ifndef RBMAP_SESSION_H
#define RBMAP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/log.h>
#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_session;
struct tracefs_instance;

/**
 * enum rbmap_engine - how spans are taken from the rings
 *
 * @RBMAP_ENGINE_AUTO: RBMAP_ENGINE_OBSERVE where it is reliable and nobody has consumed
 *	events of the rings so far; otherwise the cheaper one of the two others
 * @RBMAP_ENGINE_MAPPED: consume through the mapping, with TRACE_MMAP_IOCTL_GET_READER
 * @RBMAP_ENGINE_READ: consume with read(2), which works on every kernel
 * @RBMAP_ENGINE_OBSERVE: watch the mapping and consume nothing. It makes no system
 *	calls and takes no locks, and any number of observers can watch one ring. It
 *	requires the overwrite option, one of the trace clocks local, global, mono,
 *	mono_raw, boot and x86-tsc, and an x86 CPU
 *
 * Since: 0.1
 */
enum rbmap_engine {
	RBMAP_ENGINE_AUTO,
	RBMAP_ENGINE_MAPPED,
	RBMAP_ENGINE_READ,
	RBMAP_ENGINE_OBSERVE
};

/**
 * enum rbmap_session_flags - how spans are delivered
 *
 * @RBMAP_SESSION_COPIES: no span is overwritten before it is settled. With
 *	RBMAP_ENGINE_OBSERVE this makes every span a copy; the spans of the other
 *	engines are stable in any case
 * @RBMAP_SESSION_WHOLE: sub-buffers are delivered when the writer has left them, and
 *	those that it is still in only in rounds that rbmap_session_wake_all() has begun.
 *	Call that at intervals, for example once a second. Fewer spans are copies then,
 *	or parts of a sub-buffer. The consuming engines cannot leave out a sub-buffer:
 *	they read a ring only if it is filled to the instance's buffer_percent (at every
 *	interval if that is more than 50)
 *
 * Since: 0.1
 */
enum rbmap_session_flags {
	RBMAP_SESSION_COPIES = 1 << 0,
	RBMAP_SESSION_WHOLE = 1 << 1
};

/**
 * struct rbmap_session_options - options of rbmap_session_open()
 *
 * @size: sizeof(struct rbmap_session_options)
 * @instance: a libtracefs instance, borrowed until rbmap_session_close(); NULL selects
 *	the top-level instance
 * @cpus: CPU numbers, borrowed during the call; NULL selects every CPU that has a ring
 * @nr_cpus: number of CPUs in @cpus
 * @engine: the engine to use
 * @log: where messages go
 * @flags: flags of enum rbmap_session_flags
 * @latency_ms: the maximum time in milliseconds until an event is read; 0 means 100.
 *	More than 100 saves wake-ups while nothing happens, see rbmap_session_wait(). A
 *	consuming engine uses 100 at most if the instance's buffer_percent is above 50
 * @instance_name: instead of @instance, the name of an instance that exists, borrowed
 *	during the call
 *
 * Zero the struct, set @size, then set the fields you need.
 *
 * Since: 0.1
 */
struct rbmap_session_options {
	size_t size;
	struct tracefs_instance *instance;
	const int *cpus;
	size_t nr_cpus;
	enum rbmap_engine engine;
	struct rbmap_log log;
	unsigned int flags;
	unsigned int latency_ms;
	const char *instance_name;
};

/**
 * struct rbmap_session_work - counts of the work a session has done
 *
 * @waits: rbmap_session_wait() calls
 * @get_readers: TRACE_MMAP_IOCTL_GET_READER calls
 * @reads: read(2) calls on rings
 *
 * Since: 0.1
 */
struct rbmap_session_work {
	uint64_t waits;
	uint64_t get_readers;
	uint64_t reads;
};

/**
 * rbmap_session_open - open the rings of an instance
 *
 * @ret: the session on success, untouched on failure; free it with
 *	rbmap_session_close()
 * @options: borrowed during the call
 *
 * Set the tracer, the clock and the buffer sizes of the instance first: the kernel
 * refuses to change them while its rings are open or mapped. Opening a session neither
 * starts nor stops tracing. The first spans hold the unread events that are already in
 * the rings.
 *
 * With RBMAP_ENGINE_AUTO, the engine depends on the kernel, the instance and the CPU:
 * rbmap_session_engine() returns the engine in use, and rbmap_session_engine_reason()
 * the reason. Be prepared for spans that are torn, or set RBMAP_SESSION_COPIES. A kernel
 * that cannot map ring buffers is not an error: the session uses read(2) and logs a
 * warning. Where the rings cannot be observed, the cost of GET_READER is measured in an
 * instance that is created for it and removed again, in a fraction of a second.
 *
 * Returns 0 or a negative errno: -E2BIG if @options has non-zero fields that this
 * library does not know, -EINVAL if @options is invalid, for example if it has both an
 * instance and an instance_name, -ENOENT if there is no instance of that name, -ENXIO
 * if a CPU has no ring, -EOPNOTSUPP if the rings cannot be observed (the log has the
 * reason), or an error from opening or mapping the rings (see rbmap_mapping_open()).
 *
 * Since: 0.1
 */
int rbmap_session_open(struct rbmap_session **ret,
		       const struct rbmap_session_options *options);

/**
 * rbmap_session_close - close the rings
 *
 * @session: may be NULL
 *
 * Invalidates all spans that were taken from the session.
 *
 * Since: 0.1
 */
void rbmap_session_close(struct rbmap_session *session);

/**
 * rbmap_session_engine - the engine in use
 *
 * @session: the session
 *
 * Returns the engine; never RBMAP_ENGINE_AUTO.
 *
 * Since: 0.1
 */
enum rbmap_engine rbmap_session_engine(const struct rbmap_session *session);

/**
 * rbmap_session_engine_reason - why this engine is in use
 *
 * @session: the session
 *
 * Returns a text without a newline, for people to read; valid until
 * rbmap_session_close().
 *
 * Since: 0.1
 */
const char *rbmap_session_engine_reason(const struct rbmap_session *session);

/**
 * rbmap_engine_name - the name of an engine
 *
 * @engine: the engine
 *
 * Returns "auto", "mapped", "read" or "observe", and "unknown" for any other value; the
 * string is static.
 *
 * Since: 0.1
 */
const char *rbmap_engine_name(enum rbmap_engine engine);

/**
 * rbmap_engine_consumes - whether an engine consumes events
 *
 * @engine: the engine
 *
 * Events that one consumer takes are not delivered to another. Use rbmap_account_fill()
 * to account for the events of a consuming engine, and rbmap_account_fill_observed()
 * for those of any other (see rbmap_stats(3)).
 *
 * Returns false for RBMAP_ENGINE_AUTO, whose choice is not known before: ask for
 * rbmap_session_engine(). Also false if @engine is not an engine.
 *
 * Since: 0.1
 */
bool rbmap_engine_consumes(enum rbmap_engine engine);

/**
 * rbmap_engine_maps - whether an engine maps the rings
 *
 * @engine: the engine
 *
 * While a ring is mapped, other processes can neither resize it nor take a snapshot.
 *
 * Returns false for RBMAP_ENGINE_AUTO, whose choice is not known before: ask for
 * rbmap_session_engine(). Also false if @engine is not an engine.
 *
 * Since: 0.1
 */
bool rbmap_engine_maps(enum rbmap_engine engine);

/**
 * rbmap_session_layout - the layout of the session's sub-buffers
 *
 * @session: the session
 *
 * Returns a pointer that is valid until rbmap_session_close().
 *
 * Since: 0.1
 */
const struct rbmap_layout *rbmap_session_layout(const struct rbmap_session *session);

/**
 * rbmap_session_cpus - the CPUs of the session
 *
 * @session: the session
 * @ret: set to an array of CPU numbers in ascending order, valid until
 *	rbmap_session_close(), rbmap_session_split() or rbmap_session_join()
 *
 * Returns the number of CPUs.
 *
 * Since: 0.1
 */
size_t rbmap_session_cpus(const struct rbmap_session *session, const int **ret);

/**
 * rbmap_session_work - get the counts of the work done so far
 *
 * @session: the session
 * @ret: filled in
 *
 * Since: 0.1
 */
void rbmap_session_work(const struct rbmap_session *session,
			struct rbmap_session_work *ret);

/**
 * rbmap_session_fd - a file descriptor for poll(2) and similar calls
 *
 * @session: the session
 *
 * Returns a file descriptor that is readable when rbmap_session_wait() would not block.
 * Take spans then until rbmap_session_take() returns 0. The descriptor belongs to the
 * session: do not close it and do not read from it.
 *
 * Since: 0.1
 */
int rbmap_session_fd(const struct rbmap_session *session);

/**
 * rbmap_session_wait - wait until there are spans to take
 *
 * @session: the session
 * @timeout_ms: milliseconds; 0 does not wait, a negative value waits indefinitely
 *
 * Wakes up when a ring is filled to the instance's buffer_percent, and at least every
 * 100 ms (or the latency_ms of the options). At these intervals all rings are read,
 * including those below the watermark. With RBMAP_ENGINE_OBSERVE, the call wakes up by
 * time alone. The interval adapts to how fast the rings fill, so that less than a
 * quarter of a ring is filled in between. A program that waits for rbmap_session_fd()
 * in a poll loop of its own does not need this function.
 *
 * An observer with a latency_ms above 100 uses such long intervals only while nothing is
 * written at all, and only if the instance's buffer_percent is 0: then the kernel wakes
 * it up at the next event. Otherwise it is there again before a sudden flood can fill
 * half of the largest ring, so that it does not come too late. Write 0 to
 * buffer_percent in an instance of your own; the consuming engines would wake up at each
 * event then.
 *
 * Returns 1, 0 on timeout, -EINTR, or another negative errno.
 *
 * Since: 0.1
 */
int rbmap_session_wait(struct rbmap_session *session, int timeout_ms);

/**
 * rbmap_session_take - take spans
 *
 * @session: the session
 * @spans: filled with up to @max spans; those of one CPU are in order
 * @max: the number of elements in @spans
 *
 * CPUs are served fairly: each call continues with the CPU after the last one of the
 * previous call, and no CPU is served twice before all others have been served once.
 * Settle all spans before the next call. The round ends when the call returns 0. By
 * then, everything has been delivered that was in the rings for which the last
 * rbmap_session_wait() woke up.
 *
 * If the last round has ended and rbmap_session_wait() was not called since, the call
 * first does what rbmap_session_wait() does with a timeout of 0.
 *
 * Returns the number of spans, 0 at the end of the round, -EINVAL if @max is less than
 * 1, -EBUSY if there are unsettled spans, -EPROTO if the kernel's values are not
 * plausible, or another negative errno.
 *
 * Since: 0.1
 */
int rbmap_session_take(struct rbmap_session *session, struct rbmap_span *spans,
		       int max);

/**
 * rbmap_session_settle - release the spans of the last take
 *
 * @session: the session
 * @spans: all spans of the last rbmap_session_take(), in the same order. Spans that
 *	were overwritten while they were in use get RBMAP_SPAN_TORN; the lost field of
 *	the span after them shows the loss
 * @nr: the number of spans
 *
 * Returns the number of overwritten spans (always 0 with the consuming engines), or
 * -EINVAL if these are not the spans of the last take.
 *
 * Since: 0.1
 */
int rbmap_session_settle(struct rbmap_session *session, struct rbmap_span *spans,
			 int nr);

/**
 * rbmap_session_wake_all - read all rings in the next round
 *
 * @session: the session
 *
 * The next round also delivers what the writer has put into the sub-buffers that it is
 * still in, with RBMAP_SESSION_WHOLE too.
 *
 * Use it at the end of a recording: stop tracing, then call this function and take
 * spans until 0 is returned. Repeat this until a round delivers nothing. Everything
 * that was written has then been delivered, even data below the watermark.
 *
 * Since: 0.1
 */
void rbmap_session_wake_all(struct rbmap_session *session);

/**
 * rbmap_session_split - move about half of the rings to a new session
 *
 * @session: keeps the other half
 * @ret: the new session on success, untouched on failure; free it with
 *	rbmap_session_close(), or with rbmap_session_join()
 *
 * Use it where one thread cannot keep up with all rings: each session can then be used
 * by a thread of its own. The rings are divided so that each half has about the same
 * load; without load every second ring is moved. Both sessions borrow the instance, or
 * share the one that was opened by its name.
 *
 * The rings carry on where they are: nothing is lost or delivered twice, sequence
 * numbers continue, and a round that has begun can be ended in both sessions. The next
 * rbmap_session_wait() of the new session returns immediately. What
 * rbmap_session_cpus() returned for @session is no longer valid. The work done so far is
 * counted in @session.
 *
 * Returns 0 or a negative errno: -EBUSY if there are unsettled spans, -EINVAL if
 * @session has only one ring or is part of a merge (see rbmap_merge_add()). On failure, @session is unchanged.
 *
 * Since: 0.1
 */
int rbmap_session_split(struct rbmap_session *session, struct rbmap_session **ret);

/**
 * rbmap_session_join - move all rings of another session to this one
 *
 * @session: gets the rings
 * @other: freed on success
 *
 * The reverse of rbmap_session_split(): the rings carry on where they are, and the work
 * of both is added up. The next rbmap_session_wait() returns immediately. What
 * rbmap_session_cpus() returned is no longer valid. No other thread may use either
 * session during the call.
 *
 * Returns 0 or a negative errno: -EBUSY if one of the two has unsettled spans, -EINVAL if
 * they have not the same instance, engine and flags, or a CPU in common, or if one of
 * them is part of a merge. On failure, both sessions can still be used.
 *
 * Since: 0.1
 */
int rbmap_session_join(struct rbmap_session *session, struct rbmap_session *other);

/**
 * rbmap_session_pressure - how full the rings become before they are read
 *
 * @session: the session
 *
 * A session that reads its rings in time has a low value. 100 means that the writer has
 * filled a ring as fast as the session could empty it, so that events are lost, or about
 * to be. It is up to date at the end of a round, and with RBMAP_ENGINE_OBSERVE also
 * during the round.
 *
 * Returns how much of the fullest ring was filled, in the last round or in this one so
 * far, in percent; 0 if it is not known.
 *
 * Since: 0.1
 */
unsigned int rbmap_session_pressure(const struct rbmap_session *session);

#ifdef __cplusplus
}
#endif

#endif
