/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A part of the file, copied. It is not mapped: where another process truncates the
 * file meanwhile, a mapping raises SIGBUS, which a library cannot handle. A copy that
 * stays in the cache costs no more.
 */
#ifndef RBMAP_TRACEDAT_READ_WINDOW_H
#define RBMAP_TRACEDAT_READ_WINDOW_H

#include "tracedat/read/datfile.h"

/* Room for @size bytes, empty where it has to grow; 0, -ENOMEM, or -E2BIG (budget). */
int rbmap_window_make_room(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_window *window, size_t size);

/*
 * @size bytes at @offset, valid until the next call. Reads ahead as far as there is
 * room, but not beyond @end. 0, -ENOMEM, -E2BIG, or -EBADMSG with a fault: the file has
 * become shorter.
 */
int rbmap_window_look(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_window *window, uint64_t offset, size_t size,
		      uint64_t end, const unsigned char **ret);

void rbmap_window_free(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_window *window);

#endif
