// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/read/in.h"

#include <byteswap.h>

#include "base/internal.h"

int rbmap_in_bytes(struct tracedat_in *in, const unsigned char **ret, uint64_t size)
{
	if (size > tracedat_in_left(in))
		return -ENODATA;
	*ret = in->bytes + in->at;
	in->at += size;
	return 0;
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
	const unsigned char *begin = in->bytes + in->at;
	const unsigned char *end = NULL;

	if (tracedat_in_left(in))
		end = memchr(begin, '\0', tracedat_in_left(in));
	if (!end)
		return -ENODATA;
	*ret = (const char *)begin;
	in->at += end - begin + 1;
	return 0;
}

int rbmap_in_part(struct tracedat_in *in, unsigned int width, struct tracedat_in *ret)
{
	struct tracedat_in copy = *in;
	const unsigned char *bytes;
	uint64_t size;
	uint32_t narrow = 0;
	int r;

	r = width == sizeof(narrow) ? rbmap_in_u32(&copy, &narrow) :
				      rbmap_in_u64(&copy, &size);
	if (width == sizeof(narrow))
		size = narrow;
	if (r == 0)
		r = rbmap_in_bytes(&copy, &bytes, size);
	if (r < 0)
		return r;
	*ret = (struct tracedat_in){ bytes, size, 0, copy.offset + copy.at - size,
				     in->swap };
	*in = copy;
	return 0;
}
