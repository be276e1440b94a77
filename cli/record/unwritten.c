// SPDX-License-Identifier: GPL-2.0-only
#include "unwritten.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ROOM 256

/*
 * @put: events, of all spans
 * @first: how many spans there were before those that are kept
 * @events: of each span that may not be written yet
 */
struct of_cpu {
	int cpu;
	uint64_t put;
	uint64_t first;
	size_t nr;
	size_t room;
	uint64_t *events;
};

struct unwritten {
	const struct sink *sink;
	size_t nr_cpus;
	struct of_cpu cpus[];
};

int unwritten_open(struct unwritten **ret, const struct sink *sink, const int *cpus,
		   size_t nr_cpus)
{
	struct unwritten *unwritten;

	unwritten = calloc(1, sizeof(*unwritten) + nr_cpus * sizeof(struct of_cpu));
	if (!unwritten)
		return -ENOMEM;
	unwritten->sink = sink;
	unwritten->nr_cpus = nr_cpus;
	for (size_t i = 0; i < nr_cpus; i++)
		unwritten->cpus[i].cpu = cpus[i];
	*ret = unwritten;
	return 0;
}

static int compare(const void *key, const void *member)
{
	return *(const int *)key - ((const struct of_cpu *)member)->cpu;
}

static void forget_written(const struct unwritten *unwritten, struct of_cpu *cpu)
{
	const struct sink *sink = unwritten->sink;
	uint64_t nr = sink->ops->written(sink->self, cpu->cpu) - cpu->first;

	/* Of what was just stored, some may be written before it is kept here. */
	if (nr > cpu->nr)
		nr = cpu->nr;
	cpu->first += nr;
	cpu->nr -= nr;
	memmove(cpu->events, cpu->events + nr, cpu->nr * sizeof(*cpu->events));
}

static struct of_cpu *find(struct unwritten *unwritten, int cpu)
{
	return bsearch(&cpu, unwritten->cpus, unwritten->nr_cpus,
		       sizeof(*unwritten->cpus), compare);
}

/* As long as the sink keeps up there is room without more memory. */
static int make_room(const struct unwritten *unwritten, struct of_cpu *cpu, size_t nr)
{
	size_t room = cpu->room ? 2 * cpu->room : LEAST_ROOM;
	uint64_t *larger;

	if (cpu->nr + nr <= cpu->room)
		return 0;
	if (cpu->nr)
		forget_written(unwritten, cpu);
	if (cpu->nr < cpu->room / 2 && cpu->nr + nr <= cpu->room)
		return 0;
	while (room < cpu->nr + nr)
		room *= 2;
	larger = reallocarray(cpu->events, room, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	cpu->events = larger;
	cpu->room = room;
	return 0;
}

int unwritten_reserve(struct unwritten *unwritten, const struct rbmap_span *spans,
		      int nr)
{
	int r = 0;

	if (!unwritten->sink->ops->written)
		return 0;
	for (int i = 0; r == 0 && i < nr; i++)
		if (i == 0 || spans[i].cpu != spans[i - 1].cpu)
			r = make_room(unwritten, find(unwritten, spans[i].cpu), nr);
	return r;
}

void unwritten_add(struct unwritten *unwritten, const struct rbmap_span *spans,
		   const struct tally_span *counted, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct of_cpu *cpu = find(unwritten, spans[i].cpu);
		uint64_t events = spans[i].flags & RBMAP_SPAN_TORN ?
					  0 :
					  counted[i].records.records;

		cpu->put += events;
		if (unwritten->sink->ops->written)
			cpu->events[cpu->nr++] = events;
	}
}

static uint64_t count(const struct unwritten *unwritten, const struct of_cpu *cpu)
{
	const struct sink *sink = unwritten->sink;
	uint64_t written, events = 0;

	if (!sink->ops->written) {
		written = sink->ops->events_written(sink->self, cpu->cpu);
		return cpu->put > written ? cpu->put - written : 0;
	}
	written = sink->ops->written(sink->self, cpu->cpu);
	for (size_t at = written - cpu->first; at < cpu->nr; at++)
		events += cpu->events[at];
	return events;
}

void unwritten_take_back(const struct unwritten *unwritten, struct tally *tally)
{
	for (size_t i = 0; i < unwritten->nr_cpus; i++) {
		const struct of_cpu *cpu = &unwritten->cpus[i];

		tally_take_back(tally, cpu->cpu, count(unwritten, cpu));
	}
}

void unwritten_take_back_all(const struct unwritten *unwritten, struct tally *tally)
{
	for (size_t i = 0; i < unwritten->nr_cpus; i++)
		tally_take_back(tally, unwritten->cpus[i].cpu, unwritten->cpus[i].put);
}

void unwritten_close(struct unwritten *unwritten)
{
	if (!unwritten)
		return;
	for (size_t i = 0; i < unwritten->nr_cpus; i++)
		free(unwritten->cpus[i].events);
	free(unwritten);
}
