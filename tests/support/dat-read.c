/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "dat-read.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include <rbmap/record.h>
#include <rbmap/tracedat.h>

/* Check notes each assertion: so there is not one for each record. */
static void note_span(const struct rbmap_layout *layout, const struct rbmap_span *span,
		      struct dat_found *ret)
{
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	uint32_t number;

	ck_assert_int_eq(rbmap_walk_span(&walk, layout, span), 0);
	while (rbmap_walk_next(&walk, &record) == 1) {
		memcpy(&number, record.data, sizeof(number));
		if (ret->nr == DAT_MOST_RECORDS ||
		    record.time_stamp != (uint64_t)number + 1)
			ck_abort_msg("record %zu: number %u at %llu", ret->nr, number,
				     (unsigned long long)record.time_stamp);
		ret->numbers[ret->nr] = number;
		ret->lost[ret->nr++] = record.lost;
	}
}

/* The formats in the tree of a test are none. */
static void no_faults(struct rbmap_tracedat_reader *reader)
{
	const struct rbmap_tracedat_fault *faults;
	size_t nr = rbmap_tracedat_reader_faults(reader, &faults);

	for (size_t i = 0; i < nr; i++)
		if (!strstr(faults[i].text, "format"))
			ck_abort_msg("at byte %llu: %s",
				     (unsigned long long)faults[i].offset,
				     faults[i].text);
}

void dat_read_cpu(const char *path, const struct rbmap_layout *layout, int cpu,
		  struct dat_found *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	const struct rbmap_tracedat_buffer *buffers;
	struct rbmap_tracedat_reader *reader;
	struct rbmap_span span;

	ret->nr = 0;
	ck_assert_int_eq(rbmap_tracedat_reader_open(&reader, fd, NULL), 0);
	ck_assert_uint_eq(rbmap_tracedat_reader_buffers(reader, &buffers), 1);
	for (size_t i = 0; i < buffers[0].nr_cpus; i++) {
		if (buffers[0].cpus[i].cpu != cpu)
			continue;
		while ((r = rbmap_tracedat_reader_take(reader, 0, i, &span)) == 1)
			note_span(layout, &span, ret);
		ck_assert_int_eq(r, 0);
	}
	no_faults(reader);
	rbmap_tracedat_reader_close(reader);
	close(fd);
}

void dat_check_numbers(const struct dat_found *found, size_t at, uint32_t first,
		       size_t nr)
{
	ck_assert_uint_ge(found->nr, at + nr);
	for (size_t i = 0; i < nr; i++)
		if (found->numbers[at + i] != first + i)
			ck_abort_msg("record %zu: number %u", at + i,
				     found->numbers[at + i]);
}
