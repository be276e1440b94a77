// SPDX-License-Identifier: LGPL-2.1-only
#include "base/json.h"

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

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
