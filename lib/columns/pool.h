/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Memory of batches, which is used again for the next ones: the kernel clears each page
 * that it gives out, and that would cost more than to fill the rows. A batch may be
 * released by any thread, also once the columns are closed.
 */
#ifndef RBMAP_COLUMNS_POOL_H
#define RBMAP_COLUMNS_POOL_H

#include <stddef.h>

struct pool;

/* With one reference; NULL without memory. */
struct pool *rbmap_pool_open(void);
void rbmap_pool_unref(struct pool *pool);

/*
 * As malloc(3), aligned to 64 bytes as Arrow asks for. Each block has a reference of the
 * pool.
 */
void *rbmap_pool_alloc(struct pool *pool, size_t size);
/* As realloc(3); @size bytes of the block, which may be NULL, are kept. */
void *rbmap_pool_grow(struct pool *pool, void *block, size_t size, size_t new_size);
/* Takes NULL. */
void rbmap_pool_free(void *block);

#endif
