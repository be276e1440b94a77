// SPDX-License-Identifier: LGPL-2.1-only
#include "columns/text.h"

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_SIZE 3

size_t rbmap_column_copy_rest(unsigned char *to, const unsigned char *text, size_t size)
{
	unsigned char *at = to;
	size_t length;

	while (size && *text) {
		length = utf8_length(text, size);
		if (length) {
			memcpy(at, text, length);
			at += length;
		} else {
			memcpy(at, REPLACEMENT, REPLACEMENT_SIZE);
			at += REPLACEMENT_SIZE;
			length = 1;
		}
		text += length;
		size -= length;
	}
	return at - to;
}
