// SPDX-License-Identifier: GPL-2.0-only
/*
 * observe-stress: what must hold of all that the observer delivers. A span in place is
 * read before it is settled, when it may be overwritten at any moment, so what was read
 * is only noted then, and judged when it is known to be whole.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "observe.h"

/* type, flags, preempt count and pid; and what the kernel rounds up to. */
#define AROUND_MARK 12

static void complain(struct found *found, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct found *found, const char *format, ...)
{
	va_list arguments;

	if (found->first_error[0])
		return;
	va_start(arguments, format);
	vsnprintf(found->first_error, sizeof(found->first_error), format, arguments);
	va_end(arguments);
}

/* Of a copy: what is checked must not change behind the check. */
static uint64_t number_of(const struct rbmap_record *record, uint32_t writer)
{
	uint8_t copy[sizeof(struct mark) + AROUND_MARK] __attribute__((aligned(8)));
	struct record whole = { .data = copy, .size = record->size };
	const struct mark *mark;

	if (record->size > sizeof(copy))
		return 0;
	memcpy(copy, record->data, record->size);
	mark = record_mark(&whole);
	return mark && mark->writer == writer ? mark->seq : 0;
}

void take_notes(struct notes *notes, struct rbmap_walk *walk,
		const struct rbmap_layout *layout, const struct rbmap_span *span,
		uint32_t writer)
{
	struct rbmap_record record;
	int r;

	notes->nr = 0;
	r = rbmap_walk_span(walk, layout, span);
	while (r == 0 && (r = rbmap_walk_next(walk, &record)) == 1) {
		r = notes->nr < notes->room ? 0 : -1;
		if (r == 0)
			notes->list[notes->nr++] =
				(struct note){ number_of(&record, writer),
					       record.time_stamp };
	}
	notes->broken = r < 0;
}

static void judge_number(struct found *found, struct place *place, uint64_t number)
{
	bool told = place->told;

	place->told = false;
	if (number < place->next) {
		found->backwards++;
		complain(found, "%" PRIu64 " where %" PRIu64 " is due", number,
			 place->next);
		return;
	}
	if (place->anywhere) {
		place->anywhere = false;
		found->missing += number - place->next;
	} else if (number > place->next) {
		found->holes++;
		found->missing += number - place->next;
		found->untold += !told;
		if (!told)
			complain(found,
				 "%" PRIu64 " to %" PRIu64
				 " are missing and nobody told",
				 place->next, number - 1);
	} else {
		found->in_vain += told;
	}
	found->delivered++;
	place->next = number + 1;
	__atomic_store_n(&found->last, number, __ATOMIC_RELEASE);
}

static void judge_note(struct found *found, struct place *place,
		       const struct note *note)
{
	if (!note->number) {
		found->corrupt++;
		complain(found, "a record behind %" PRIu64 " is corrupt",
			 place->next - 1);
		return;
	}
	if (note->time_stamp < place->time_stamp) {
		found->time_backwards++;
		complain(found,
			 "%" PRIu64 " at %" PRIu64 ", the one before at %" PRIu64,
			 note->number, note->time_stamp, place->time_stamp);
	}
	place->time_stamp = note->time_stamp;
	judge_number(found, place, note->number);
}

static bool is_placed_rightly(const struct place *place, const struct rbmap_span *span)
{
	if (span->from >= span->to || (span->from && span->lost))
		return false;
	if (!place->begun)
		return true;
	if (span->seq == place->seq)
		return span->from == place->to && place->flags & RBMAP_SPAN_GROWING;
	return span->from == 0 && span->seq > place->seq;
}

/*
 * The header of what does not grow may be relied on; that of a sub-buffer which lies in
 * the ring is the kernel's, and knows nothing of what the observer has missed.
 */
static bool has_right_header(const struct place *place,
			     const struct rbmap_layout *layout,
			     const struct rbmap_span *span)
{
	struct rbmap_subbuf_header header;

	return rbmap_subbuf_header(layout, span->subbuf, &header) == 0 &&
	       header.size == span->to && header.time_stamp == span->time_stamp &&
	       header.lost == place->lost;
}

void judge_span(struct found *found, struct place *place,
		const struct rbmap_layout *layout, const struct rbmap_span *span,
		const struct notes *notes)
{
	found->spans++;
	if (span->flags & RBMAP_SPAN_TORN) {
		found->torn++;
		/* What comes next has a place of its own. */
		place->begun = false;
		return;
	}
	if (!is_placed_rightly(place, span)) {
		found->misplaced++;
		complain(found,
			 "span %" PRIu64 " from %u to %u, lost %" PRIx64
			 ", behind span %" PRIu64 " to %u",
			 span->seq, span->from, span->to, span->lost, place->seq,
			 place->to);
	}
	if (span->from == 0)
		place->lost = span->lost;
	/* What begins in the middle is a copy in either mode. */
	if (!(span->flags & RBMAP_SPAN_GROWING) && place->begun && span->from &&
	    !has_right_header(place, layout, span)) {
		found->misplaced++;
		complain(found,
			 "the header of span %" PRIu64 " is not that of the span",
			 span->seq);
	}
	place->begun = true;
	place->seq = span->seq;
	place->to = span->to;
	place->flags = span->flags;
	place->told |= span->lost != 0;
	for (uint32_t i = 0; i < notes->nr; i++)
		judge_note(found, place, &notes->list[i]);
	if (notes->broken) {
		found->corrupt++;
		complain(found, "behind %" PRIu64 " there are no records",
			 place->next - 1);
	}
}

void judge_anew(struct found *found, struct place *place, bool full)
{
	uint64_t next = place->next ? place->next : 1;

	/*
	 * On a ring that is full it begins with the oldest, which may have been
	 * delivered before; on one that is empty with the first.
	 */
	*place = (struct place){ .anywhere = full, .next = full ? 1 : next };
	found->sessions++;
}
