// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/write/deflate.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/internal.h"

struct tracedat_zip {
	struct tracedat_zip *next;
	ZSTD_CCtx *context;
	unsigned char *bytes;
	size_t room;
};

int rbmap_zips_init(struct tracedat_zips *zips)
{
	zips->free = NULL;
	return -pthread_mutex_init(&zips->lock, NULL);
}

static void free_zip(struct tracedat_zip *zip)
{
	ZSTD_freeCCtx(zip->context);
	free(zip->bytes);
	free(zip);
}

void rbmap_zips_trim(struct tracedat_zips *zips)
{
	struct tracedat_zip *zip;

	pthread_mutex_lock(&zips->lock);
	while ((zip = zips->free)) {
		zips->free = zip->next;
		free_zip(zip);
	}
	pthread_mutex_unlock(&zips->lock);
}

void rbmap_zips_free(struct tracedat_zips *zips)
{
	rbmap_zips_trim(zips);
	pthread_mutex_destroy(&zips->lock);
}

static int make_zip(struct tracedat_zip **ret)
{
	struct tracedat_zip *zip = calloc(1, sizeof(*zip));

	if (!zip)
		return -ENOMEM;
	zip->context = ZSTD_createCCtx();
	if (!zip->context) {
		free(zip);
		return -ENOMEM;
	}
	*ret = zip;
	return 0;
}

int rbmap_zip_get(struct tracedat_zips *zips, struct tracedat_zip **ret)
{
	struct tracedat_zip *zip;

	pthread_mutex_lock(&zips->lock);
	zip = zips->free;
	if (zip)
		zips->free = zip->next;
	pthread_mutex_unlock(&zips->lock);
	if (!zip)
		return make_zip(ret);
	*ret = zip;
	return 0;
}

void rbmap_zip_put(struct tracedat_zips *zips, struct tracedat_zip *zip)
{
	pthread_mutex_lock(&zips->lock);
	zip->next = zips->free;
	zips->free = zip;
	pthread_mutex_unlock(&zips->lock);
}

/* Only memory that cannot be had; the rest would be a mistake of ours. */
static int error_of(size_t code)
{
	return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? -ENOMEM :
									 -EINVAL;
}

static int make_room(struct tracedat_zip *zip, size_t size)
{
	unsigned char *larger;

	if (size <= zip->room)
		return 0;
	larger = malloc(size);
	if (!larger)
		return -ENOMEM;
	free(zip->bytes);
	zip->bytes = larger;
	zip->room = size;
	return 0;
}

size_t rbmap_zip_bound(size_t size)
{
	return ZSTD_compressBound(size);
}

static int make_frame(struct tracedat_zip *zip, const void *bytes, size_t size,
		      struct iovec *ret)
{
	int r = make_room(zip, rbmap_zip_bound(size));
	size_t got;

	if (r < 0)
		return r;
	got = ZSTD_compress2(zip->context, zip->bytes, zip->room, bytes, size);
	if (ZSTD_isError(got))
		return error_of(got);
	*ret = (struct iovec){ .iov_base = zip->bytes, .iov_len = got };
	return 0;
}

static int set(struct tracedat_zip *zip, ZSTD_cParameter parameter, int value)
{
	size_t r = ZSTD_CCtx_setParameter(zip->context, parameter, value);

	return ZSTD_isError(r) ? error_of(r) : 0;
}

int rbmap_zip(struct tracedat_zip *zip, int level, const void *bytes, size_t size,
	      struct iovec *ret)
{
	int r = set(zip, ZSTD_c_compressionLevel, level);

	return r < 0 ? r : make_frame(zip, bytes, size, ret);
}

/*
 * Of lines that each share a beginning with the one before, a small table that is
 * replaced soon finds more than a large one: as fast as level 1, and smaller than all
 * levels up to 4.
 */
int rbmap_zip_text(struct tracedat_zip *zip, const void *bytes, size_t size,
		   struct iovec *ret)
{
	int r = set(zip, ZSTD_c_compressionLevel, 1);

	if (r == 0)
		r = set(zip, ZSTD_c_strategy, ZSTD_dfast);
	if (r == 0)
		r = set(zip, ZSTD_c_hashLog, 14);
	if (r == 0)
		r = set(zip, ZSTD_c_minMatch, 6);
	if (r == 0)
		r = make_frame(zip, bytes, size, ret);
	ZSTD_CCtx_reset(zip->context, ZSTD_reset_session_and_parameters);
	return r;
}

/*
 * A frame of one raw block. Source: RFC 8878, 3.1.1: one segment, the size of the
 * content in 4 bytes, no checksum; the last block, not compressed.
 */
static void make_header(unsigned char header[STORED_HEADER], uint32_t size)
{
	uint32_t magic = htole32(ZSTD_MAGICNUMBER), content = htole32(size);
	uint32_t block = htole32(size << 3 | 1);

	memcpy(header, &magic, sizeof(magic));
	header[4] = 0xa0;
	memcpy(header + 5, &content, sizeof(content));
	memcpy(header + 9, &block, 3);
}

int rbmap_store(struct tracedat_stored *stored, const void *bytes, size_t size,
		struct iovec parts[STORED_PARTS])
{
	const unsigned char *at = bytes;
	int nr = 0;

	make_header(stored->whole, STORED_BLOCK);
	make_header(stored->rest, size % STORED_BLOCK);
	while (size) {
		uint32_t part = size < STORED_BLOCK ? size : STORED_BLOCK;

		parts[nr].iov_base = part < STORED_BLOCK ? stored->rest : stored->whole;
		parts[nr++].iov_len = STORED_HEADER;
		parts[nr].iov_base = (void *)at;
		parts[nr++].iov_len = part;
		at += part;
		size -= part;
	}
	return nr;
}
