/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_TRACEDAT_READ_PIECE_H
#define RBMAP_TRACEDAT_READ_PIECE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A part of the file, copied (see window.h).
 *
 * @bytes: of @room, of which @size are those of the file from @offset on
 */
struct tracedat_window {
	unsigned char *bytes;
	size_t room;
	uint64_t offset;
	size_t size;
};

#endif
