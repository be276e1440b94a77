// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in the rings already. Not through rbmap_merge, which would hold all of it:
 * only the last few records are kept.
 */
#include <errno.h>

#include "common.h"
#include "tail.h"

static int remember(struct tail *tail, const struct rbmap_record *record)
{
	struct tail_cpu *cpu = &tail->cpus[record->cpu];
	uint64_t lost = cpu->broken ? RBMAP_LOST_UNKNOWN : record->lost;
	int r;

	if (cpu->order < record->time_stamp)
		cpu->order = record->time_stamp;
	if (cpu->order > tail->until)
		return 0;
	if (tail->latest < cpu->order)
		tail->latest = cpu->order;
	tail_note(cpu, record, lost);
	cpu->broken = false;
	r = choice_takes(tail->choice, record);
	if (r <= 0)
		return r;
	r = history_add(&tail->history, record, cpu->order, &cpu->gap);
	cpu->gap = (struct gap){ 0 };
	return r;
}

static int put(struct tail *tail, const struct rbmap_span *span)
{
	struct tail_cpu *cpu = &tail->cpus[span->cpu];
	struct rbmap_record record;
	int r;

	r = rbmap_walk_span(&cpu->walk, rbmap_session_layout(tail->session), span);
	if (r == 0)
		r = 1;
	while (r > 0) {
		r = rbmap_walk_next(&cpu->walk, &record);
		if (r > 0 && remember(tail, &record) < 0)
			return -ENOMEM;
	}
	cpu->broken |= r < 0;
	return 0;
}

/*
 * While a ring is read others are written on: of these the records are missing that are
 * as late as the last ones of the former. A second round has them, and nothing later is
 * taken from it, so that what is shown has no holes. With -f the rest follows anyway.
 */
int tail_read_past(struct tail *tail)
{
	int status;
	bool took;

	tail->until = UINT64_MAX;
	status = tail_round(tail, put, &took);
	if (status == COMMON_OK && took && !tail->config.follow) {
		tail->until = tail->latest;
		rbmap_session_wake_all(tail->session);
		status = tail_round(tail, put, &took);
	}
	history_sort(&tail->history);
	return status;
}

/* Of events that were chosen it is not known what came between them. */
static int print_remembered(struct tail *tail, const struct remembered *entry)
{
	const struct choice_wanted *wanted = &tail->config.wanted;

	return wanted->events.nr || wanted->filter ?
		       printer_lone_record(&tail->printer, &entry->record) :
		       printer_record(&tail->printer, &entry->record);
}

int tail_print_past(struct tail *tail, size_t *at, uint64_t before)
{
	const struct remembered *entry;
	int r = 0;

	while (r == 0 && *at < tail->history.nr) {
		entry = tail->history.entries[*at];
		if (entry->order > before)
			break;
		++*at;
		if (entry->gap.lost)
			r = printer_gap(&tail->printer, entry->record.cpu, &entry->gap);
		if (r == 0)
			r = print_remembered(tail, entry);
	}
	return tail_printed(tail, r);
}

int tail_print_gaps(struct tail *tail)
{
	int status = COMMON_OK;
	const int *cpus;
	size_t nr = rbmap_session_cpus(tail->session, &cpus);

	for (size_t i = 0; status == COMMON_OK && !tail->stop && i < nr; i++)
		status = tail_print_gap(tail, cpus[i]);
	return status;
}
