// SPDX-License-Identifier: GPL-2.0-only
/* observe-stress: what is tried. */
#include "observe.h"

/* In place and as copies. */
#define BOTH(name, with, subbuf_kb, subbufs) \
	{ name ", in place", (with), subbuf_kb, subbufs }, \
	{ \
		name ", copies", (with) | COPIES, subbuf_kb, subbufs \
	}

#define ALL_ELSE (WITH_READ | WITH_READER | WITH_RESETS)

/*
 * Rings of two sub-buffers are the smallest that the kernel makes: the writer is back
 * at once.
 */
const struct variant variants[] = {
	BOTH("tiny, 4 KB", TINY, 4, 2),
	BOTH("tiny, 8 KB", TINY, 8, 3),
	BOTH("tiny, 16 KB", TINY, 16, 2),
	BOTH("tiny, 32 KB", TINY, 32, 4),
	BOTH("tiny, 64 KB", TINY, 64, 2),
	/* So that it is held up in the middle of a look, or of a copy. */
	BOTH("tiny, 64 KB, without a pause", TINY | IMPATIENT, 64, 2),
	BOTH("tiny, 4 KB, without a pause, beside GET_READER",
	     TINY | IMPATIENT | WITH_READER, 4, 2),
	BOTH("tiny, 8 KB, without a pause, all at once", TINY | IMPATIENT | ALL_ELSE, 8,
	     3),
	BOTH("moderate, 4 KB, without a pause, beside read(2)", IMPATIENT | WITH_READ,
	     4, 12),
	BOTH("moderate, 4 KB", 0, 4, 64),
	BOTH("moderate, 64 KB", 0, 64, 16),
	BOTH("roomy, 4 KB", ROOMY, 4, 2048),
	BOTH("roomy, 64 KB", ROOMY, 64, 128),
	BOTH("tiny, begun anew on a full ring", TINY | REOPENS, 4, 8),
	BOTH("tiny, beside read(2)", TINY | WITH_READ, 4, 3),
	BOTH("moderate, beside read(2)", WITH_READ, 16, 32),
	BOTH("tiny, beside GET_READER", TINY | WITH_READER, 4, 2),
	BOTH("moderate, beside GET_READER", WITH_READER, 4, 64),
	BOTH("tiny, resets", TINY | WITH_RESETS, 8, 4),
	BOTH("moderate, resets", WITH_RESETS, 4, 64),
	BOTH("tiny, all at once", TINY | ALL_ELSE, 4, 3),
	BOTH("moderate, all at once", ALL_ELSE, 32, 16),
};

const unsigned int nr_variants = sizeof(variants) / sizeof(variants[0]);
