// SPDX-License-Identifier: GPL-2.0-only
/*
 * libtracefs: the sub-buffers of each CPU in turn. CPU_READ_BUF: by
 * tracefs_cpu_read_buf(), which maps the ring, of libtracefs 1.8; otherwise by
 * tracefs_cpu_read().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <kbuffer.h>
#include <tracefs.h>

#include "fields.h"
#include "harness.h"

static struct tracefs_cpu **cpus;
static long nr_cpus;
static struct kbuffer *kbuffer;
static void *buffer;

static struct kbuffer *read_subbuf(struct tracefs_cpu *cpu)
{
#ifdef CPU_READ_BUF
	return tracefs_cpu_read_buf(cpu, true);
#else
	if (tracefs_cpu_read(cpu, buffer, true) <= 0 ||
	    kbuffer_load_subbuffer(kbuffer, buffer) < 0)
		return NULL;
	return kbuffer;
#endif
}

static bool drain(int cpu)
{
	struct tep_record record = { .cpu = cpu };
	struct kbuffer *kbuf;
	bool any = false;

	while ((kbuf = read_subbuf(cpus[cpu]))) {
		any = true;
		while ((record.data = kbuffer_read_event(kbuf, &record.ts))) {
			record.size = kbuffer_event_size(kbuf);
			use(&record);
			kbuffer_next_event(kbuf, NULL);
		}
	}
	return any;
}

static bool run_round(void)
{
	bool any = false;

	for (int cpu = 0; cpu < nr_cpus; cpu++)
		any |= cpus[cpu] && drain(cpu);
	return any;
}

void source_open(struct harness *harness)
{
	static const char *const systems[] = { "sched", NULL };

	harness->tep = tracefs_local_events_system(NULL, systems);
	if (!harness->tep)
		harness_die("tracefs_local_events_system", errno);
	fields_open(NULL, harness->tep);
	nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	cpus = calloc(nr_cpus, sizeof(*cpus));
	if (!cpus)
		harness_die("memory", errno);
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		cpus[cpu] = tracefs_cpu_open(harness->instance, cpu, true);
	if (!cpus[0])
		harness_die("tracefs_cpu_open", errno);
	buffer = malloc(tracefs_cpu_read_size(cpus[0]));
	kbuffer =
		kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	if (!buffer || !kbuffer)
		harness_die("memory", errno);
}

void source_run(struct harness *harness)
{
	/* As often as librbmap looks. */
	const struct timespec interval = { .tv_nsec = 100000000 };

	harness_start(harness);
	while (!harness_stop) {
		nanosleep(&interval, NULL);
		run_round();
	}
	harness_end();
	while (run_round())
		;
}

void source_close(struct harness *harness)
{
	for (int cpu = 0; cpu < nr_cpus; cpu++)
		if (cpus[cpu])
			tracefs_cpu_close(cpus[cpu]);
	free(cpus);
	free(buffer);
	kbuffer_free(kbuffer);
	tep_free(harness->tep);
}
