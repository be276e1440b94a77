// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/write/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/internal.h"

#define MIN_ROOM (64 * 1024)
/* No text of a kernel is that long; one that never ends must not fill the memory. */
#define MAX_TEXT (UINT64_C(1) << 30)

static int make_room(struct tracedat_out *out, size_t size)
{
	size_t room = out->room ? out->room : MIN_ROOM;
	unsigned char *larger;

	if (size <= out->room - out->used)
		return 0;
	while (room - out->used < size)
		room *= 2;
	larger = realloc(out->bytes, room);
	if (!larger)
		return -ENOMEM;
	out->bytes = larger;
	out->room = room;
	return 0;
}

int rbmap_out_add(struct tracedat_out *out, const void *bytes, size_t size)
{
	int r = make_room(out, size);

	if (r < 0 || size == 0)
		return r;
	memcpy(out->bytes + out->used, bytes, size);
	out->used += size;
	return 0;
}

int rbmap_out_reserve(struct tracedat_out *out, size_t size, size_t *ret_offset)
{
	static const unsigned char zeros[8];
	int r = rbmap_out_add(out, zeros, size);

	if (r == 0)
		*ret_offset = out->used - size;
	return r;
}

void rbmap_out_number(struct tracedat_out *out, size_t offset, size_t size,
		      uint64_t number)
{
	uint32_t narrow = number;

	if (size == sizeof(narrow))
		memcpy(out->bytes + offset, &narrow, size);
	else
		memcpy(out->bytes + offset, &number, size);
}

static int read_all(struct tracedat_out *out, int fd)
{
	size_t begin = out->used;
	ssize_t got;
	int r;

	for (;;) {
		r = make_room(out, MIN_ROOM / 2);
		if (r < 0)
			return r;
		got = read(fd, out->bytes + out->used, out->room - out->used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		out->used += got;
		if (out->used - begin > MAX_TEXT)
			return -EFBIG;
	}
}

int rbmap_out_file(struct tracedat_out *out, const char *path, size_t width)
{
	size_t offset = 0, begin = out->used;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = rbmap_out_reserve(out, width, &offset);
	if (r == 0)
		r = read_all(out, fd);
	close(fd);
	if (r < 0)
		out->used = begin;
	else
		rbmap_out_number(out, offset, width, out->used - offset - width);
	return r;
}

void rbmap_out_free(struct tracedat_out *out)
{
	free(out->bytes);
	*out = (struct tracedat_out){ 0 };
}
