// SPDX-License-Identifier: LGPL-2.1-only
#include "columns/dictionary.h"

#include <stdlib.h>

#include "base/internal.h"
#include "columns/text.h"

#define FIRST_SLOTS 64

/* FNV-1a. */
static uint32_t hash(const unsigned char *text, size_t size)
{
	uint32_t value = UINT32_C(2166136261);

	for (size_t i = 0; i < size; i++)
		value = (value ^ text[i]) * UINT32_C(16777619);
	return value;
}

static size_t used(const struct dictionary *dictionary)
{
	return dictionary->nr ? dictionary->offsets[dictionary->nr] : 0;
}

/* Where the text is, or would be. */
static uint32_t *find_slot(const struct dictionary *dictionary,
			   const unsigned char *text, size_t size)
{
	size_t at = hash(text, size) & (dictionary->nr_slots - 1);
	const int32_t *offset;

	for (; dictionary->slots[at]; at = (at + 1) & (dictionary->nr_slots - 1)) {
		offset = &dictionary->offsets[dictionary->slots[at] - 1];
		if ((size_t)(offset[1] - offset[0]) == size &&
		    !memcmp(dictionary->bytes + offset[0], text, size))
			break;
	}
	return &dictionary->slots[at];
}

static int grow_slots(struct dictionary *dictionary)
{
	size_t nr = dictionary->nr_slots ? 2 * dictionary->nr_slots : FIRST_SLOTS;
	uint32_t *slots;

	if (2 * (dictionary->nr + 1) <= dictionary->nr_slots)
		return 0;
	slots = calloc(nr, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(dictionary->slots);
	dictionary->slots = slots;
	dictionary->nr_slots = nr;
	for (size_t i = 0; i < dictionary->nr; i++) {
		const int32_t *offset = &dictionary->offsets[i];

		*find_slot(dictionary, dictionary->bytes + offset[0],
			   offset[1] - offset[0]) = i + 1;
	}
	return 0;
}

static int grow_offsets(struct dictionary *dictionary)
{
	size_t room = dictionary->nr_room ? 2 * dictionary->nr_room : FIRST_SLOTS;
	int32_t *offsets;

	if (dictionary->nr + 1 < dictionary->nr_room)
		return 0;
	offsets = realloc(dictionary->offsets, room * sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	offsets[0] = 0;
	dictionary->offsets = offsets;
	dictionary->nr_room = room;
	return 0;
}

static int grow_bytes(struct dictionary *dictionary, size_t size)
{
	size_t need = used(dictionary) + column_text_room(size);
	unsigned char *bytes;

	if (need > DICTIONARY_MAX_BYTES)
		return -ENOMEM;
	if (need <= dictionary->room)
		return 0;
	bytes = realloc(dictionary->bytes, 2 * need);
	if (!bytes)
		return -ENOMEM;
	dictionary->bytes = bytes;
	dictionary->room = 2 * need;
	return 0;
}

int32_t rbmap_dictionary_find(struct dictionary *dictionary, const char *text,
			      size_t size)
{
	unsigned char *at;
	uint32_t *slot;

	if (grow_slots(dictionary) < 0 || grow_offsets(dictionary) < 0 ||
	    grow_bytes(dictionary, size) < 0)
		return -ENOMEM;
	at = dictionary->bytes + used(dictionary);
	size = column_copy_text(at, (const unsigned char *)text, size);
	slot = find_slot(dictionary, at, size);
	if (!*slot) {
		dictionary->offsets[dictionary->nr + 1] = used(dictionary) + size;
		*slot = ++dictionary->nr;
	}
	return *slot - 1;
}

void rbmap_dictionary_free(struct dictionary *dictionary)
{
	free(dictionary->bytes);
	free(dictionary->offsets);
	free(dictionary->slots);
	*dictionary = (struct dictionary){ 0 };
}
