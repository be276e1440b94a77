// SPDX-License-Identifier: LGPL-2.1-only
#include "base/internal.h"

#define LARGEST_OPTIONS 4096

int rbmap_options_copy(void *ret, size_t size, const void *options)
{
	size_t given;

	if (!options)
		return -EINVAL;
	memcpy(&given, options, sizeof(given));
	if (given < sizeof(given))
		return -EINVAL;
	/* Not a later version's struct but a size that was never set. */
	if (given > LARGEST_OPTIONS)
		return -E2BIG;
	for (size_t i = size; i < given; i++)
		if (((const unsigned char *)options)[i])
			return -E2BIG;
	memset(ret, 0, size);
	memcpy(ret, options, given < size ? given : size);
	return 0;
}
