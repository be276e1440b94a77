// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "common-json.h"
#include "common.h"

void common_json_number(struct json_object *to, const char *key, uint64_t number)
{
	json_object_object_add(to, key, json_object_new_uint64(number));
}

void common_json_number_if(struct json_object *to, const char *key, bool known,
			   uint64_t number)
{
	json_object_object_add(to, key, known ? json_object_new_uint64(number) : NULL);
}

static void convert(const char *text, char *out)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t left = strlen(text), length, taken;

	for (; left; text += taken, left -= taken) {
		length = utf8_length((const unsigned char *)text, left);
		taken = length ? length : 1;
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
