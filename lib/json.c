// SPDX-License-Identifier: LGPL-2.1-only
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define DIGITS_MAX 20

static bool make_room(struct json *json, size_t size)
{
	size_t want = json->size ? json->size : 1024;
	char *text;

	if (json->failed)
		return false;
	if (size <= json->size - json->used)
		return true;
	while (want - json->used < size)
		want *= 2;
	text = realloc(json->text, want);
	if (!text) {
		json->failed = true;
		return false;
	}
	json->text = text;
	json->size = want;
	return true;
}

void rbmap_json_put(struct json *json, const char *text, size_t size)
{
	if (!size || !make_room(json, size))
		return;
	memcpy(json->text + json->used, text, size);
	json->used += size;
}

void rbmap_json_literal(struct json *json, const char *text)
{
	rbmap_json_put(json, text, strlen(text));
}

void rbmap_json_unsigned(struct json *json, uint64_t value)
{
	char digits[DIGITS_MAX];
	size_t at = DIGITS_MAX;

	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	rbmap_json_put(json, digits + at, DIGITS_MAX - at);
}

void rbmap_json_signed(struct json *json, int64_t value)
{
	if (value < 0)
		rbmap_json_put(json, "-", 1);
	rbmap_json_unsigned(json, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

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

static void put_escape(struct json *json, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
		rbmap_json_put(json, "\\\"", 2);
		break;
	case '\\':
		rbmap_json_put(json, "\\\\", 2);
		break;
	case '\n':
		rbmap_json_put(json, "\\n", 2);
		break;
	case '\t':
		rbmap_json_put(json, "\\t", 2);
		break;
	default:
		rbmap_json_put(json, escape, sizeof(escape));
	}
}

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

void rbmap_json_string(struct json *json, const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t begin = 0, at = 0, length;

	rbmap_json_put(json, "\"", 1);
	while (at < size) {
		length = utf8_length(bytes + at, size - at);
		if (length && !needs_escape(bytes[at])) {
			at += length;
			continue;
		}
		rbmap_json_put(json, text + begin, at - begin);
		if (length)
			put_escape(json, bytes[at]);
		else
			rbmap_json_literal(json, REPLACEMENT);
		begin = ++at;
	}
	rbmap_json_put(json, text + begin, at - begin);
	rbmap_json_put(json, "\"", 1);
}
