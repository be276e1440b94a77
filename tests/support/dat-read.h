/* SPDX-License-Identifier: GPL-2.0-only */
/* What the library's reader finds in a trace.dat whose records dat_fill() made. */
#ifndef RBMAP_TEST_DAT_READ_H
#define RBMAP_TEST_DAT_READ_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/subbuf.h>

#define DAT_MOST_RECORDS 200000

/* Of one CPU. */
struct dat_found {
	uint32_t numbers[DAT_MOST_RECORDS];
	uint64_t lost[DAT_MOST_RECORDS];
	size_t nr;
};

/* Each record has the time that its number tells, and nothing in the file is a fault.
 */
void dat_read_cpu(const char *path, const struct rbmap_layout *layout, int cpu,
		  struct dat_found *ret);

/* @nr records, numbered from @first, begin at @at. */
void dat_check_numbers(const struct dat_found *found, size_t at, uint32_t first,
		       size_t nr);

#endif
