// SPDX-License-Identifier: GPL-2.0-only
#include "drain.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include <rbmap/error.h>

#include "common.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define FLUSH_NS NS_PER_SECOND
/* Sooner by so much, if it saves a wake-up. */
#define FLUSH_SLACK_NS (NS_PER_SECOND / 10)
#define SPANS 256
/* However fast it is: no more than this is past a bound before it is noticed. */
#define TELL_BYTES (UINT64_C(16) << 20)
#define MOST_DRAIN_ROUNDS 8

/* Only the first of several is told. */
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
	int stored = 0, r;

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
	int status = COMMON_OK, stored, torn, r = 0;

	tally_count(&recorder->tally, spans, nr, counted);
	stored = store(drain, spans, nr, &status);
	torn = rbmap_session_settle(drain->session, spans, nr);
	if (torn > 0 && stored)
		r = sink->ops->discard(sink->self, spans, stored);
	if (r < 0 && !recorder->sink_error)
		status = sink_failed(drain, r);
	if (tally_put(&recorder->tally, spans, counted, stored) < 0 ||
	    (drain->file->unwritten &&
	     unwritten_add(drain->file->unwritten, spans, counted, stored) < 0))
		return common_fail("%s", strerror(ENOMEM));
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
	if (drain->untold_bytes >= TELL_BYTES)
		tell_recorder(drain);
	return status;
}

/* *took: something was delivered; *again: one more round would let more out. */
static int run_round(struct drain *drain, bool *took, bool *again)
{
	struct recorder *recorder = drain->recorder;
	const struct sink *sink = &drain->file->sink;
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
	return r < 0 ? sink_failed(drain, r) : COMMON_OK;
}

static int flush(struct drain *drain)
{
	struct recorder *recorder = drain->recorder;
	const struct sink *sink = &drain->file->sink;
	struct sink_work work;
	int r;

	drain->unflushed = false;
	drain->next_flush = recorder_now() + FLUSH_NS;
	if (recorder->sink_error)
		return COMMON_OK;
	r = sink->ops->flush(sink->self);
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

/* With the sub-buffers that the writer is still in (RBMAP_SESSION_WHOLE). */
static int flush_all(struct drain *drain)
{
	bool took, again;
	int status = COMMON_OK;

	if (!is_live(drain)) {
		rbmap_session_wake_all(drain->session);
		status = run_round(drain, &took, &again);
	}
	if (status == COMMON_OK && drain->unflushed)
		status = flush(drain);
	drain->next_flush = recorder_now() + FLUSH_NS;
	return status;
}

static int look(struct drain *drain)
{
	bool took, again;
	int r = rbmap_session_wait(drain->session, 0), status;

	if (r < 0 && r != -EINTR)
		return common_fail("waiting for the ring buffer failed: %s",
				   rbmap_strerror(r));
	if (is_live(drain))
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
		{ .fd = drain->wake_fd, .events = POLLIN },
	};
	eventfd_t number;
	uint64_t due = drain->next_flush;

	if (is_live(drain) && !drain->unflushed)
		due = UINT64_MAX;
	drain->polls++;
	if (poll(fds, 3, recorder_ms_until(recorder_now(), due)) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	*stop = fds[0].revents;
	if (fds[2].revents)
		eventfd_read(drain->wake_fd, &number);
	return fds[1].revents ? look(drain) : COMMON_OK;
}

void drain_begin(struct drain *drain, struct record_file *file)
{
	drain->file = file;
	record_file_use(file);
}

void drain_end(struct drain *drain)
{
	record_file_unuse(drain->file);
}

/*
 * Between two turns, when all is settled: what was stored of a sub-buffer is in the old
 * file, and what it grows by will be in the new one.
 */
static int change_file(struct drain *drain)
{
	struct record_file *old = drain->file;
	int status = flush(drain);

	drain_begin(drain, drain->recorder->file);
	record_file_unuse(old);
	return status;
}

int drain_until_stop(struct drain *drain)
{
	struct recorder *recorder = drain->recorder;
	int status = COMMON_OK;
	bool stop = false;

	drain->next_flush = recorder_now() + FLUSH_NS;
	while (status == COMMON_OK && !stop && !recorder->sink_error) {
		status = wait_and_look(drain, &stop);
		if (status == COMMON_OK && drain->file != recorder->file)
			status = change_file(drain);
		if (status == COMMON_OK &&
		    recorder_now() + FLUSH_SLACK_NS >= drain->next_flush)
			status = flush_all(drain);
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
