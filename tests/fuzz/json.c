// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>

#include "fuzz.h"

/* Objects of objects are two deep. */
#define DEPTH_MAX 8

struct json {
	const unsigned char *at;
	const unsigned char *end;
	unsigned int depth;
};

static void value(struct json *json);

static int peek(const struct json *json)
{
	return json->at < json->end ? *json->at : -1;
}

static bool take(struct json *json, int c)
{
	if (peek(json) != c)
		return false;
	json->at++;
	return true;
}

static void word(struct json *json, const char *wanted)
{
	while (*wanted)
		must(take(json, *wanted++));
}

static bool is_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static void escape(struct json *json)
{
	int c = peek(json);

	must(c > 0 && strchr("\"\\/bfnrtu", c));
	json->at++;
	for (int i = 0; c == 'u' && i < 4; i++, json->at++)
		must(is_hex(peek(json)));
}

/* One character of more than a byte: its shortest form, and no half of a pair. */
static void character(struct json *json)
{
	unsigned int first = *json->at++, length, code;

	must(first >= 0xc2 && first <= 0xf4);
	length = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	code = first & (0x3f >> length);
	for (unsigned int i = 0; i < length; i++, json->at++) {
		must(peek(json) >= 0x80 && peek(json) < 0xc0);
		code = code << 6 | (*json->at & 0x3f);
	}
	must(code >= (length == 1 ? 0x80 : length == 2 ? 0x800 : 0x10000));
	must(code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
}

static void string(struct json *json)
{
	must(take(json, '"'));
	while (!take(json, '"')) {
		must(peek(json) >= 0x20);
		if (take(json, '\\'))
			escape(json);
		else if (peek(json) < 0x80)
			json->at++;
		else
			character(json);
	}
}

/* Whole ones only: nothing here prints others. */
static void number(struct json *json)
{
	take(json, '-');
	if (take(json, '0'))
		return;
	must(peek(json) >= '1' && peek(json) <= '9');
	while (peek(json) >= '0' && peek(json) <= '9')
		json->at++;
}

static void members(struct json *json, int end, bool named)
{
	must(json->depth++ < DEPTH_MAX);
	json->at++;
	if (!take(json, end)) {
		do {
			if (named) {
				string(json);
				must(take(json, ':'));
			}
			value(json);
		} while (take(json, ','));
		must(take(json, end));
	}
	json->depth--;
}

static void value(struct json *json)
{
	switch (peek(json)) {
	case '{':
		members(json, '}', true);
		break;
	case '[':
		members(json, ']', false);
		break;
	case '"':
		string(json);
		break;
	case 'n':
		word(json, "null");
		break;
	default:
		number(json);
	}
}

void fuzz_check_json(const char *text, size_t size)
{
	struct json json = { .at = (const unsigned char *)text };

	json.end = json.at + size;
	must(peek(&json) == '{');
	value(&json);
	must(json.at == json.end);
}
