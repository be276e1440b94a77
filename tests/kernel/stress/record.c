// SPDX-License-Identifier: GPL-2.0-only
/* stress: records and marks. */
#include <stddef.h>
#include <string.h>

#include "record.h"

enum {
	TYPE_LONG = 0,
	TYPE_PADDING = 29,
	TYPE_TIME_EXTEND,
	TYPE_TIME_STAMP
};

/* type, flags, preempt count and pid, which every event begins with. */
#define COMMON_HEADER 8

static uint32_t load_word(const uint8_t *from)
{
	uint32_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* The bytes of what begins at @at, or 0 where the sub-buffer ends there. */
static uint64_t length_at(const uint8_t *data, uint32_t size, uint32_t at)
{
	uint32_t word = load_word(data + at), type = word & 31;

	if (type == TYPE_TIME_EXTEND || type == TYPE_TIME_STAMP)
		return 8;
	if (type != TYPE_LONG && type != TYPE_PADDING)
		return 4 + 4 * type;
	if (type == TYPE_PADDING && word >> 5 == 0)
		return 0;
	if (size - at < 8)
		return UINT64_MAX;
	return 4 + (uint64_t)load_word(data + at + 4);
}

int next_record(const uint8_t *data, uint32_t size, uint32_t at, struct record *ret)
{
	for (;;) {
		uint64_t length;
		uint32_t type;

		if (at >= size)
			return 0;
		if (size - at < 4)
			return -1;
		type = load_word(data + at) & 31;
		length = length_at(data, size, at);
		if (length == 0)
			return 0;
		if (length > size - at || length < 8)
			return -1;
		if (type <= 28) {
			uint32_t head = type == TYPE_LONG ? 8 : 4;

			ret->at = at;
			ret->end = at + length;
			ret->data = data + at + head;
			ret->size = length - head;
			return 1;
		}
		at += length;
	}
}

/* FNV-1a over all of the mark but the sum itself. */
static uint32_t sum_of(const struct mark *mark)
{
	const uint8_t *byte = (const uint8_t *)mark;
	uint32_t sum = 2166136261u;

	for (uint32_t i = 0; i < mark->size; i++)
		if (i < offsetof(struct mark, sum) || i >= MARK_HEAD)
			sum = (sum ^ byte[i]) * 16777619u;
	return sum;
}

void make_mark(struct mark *mark, uint32_t writer, uint64_t seq, uint32_t body)
{
	mark->id = MARK_ID;
	mark->writer = writer;
	mark->size = MARK_HEAD + body;
	mark->seq = seq;
	memset(mark->body, (uint8_t)(seq * 31 + writer), body);
	mark->sum = sum_of(mark);
}

const struct mark *record_mark(const struct record *record)
{
	const struct mark *mark;

	if (record->size < COMMON_HEADER + MARK_HEAD)
		return NULL;
	mark = (const struct mark *)(record->data + COMMON_HEADER);
	if (mark->id != MARK_ID || mark->size < MARK_HEAD ||
	    mark->size > record->size - COMMON_HEADER ||
	    mark->size > sizeof(struct mark) || mark->sum != sum_of(mark))
		return NULL;
	return mark;
}
