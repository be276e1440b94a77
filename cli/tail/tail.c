// SPDX-License-Identifier: GPL-2.0-only
#include "tail.h"

#include <errno.h>

#include <rbmap/error.h>

#include "common.h"

#define SPANS 256

int tail_round(struct tail *tail, tail_put put, bool *took)
{
	struct rbmap_span spans[SPANS];
	int nr, r = 0;

	*took = false;
	do {
		nr = rbmap_session_take(tail->session, spans, SPANS);
		for (int i = 0; r == 0 && i < nr; i++)
			r = put(tail, &spans[i]);
		if (nr > 0)
			rbmap_session_settle(tail->session, spans, nr);
		*took |= nr > 0;
	} while (nr > 0 && r == 0);
	if (nr >= 0 && r == 0)
		return COMMON_OK;
	return common_fail("the ring buffer could not be read: %s",
			   rbmap_strerror(r < 0 ? r : nr));
}

int tail_printed(struct tail *tail, int r)
{
	if (r == 0)
		return COMMON_OK;
	tail->stop = true;
	/* Gone, or it takes nothing and a signal has come: both is how a tail ends. */
	if (r == -EPIPE || r == -ETIMEDOUT)
		return COMMON_OK;
	return common_fail("standard output: %s", rbmap_strerror(r));
}

static void widen(struct gap *gap, const struct tail_cpu *cpu, uint64_t time_stamp,
		  uint64_t lost)
{
	bool unknown = lost == RBMAP_LOST_UNKNOWN || gap->lost == RBMAP_LOST_UNKNOWN;

	gap->lost = unknown ? RBMAP_LOST_UNKNOWN : gap->lost + lost;
	gap->time_stamp = time_stamp;
	/* After a reset or with another clock it may go backwards. */
	if (cpu->has_last && time_stamp >= cpu->last)
		gap->missed += time_stamp - cpu->last;
	else
		gap->missed_unknown = true;
}

void tail_note(struct tail_cpu *cpu, const struct rbmap_record *record, uint64_t lost)
{
	if (lost)
		widen(&cpu->gap, cpu, record->time_stamp, lost);
	cpu->last = record->time_stamp;
	cpu->has_last = true;
}

int tail_print_gap(struct tail *tail, int cpu)
{
	struct gap gap = tail->cpus[cpu].gap;

	if (!gap.lost)
		return COMMON_OK;
	tail->cpus[cpu].gap = (struct gap){ 0 };
	return tail_printed(tail, printer_gap(&tail->printer, cpu, &gap));
}
