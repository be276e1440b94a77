/* SPDX-License-Identifier: LGPL-2.1-only */
/* Text that grows; what did not fit for want of memory is told once, at the end. */
#ifndef RBMAP_JSON_H
#define RBMAP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *text;
	size_t size;
	size_t used;
	bool failed;
};

void rbmap_json_put(struct json *json, const char *text, size_t size);
void rbmap_json_literal(struct json *json, const char *text);
void rbmap_json_unsigned(struct json *json, uint64_t value);
void rbmap_json_signed(struct json *json, int64_t value);

/* Quoted and escaped; each byte that is not UTF-8 becomes U+FFFD. */
void rbmap_json_string(struct json *json, const char *text, size_t size);

#endif
