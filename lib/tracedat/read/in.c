// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/read/in.h"

#include <byteswap.h>

#include "base/internal.h"

/* Of a name that a 0 ends, where it is read from the file. */
#define MOST_STRING 4096

/* @ret: of the file's bytes, valid until the next call. */
static int look(struct tracedat_in *in, const unsigned char **ret, uint64_t size)
{
	if (in->bytes) {
		*ret = in->bytes + in->at;
		return 0;
	}
	if (size > SIZE_MAX)
		in->error = -E2BIG;
	else if (size)
		in->error = in->look(in, size, ret);
	else
		*ret = (const unsigned char *)"";
	return in->error;
}

int rbmap_in_bytes(struct tracedat_in *in, const unsigned char **ret, uint64_t size)
{
	int r;

	if (size > tracedat_in_left(in))
		return -ENODATA;
	r = look(in, ret, size);
	if (r == 0)
		in->at += size;
	return r;
}

int rbmap_in_u16(struct tracedat_in *in, uint16_t *ret)
{
	const unsigned char *bytes;
	uint16_t number;
	int r = rbmap_in_bytes(in, &bytes, sizeof(number));

	if (r < 0)
		return r;
	memcpy(&number, bytes, sizeof(number));
	*ret = in->swap ? bswap_16(number) : number;
	return 0;
}

int rbmap_in_u32(struct tracedat_in *in, uint32_t *ret)
{
	const unsigned char *bytes;
	uint32_t number;
	int r = rbmap_in_bytes(in, &bytes, sizeof(number));

	if (r < 0)
		return r;
	memcpy(&number, bytes, sizeof(number));
	*ret = in->swap ? bswap_32(number) : number;
	return 0;
}

int rbmap_in_u64(struct tracedat_in *in, uint64_t *ret)
{
	const unsigned char *bytes;
	uint64_t number;
	int r = rbmap_in_bytes(in, &bytes, sizeof(number));

	if (r < 0)
		return r;
	memcpy(&number, bytes, sizeof(number));
	*ret = in->swap ? bswap_64(number) : number;
	return 0;
}

int rbmap_in_string(struct tracedat_in *in, const char **ret)
{
	const unsigned char *begin, *end;
	uint64_t size = tracedat_in_left(in);
	int r;

	if (!in->bytes && size > MOST_STRING)
		size = MOST_STRING;
	if (!size)
		return -ENODATA;
	r = look(in, &begin, size);
	if (r < 0)
		return r;
	end = memchr(begin, '\0', size);
	if (!end)
		return -ENODATA;
	*ret = (const char *)begin;
	in->at += end - begin + 1;
	return 0;
}

static int read_size(struct tracedat_in *in, unsigned int width, uint64_t *ret)
{
	uint32_t narrow;
	int r;

	if (width != sizeof(narrow))
		return rbmap_in_u64(in, ret);
	r = rbmap_in_u32(in, &narrow);
	if (r == 0)
		*ret = narrow;
	return r;
}

int rbmap_in_part(struct tracedat_in *in, unsigned int width, struct tracedat_in *ret)
{
	struct tracedat_in copy = *in;
	const unsigned char *bytes;
	uint64_t size;
	int r;

	r = read_size(&copy, width, &size);
	if (r == 0)
		r = rbmap_in_bytes(&copy, &bytes, size);
	if (r < 0) {
		in->error = copy.error;
		return r;
	}
	*ret = (struct tracedat_in){ .bytes = bytes,
				     .size = size,
				     .offset = copy.offset + copy.at - size,
				     .swap = in->swap };
	*in = copy;
	return 0;
}

int rbmap_in_skip_part(struct tracedat_in *in, unsigned int width, uint64_t *ret_offset,
		       uint64_t *ret_size)
{
	struct tracedat_in copy = *in;
	uint64_t size;
	int r = read_size(&copy, width, &size);

	if (r == 0 && size > tracedat_in_left(&copy))
		r = -ENODATA;
	if (r < 0) {
		in->error = copy.error;
		return r;
	}
	*ret_offset = copy.offset + copy.at;
	*ret_size = size;
	copy.at += size;
	*in = copy;
	return 0;
}
