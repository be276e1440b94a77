/* SPDX-License-Identifier: GPL-2.0-only */
/* rbmap-stat: the rings as they were read once, and the ways to print it. */
#ifndef STAT_H
#define STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/mapping.h>
#include <rbmap/stats.h>

#include "common.h"

/*
 * @meta_error: 0, or the negative errno of why there is no @meta
 * @extent_error: likewise, and then @extent is the counters', which know no newest
 */
struct stat_cpu {
	int cpu;
	bool online;
	int meta_error;
	struct rbmap_meta meta;
	int extent_error;
	struct rbmap_extent extent;
	struct rbmap_counters counters;
};

/*
 * @clock_is_time: it counts nanoseconds, not ticks of its own
 * @list: room for all numbers, for who prints some of them
 */
struct stat_sample {
	const char *name;
	const char *path;
	char clock[32];
	bool clock_is_time;
	struct stat_cpu *cpus;
	int *list;
	size_t nr;
};

/* ---- sample.c ---- */

/*
 * Reads the rings of @cpus once; prints its error and returns an exit code. Name and
 * path are left alone, also by stat_sample_free(), which is due on success.
 */
int stat_sample_take(struct stat_sample *sample, struct tracefs_instance *instance,
		     const struct common_cpus *cpus);
void stat_sample_free(struct stat_sample *sample);

/* Events in the ring that are not consumed, from the meta-page. */
uint64_t stat_meta_unread(const struct rbmap_meta *meta);

/* Events lost since the last reset: overwritten or refused. */
uint64_t stat_lost(const struct rbmap_counters *counters);

/* Bytes of sub-buffers that can hold what is unread; 0 without a meta-page. */
uint64_t stat_capacity(const struct stat_cpu *cpu);

/*
 * How long ago the oldest unread event was written, in the clock's units. False where
 * there is none.
 */
bool stat_age(const struct stat_cpu *cpu, uint64_t *ret);

/* From the oldest to the newest of them. False where it is not known either. */
bool stat_reach(const struct stat_cpu *cpu, uint64_t *ret);

/* ---- table.c, notes.c ---- */

/* Prints to standard output; @width in columns. False without memory. */
bool stat_print_table(const struct stat_sample *sample, int width);

/* The lines above the table: what all CPUs have in common. */
void stat_print_head(const struct stat_sample *sample);

/* The lines below it: what it means together, and what could not be had. */
void stat_print_notes(const struct stat_sample *sample);

/* ---- json.c: one document on one line; returns an exit code ---- */

int stat_print_json(const struct stat_sample *sample);

/* ---- features.c ---- */

int stat_features(bool json, int width);

#endif
