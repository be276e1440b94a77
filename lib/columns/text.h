/* SPDX-License-Identifier: LGPL-2.1-only */
/* Texts of records as valid UTF-8. */
#ifndef RBMAP_COLUMNS_TEXT_H
#define RBMAP_COLUMNS_TEXT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TEXT_EACH UINT64_C(0x0101010101010101)
#define TEXT_HIGH (0x80 * TEXT_EACH)

/* Room that a copy of so many bytes needs: each may become U+FFFD, and it is copied
 * eight bytes at a time. */
static inline size_t column_text_room(size_t size)
{
	return 3 * size + sizeof(uint64_t);
}

/* From the first byte on that is not ASCII. Returns the size of the copy. */
size_t rbmap_column_copy_rest(unsigned char *to, const unsigned char *text,
			      size_t size);

/*
 * Copies the ASCII at the beginning, up to a 0. Of eight bytes the lowest bit that is
 * set in `special` is that of the first byte which is 0, or not ASCII.
 */
static inline size_t column_copy_ascii(unsigned char *to, const unsigned char *text,
				       size_t size)
{
	uint64_t eight, special;
	size_t nr = 0;

	for (; nr + sizeof(eight) <= size; nr += sizeof(eight)) {
		memcpy(&eight, text + nr, sizeof(eight));
		memcpy(to + nr, &eight, sizeof(eight));
		eight = le64toh(eight);
		special = ((eight - TEXT_EACH) | eight) & TEXT_HIGH;
		if (special)
			return nr + __builtin_ctzll(special) / 8;
	}
	for (; nr < size && text[nr] && text[nr] < 0x80; nr++)
		to[nr] = text[nr];
	return nr;
}

/*
 * Copies a text up to its first 0, with U+FFFD for each byte that is not UTF-8. Returns
 * the size of the copy.
 */
static inline size_t column_copy_text(unsigned char *to, const unsigned char *text,
				      size_t size)
{
	size_t plain = column_copy_ascii(to, text, size);

	if (plain == size || !text[plain])
		return plain;
	return plain + rbmap_column_copy_rest(to + plain, text + plain, size - plain);
}

#endif
