/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_RING_MAPPING_H
#define RBMAP_RING_MAPPING_H

#include <stddef.h>

#include <rbmap/mapping.h>

#include "ring/uapi/trace_mmap.h"

/* The one seam to the kernel: what an ioctl does, so that a test can stand in. */
typedef int (*rbmap_get_reader_fn)(void *context);

/*
 * A mapping of a ring that lies in ordinary memory: meta and data are borrowed.
 * Checks the geometry as rbmap_mapping_open() does; data_size is what data has.
 */
int rbmap_mapping_from_memory(struct rbmap_mapping **ret,
			      const struct trace_buffer_meta *meta, const void *data,
			      size_t data_size, rbmap_get_reader_fn get_reader,
			      void *context);

#endif
