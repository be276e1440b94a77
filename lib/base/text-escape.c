// SPDX-License-Identifier: LGPL-2.1-only
#include <endian.h>

#include "base/escape.h"
#include "base/text.h"

#define EACH UINT64_C(0x0101010101010101)
#define HIGH (0x80 * EACH)

/* How many bytes stand for themselves, eight at once; there may be more of them. */
static size_t count_plain(const char *bytes, size_t size)
{
	uint64_t eight, special;
	size_t nr = 0;

	for (; nr + sizeof(eight) <= size; nr += sizeof(eight)) {
		memcpy(&eight, bytes + nr, sizeof(eight));
		eight = le64toh(eight);
		/* The high bit of the first below ' ' or from 0x7f on is right. */
		special = ((eight - ' ' * EACH) | (eight + EACH) | eight) & HIGH;
		if (special)
			return nr + __builtin_ctzll(special) / 8;
	}
	return nr;
}

/* As escape_plain(), with lines and columns where those are kept. */
static size_t plain(const char *bytes, size_t size, bool layout)
{
	size_t length = escape_plain((const unsigned char *)bytes, size);

	return length || !layout ? length : escape_is_layout(*bytes);
}

static size_t count_escapes(const char *bytes, size_t size, bool layout)
{
	size_t nr = 0, length;

	for (size_t at = 0; at < size; at += length) {
		length = plain(bytes + at, size - at, layout);
		nr += !length;
		length += !length;
	}
	return nr;
}

/* From the end of the room to its beginning, where it never catches up with itself. */
static void write_escaped(struct text *text, const char *from, size_t size, bool layout)
{
	char *to = text->buffer + text->used;
	size_t length;

	for (; size; from += length, size -= length) {
		length = plain(from, size, layout);
		memmove(to, from, length);
		to += length;
		if (length)
			continue;
		to += escape_write(to, *from);
		length = 1;
	}
	text_ends(text, to);
}

void rbmap_text_escape(struct text *text, size_t from, bool layout)
{
	size_t size, room;

	if (text->failed)
		return;
	from += count_plain(text->buffer + from, text->used - from);
	size = text->used - from;
	room = (ESCAPE_MOST - 1) * count_escapes(text->buffer + from, size, layout);
	if (!room || !text_room(text, room))
		return;
	memmove(text->buffer + from + room, text->buffer + from, size);
	text->used = from;
	write_escaped(text, text->buffer + from + room, size, layout);
}
