/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The only loads from memory that the kernel writes to. Acquire: what the kernel
 * stored before the value is seen with it. Each use names the store it pairs with.
 */
#ifndef RBMAP_SPAN_SHARED_LOAD_H
#define RBMAP_SPAN_SHARED_LOAD_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t shared_load_u32(const void *address)
{
	return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE);
}

static inline uint64_t shared_load_u64(const void *address)
{
	return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}

/*
 * Copies what the kernel may be overwriting: both 8 bytes aligned, the size rounded up
 * to 8. What was copied is to be relied on only where the sub-buffer's header shows
 * afterwards that it still holds the same records.
 */
static inline void shared_copy(void *to, const void *from, size_t size)
{
	const uint64_t *source = from;
	uint64_t *words = to;

	for (size_t i = 0; i < (size + 7) / 8; i++)
		words[i] = __atomic_load_n(&source[i], __ATOMIC_ACQUIRE);
}

#endif
