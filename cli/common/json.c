// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common-json.h"
#include "common.h"

void common_json_number(struct json_object *to, const char *key, uint64_t number)
{
	json_object_object_add(to, key, json_object_new_uint64(number));
}

/* Bytes of the character, 0: none (Unicode, table 3-7). iconv(3) takes longer ones. */
static size_t utf8_length(const unsigned char *text)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	/* The 0 at the end is none of these: nothing behind it is read. */
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void convert(const char *text, char *out)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t length;

	for (; *text; text += length ? length : 1) {
		length = utf8_length((const unsigned char *)text);
		memcpy(out, length ? text : replacement, length ? length : 3);
		out += length ? length : 3;
	}
	*out = '\0';
}

struct json_object *common_json_string(const char *text)
{
	char *out = malloc(3 * strlen(text) + 1);
	struct json_object *string = NULL;

	if (out) {
		convert(text, out);
		string = json_object_new_string(out);
	}
	free(out);
	return string;
}

void common_json_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, text ? common_json_string(text) : NULL);
}

int common_json_print(struct json_object *document)
{
	const char *text =
		json_object_to_json_string_ext(document,
					       JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text)
		puts(text);
	json_object_put(document);
	return text ? COMMON_OK : common_fail("JSON: not enough memory");
}
