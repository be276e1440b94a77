// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Measures GET_READER in an instance of its own: on sub-buffers with many events and on
 * such with few, which hold as many bytes.
 *
 * Nothing but the time it takes tells the two kinds of kernel apart: the meta-page and
 * the events are the same. The session's own rings would do as well, but only after
 * events have come, when the engine has been chosen; and what is consumed of them for
 * the measurement would have to be handed out by whichever engine follows.
 */
#define _GNU_SOURCE
#include "ring/reader-cost.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <rbmap/mapping.h>

#include "base/internal.h"
#include "tracefs/probe-instance.h"
#include "tracefs/tracefs.h"

/* The least of so many: what came in between only adds to a time. */
#define ROUNDS 8
/* Markers: 32 bytes with all headers, and not so long that older kernels cut them. */
#define SMALL 8
#define LARGE 1000
/* Events of a sub-buffer that is full of either. */
#define FEW 8
#define MANY 64
/* Several times as many events are several times as dear, or they are not. */
#define FLAT_FACTOR 2

struct measurement {
	struct rbmap_mapping *mapping;
	int marker;
	int ring;
	uint64_t few_ns;
	uint64_t many_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* Two sub-buffers' worth: so that the writer has left at least one. */
static int fill(const struct measurement *measurement, size_t size, uint32_t nr)
{
	char text[LARGE];

	memset(text, '.', sizeof(text));
	while (nr--)
		if (write(measurement->marker, text, size) < 0)
			return -errno;
	return 0;
}

static void note(struct measurement *measurement, uint64_t events, uint64_t took)
{
	if (events && events <= FEW && took < measurement->few_ns)
		measurement->few_ns = took;
	if (events >= MANY && took < measurement->many_ns)
		measurement->many_ns = took;
}

/* Consumes all there is. A call may find padding only, and go no further. */
static int drain(struct measurement *measurement)
{
	struct rbmap_meta before, after;
	uint64_t began, took;
	int r;

	rbmap_mapping_meta(measurement->mapping, &after);
	do {
		before = after;
		began = now_ns();
		r = rbmap_mapping_get_reader(measurement->mapping);
		took = now_ns() - began;
		rbmap_mapping_meta(measurement->mapping, &after);
		if (r == 0 && after.reader_id != before.reader_id)
			note(measurement, after.read - before.read, took);
	} while (r == 0 &&
		 (after.read != before.read || after.reader_id != before.reader_id ||
		  after.reader_read != before.reader_read));
	return r;
}

static int measure(struct measurement *measurement)
{
	struct rbmap_meta meta;
	int r = 0;

	measurement->few_ns = measurement->many_ns = UINT64_MAX;
	rbmap_mapping_meta(measurement->mapping, &meta);
	for (int i = 0; r == 0 && i < ROUNDS; i++) {
		r = fill(measurement, LARGE, 2 * meta.subbuf_size / LARGE);
		if (r == 0)
			r = drain(measurement);
		if (r == 0)
			r = fill(measurement, SMALL,
				 2 * meta.subbuf_size / (4 * SMALL));
		if (r == 0)
			r = drain(measurement);
	}
	if (r == 0 &&
	    (measurement->few_ns == UINT64_MAX || measurement->many_ns == UINT64_MAX))
		r = -ENODATA;
	return r;
}

static int compare(struct measurement *measurement)
{
	int r = measure(measurement);

	if (r < 0)
		return r;
	return measurement->many_ns < FLAT_FACTOR * measurement->few_ns;
}

static int measure_ring(const struct probe_instance *instance, int cpu)
{
	struct measurement measurement = { .marker = -1 };
	int r;

	measurement.ring = rbmap_probe_instance_ring(instance, cpu);
	r = measurement.ring < 0 ? measurement.ring : 0;
	if (r == 0)
		r = rbmap_mapping_open(&measurement.mapping, measurement.ring);
	if (r == 0) {
		measurement.marker =
			openat(instance->fd, "trace_marker", O_WRONLY | O_CLOEXEC);
		r = measurement.marker < 0 ? -errno : compare(&measurement);
	}
	rbmap_mapping_close(measurement.mapping);
	if (measurement.marker >= 0)
		close(measurement.marker);
	if (measurement.ring >= 0)
		close(measurement.ring);
	return r;
}

/* Markers go to the ring of the CPU that the thread is on: it has to stay there. */
static int measure_here(const struct probe_instance *instance)
{
	cpu_set_t before, here;
	int cpu = sched_getcpu(), r;

	if (cpu < 0 || sched_getaffinity(0, sizeof(before), &before) < 0)
		return -errno;
	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	if (sched_setaffinity(0, sizeof(here), &here) < 0)
		return -errno;
	r = measure_ring(instance, cpu);
	sched_setaffinity(0, sizeof(before), &before);
	return r;
}

int rbmap_reader_cost_is_flat(void)
{
	struct probe_instance instance;
	char *dir;
	int top, r;

	r = rbmap_tracefs_find(&dir);
	if (r < 0)
		return r;
	top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (top < 0)
		return -errno;
	r = rbmap_probe_instance_open(&instance, top);
	if (r == 0)
		r = measure_here(&instance);
	rbmap_probe_instance_close(&instance);
	close(top);
	return r;
}
