// SPDX-License-Identifier: LGPL-2.1-only
#include "json.h"

#define REPLACEMENT "\xef\xbf\xbd"

static bool continues(const unsigned char *text, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if ((text[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Bytes of the UTF-8 character, 0 where there is none (Unicode, table 3-7). */
static size_t utf8_length(const unsigned char *text, size_t size)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (size < length)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high || !continues(text + 1, length - 1))
		return 0;
	return length;
}

static void put_escape(struct text *text, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
		text_put(text, "\\\"", 2);
		break;
	case '\\':
		text_put(text, "\\\\", 2);
		break;
	case '\n':
		text_put(text, "\\n", 2);
		break;
	case '\t':
		text_put(text, "\\t", 2);
		break;
	default:
		text_put(text, escape, sizeof(escape));
	}
}

/* From the first byte on that does not stand for itself; the others are there. */
static void put_rest(struct text *text, const char *string, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)string;
	size_t begin = 0, at = 0, length;

	while (at < size && bytes[at]) {
		if (json_is_plain(bytes[at])) {
			at++;
			continue;
		}
		length = utf8_length(bytes + at, size - at);
		if (length > 1) {
			at += length;
			continue;
		}
		text_put(text, string + begin, at - begin);
		if (length)
			put_escape(text, bytes[at]);
		else
			text_string(text, REPLACEMENT);
		begin = ++at;
	}
	text_put(text, string + begin, at - begin);
}

void rbmap_json_string(struct text *text, const char *string, size_t size)
{
	char *at = text_room(text, size + 1);
	size_t plain;

	if (!at)
		return;
	*at = '"';
	plain = json_copy_plain(at + 1, string, size);
	text->used += 1 + plain;
	put_rest(text, string + plain, size - plain);
	text_char(text, '"');
}
