// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Where the data of the CPUs lies. No recorder stores the same bytes as the data of two
 * CPUs; in a file that says so, a few bytes could be read as those of thousands.
 */
#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/read/datfile.h"

struct place {
	struct rbmap_tracedat_cpu *cpu;
	const struct tracedat_buffer *buffer;
};

static int compare_cpus(const void *a, const void *b)
{
	const struct rbmap_tracedat_cpu *left = a, *right = b;

	if (left->cpu != right->cpu)
		return left->cpu < right->cpu ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->cpu->offset != right->cpu->offset)
		return left->cpu->offset < right->cpu->offset ? -1 : 1;
	/* As they are in the arrays. */
	return (left->cpu > right->cpu) - (left->cpu < right->cpu);
}

static int drop(struct rbmap_tracedat_reader *datfile,
		const struct tracedat_buffer *buffer,
		const struct rbmap_tracedat_cpu *cpu, const char *why)
{
	int r = rbmap_datfile_fault(datfile, cpu->offset, "CPU %d%s%s: not read: %s",
				    cpu->cpu, *buffer->name ? " of " : "", buffer->name,
				    why);

	return r == -EBADMSG ? 0 : r;
}

static int sort_cpus(struct rbmap_tracedat_reader *datfile,
		     struct tracedat_buffer *buffer)
{
	struct rbmap_tracedat_cpu *cpus = buffer->cpus;
	size_t nr = buffer->nr_cpus, kept = 0;
	int r = 0;

	if (nr)
		qsort(cpus, nr, sizeof(*cpus), compare_cpus);
	for (size_t i = 0; r == 0 && i < nr; i++)
		if (!kept || cpus[kept - 1].cpu != cpus[i].cpu)
			cpus[kept++] = cpus[i];
		else
			r = drop(datfile, buffer, &cpus[i],
				 "the file has other data for this CPU");
	buffer->nr_cpus = kept;
	return r;
}

static size_t list_places(const struct rbmap_tracedat_reader *datfile,
			  struct place *places)
{
	size_t nr = 0;

	for (size_t i = 0; i < datfile->nr_buffers; i++) {
		const struct tracedat_buffer *buffer = &datfile->buffers[i];

		for (size_t j = 0; j < buffer->nr_cpus; j++) {
			if (!buffer->cpus[j].size)
				continue;
			if (places)
				places[nr] = (struct place){ &buffer->cpus[j], buffer };
			nr++;
		}
	}
	return nr;
}

static int drop_overlapping(struct rbmap_tracedat_reader *datfile,
			    const struct place *places, size_t nr)
{
	uint64_t end = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < nr; i++) {
		struct rbmap_tracedat_cpu *cpu = places[i].cpu;

		if (cpu->offset >= end) {
			end = cpu->offset + cpu->size;
			continue;
		}
		r = drop(datfile, places[i].buffer, cpu,
			 "its data lies within that of another CPU");
		cpu->size = 0;
	}
	return r;
}

int rbmap_datfile_check_places(struct rbmap_tracedat_reader *datfile)
{
	struct place *places;
	size_t nr;
	int r = 0;

	for (size_t i = 0; r == 0 && i < datfile->nr_buffers; i++)
		r = sort_cpus(datfile, &datfile->buffers[i]);
	if (r < 0)
		return r;
	nr = list_places(datfile, NULL);
	places = calloc(nr + 1, sizeof(*places));
	if (!places)
		return -ENOMEM;
	list_places(datfile, places);
	qsort(places, nr, sizeof(*places), compare_places);
	r = drop_overlapping(datfile, places, nr);
	free(places);
	return r;
}
