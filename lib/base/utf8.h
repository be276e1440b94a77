/* SPDX-License-Identifier: LGPL-2.1-only */
/* What JSON may have as it is; for the library and the commands. */
#ifndef RBMAP_BASE_UTF8_H
#define RBMAP_BASE_UTF8_H

#include <stddef.h>

/*
 * Bytes of the character that text, of at least one byte, begins with; 0 where there is
 * none (Unicode, table 3-7). iconv(3) and mbrtowc(3) of glibc take longer ones, too.
 */
static inline size_t utf8_length(const unsigned char *text, size_t size)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || size < length)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

#endif
