// SPDX-License-Identifier: GPL-2.0-only
#include "drain.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <rbmap/error.h>

#include "common.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define FLUSH_NS NS_PER_SECOND
/* Sooner by so much, if it saves a wake-up. */
#define FLUSH_SLACK_NS (NS_PER_SECOND / 10)
#define SPANS 256
#define MOST_DRAIN_ROUNDS 8

/* Only the first of several is told. */
static int sink_failed(struct recorder *recorder, int r)
{
	int none = 0;

	if (!atomic_compare_exchange_strong(&recorder->sink_error, &none, r))
		return COMMON_OK;
	if (r == -EPIPE)
		return COMMON_OK;
	return common_fail(
		"%s: %s; recording stopped, earlier data is kept",
		recorder->file->output.path,
		r == -ETIMEDOUT ? "the program reading the output has stopped reading" :
				  rbmap_strerror(r));
}

/* Returns how many were stored, from the first on. */
static int store(struct recorder *recorder, const struct rbmap_span *spans, int nr,
		 int *status)
{
	const struct sink *sink = &recorder->file->sink;
	int stored = 0, r;

	while (stored < nr && !recorder->sink_error) {
		r = sink->ops->put(sink->self, spans + stored, nr - stored);
		if (r < 0)
			*status = sink_failed(recorder, r);
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
	const struct sink *sink = &recorder->file->sink;
	struct tally_span counted[SPANS];
	int status = COMMON_OK, stored, torn, r = 0;

	tally_count(&recorder->tally, spans, nr, counted);
	stored = store(recorder, spans, nr, &status);
	torn = rbmap_session_settle(drain->session, spans, nr);
	if (torn > 0 && stored)
		r = sink->ops->discard(sink->self, spans, stored);
	if (r < 0 && !recorder->sink_error)
		status = sink_failed(recorder, r);
	if (tally_put(&recorder->tally, spans, counted, stored) < 0)
		return common_fail("%s", strerror(ENOMEM));
	return status;
}

static int take_once(struct drain *drain, int *nr)
{
	struct rbmap_span spans[SPANS];

	*nr = rbmap_session_take(drain->session, spans,
				 recorder_turn(drain->session, SPANS));
	if (*nr < 0)
		return common_fail("the ring buffer could not be read: %s",
				   rbmap_strerror(*nr));
	if (*nr == 0)
		return COMMON_OK;
	drain->unflushed = true;
	return use_spans(drain, spans, *nr);
}

/* *took: something was delivered; *again: one more round would let more out. */
static int run_round(struct drain *drain, bool *took, bool *again)
{
	struct recorder *recorder = drain->recorder;
	const struct sink *sink = &recorder->file->sink;
	int status, nr, r;

	*took = false;
	*again = false;
	do {
		status = take_once(drain, &nr);
		if (status != COMMON_OK)
			return status;
		*took |= nr > 0;
	} while (nr > 0);
	if (recorder->sink_error)
		return COMMON_OK;
	r = sink->ops->end_round(sink->self);
	*again = r > 0;
	return r < 0 ? sink_failed(recorder, r) : COMMON_OK;
}

static int flush(struct drain *drain)
{
	struct recorder *recorder = drain->recorder;
	const struct sink *sink = &recorder->file->sink;
	struct sink_work work;
	int r;

	drain->unflushed = false;
	drain->next_flush = recorder_now() + FLUSH_NS;
	if (recorder->sink_error)
		return COMMON_OK;
	r = sink->ops->flush(sink->self);
	sink->ops->work(sink->self, &work);
	recorder->bytes = work.bytes;
	if (r == 0 && output_is_out_of_room(&recorder->file->output))
		r = -ENOSPC;
	return r < 0 ? sink_failed(recorder, r) : COMMON_OK;
}

static int look(struct drain *drain)
{
	bool needs_all = drain->recorder->file->sink.ops->needs_all_rings;
	bool took, again;
	int r = rbmap_session_wait(drain->session, 0), status;

	if (r < 0 && r != -EINTR)
		return common_fail("waiting for the ring buffer failed: %s",
				   rbmap_strerror(r));
	if (needs_all)
		rbmap_session_wake_all(drain->session);
	status = run_round(drain, &took, &again);
	if (status != COMMON_OK || !again)
		return status;
	/* Not at the next tick: live lines would come a tick late. */
	rbmap_session_wake_all(drain->session);
	return run_round(drain, &took, &again);
}

/* *stop: it is time to. */
static int wait_and_look(struct drain *drain, bool *stop)
{
	struct pollfd fds[] = {
		{ .fd = drain->stop_fd, .events = POLLIN },
		{ .fd = rbmap_session_fd(drain->session), .events = POLLIN },
	};
	uint64_t due = drain->unflushed ? drain->next_flush : UINT64_MAX;

	drain->polls++;
	if (poll(fds, 2, recorder_ms_until(recorder_now(), due)) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	*stop = fds[0].revents;
	return fds[1].revents ? look(drain) : COMMON_OK;
}

int drain_until_stop(struct drain *drain)
{
	struct recorder *recorder = drain->recorder;
	int status = COMMON_OK;
	bool stop = false;

	drain->next_flush = recorder_now() + FLUSH_NS;
	while (status == COMMON_OK && !stop && !recorder->sink_error) {
		status = wait_and_look(drain, &stop);
		if (status == COMMON_OK && drain->unflushed &&
		    recorder_now() + FLUSH_SLACK_NS >= drain->next_flush)
			status = flush(drain);
	}
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
		status = run_round(drain, &took, &again);
	}
	return status;
}
