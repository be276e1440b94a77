/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_TRACEDAT_READ_INFLATE_H
#define RBMAP_TRACEDAT_READ_INFLATE_H

#include <stddef.h>

enum tracedat_compression {
	TRACEDAT_PLAIN,
	TRACEDAT_ZLIB,
	TRACEDAT_ZSTD
};

/* By the name in the file; -EOPNOTSUPP for one that is not known. */
int rbmap_inflate_find(enum tracedat_compression *ret, const char *name);

/*
 * Fills all of @to from all of @from. Returns 0, -ENOMEM, or -EBADMSG where the bytes
 * do not make exactly @to_size.
 */
int rbmap_inflate(enum tracedat_compression compression, void *to, size_t to_size,
		  const void *from, size_t from_size);

#endif
