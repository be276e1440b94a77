// SPDX-License-Identifier: GPL-2.0-only
#include "symbols.h"

#include <pthread.h>
#include <stdlib.h>

#include <rbmap/tracedat.h>

struct symbols {
	pthread_t thread;
	bool reads;
	bool compress;
	struct rbmap_tracedat_symbols *names;
};

static void *read_names(void *self)
{
	struct symbols *symbols = self;

	/* Where that fails, the writer reads them again and has the error. */
	if (rbmap_tracedat_symbols_read(&symbols->names) == 0 && symbols->compress)
		rbmap_tracedat_symbols_compress(symbols->names);
	return NULL;
}

struct symbols *symbols_start(bool compress)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->compress = compress;
	symbols->reads =
		pthread_create(&symbols->thread, NULL, read_names, symbols) == 0;
	return symbols;
}

const struct rbmap_tracedat_symbols *symbols_wait(struct symbols *symbols)
{
	if (!symbols)
		return NULL;
	if (symbols->reads)
		pthread_join(symbols->thread, NULL);
	symbols->reads = false;
	return symbols->names;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	symbols_wait(symbols);
	rbmap_tracedat_symbols_free(symbols->names);
	free(symbols);
}
