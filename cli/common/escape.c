// SPDX-License-Identifier: GPL-2.0-only
#include "escape.h"

#include <string.h>
#include <unistd.h>

#include "base/escape.h"

bool common_escapes(bool asked_for, int fd)
{
	return asked_for || isatty(fd);
}

size_t common_put_escaped(FILE *stream, const char *text, bool lines)
{
	size_t left = strlen(text), length, nr = 0;
	char escape[ESCAPE_MOST];

	for (; left; text += length, left -= length) {
		length = escape_plain((const unsigned char *)text, left);
		if (!length && lines)
			length = escape_is_layout(*text);
		if (length) {
			nr += fwrite(text, 1, length, stream);
			continue;
		}
		nr += fwrite(escape, 1, escape_write(escape, *text), stream);
		length = 1;
	}
	return nr;
}

_Static_assert(ESCAPE_MOST < COMMON_ESCAPE_SIZE, "an escape, and a 0");

size_t common_escape(char escape[COMMON_ESCAPE_SIZE], const char *bytes, size_t left)
{
	size_t length = escape_plain((const unsigned char *)bytes, left);

	if (!length)
		escape[escape_write(escape, *bytes)] = '\0';
	return length;
}

void common_make_plain(char *text)
{
	size_t left = strlen(text), length;

	for (; left; text += length, left -= length) {
		length = escape_plain((const unsigned char *)text, left);
		if (length)
			continue;
		*text = '?';
		length = 1;
	}
}
