/* SPDX-License-Identifier: LGPL-2.1-only */
/* What writing and reading a trace.dat have in common. */
#ifndef RBMAP_TRACEDAT_LIMITS_H
#define RBMAP_TRACEDAT_LIMITS_H

#include <stdint.h>

/* The most that the kernel can be built for is 8192. */
#define TRACEDAT_MAX_CPUS 65536
/* The kernel's limit: RB_WRITE_MASK in kernel/trace/ring_buffer.c. */
#define TRACEDAT_MAX_SUBBUF (UINT32_C(1) << 20)

#endif
