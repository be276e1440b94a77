/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON documents. Lines of JSON, of which there are many, are the library's own. What
 * has no memory is left out, and remembered until the document is printed: it is whole
 * or it fails. NULL is taken for what could not be made before.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct json_object *common_json_object(void);
struct json_object *common_json_array(void);

/* Both take over the value; NULL is a want of memory, not null. */
void common_json_add(struct json_object *to, const char *key,
		     struct json_object *value);
void common_json_append(struct json_object *array, struct json_object *value);

void common_json_number(struct json_object *to, const char *key, uint64_t number);
void common_json_signed(struct json_object *to, const char *key, int64_t number);
void common_json_double(struct json_object *to, const char *key, double number);
void common_json_bool(struct json_object *to, const char *key, bool value);
void common_json_null(struct json_object *to, const char *key);

/* null where it is not known. */
void common_json_number_if(struct json_object *to, const char *key, bool known,
			   uint64_t number);

/* Bytes that are not UTF-8 become U+FFFD: a file may have any. */
struct json_object *common_json_string(const char *text);

/* NULL is null. */
void common_json_text(struct json_object *to, const char *key, const char *text);

/*
 * The document as text, which lives as long as it does; @flags as json-c has them. NULL
 * where there was not enough memory, for any part of it.
 */
const char *common_json_format(struct json_object *document, int flags);

/*
 * Prints the document as a line to standard output and frees it. Prints its errors;
 * returns an exit code.
 */
int common_json_print(struct json_object *document);

#endif
