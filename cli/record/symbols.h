/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of kernel functions: a thread reads them while the rings are made. */
#ifndef RECORD_SYMBOLS_H
#define RECORD_SYMBOLS_H

#include <stdbool.h>

struct rbmap_tracedat_symbols;
struct symbols;

/*
 * Starts to read; @compress: for a file whose head is compressed. Not where tracing may be on already: the thread is gone before it
 * could be put out of the trace. Returns NULL where memory is short; that is taken by
 * all that follow.
 */
struct symbols *symbols_start(bool compress);

/* Valid until symbols_free(); NULL where the writer has to read them. */
const struct rbmap_tracedat_symbols *symbols_wait(struct symbols *symbols);

void symbols_free(struct symbols *symbols);

#endif
