// SPDX-License-Identifier: LGPL-2.1-only
/* The names of kernel functions for the head of a trace.dat, read ahead of it. */
#define _GNU_SOURCE
#include "tracedat/write/symbols.h"

#include <fcntl.h>
#include <stdlib.h>

#include <rbmap/tracedat.h>

#include "base/internal.h"
#include "tracefs/tracefs.h"

int rbmap_tracedat_symbols_from(struct rbmap_tracedat_symbols **ret, const char *path)
{
	struct rbmap_tracedat_symbols *symbols = calloc(1, sizeof(*symbols));
	int r;

	if (!symbols)
		return -ENOMEM;
	r = rbmap_file_read(AT_FDCWD, path, &symbols->text, &symbols->size);
	/* Not every kernel and not every user has them. */
	if (r == -ENOENT || r == -EACCES || r == -EPERM)
		r = 0;
	if (r == 0 && symbols->size > TRACEDAT_MAX_TEXT)
		r = -EFBIG;
	if (r < 0) {
		rbmap_tracedat_symbols_free(symbols);
		return r;
	}
	*ret = symbols;
	return 0;
}

RBMAP_PUBLIC int rbmap_tracedat_symbols_read(struct rbmap_tracedat_symbols **ret)
{
	return rbmap_tracedat_symbols_from(ret, TRACEDAT_KALLSYMS);
}

RBMAP_PUBLIC void rbmap_tracedat_symbols_free(struct rbmap_tracedat_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->text);
	free(symbols);
}
