/* SPDX-License-Identifier: LGPL-2.1-only */
/* What TRACE_MMAP_IOCTL_GET_READER costs on this kernel. */
#ifndef RBMAP_RING_READER_COST_H
#define RBMAP_RING_READER_COST_H

/*
 * Whether a call costs the same however many events it consumes: 1, 0 where it walks
 * them one by one, or a negative errno where that cannot be found out. For that it
 * makes an instance and removes it; no other ring is touched.
 */
int rbmap_reader_cost_is_flat(void);

#endif
