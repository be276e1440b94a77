// SPDX-License-Identifier: GPL-2.0-only
/* Sub-buffers and the markers in them. */
#include "ring.h"
#include <stdlib.h>
#include <string.h>

#define HEADER (sizeof(uint64_t) + sizeof(long))
#define MISSED_EVENTS (1U << 31)
#define MISSED_STORED (1U << 30)
#define COMMIT_MASK ((1U << 27) - 1)
/* common fields and the instruction pointer, before the text of a marker */
#define TEXT_OFFSET (8 + sizeof(long))

enum {
	TYPE_PADDING = 29,
	TYPE_TIME_EXTEND,
	TYPE_TIME_STAMP
};

static uint32_t commit_word(const void *subbuf)
{
	unsigned long word;

	memcpy(&word, (const char *)subbuf + sizeof(uint64_t), sizeof(word));
	return word;
}

uint32_t committed(const void *subbuf)
{
	return commit_word(subbuf) & COMMIT_MASK;
}

void tally_loss(struct tally *tally, const void *subbuf, uint32_t subbuf_size)
{
	uint32_t word = commit_word(subbuf), end = committed(subbuf);
	unsigned long lost;

	if (!(word & MISSED_EVENTS))
		return;
	tally->losses++;
	tally->gap_allowed = true;
	if (!(word & MISSED_STORED) || HEADER + end + sizeof(lost) > subbuf_size) {
		tally->without_count++;
		return;
	}
	memcpy(&lost, (const char *)subbuf + HEADER + end, sizeof(lost));
	tally->lost += lost;
}

static void tally_number(struct tally *tally, unsigned long number)
{
	if (number <= tally->last)
		tally->out_of_order++;
	else if (number != tally->last + 1 && !tally->gap_allowed)
		tally->untold_gaps++;
	tally->gap_allowed = false;
	tally->last = number;
	tally->events++;
}

/* Size of the record at @record, 0 when there are no more; @text: of a marker. */
static uint32_t record_size(const char *record, const char **text)
{
	uint32_t word[2];
	unsigned int type;

	memcpy(word, record, sizeof(word[0]));
	type = word[0] & 31;
	*text = NULL;
	if (type == TYPE_TIME_EXTEND || type == TYPE_TIME_STAMP)
		return 8;
	if (type == TYPE_PADDING && word[0] >> 5 == 0)
		return 0;
	if (type > 0 && type < TYPE_PADDING) {
		*text = record + 4 + TEXT_OFFSET;
		return 4 + 4 * type;
	}
	memcpy(word, record, sizeof(word));
	if (type == 0)
		*text = record + 8 + TEXT_OFFSET;
	return 4 + word[1];
}

void tally_subbuf(struct tally *tally, const void *subbuf, uint32_t from, uint32_t to)
{
	const char *data = (const char *)subbuf + HEADER, *text;

	while (from < to) {
		uint32_t size = record_size(data + from, &text);

		if (!size)
			return;
		if (text)
			tally_number(tally, strtoul(text, NULL, 10));
		from += size;
	}
}
