// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/read/window.h"

#include <stdlib.h>

#include "base/internal.h"

void rbmap_window_free(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_window *window)
{
	free(window->bytes);
	rbmap_datfile_discharge(datfile, window->room);
	*window = (struct tracedat_window){ 0 };
}

int rbmap_window_make_room(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_window *window, size_t size)
{
	int r;

	if (size <= window->room)
		return 0;
	rbmap_window_free(datfile, window);
	r = rbmap_datfile_charge(datfile, size);
	if (r < 0)
		return r;
	window->bytes = malloc(size);
	if (!window->bytes) {
		rbmap_datfile_discharge(datfile, size);
		return -ENOMEM;
	}
	window->room = size;
	return 0;
}

static int move(struct rbmap_tracedat_reader *datfile, struct tracedat_window *window,
		uint64_t offset, size_t size, uint64_t end)
{
	uint64_t ahead = end - offset;
	int r = rbmap_window_make_room(datfile, window, size);

	if (r < 0)
		return r;
	if (ahead < window->room)
		size = ahead;
	else
		size = window->room;
	window->size = 0;
	r = rbmap_datfile_load(datfile, window->bytes, size, offset);
	if (r == 0 || r == -EBADMSG)
		r = rbmap_datfile_check_size(datfile, r);
	if (r < 0)
		return r;
	window->offset = offset;
	window->size = size;
	return 0;
}

int rbmap_window_look(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_window *window, uint64_t offset, size_t size,
		      uint64_t end, const unsigned char **ret)
{
	int r = 0;

	if (offset < window->offset || size > window->size ||
	    offset - window->offset > window->size - size)
		r = move(datfile, window, offset, size, end);
	if (r == 0)
		*ret = window->bytes + (offset - window->offset);
	return r;
}
