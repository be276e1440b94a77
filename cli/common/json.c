// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "common-json.h"
#include "common.h"

/* A document is made by one thread, and one at a time. */
static bool failed;

static struct json_object *made(struct json_object *value)
{
	if (!value)
		failed = true;
	return value;
}

struct json_object *common_json_object(void)
{
	return made(json_object_new_object());
}

struct json_object *common_json_array(void)
{
	return made(json_object_new_array());
}

/* json-c ends the program where there is no object to add to. */
static void add(struct json_object *to, const char *key, struct json_object *value)
{
	if (to && json_object_object_add(to, key, value) == 0)
		return;
	failed = true;
	json_object_put(value);
}

void common_json_add(struct json_object *to, const char *key, struct json_object *value)
{
	add(to, key, made(value));
}

void common_json_append(struct json_object *array, struct json_object *value)
{
	if (made(value) && array && json_object_array_add(array, value) == 0)
		return;
	failed = true;
	json_object_put(value);
}

void common_json_number(struct json_object *to, const char *key, uint64_t number)
{
	common_json_add(to, key, json_object_new_uint64(number));
}

void common_json_signed(struct json_object *to, const char *key, int64_t number)
{
	common_json_add(to, key, json_object_new_int64(number));
}

void common_json_double(struct json_object *to, const char *key, double number)
{
	common_json_add(to, key, json_object_new_double(number));
}

void common_json_bool(struct json_object *to, const char *key, bool value)
{
	common_json_add(to, key, json_object_new_boolean(value));
}

void common_json_null(struct json_object *to, const char *key)
{
	add(to, key, NULL);
}

void common_json_number_if(struct json_object *to, const char *key, bool known,
			   uint64_t number)
{
	if (known)
		common_json_number(to, key, number);
	else
		common_json_null(to, key);
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
	return made(string);
}

void common_json_text(struct json_object *to, const char *key, const char *text)
{
	if (text)
		common_json_add(to, key, common_json_string(text));
	else
		common_json_null(to, key);
}

/* Where json-c cannot grow its text it cuts it off, and says nothing. */
const char *common_json_format(struct json_object *document, int flags)
{
	const char *text = NULL;

	errno = 0;
	if (document && !failed)
		text = json_object_to_json_string_ext(document, flags);
	return errno == ENOMEM ? NULL : text;
}

int common_json_print(struct json_object *document)
{
	const char *text =
		common_json_format(document, JSON_C_TO_STRING_PLAIN |
						     JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text)
		puts(text);
	json_object_put(document);
	return text ? COMMON_OK : common_fail("JSON: not enough memory");
}
