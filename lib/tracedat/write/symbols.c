// SPDX-License-Identifier: LGPL-2.1-only
/* The names of kernel functions for the head of a trace.dat, read ahead of it. */
#define _GNU_SOURCE
#include "tracedat/write/symbols.h"

#include <fcntl.h>
#include <stdlib.h>

#include <rbmap/tracedat.h>

#include "base/internal.h"
#include "tracedat/write/deflate.h"
#include "tracefs/tracefs.h"

static int add_size(struct rbmap_tracedat_symbols *symbols)
{
	uint32_t size = symbols->size;
	char *bytes = realloc(symbols->bytes, sizeof(size) + size);

	if (!bytes)
		return -ENOMEM;
	memmove(bytes + sizeof(size), bytes, size);
	memcpy(bytes, &size, sizeof(size));
	symbols->bytes = bytes;
	symbols->size = sizeof(size) + size;
	return 0;
}

int rbmap_tracedat_symbols_from(struct rbmap_tracedat_symbols **ret, const char *path)
{
	struct rbmap_tracedat_symbols *symbols = calloc(1, sizeof(*symbols));
	int r;

	if (!symbols)
		return -ENOMEM;
	r = rbmap_file_read(AT_FDCWD, path, &symbols->bytes, &symbols->size);
	/* Not every kernel and not every user has them. */
	if (r == -ENOENT || r == -EACCES || r == -EPERM)
		r = 0;
	if (r == 0 && symbols->size > TRACEDAT_MAX_TEXT)
		r = -EFBIG;
	if (r == 0)
		r = add_size(symbols);
	if (r < 0) {
		rbmap_tracedat_symbols_free(symbols);
		return r;
	}
	*ret = symbols;
	return 0;
}

RBMAP_PUBLIC int rbmap_tracedat_symbols_read(struct rbmap_tracedat_symbols **ret)
{
	return rbmap_tracedat_symbols_from(ret, TRACEDAT_KALLSYMS_PATH);
}

static int keep_frame(struct rbmap_tracedat_symbols *symbols, struct tracedat_zip *zip)
{
	struct iovec frame;
	int r = rbmap_zip_text(zip, symbols->bytes, symbols->size, &frame);

	if (r < 0)
		return r;
	symbols->frame = malloc(frame.iov_len);
	if (!symbols->frame)
		return -ENOMEM;
	memcpy(symbols->frame, frame.iov_base, frame.iov_len);
	symbols->frame_size = frame.iov_len;
	return 0;
}

RBMAP_PUBLIC int rbmap_tracedat_symbols_compress(struct rbmap_tracedat_symbols *symbols)
{
	struct tracedat_zips zips;
	struct tracedat_zip *zip;
	int r;

	if (symbols->frame)
		return 0;
	r = rbmap_zips_init(&zips);
	if (r < 0)
		return r;
	r = rbmap_zip_get(&zips, &zip);
	if (r == 0) {
		r = keep_frame(symbols, zip);
		rbmap_zip_put(&zips, zip);
	}
	rbmap_zips_free(&zips);
	return r;
}

RBMAP_PUBLIC void rbmap_tracedat_symbols_free(struct rbmap_tracedat_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->bytes);
	free(symbols->frame);
	free(symbols);
}
