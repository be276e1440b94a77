// SPDX-License-Identifier: GPL-2.0-only
#include "lines.h"

#include <errno.h>

#include <rbmap/batch.h>
#include <rbmap/events.h>
#include <rbmap/record.h>

/* Inline, as the next: they take part in each line of millions. */
static inline void add_member(struct trace_seq *text, const char *member)
{
	if (!member)
		return;
	text->len--;
	trace_seq_puts(text, member);
}

static inline int end_line(const struct common_lines *lines, struct trace_seq *text)
{
	add_member(text, lines->time);
	add_member(text, lines->member);
	/* There is nearly always room: no call for one byte. */
	if (text->state != TRACE_SEQ__GOOD || text->len + 1 >= text->buffer_size)
		return trace_seq_putc(text, '\n') < 1 ? -ENOMEM : 0;
	text->buffer[text->len++] = '\n';
	return 0;
}

int common_lines_put_loss(const struct common_lines *lines,
			  const struct rbmap_record *record, struct trace_seq *text)
{
	return lines->json ? rbmap_events_lost_json(record, text) :
			     rbmap_events_lost_text(record, text);
}

static inline int put_event(const struct common_lines *lines,
			    const struct rbmap_record *record, struct trace_seq *text)
{
	int r;

	if (lines->batch)
		r = rbmap_batch_put(lines->batch, lines->number, text);
	else if (lines->json)
		r = rbmap_events_json(lines->events, record, text);
	else if (lines->exit)
		r = rbmap_events_leaf_text(lines->events, record, lines->exit, text);
	else
		r = rbmap_events_text(lines->events, record, text);
	return r == 0 ? end_line(lines, text) : r;
}

int common_lines_end(const struct common_lines *lines, struct trace_seq *text)
{
	return end_line(lines, text);
}

int common_lines_put_event(const struct common_lines *lines,
			   const struct rbmap_record *record, struct trace_seq *text)
{
	return put_event(lines, record, text);
}

int common_lines_put(const struct common_lines *lines,
		     const struct rbmap_record *record, struct trace_seq *text)
{
	int r = 0;

	if (record->lost) {
		r = common_lines_put_loss(lines, record, text);
		if (r == 0)
			r = end_line(lines, text);
	}
	return r == 0 ? put_event(lines, record, text) : r;
}
