// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/error.h>

#include "stat.h"

/* Do two CPUs belong on one line? */
typedef bool (*same_fn)(const struct stat_cpu *a, const struct stat_cpu *b);

static bool same_geometry(const struct stat_cpu *a, const struct stat_cpu *b)
{
	const struct rbmap_meta *x = &a->meta, *y = &b->meta;

	return !a->meta_error && !b->meta_error &&
	       x->meta_page_size == y->meta_page_size &&
	       x->meta_struct_len == y->meta_struct_len &&
	       x->subbuf_size == y->subbuf_size && x->nr_subbufs == y->nr_subbufs &&
	       x->flags == y->flags;
}

static bool same_error(const struct stat_cpu *a, const struct stat_cpu *b)
{
	return a->meta_error && a->meta_error == b->meta_error;
}

/* Without a meta-page there is a line already, which explains this as well. */
static bool same_extent_error(const struct stat_cpu *a, const struct stat_cpu *b)
{
	return !a->meta_error && !b->meta_error && a->extent_error &&
	       a->extent_error == b->extent_error;
}

/* Is there one like it before it, whose line names this one as well? */
static bool is_listed(const struct stat_sample *sample, size_t index, same_fn same)
{
	for (size_t i = 0; i < index; i++) {
		if (same(&sample->cpus[i], &sample->cpus[index]))
			return true;
	}
	return false;
}

/* "CPU 3" or "CPUs 0-2,5": all that are like this one. */
static void print_alike(const struct stat_sample *sample, size_t index, same_fn same)
{
	struct common_cpus alike = { .cpus = sample->list };

	for (size_t i = 0; i < sample->nr; i++) {
		if (same(&sample->cpus[i], &sample->cpus[index]))
			alike.cpus[alike.nr++] = sample->cpus[i].cpu;
	}
	printf("CPU%s ", alike.nr == 1 ? "" : "s");
	common_cpus_write(&alike, stdout);
}

static void print_geometry(const struct rbmap_meta *meta)
{
	char size[COMMON_FORMAT_SIZE];

	common_format_bytes(size, (uint64_t)meta->nr_subbufs * meta->subbuf_size);
	printf(": %" PRIu32 " sub-buffers of %" PRIu32 " bytes (%s); meta-page %" PRIu32
	       ", struct %" PRIu32 " bytes",
	       meta->nr_subbufs, meta->subbuf_size, size, meta->meta_page_size,
	       meta->meta_struct_len);
	if (meta->flags)
		printf(", flags %#" PRIx64, meta->flags);
	putchar('\n');
}

static void print_if_zero(const char *name, uint64_t number, const char **before)
{
	if (number)
		return;
	printf("%s%s", *before, name);
	*before = ", ";
}

/* The fields whose columns are left out where all are 0. */
static void print_zeros(const struct stat_sample *sample)
{
	uint64_t flags = 0, reader_lost = 0, pages_lost = 0, pages_touched = 0;
	const char *before = "0 on every CPU: ";
	bool any = false;

	for (size_t i = 0; i < sample->nr; i++) {
		const struct rbmap_meta *meta = &sample->cpus[i].meta;

		if (sample->cpus[i].meta_error)
			continue;
		any = true;
		flags |= meta->flags;
		reader_lost |= meta->reader_lost_events;
		pages_lost |= meta->pages_lost;
		pages_touched |= meta->pages_touched;
	}
	if (!any)
		return;
	print_if_zero("flags", flags, &before);
	print_if_zero("reader.lost_events", reader_lost, &before);
	print_if_zero("pages_lost", pages_lost, &before);
	print_if_zero("pages_touched", pages_touched, &before);
	if (*before == ',')
		putchar('\n');
}

void stat_print_head(const struct stat_sample *sample)
{
	printf("%s, clock %s\n", sample->path, sample->clock);
	for (size_t i = 0; i < sample->nr; i++) {
		if (sample->cpus[i].meta_error || is_listed(sample, i, same_geometry))
			continue;
		print_alike(sample, i, same_geometry);
		print_geometry(&sample->cpus[i].meta);
	}
	print_zeros(sample);
}

static void print_sum(const struct stat_sample *sample)
{
	char count[COMMON_FORMAT_SIZE], lost_count[COMMON_FORMAT_SIZE];
	char size[COMMON_FORMAT_SIZE];
	uint64_t unread = 0, bytes = 0, lost = 0;

	for (size_t i = 0; i < sample->nr; i++) {
		unread += sample->cpus[i].counters.unread;
		bytes += sample->cpus[i].counters.bytes;
		lost += stat_lost(&sample->cpus[i].counters);
	}
	printf("%s events unread (%s), %s lost since the last reset\n",
	       common_format_count(count, unread), common_format_bytes(size, bytes),
	       common_format_count(lost_count, lost));
}

static void print_extent_error(const struct stat_sample *sample, int r)
{
	printf(": fill and oldest are from the counters, reach is unknown: ");
	if (r == -EOPNOTSUPP)
		printf("cannot be observed with the clock %s, or on this CPU\n",
		       sample->clock);
	else
		printf("%s\n", rbmap_strerror(r));
}

void stat_print_notes(const struct stat_sample *sample)
{
	putchar('\n');
	print_sum(sample);
	for (size_t i = 0; i < sample->nr; i++) {
		if (!sample->cpus[i].meta_error || is_listed(sample, i, same_error))
			continue;
		print_alike(sample, i, same_error);
		printf(": no meta-page: %s\n",
		       rbmap_strerror(sample->cpus[i].meta_error));
	}
	for (size_t i = 0; i < sample->nr; i++) {
		const struct stat_cpu *cpu = &sample->cpus[i];

		if (!same_extent_error(cpu, cpu) ||
		    is_listed(sample, i, same_extent_error))
			continue;
		print_alike(sample, i, same_extent_error);
		print_extent_error(sample, cpu->extent_error);
	}
}
