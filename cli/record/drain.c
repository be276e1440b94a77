// SPDX-License-Identifier: GPL-2.0-only
#include "drain.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include <rbmap/error.h>

#include "common.h"
#include "file-limits.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define FLUSH_NS NS_PER_SECOND
/* Sooner by so much, if it saves a wake-up. */
#define FLUSH_SLACK_NS (NS_PER_SECOND / 10)
#define SPANS 256
/* So often at a time: a round may go on for as long as the writer is busy. */
#define TAKES 16
#define MOST_DRAIN_ROUNDS 8

/* Only the first of several failures is reported. */
static int sink_failed(struct drain *drain, int r)
{
	struct recorder *recorder = drain->recorder;
	int none = 0;

	if (!atomic_compare_exchange_strong(&recorder->sink_error, &none, r))
		return COMMON_OK;
	if (r == -EPIPE)
		return COMMON_OK;
	if (atomic_flag_test_and_set(&recorder->end_told))
		return COMMON_FAILURE;
	return common_fail(
		"%s: %s; recording stopped, earlier data is kept",
		drain->file->output.path,
		r == -ETIMEDOUT ? "the program reading the output has stopped reading" :
				  rbmap_strerror(r));
}

/* Returns how many were stored, from the first on. */
static int store(struct drain *drain, const struct rbmap_span *spans, int nr,
		 int *status)
{
	const struct sink *sink = &drain->file->sink;
	int stored = 0, r = 0;

	if (drain->file->unwritten)
		r = unwritten_reserve(drain->file->unwritten, spans, nr);
	if (r < 0)
		*status = sink_failed(drain, r);
	while (stored < nr && !drain->recorder->sink_error) {
		r = sink->ops->put(sink->self, spans + stored, nr - stored);
		if (r < 0)
			*status = sink_failed(drain, r);
		else
			stored += r;
	}
	return stored;
}

/*
 * What the sink has stored is counted, and only that; but not before it is known that
 * it was not overwritten meanwhile.
 */
static int use_spans(struct drain *drain, struct rbmap_span *spans, int nr)
{
	struct recorder *recorder = drain->recorder;
	const struct sink *sink = &drain->file->sink;
	struct tally_span counted[SPANS];
	int status = COMMON_OK, stored, r = 0;

	stored = store(drain, spans, nr, &status);
	tally_count(&recorder->tally, spans, nr, counted);
	rbmap_session_settle(drain->session, spans, nr);
	/* Also where none is torn: what is whole is compressed now. */
	if (stored)
		r = sink->ops->discard(sink->self, spans, stored);
	if (r < 0 && !recorder->sink_error)
		status = sink_failed(drain, r);
	tally_put(&recorder->tally, spans, counted, stored);
	if (drain->file->unwritten)
		unwritten_add(drain->file->unwritten, spans, counted, stored);
	return status;
}

/* There is more in the file, which may have bounds. */
static void tell_recorder(struct drain *drain)
{
	drain->untold_bytes = 0;
	eventfd_write(drain->recorder->flushed_fd, 1);
}

static int take_once(struct drain *drain, int *nr)
{
	struct rbmap_span spans[SPANS];
	int status;

	*nr = rbmap_session_take(drain->session, spans,
				 recorder_turn(drain->session, SPANS));
	if (*nr < 0)
		return common_fail("the ring buffer could not be read: %s",
				   rbmap_strerror(*nr));
	if (*nr == 0)
		return COMMON_OK;
	drain->unflushed = true;
	drain->untold_bytes += (uint64_t)*nr * spans[0].subbuf_size;
	status = use_spans(drain, spans, *nr);
	if (drain->untold_bytes >= drain->tell_bytes)
		tell_recorder(drain);
	return status;
}

/* A part of a round, or all of it; *took: something was delivered. */
static int take_turn(struct drain *drain, bool *took)
{
	int status = COMMON_OK, nr = 1;

	for (int i = 0; status == COMMON_OK && nr > 0 && i < TAKES; i++) {
		status = take_once(drain, &nr);
		*took |= nr > 0;
	}
	drain->in_round = nr > 0;
	return status;
}

/* *again: one more round would let more out. */
static int end_round(struct drain *drain, bool *again)
{
	const struct sink *sink = &drain->file->sink;
	int r;

	*again = false;
	if (drain->in_round || drain->recorder->sink_error)
		return COMMON_OK;
	r = sink->ops->end_round(sink->self);
	*again = r > 0;
	return r < 0 ? sink_failed(drain, r) : COMMON_OK;
}

static int flush_cpus(const struct drain *drain)
{
	const struct sink *sink = &drain->file->sink;
	const int *cpus;
	size_t nr = rbmap_session_cpus(drain->session, &cpus);
	int r = 0;

	if (!sink->ops->by_cpu)
		return sink->ops->flush(sink->self);
	for (size_t i = 0; r == 0 && i < nr; i++)
		r = sink->ops->flush_cpu(sink->self, cpus[i]);
	return r;
}

int drain_flush(struct drain *drain)
{
	struct recorder *recorder = drain->recorder;
	const struct sink *sink = &drain->file->sink;
	struct sink_work work;
	int r;

	drain->next_flush = recorder_now() + FLUSH_NS;
	if (!drain->unflushed || recorder->sink_error)
		return COMMON_OK;
	drain->unflushed = false;
	r = flush_cpus(drain);
	sink->ops->work(sink->self, &work);
	recorder->bytes = work.bytes;
	tell_recorder(drain);
	if (r == 0 && output_is_out_of_room(&drain->file->output))
		r = -ENOSPC;
	return r < 0 ? sink_failed(drain, r) : COMMON_OK;
}

/* Live lines need all rings at each look; a file needs them when it is flushed. */
static bool is_live(const struct drain *drain)
{
	return drain->file->sink.ops->needs_all_rings;
}

static bool apply_level(const struct drain *drain, int level)
{
	const struct sink *sink = &drain->file->sink;
	const int *cpus;
	size_t nr = rbmap_session_cpus(drain->session, &cpus);
	int r = 0;

	if (!sink->ops->set_level)
		return false;
	for (size_t i = 0; r == 0 && i < nr; i++)
		r = sink->ops->set_level(sink->self, cpus[i], level);
	return r == 0;
}

bool drain_set_level(struct drain *drain, int level)
{
	if (!apply_level(drain, level))
		return false;
	drain->level = level;
	return true;
}

/*
 * Between two turns, when all is settled: what was stored of a sub-buffer is in the old
 * file, and what it grows by will be in the new one.
 */
static int follow_recorder(struct drain *drain)
{
	struct record_file *old = drain->file, *next = drain->recorder->file;
	int status;

	if (old == next)
		return COMMON_OK;
	status = drain_flush(drain);
	record_file_use(next);
	drain->file = next;
	record_file_unuse(old);
	apply_level(drain, drain->level);
	return status;
}

static int begin_round(struct drain *drain)
{
	int r = rbmap_session_wait(drain->session, 0);

	if (r < 0 && r != -EINTR)
		return common_fail("waiting for the ring buffer failed: %s",
				   rbmap_strerror(r));
	return COMMON_OK;
}

static int look(struct drain *drain)
{
	int status = drain->in_round ? COMMON_OK : begin_round(drain);
	bool took = false, again;

	if (status == COMMON_OK)
		status = take_turn(drain, &took);
	if (status == COMMON_OK)
		status = end_round(drain, &again);
	if (status != COMMON_OK || !again)
		return status;
	/* Not at the next tick: live lines would come a tick late. */
	rbmap_session_wake_all(drain->session);
	status = take_turn(drain, &took);
	return status == COMMON_OK ? end_round(drain, &again) : status;
}

static int wait_for_something(struct drain *drain, struct drain_events *ret,
			      bool *ready)
{
	struct pollfd fds[] = {
		{ .fd = drain->stop_fd, .events = POLLIN },
		{ .fd = drain->wake_fd, .events = POLLIN },
		{ .fd = rbmap_session_fd(drain->session), .events = POLLIN },
	};
	uint64_t due = drain->in_round ? 0 : drain->next_flush;
	uint64_t begun = recorder_now();

	if (is_live(drain) && !drain->unflushed && !drain->in_round)
		due = UINT64_MAX;
	drain->polls++;
	if (poll(fds, 3, recorder_ms_until(begun, due)) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	drain->waited += recorder_now() - begun;
	ret->stop = fds[0].revents;
	ret->woken = fds[1].revents;
	*ready = drain->in_round || fds[2].revents;
	return COMMON_OK;
}

void drain_begin(struct drain *drain, struct rbmap_session *session,
		 struct record_file *file)
{
	drain->session = session;
	drain->file = file;
	drain->in_round = false;
	/* Another thread may have taken from these rings, and not flushed it. */
	drain->unflushed = true;
	drain->next_flush = recorder_now() + FLUSH_NS;
	drain->tell_bytes = limits_step(drain->recorder->config);
	drain_set_level(drain, 0);
}

void drain_end(struct drain *drain)
{
	record_file_unuse(drain->file);
}

int drain_join(struct drain *drain, struct rbmap_session **session)
{
	/* Its rings may have been drained into the next file already. */
	int status = follow_recorder(drain), r;

	r = rbmap_session_join(drain->session, *session);
	if (r < 0)
		return common_fail("rings could not be moved from one thread to "
				   "another: %s",
				   rbmap_strerror(r));
	*session = NULL;
	apply_level(drain, drain->level);
	return status;
}

/* With the sub-buffers that the writer is still in (RBMAP_SESSION_WHOLE). */
static int flush_all(struct drain *drain)
{
	bool took = false, again;
	int status = COMMON_OK;

	if (!is_live(drain)) {
		rbmap_session_wake_all(drain->session);
		status = take_turn(drain, &took);
		if (status == COMMON_OK)
			status = end_round(drain, &again);
	}
	return status == COMMON_OK ? drain_flush(drain) : status;
}

int drain_turn(struct drain *drain, struct drain_events *ret)
{
	bool ready = false;
	int status = wait_for_something(drain, ret, &ready);

	if (status == COMMON_OK && ready)
		status = look(drain);
	if (status == COMMON_OK)
		status = follow_recorder(drain);
	if (status == COMMON_OK && recorder_now() + FLUSH_SLACK_NS >= drain->next_flush)
		status = flush_all(drain);
	return status;
}

/*
 * Until a whole round of looking everywhere brings nothing. Two will do, unless another
 * program turns tracing on again; that must not hold up the end.
 */
int drain_rest(struct drain *drain)
{
	bool took = true, again;
	int status = COMMON_OK;

	for (int i = 0; status == COMMON_OK && took && i < MOST_DRAIN_ROUNDS; i++) {
		rbmap_session_wake_all(drain->session);
		took = false;
		do
			status = take_turn(drain, &took);
		while (status == COMMON_OK && drain->in_round);
		if (status == COMMON_OK)
			status = end_round(drain, &again);
	}
	return status;
}
