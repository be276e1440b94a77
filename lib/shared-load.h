/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The only loads from memory that the kernel writes to. Acquire: what the kernel
 * stored before the value is seen with it. Each use names the store it pairs with.
 */
#ifndef RBMAP_SHARED_LOAD_H
#define RBMAP_SHARED_LOAD_H

#include <stdint.h>

static inline uint32_t shared_load_u32(const void *address)
{
	return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE);
}

static inline uint64_t shared_load_u64(const void *address)
{
	return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}

#endif
