/* SPDX-License-Identifier: LGPL-2.1-only */
/* Texts, each once, with numbers in the order in which they came. */
#ifndef RBMAP_COLUMNS_DICTIONARY_H
#define RBMAP_COLUMNS_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

/* Of all texts: offsets of Arrow have 31 bits. */
#define DICTIONARY_MAX_BYTES (INT32_C(1) << 28)

/*
 * Zero it.
 *
 * @bytes: all texts, @offsets says where each begins, and the last ends
 * @slots: numbers of texts, and 1; a table with @nr_slots places, a power of two
 */
struct dictionary {
	unsigned char *bytes;
	size_t room;
	int32_t *offsets;
	size_t nr, nr_room;
	uint32_t *slots;
	size_t nr_slots;
};

/* The number of a text, which is made UTF-8; -ENOMEM, also where there are too many. */
int32_t rbmap_dictionary_find(struct dictionary *dictionary, const char *text,
			      size_t size);

void rbmap_dictionary_free(struct dictionary *dictionary);

#endif
