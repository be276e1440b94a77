// SPDX-License-Identifier: LGPL-2.1-only
#include "columns/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64
/* What is smaller is as well served by malloc(3). */
#define LEAST_KEPT (32 * 1024)
/* More than a batch of most events needs. */
#define MOST_BYTES (UINT64_C(32) << 20)

/* In front of each block. */
struct block {
	struct pool *pool;
	struct block *next;
	size_t size;
};

_Static_assert(sizeof(struct block) <= ALIGNMENT, "in front of a block");

/*
 * @refs: of the blocks that are in use, and one of the columns
 * @free: blocks, of @free_bytes
 */
struct pool {
	pthread_mutex_t lock;
	size_t refs;
	struct block *free;
	uint64_t free_bytes;
};

static struct block *block_of(void *memory)
{
	return (struct block *)((char *)memory - ALIGNMENT);
}

static void *memory_of(struct block *block)
{
	return (char *)block + ALIGNMENT;
}

struct pool *rbmap_pool_open(void)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pool->refs = 1;
	return pool;
}

static void free_blocks(struct pool *pool)
{
	struct block *block;

	while ((block = pool->free)) {
		pool->free = block->next;
		free(block);
	}
}

static void drop(struct pool *pool, struct block *block)
{
	size_t refs;

	pthread_mutex_lock(&pool->lock);
	if (block && block->size >= LEAST_KEPT &&
	    pool->free_bytes + block->size <= MOST_BYTES) {
		block->next = pool->free;
		pool->free = block;
		pool->free_bytes += block->size;
		block = NULL;
	}
	refs = --pool->refs;
	pthread_mutex_unlock(&pool->lock);
	free(block);
	if (refs)
		return;
	free_blocks(pool);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void rbmap_pool_unref(struct pool *pool)
{
	if (pool)
		drop(pool, NULL);
}

/* The smallest that is large enough, and not far too large. */
static struct block *take(struct pool *pool, size_t size)
{
	struct block **best = NULL, *block;

	for (struct block **at = &pool->free; *at; at = &(*at)->next)
		if ((*at)->size >= size && (*at)->size / 2 <= size &&
		    (!best || (*at)->size < (*best)->size))
			best = at;
	if (!best)
		return NULL;
	block = *best;
	*best = block->next;
	pool->free_bytes -= block->size;
	return block;
}

static struct block *make(size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - 2 * ALIGNMENT)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	block = aligned_alloc(ALIGNMENT, ALIGNMENT + size);
	if (block)
		block->size = size;
	return block;
}

void *rbmap_pool_alloc(struct pool *pool, size_t size)
{
	struct block *block = NULL;

	pthread_mutex_lock(&pool->lock);
	if (size >= LEAST_KEPT / 2)
		block = take(pool, size);
	if (!block)
		block = make(size);
	if (block)
		pool->refs++;
	pthread_mutex_unlock(&pool->lock);
	if (!block)
		return NULL;
	block->pool = pool;
	return memory_of(block);
}

void *rbmap_pool_grow(struct pool *pool, void *memory, size_t size, size_t new_size)
{
	void *larger;

	if (memory && block_of(memory)->size >= new_size)
		return memory;
	larger = rbmap_pool_alloc(pool, new_size);
	if (!larger)
		return NULL;
	if (memory)
		memcpy(larger, memory, size);
	rbmap_pool_free(memory);
	return larger;
}

void rbmap_pool_free(void *memory)
{
	if (memory)
		drop(block_of(memory)->pool, block_of(memory));
}
