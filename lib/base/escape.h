/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Control characters as text: \n, \t, \x1b. For the library and the commands, which
 * print strings from records and files to terminals.
 */
#ifndef RBMAP_BASE_ESCAPE_H
#define RBMAP_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/utf8.h"

/* How long the text of a byte can be. */
#define ESCAPE_MOST 4

/*
 * Bytes of the character that text, of at least one byte, begins with; 0 where its
 * first byte is to be escaped. Terminals also take U+0080 to U+009F for controls, in
 * UTF-8 or as single bytes.
 */
static inline size_t escape_plain(const unsigned char *text, size_t size)
{
	size_t length = utf8_length(text, size);

	if (length == 1)
		return *text >= ' ' && *text != 0x7f;
	if (length == 2 && text[0] == 0xc2 && text[1] < 0xa0)
		return 0;
	return length;
}

/* Whether the byte is one of those that make lines and columns. */
static inline bool escape_is_layout(unsigned char c)
{
	return c == '\n' || c == '\t';
}

/* Writes up to ESCAPE_MOST bytes; returns how many. */
static inline size_t escape_write(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	to[0] = '\\';
	to[1] = c == '\n' ? 'n' : 't';
	if (escape_is_layout(c))
		return 2;
	to[1] = 'x';
	to[2] = hex[c >> 4];
	to[3] = hex[c & 15];
	return 4;
}

#endif
