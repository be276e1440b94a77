/* SPDX-License-Identifier: LGPL-2.1-only */
/* The names of kernel functions for the head of a trace.dat. */
#ifndef RBMAP_TRACEDAT_WRITE_SYMBOLS_H
#define RBMAP_TRACEDAT_WRITE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#define TRACEDAT_KALLSYMS_PATH "/proc/kallsyms"
/* No text of a kernel is that long; one that never ends must not fill the disk. */
#define TRACEDAT_MAX_TEXT (UINT64_C(1) << 30)

/*
 * As they are in a file.
 * @bytes, @size: the size of the text in 4 bytes, then the text
 * @frame, @frame_size: the same compressed; NULL: not yet
 */
struct rbmap_tracedat_symbols {
	char *bytes;
	size_t size;
	void *frame;
	size_t frame_size;
};

/* rbmap_tracedat_symbols_read() from a file that tests put in its place. */
int rbmap_tracedat_symbols_from(struct rbmap_tracedat_symbols **ret, const char *path);

#endif
