// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <rbmap/error.h>

#include "base/internal.h"

RBMAP_PUBLIC const char *rbmap_strerror(int error)
{
	const char *text;

	if (error < 0)
		error = -error;
	switch (error) {
	case EBUSY:
		return "the ring buffer is in use by a snapshot, a latency tracer, a mapping, or unsettled spans";
	case ENODEV:
		return "this ring buffer cannot be mapped";
	case ENOTTY:
		return "the kernel cannot map ring buffers (Linux 6.10 or later is required)";
	case EBADMSG:
		return "the data does not have the expected format";
	case EPROTO:
		return "the kernel's values for the ring buffer are not plausible";
	case ENXIO:
		return "no such CPU, or it has no ring buffer";
	case E2BIG:
		return "an option is not known to this version of the library";
	case ESTALE:
		return "the ring buffer was reset in the meantime";
	}
	/* Unlike strerror(), neither translated nor shared between threads. */
	text = strerrordesc_np(error);
	return text ? text : "unknown error";
}
