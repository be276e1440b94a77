/* SPDX-License-Identifier: LGPL-2.1-only */
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
 * enum rbmap_engine - how spans are got out of the ring
 *
 * @RBMAP_ENGINE_AUTO: the best of those that consume that this kernel allows
 * @RBMAP_ENGINE_MAPPED: consume through the mapping, with
 *	TRACE_MMAP_IOCTL_GET_READER
 * @RBMAP_ENGINE_READ: consume with read(2), which every kernel can
 * @RBMAP_ENGINE_OBSERVE: watch the mapping and consume nothing: no system call, no
 *	lock, any number of observers of one ring. Needs the option overwrite and a
 *	fine trace clock (local, global, mono, mono_raw, boot, x86-tsc), and x86
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
 * enum rbmap_session_flags - how spans are to be
 *
 * @RBMAP_SESSION_COPIES: no span is ever overwritten before it is settled. With
 *	RBMAP_ENGINE_OBSERVE all spans are copies then; those of other engines hold still
 *	anyway
 *
 * Since: 0.1
 */
enum rbmap_session_flags {
	RBMAP_SESSION_COPIES = 1 << 0
};

/**
 * struct rbmap_session_options - what rbmap_session_open() is to open
 *
 * @size: sizeof(struct rbmap_session_options)
 * @instance: a libtracefs instance, borrowed until rbmap_session_close(); NULL is
 *	the top-level one
 * @cpus: CPU numbers, borrowed during the call; NULL is every CPU that has a ring
 * @nr_cpus: how many @cpus
 * @engine: which engine
 * @log: where messages go
 * @flags: enum rbmap_session_flags
 * @latency_ms: milliseconds until an event is looked at, at most; 0 is 100
 *
 * Zero it, set @size, then set what is wanted.
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
};

/**
 * struct rbmap_session_work - what the session itself has done so far
 *
 * @waits: rbmap_session_wait() calls that went to the kernel
 * @get_readers: TRACE_MMAP_IOCTL_GET_READER calls
 * @reads: read(2) calls of rings
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
 * @ret: the session on success, untouched otherwise; free it with
 *	rbmap_session_close()
 * @options: borrowed during the call
 *
 * Set tracer, clock and sizes of the instance before: the kernel refuses to
 * change them while its rings are open or mapped. Tracing is neither started nor
 * stopped. Spans begin with what is unread in the rings.
 *
 * With RBMAP_ENGINE_AUTO a kernel that cannot map is no error: the session then
 * uses read(2), says so in the log, and rbmap_session_engine() tells.
 *
 * Returns 0, or a negative errno: -E2BIG where @options has fields that this
 * library does not know, -EINVAL for @options that make no sense, -ENXIO for a CPU
 * without a ring, -EOPNOTSUPP where the rings cannot be observed (the log has the
 * reason), else what opening or mapping said (rbmap_mapping_open()).
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
 * Spans that were taken are no longer valid.
 *
 * Since: 0.1
 */
void rbmap_session_close(struct rbmap_session *session);

/**
 * rbmap_session_engine - the engine in use
 *
 * @session: the session
 *
 * Never RBMAP_ENGINE_AUTO.
 *
 * Since: 0.1
 */
enum rbmap_engine rbmap_session_engine(const struct rbmap_session *session);

/**
 * rbmap_engine_name - an engine in a word: "auto", "mapped", "read" or "observe"
 *
 * @engine: the engine
 *
 * Returns a static string; "unknown" for anything else.
 *
 * Since: 0.1
 */
const char *rbmap_engine_name(enum rbmap_engine engine);

/**
 * rbmap_engine_parse - the engine of a name
 *
 * @ret: the engine on success, untouched otherwise
 * @name: as rbmap_engine_name() returns it, borrowed
 *
 * Returns 0, or -EINVAL where no engine has that name.
 *
 * Since: 0.1
 */
int rbmap_engine_parse(enum rbmap_engine *ret, const char *name);

/**
 * rbmap_engine_consumes - whether an engine takes events out of the ring
 *
 * @engine: the engine
 *
 * Events that one consumer takes are not delivered to another. Where nothing is
 * consumed, rbmap_account_fill_observed() accounts for the events, else
 * rbmap_account_fill().
 *
 * Returns true for RBMAP_ENGINE_AUTO, as it only chooses among engines that consume, and
 * false for no engine.
 *
 * Since: 0.1
 */
bool rbmap_engine_consumes(enum rbmap_engine engine);

/**
 * rbmap_engine_maps - whether an engine maps the ring
 *
 * @engine: the engine
 *
 * While a ring is mapped, others can neither resize it nor take a snapshot.
 *
 * Returns false for RBMAP_ENGINE_AUTO, which also works without a mapping, and for no
 * engine.
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
 * @ret: set to an array, ascending, valid until rbmap_session_close()
 *
 * Returns how many there are.
 *
 * Since: 0.1
 */
size_t rbmap_session_cpus(const struct rbmap_session *session, const int **ret);

/**
 * rbmap_session_work - what the session itself has done so far
 *
 * @session: the session
 * @ret: filled in
 *
 * Since: 0.1
 */
void rbmap_session_work(const struct rbmap_session *session,
			struct rbmap_session_work *ret);

/**
 * rbmap_session_fd - a file descriptor for poll(2) and the like
 *
 * @session: the session
 *
 * It is readable when rbmap_session_wait() would not block. It is the session's:
 * do not close it, do not read it.
 *
 * Since: 0.1
 */
int rbmap_session_fd(const struct rbmap_session *session);

/**
 * rbmap_session_wait - wait until it is worth taking spans
 *
 * @session: the session
 * @timeout_ms: milliseconds; 0 does not wait, negative waits for ever
 *
 * Wakes when a ring is full to the instance's buffer_percent, and at least every
 * 100 ms (or latency_ms of the options), when all rings are looked at for data below
 * that mark. With RBMAP_ENGINE_OBSERVE it wakes only by the time, the more often the
 * faster the rings fill: so that a quarter of a ring is not filled meanwhile. Has to be
 * called between two rounds of rbmap_session_take().
 *
 * Returns 1, 0 when the time is over, -EINTR, or another negative errno.
 *
 * Since: 0.1
 */
int rbmap_session_wait(struct rbmap_session *session, int timeout_ms);

/**
 * rbmap_session_take - get spans
 *
 * @session: the session
 * @spans: filled with up to @max spans, those of one CPU in their order
 * @max: how many @spans has room for
 *
 * Takes fairly: each call goes on with the CPU after the last one of the call
 * before, and no CPU gets a second turn before all had one. Every span has to be
 * settled before the next call. A round is over when it returns 0: what was in
 * the rings that the last rbmap_session_wait() woke for has then been delivered.
 *
 * Returns how many spans, 0 at the end of the round, -EINVAL where @max is less than
 * 1, -EBUSY where spans are unsettled, -EPROTO where the kernel's numbers make no
 * sense, or another negative errno.
 *
 * Since: 0.1
 */
int rbmap_session_take(struct rbmap_session *session, struct rbmap_span *spans,
		       int max);

/**
 * rbmap_session_settle - the sink is done with the spans of the last take
 *
 * @session: the session
 * @spans: all spans of the last rbmap_session_take(), in the same order; those
 *	that were overwritten while the sink used them get RBMAP_SPAN_TORN, and the
 *	one that follows them gets its lost
 * @nr: how many
 *
 * Returns how many were overwritten (always 0 with the engines that consume), or
 * -EINVAL where these are not the spans of the last take.
 *
 * Since: 0.1
 */
int rbmap_session_settle(struct rbmap_session *session, struct rbmap_span *spans,
			 int nr);

/**
 * rbmap_session_look_everywhere - look at every ring in the next round
 *
 * @session: the session
 *
 * For the end of a recording: stop the tracing, then call this and take until 0,
 * again and again until nothing is taken at all: all that was written has then been
 * delivered, watermark or not.
 *
 * Since: 0.1
 */
void rbmap_session_look_everywhere(struct rbmap_session *session);

#ifdef __cplusplus
}
#endif

#endif
