// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "common.h"
#include "tail.h"

#define SPANS 64

/* Returns how many spans, 0 at the end of the round, or a negative errno. */
static int take(struct tail *tail)
{
	struct rbmap_span spans[SPANS];
	int nr = rbmap_session_take(tail->session, spans, SPANS), r;

	if (nr <= 0)
		return nr;
	r = rbmap_merge_put(tail->merge, 0, spans, nr);
	rbmap_session_settle(tail->session, spans, nr);
	if (r == 0)
		r = rbmap_merge_discard(tail->merge, 0, spans, nr);
	return r < 0 ? r : nr;
}

/* *again: one more would let out more. */
static int run_round(struct tail *tail, bool *again)
{
	int r;

	do
		r = take(tail);
	while (r > 0);
	if (r == 0)
		r = rbmap_merge_end_round(tail->merge);
	*again = r > 0;
	if (r < 0)
		return common_fail("the ring buffer could not be read: %s",
				   rbmap_strerror(r));
	return COMMON_OK;
}

static int show(struct tail *tail, const struct rbmap_record *record)
{
	int status, r;

	tail_note(&tail->cpus[record->cpu], record, record->lost);
	status = tail_print_gap(tail, record->cpu);
	if (status != COMMON_OK || tail->stop)
		return status;
	r = choice_takes(tail->choice, record);
	if (r >= 0)
		r = r ? printer_record(&tail->printer, record) :
			printer_pass(&tail->printer, record);
	return tail_printed(tail, r);
}

/* *@past: how much of the history was printed; it goes between the first records. */
static int show_what_is_due(struct tail *tail, size_t *past)
{
	struct rbmap_record record;
	int status = COMMON_OK;

	while (status == COMMON_OK && !tail->stop &&
	       rbmap_merge_next(tail->merge, &record, NULL) > 0) {
		if (past)
			status = tail_print_past(tail, past, record.time_stamp);
		if (status == COMMON_OK && !tail->stop)
			status = show(tail, &record);
	}
	return status;
}

static int flush(struct tail *tail, int status)
{
	if (status != COMMON_OK || tail->stop)
		return status;
	return tail_printed(tail, printer_flush(&tail->printer));
}

/*
 * The history is what the first round saw. What was written on one CPU while it read
 * another is as old, and comes in the next; so does what belongs between, and only
 * then is it known. The one after that lets it out of the merge.
 */
static int begin(struct tail *tail)
{
	size_t past = 0;
	int status = COMMON_OK;
	bool again;

	for (int i = 0; status == COMMON_OK && i < 2; i++) {
		rbmap_session_wake_all(tail->session);
		status = run_round(tail, &again);
	}
	if (tail->config.lines == 0)
		for (size_t i = 0; i < tail->nr_cpus; i++)
			tail->cpus[i].gap = (struct gap){ 0 };
	if (status == COMMON_OK)
		status = show_what_is_due(tail, &past);
	if (status == COMMON_OK && !tail->stop)
		status = tail_print_past(tail, &past, UINT64_MAX);
	if (status == COMMON_OK && !tail->stop)
		status = tail_print_gaps(tail);
	history_free(&tail->history);
	return flush(tail, status);
}

static int take_and_show(struct tail *tail)
{
	int status, r;
	bool again;

	r = rbmap_session_wait(tail->session, 0);
	if (r < 0 && r != -EINTR)
		return common_fail("waiting for the ring buffer failed: %s",
				   rbmap_strerror(r));
	status = run_round(tail, &again);
	/* Not at the next tick: the lines would come a tick late. */
	if (status == COMMON_OK && again) {
		rbmap_session_wake_all(tail->session);
		status = run_round(tail, &again);
	}
	if (status == COMMON_OK)
		status = show_what_is_due(tail, NULL);
	return flush(tail, status);
}

/* A reader that goes away while nothing is traced would never be noticed by writing. */
static int wait_and_show(struct tail *tail)
{
	struct pollfd fds[] = {
		{ .fd = tail->signal_fd, .events = POLLIN },
		{ .fd = rbmap_session_fd(tail->session), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};

	if (poll(fds, 3, -1) < 0 && errno != EINTR)
		return common_fail("poll: %s", strerror(errno));
	if (fds[2].revents)
		tail->stop = true;
	if (fds[0].revents)
		tail->ended = true;
	return fds[1].revents ? take_and_show(tail) : COMMON_OK;
}

/* What was written before the signal came, also what the merge holds back. */
static int end(struct tail *tail)
{
	bool again;
	int status;

	rbmap_session_wake_all(tail->session);
	status = run_round(tail, &again);
	rbmap_merge_end(tail->merge);
	if (status == COMMON_OK)
		status = show_what_is_due(tail, NULL);
	return flush(tail, status);
}

int tail_follow(struct tail *tail)
{
	int status, r = rbmap_merge_open(&tail->merge);

	if (r == 0)
		r = rbmap_merge_add(tail->merge, tail->session);
	if (r < 0)
		return common_fail("%s", rbmap_strerror(r));
	status = begin(tail);
	while (status == COMMON_OK && !tail->stop && !tail->ended)
		status = wait_and_show(tail);
	if (status == COMMON_OK && tail->ended && !tail->stop)
		status = end(tail);
	return status;
}
