/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_BASE_JSON_H
#define RBMAP_BASE_JSON_H

#include <endian.h>

#include "base/text.h"

#define JSON_EACH UINT64_C(0x0101010101010101)
#define JSON_HIGH (0x80 * JSON_EACH)

/*
 * Of eight bytes: the high bit of the first that does not stand for itself, and maybe
 * of some behind it. Those are: below ' ', '"', '\\', and from 0x7f on.
 */
static inline uint64_t json_special(uint64_t bytes)
{
	uint64_t quote = bytes ^ '"' * JSON_EACH, backslash = bytes ^ '\\' * JSON_EACH;

	return ((bytes - ' ' * JSON_EACH) | (quote - JSON_EACH) |
		(backslash - JSON_EACH) | (bytes + JSON_EACH) | bytes) &
	       JSON_HIGH;
}

static inline bool json_is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Copies what stands for itself at the beginning; returns how many bytes that are. */
static inline size_t json_copy_plain(char *at, const char *bytes, size_t size)
{
	uint64_t eight, special;
	size_t nr = 0;

	for (; nr + sizeof(eight) <= size; nr += sizeof(eight)) {
		memcpy(&eight, bytes + nr, sizeof(eight));
		memcpy(at + nr, &eight, sizeof(eight));
		special = json_special(le64toh(eight));
		if (special)
			return nr + __builtin_ctzll(special) / 8;
	}
	for (; nr < size && json_is_plain(bytes[nr]); nr++)
		at[nr] = bytes[nr];
	return nr;
}

/*
 * Up to the first 0, or size bytes. Quoted and escaped; each byte that is not UTF-8
 * becomes U+FFFD.
 */
void rbmap_json_string(struct text *text, const char *string, size_t size);

#endif
