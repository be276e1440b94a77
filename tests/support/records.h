/* SPDX-License-Identifier: GPL-2.0-only */
/* Sub-buffers for the tests of the record walk. */
#ifndef TEST_RECORDS_H
#define TEST_RECORDS_H

#include <check.h>
#include <rbmap/span.h>

#include "build.h"
#include "random.h"

#define STAMP (UINT64_C(5) << 59 | UINT64_C(123456789))

/* Check's own assertions are slow, and do not tell the seed. */
#define must(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("seed %llu: %s", (unsigned long long)seed, \
				     #condition); \
	} while (0)

/* An empty sub-buffer from calloc(3), with STAMP as its time stamp. */
void records_begin(struct build *build, const struct rbmap_layout *layout);

/* Any layout, filled with any records that the kernel may write. */
void records_random(struct build *build, struct random *random);

/* All of it, as seq 1 of CPU 2. */
struct rbmap_span records_span(const struct build *build);

#endif
