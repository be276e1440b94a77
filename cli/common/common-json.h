/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON documents. Lines of JSON, of which there are many, are the library's own. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

void common_json_number(struct json_object *to, const char *key, uint64_t number);

/* null where it is not known. */
void common_json_number_if(struct json_object *to, const char *key, bool known,
			   uint64_t number);

/* Bytes that are not UTF-8 become U+FFFD: a file may have any. NULL: no memory. */
struct json_object *common_json_string(const char *text);

/* NULL is null. */
void common_json_text(struct json_object *to, const char *key, const char *text);

/*
 * Prints the document as a line to standard output and frees it. Prints its errors;
 * returns an exit code.
 */
int common_json_print(struct json_object *document);

#endif
