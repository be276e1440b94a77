/* SPDX-License-Identifier: GPL-2.0-only */
/* Private instances of this kernel, with numbered markers written on a chosen CPU. */
#ifndef RBMAP_TEST_LIVE_H
#define RBMAP_TEST_LIVE_H

#include <stdbool.h>
#include <stdint.h>

struct tracefs_instance;

struct live {
	struct tracefs_instance *instance;
	int marker_fd;
};

/* Root, and a tracefs that lets instances be made. To be asked by main(). */
bool live_is_possible(void);

/* Of the names of this program: what failed tests have left. */
void live_remove_left(void);

void live_open(struct live *live, const char *name);
void live_close(struct live *live);

/* CPUs that this process may run on: how many, up to @max. */
int live_cpus(int *cpus, int max);

/* Markers of the text "mark N": all of these, on this CPU. */
void live_mark(const struct live *live, int cpu, uint32_t first, uint32_t nr);

/* The number of a marker, from the data of a record of ftrace:print. */
uint32_t live_number(const void *data, uint32_t size);

#endif
