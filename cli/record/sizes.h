/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes of the ring buffer and its sub-buffers. */
#ifndef RECORD_SIZES_H
#define RECORD_SIZES_H

#include "config.h"

struct tracefs_instance;
struct undo_list;

/*
 * Sets what the options ask for; without @undo, that is in an instance of our own, the
 * defaults for the rest. Prints its errors; returns an exit code.
 */
int sizes_set(struct tracefs_instance *instance, struct undo_list *undo,
	      const struct config *config);

/*
 * --queue-size, or its default. *ret: bytes; 0: no queue. Prints its errors; returns an
 * exit code.
 */
int sizes_queue(uint64_t *ret, const struct config *config);

/*
 * In an instance of our own: the sub-buffers of @like, so that what fits there fits
 * here too, but as few as the kernel takes. Likewise.
 */
int sizes_set_least(struct tracefs_instance *instance, struct tracefs_instance *like);

#endif
