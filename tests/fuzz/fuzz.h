/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share. */
#ifndef RBMAP_FUZZ_H
#define RBMAP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer keeps the input that aborts. */
#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, \
				#condition); \
			abort(); \
		} \
	} while (0)

struct fuzz_in {
	const uint8_t *bytes;
	size_t size;
};

/* So many bytes as a number, little-endian; those that are not there are 0. */
static inline uint64_t fuzz_number(struct fuzz_in *in, unsigned int bytes)
{
	uint64_t number = 0;

	for (unsigned int i = 0; i < bytes && in->size; i++) {
		number |= (uint64_t)*in->bytes++ << (8 * i);
		in->size--;
	}
	return number;
}

/* Aborts where the bytes are not one object of JSON, in UTF-8 (RFC 8259). */
void fuzz_check_json(const char *text, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
