// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs.h>

#include <rbmap/error.h>
#include <rbmap/subbuf.h>

#include "stat.h"

uint64_t stat_meta_unread(const struct rbmap_meta *meta)
{
	uint64_t gone = meta->overrun + meta->read;

	return meta->entries > gone ? meta->entries - gone : 0;
}

uint64_t stat_lost(const struct rbmap_counters *counters)
{
	return counters->overrun + counters->dropped + counters->commit_overrun;
}

uint64_t stat_capacity(const struct stat_cpu *cpu)
{
	if (cpu->meta_error)
		return 0;
	return (uint64_t)cpu->meta.nr_subbufs * cpu->meta.subbuf_size;
}

bool stat_age(const struct stat_cpu *cpu, uint64_t *ret)
{
	uint64_t oldest = cpu->extent.oldest, now = cpu->counters.now_ns;

	if (!cpu->extent.bytes)
		return false;
	/* The kernel rounds its now to microseconds. */
	*ret = now > oldest ? now - oldest : 0;
	return true;
}

bool stat_reach(const struct stat_cpu *cpu, uint64_t *ret)
{
	if (!cpu->extent.bytes || cpu->extent_error)
		return false;
	*ret = cpu->extent.newest - cpu->extent.oldest;
	return true;
}

static int open_ring(struct tracefs_instance *instance, int cpu)
{
	char file[64];
	int fd;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	errno = 0;
	fd = tracefs_instance_file_open(instance, file,
					O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno ? -errno : -EIO;
	return fd;
}

/*
 * While a ring is mapped it can be neither resized nor snapshot, and on Linux 6.12 a
 * reader that uses splice(2) stalls. The ring may be another program's: so it is
 * mapped for this one sample only, never from one to the next.
 */
static void read_mapping(struct stat_cpu *cpu, struct tracefs_instance *instance,
			 const struct rbmap_layout *layout)
{
	struct rbmap_mapping *mapping;
	int fd = open_ring(instance, cpu->cpu);

	cpu->meta_error = fd < 0 ? fd : rbmap_mapping_open(&mapping, fd);
	if (!cpu->meta_error) {
		rbmap_mapping_meta(mapping, &cpu->meta);
		if (!cpu->extent_error)
			cpu->extent_error =
				rbmap_extent_read(&cpu->extent, mapping, layout);
		rbmap_mapping_close(mapping);
	} else {
		cpu->extent_error = cpu->meta_error;
	}
	if (fd >= 0)
		close(fd);
}

/* The counters after the mapping: their now is not before what that has seen. */
static int read_cpu(struct stat_cpu *cpu, struct tracefs_instance *instance,
		    const struct rbmap_layout *layout)
{
	int r;

	read_mapping(cpu, instance, layout);
	r = rbmap_counters_read(&cpu->counters, instance, cpu->cpu);
	if (!r && cpu->extent_error && cpu->counters.unread)
		cpu->extent = (struct rbmap_extent){
			.bytes = cpu->counters.bytes,
			.oldest = cpu->counters.oldest_ns,
		};
	return r;
}

static int read_clock(struct stat_sample *sample, struct tracefs_instance *instance)
{
	static const char *const in_ns[] = {
		"local", "global", "perf", "mono", "mono_raw", "boot", "tai",
	};
	char *clock;

	errno = 0;
	clock = tracefs_get_clock(instance);
	if (!clock && errno == ENOMEM)
		return -ENOMEM;
	snprintf(sample->clock, sizeof(sample->clock), "%s", clock ? clock : "?");
	free(clock);
	sample->clock_is_time = false;
	for (size_t i = 0; i < sizeof(in_ns) / sizeof(*in_ns); i++) {
		if (!strcmp(sample->clock, in_ns[i]))
			sample->clock_is_time = true;
	}
	return 0;
}

static int read_cpus(struct stat_sample *sample, struct tracefs_instance *instance,
		     const struct common_cpus *cpus, const struct common_cpus *online)
{
	struct rbmap_layout layout;
	int extent_error, r = 0;

	extent_error = rbmap_extent_check(instance);
	if (!extent_error)
		extent_error = rbmap_layout_read(&layout, instance);
	for (size_t i = 0; i < cpus->nr && !r; i++) {
		struct stat_cpu *cpu = &sample->cpus[i];

		cpu->cpu = cpus->cpus[i];
		cpu->online = common_cpus_has(online, cpu->cpu);
		cpu->extent_error = extent_error;
		r = read_cpu(cpu, instance, &layout);
		if (r)
			common_error("%s/per_cpu/cpu%d/stats: %s", sample->path,
				     cpu->cpu, rbmap_strerror(r));
	}
	return r ? COMMON_FAILURE : COMMON_OK;
}

int stat_sample_take(struct stat_sample *sample, struct tracefs_instance *instance,
		     const struct common_cpus *cpus)
{
	struct common_cpus online = { .nr = 0 };
	int r = 0, status = COMMON_FAILURE;

	sample->nr = cpus->nr;
	sample->cpus = calloc(cpus->nr, sizeof(*sample->cpus));
	sample->list = calloc(cpus->nr, sizeof(*sample->list));
	if (!sample->cpus || !sample->list)
		r = -ENOMEM;
	/* Anew for each sample: CPUs come and go. */
	if (!r && common_cpus_read(&online, "online") == -ENOMEM)
		r = -ENOMEM;
	if (!r)
		r = read_clock(sample, instance);
	if (r)
		common_error("%s", strerror(-r));
	else
		status = read_cpus(sample, instance, cpus, &online);
	common_cpus_free(&online);
	if (status != COMMON_OK)
		stat_sample_free(sample);
	return status;
}

void stat_sample_free(struct stat_sample *sample)
{
	free(sample->cpus);
	free(sample->list);
	sample->cpus = NULL;
	sample->list = NULL;
	sample->nr = 0;
}
