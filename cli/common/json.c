// SPDX-License-Identifier: GPL-2.0-only
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common-json.h"
#include "common.h"

void common_json_number(struct json_object *to, const char *key, uint64_t number)
{
	json_object_object_add(to, key, json_object_new_uint64(number));
}

/* Of what is UTF-8 in text; U+FFFD, which has three bytes, for each other byte. */
static void convert(iconv_t utf8, char *text, char *out)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t left = strlen(text), room = 3 * left;

	while (left && iconv(utf8, &text, &left, &out, &room) == (size_t)-1) {
		memcpy(out, replacement, 3);
		out += 3;
		room -= 3;
		text++;
		left--;
	}
	*out = '\0';
}

struct json_object *common_json_string(const char *text)
{
	struct json_object *string = NULL;
	iconv_t utf8 = iconv_open("UTF-8", "UTF-8");
	char *copy = strdup(text), *out = malloc(3 * strlen(text) + 1);

	if (utf8 != (iconv_t)-1 && copy && out) {
		convert(utf8, copy, out);
		string = json_object_new_string(out);
	}
	if (utf8 != (iconv_t)-1)
		iconv_close(utf8);
	free(copy);
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
