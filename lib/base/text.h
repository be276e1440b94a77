/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Text that grows, and numbers put into it without printf(3). What did not fit for
 * want of memory is told once, at the end.
 */
#ifndef RBMAP_BASE_TEXT_H
#define RBMAP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <traceevent/trace-seq.h>

struct text {
	char *buffer;
	size_t size;
	size_t used;
	bool failed;
};

/* How printf(3) is to put a number or a string; precision -1: none. */
struct text_style {
	uint8_t base;
	bool upper;
	bool left;
	bool zeros;
	bool prefix;
	/* A '+' before numbers that are not negative. */
	bool plus;
	uint16_t width;
	int32_t precision;
};

/* Where text_room() gave what was written since. */
static inline void text_ends(struct text *text, const char *at)
{
	text->used = at - text->buffer;
}

bool rbmap_text_grow(struct text *text, size_t nr);

/* Where the next nr bytes go, and one more; NULL without memory. */
static inline char *text_room(struct text *text, size_t nr)
{
	if (__builtin_expect(text->size - text->used <= nr, 0) &&
	    !rbmap_text_grow(text, nr))
		return NULL;
	return text->buffer + text->used;
}

static inline void text_put(struct text *text, const char *bytes, size_t nr)
{
	char *at = text_room(text, nr);

	if (!at)
		return;
	memcpy(at, bytes, nr);
	text->used += nr;
}

/*
 * With TEXT_SHORT bytes more to read, and to write: a copy of a fixed size is no call.
 */
#define TEXT_SHORT 32

static inline char *text_copy_short(char *at, const char *bytes, size_t nr)
{
	if (nr > 2 * TEXT_SHORT) {
		memcpy(at, bytes, nr);
		return at + nr;
	}
	memcpy(at, bytes, TEXT_SHORT);
	if (nr > TEXT_SHORT)
		memcpy(at + TEXT_SHORT, bytes + TEXT_SHORT, TEXT_SHORT);
	return at + nr;
}

static inline void text_put_short(struct text *text, const char *bytes, size_t nr)
{
	char *at = text_room(text, nr + TEXT_SHORT);

	if (!at)
		return;
	text_copy_short(at, bytes, nr);
	text->used += nr;
}

static inline void text_char(struct text *text, char c)
{
	char *at = text_room(text, 1);

	if (!at)
		return;
	*at = c;
	text->used++;
}

static inline void text_string(struct text *text, const char *string)
{
	text_put(text, string, strlen(string));
}

void rbmap_text_fill(struct text *text, char c, size_t nr);
void rbmap_text_unsigned(struct text *text, uint64_t value);
void rbmap_text_signed(struct text *text, int64_t value);
void rbmap_text_hex(struct text *text, uint64_t value);

/* In so many digits at the least, with zeros before it. */
void rbmap_text_digits(struct text *text, uint64_t value, unsigned int nr);

void rbmap_text_number(struct text *text, const struct text_style *style,
		       uint64_t magnitude, bool negative);

/* Bytes up to the first 0, or nr of them. */
void rbmap_text_bytes(struct text *text, const struct text_style *style,
		      const char *bytes, size_t nr);

/*
 * Control characters from that place on become \n, \t, \x1b, and bytes that are not
 * UTF-8 \x9b. @layout: newlines and tabs stay.
 */
void rbmap_text_escape(struct text *text, size_t from, bool layout);

/* Works in the sequence's own buffer; it may not be used until it is given back. */
struct text rbmap_text_from_seq(const struct trace_seq *seq);
void rbmap_text_to_seq(const struct text *text, struct trace_seq *seq);

#endif
