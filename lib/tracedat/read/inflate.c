// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/read/inflate.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/internal.h"

int rbmap_inflate_find(enum tracedat_compression *ret, const char *name)
{
	if (!strcmp(name, "none"))
		*ret = TRACEDAT_PLAIN;
	else if (!strcmp(name, "zlib"))
		*ret = TRACEDAT_ZLIB;
	else if (!strcmp(name, "zstd"))
		*ret = TRACEDAT_ZSTD;
	else
		return -EOPNOTSUPP;
	return 0;
}

static int inflate_zlib(void *to, size_t to_size, const void *from, size_t from_size)
{
	uLongf size = to_size;
	uLong used = from_size;
	int r = uncompress2(to, &size, from, &used);

	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	return r == Z_OK && size == to_size && used == from_size ? 0 : -EBADMSG;
}

static int inflate_zstd(void *to, size_t to_size, const void *from, size_t from_size)
{
	size_t r = ZSTD_decompress(to, to_size, from, from_size);

	if (ZSTD_isError(r))
		return ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation ? -ENOMEM :
									      -EBADMSG;
	return r == to_size ? 0 : -EBADMSG;
}

int rbmap_inflate(enum tracedat_compression compression, void *to, size_t to_size,
		  const void *from, size_t from_size)
{
	switch (compression) {
	case TRACEDAT_ZLIB:
		return inflate_zlib(to, to_size, from, from_size);
	case TRACEDAT_ZSTD:
		return inflate_zstd(to, to_size, from, from_size);
	default:
		return -EBADMSG;
	}
}
