// SPDX-License-Identifier: GPL-2.0-only
#include "drain.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <tracefs.h>

#include <rbmap/error.h>

#include "common.h"
#include "progress.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define FLUSH_NS NS_PER_SECOND
#define SPANS 256
#define MOST_DRAIN_ROUNDS 8

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int sink_failed(struct recorder *recorder, int r)
{
	recorder->sink_error = r;
	recorder->stop = true;
	if (r == -EPIPE) {
		recorder->output_closed = true;
		return COMMON_OK;
	}
	return common_fail(
		"%s: %s; recording stopped, earlier data is kept",
		recorder->output->path,
		r == -ETIMEDOUT ? "the program reading the output has stopped reading" :
				  rbmap_strerror(r));
}

/* Returns how many were stored, from the first on. */
static int store(struct recorder *recorder, const struct rbmap_span *spans, int nr,
		 int *status)
{
	const struct sink *sink = &recorder->sink;
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
static int use_spans(struct recorder *recorder, struct rbmap_span *spans, int nr)
{
	struct tally_span counted[SPANS];
	int status = COMMON_OK, stored, torn, r = 0;

	tally_count(&recorder->tally, spans, nr, counted);
	stored = store(recorder, spans, nr, &status);
	torn = rbmap_session_settle(recorder->session, spans, nr);
	if (torn > 0 && stored)
		r = recorder->sink.ops->discard(recorder->sink.self, spans, stored);
	if (r < 0 && !recorder->sink_error)
		status = sink_failed(recorder, r);
	if (tally_put(&recorder->tally, spans, counted, stored) < 0)
		return common_fail("%s", strerror(ENOMEM));
	return status;
}

static int take_once(struct recorder *recorder, int *nr)
{
	struct rbmap_span spans[SPANS];

	*nr = rbmap_session_take(recorder->session, spans,
				 recorder_turn(recorder, SPANS));
	if (*nr < 0)
		return common_fail("the ring buffer could not be read: %s",
				   rbmap_strerror(*nr));
	if (*nr == 0)
		return COMMON_OK;
	return use_spans(recorder, spans, *nr);
}

/* *took: something was delivered; *again: one more round would let more out. */
static int run_round(struct recorder *recorder, bool *took, bool *again)
{
	int status, nr, r;

	*took = false;
	*again = false;
	do {
		status = take_once(recorder, &nr);
		if (status != COMMON_OK)
			return status;
		*took |= nr > 0;
	} while (nr > 0);
	if (recorder->sink_error)
		return COMMON_OK;
	r = recorder->sink.ops->end_round(recorder->sink.self);
	*again = r > 0;
	return r < 0 ? sink_failed(recorder, r) : COMMON_OK;
}

static int flush(struct recorder *recorder)
{
	int r;

	if (recorder->sink_error)
		return COMMON_OK;
	r = recorder->sink.ops->flush(recorder->sink.self);
	if (r == 0 && output_is_out_of_room(recorder->output))
		r = -ENOSPC;
	return r < 0 ? sink_failed(recorder, r) : COMMON_OK;
}

static int wait_for_something(struct recorder *recorder, uint64_t due)
{
	struct pollfd fds[] = {
		{ .fd = recorder->signal_fd, .events = POLLIN },
		{ .fd = rbmap_session_fd(recorder->session), .events = POLLIN },
	};
	bool took, again;
	int status, r;

	recorder->result.polls++;
	if (poll(fds, 2, recorder_ms_until(recorder_now(), due)) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	if (fds[0].revents)
		recorder_take_signals(recorder);
	if (!fds[1].revents)
		return COMMON_OK;
	r = rbmap_session_wait(recorder->session, 0);
	if (r < 0 && r != -EINTR)
		return common_fail("waiting for the ring buffer failed: %s",
				   rbmap_strerror(r));
	if (recorder->sink.ops->needs_all_rings)
		rbmap_session_wake_all(recorder->session);
	status = run_round(recorder, &took, &again);
	if (status != COMMON_OK || !again)
		return status;
	/* Not at the next tick: live lines would come a tick late. */
	rbmap_session_wake_all(recorder->session);
	return run_round(recorder, &took, &again);
}

int drain_until_stop(struct recorder *recorder)
{
	uint64_t duration = recorder->config->duration_ns;
	uint64_t end = duration ? recorder->started + duration : UINT64_MAX;
	uint64_t next_flush = recorder->started + FLUSH_NS;
	int status = COMMON_OK;
	uint64_t now;

	while (status == COMMON_OK && !recorder->stop) {
		status = wait_for_something(recorder,
					    end < next_flush ? end : next_flush);
		now = recorder_now();
		if (now >= end)
			recorder->stop = true;
		if (now < next_flush)
			continue;
		next_flush = now + FLUSH_NS;
		if (status == COMMON_OK)
			status = flush(recorder);
		progress_show(recorder, now);
	}
	return status;
}

/*
 * With tracing off: until a whole round of looking everywhere brings nothing. Two will
 * do, unless another program turns tracing on again; that must not hold up the end.
 */
static int drain(struct recorder *recorder)
{
	bool took = true, again;
	int status = COMMON_OK;

	for (int i = 0; status == COMMON_OK && took && i < MOST_DRAIN_ROUNDS; i++) {
		rbmap_session_wake_all(recorder->session);
		status = run_round(recorder, &took, &again);
	}
	return status;
}

static int finish(struct recorder *recorder)
{
	int r;

	/* Also after an error: what is stored is to be a whole file. */
	if (recorder->output_closed)
		return COMMON_OK;
	r = recorder->sink.ops->finish(recorder->sink.self);
	if (r == -EPIPE || r == 0 || recorder->sink_error)
		return COMMON_OK;
	return common_fail("%s: could not be completed: %s", recorder->output->path,
			   rbmap_strerror(r));
}

/* For the summary, when all is put back: rings and sink are gone by then. */
static void note_result(struct recorder *recorder)
{
	struct recorder_result *result = &recorder->result;

	result->engine = rbmap_session_engine(recorder->session);
	result->clock = tracefs_get_clock(target_instance(recorder->target));
	result->own_instance = target_is_own(recorder->target);
	rbmap_session_work(recorder->session, &result->session);
	recorder->sink.ops->work(recorder->sink.self, &result->sink);
	result->cpu_seconds = cpu_seconds();
}

int drain_end(struct recorder *recorder)
{
	int status = drain(recorder);

	status = common_worse(status, tally_end(&recorder->tally));
	if (target_is_own(recorder->target) && !recorder->config->cpus)
		tally_find_unrecorded(&recorder->tally);
	status = common_worse(status, finish(recorder));
	progress_clear(recorder);
	note_result(recorder);
	return status;
}
