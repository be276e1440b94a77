/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring that another program emptied: what is known of it all the same. */
#ifndef RECORD_RESET_H
#define RECORD_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include <rbmap/stats.h>

struct tracefs_instance;

/*
 * When the file of the ring, or that of the instance, was last emptied: "echo > trace".
 * The kernel sets the file's time then, in nanoseconds.
 */
uint64_t reset_emptied_ns(struct tracefs_instance *instance, int cpu);

/*
 * Fills in what was delivered before, and all that happened since, from what was
 * delivered in all: what was lost before, and what the reset discarded, the kernel does
 * not count. @before: the events delivered before the reset, or UINT64_MAX. Returns
 * them, as far as they are known.
 */
uint64_t reset_account(struct rbmap_account *account, const struct rbmap_counters *end,
		       bool observed, uint64_t before);

#endif
