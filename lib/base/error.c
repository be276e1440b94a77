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
		return "the ring buffer is in use: snapshot, latency tracer, another mapping, or unsettled spans";
	case ENODEV:
		return "this ring buffer cannot be mapped";
	case ENOTTY:
		return "the kernel cannot map ring buffers (Linux 6.10 or later can)";
	case EBADMSG:
		return "the bytes are not what the format promises";
	case EPROTO:
		return "the kernel's ring-buffer numbers make no sense";
	case ENXIO:
		return "no such CPU, or it has no ring buffer";
	case E2BIG:
		return "an option that this version of the library does not know";
	case ESTALE:
		return "the ring buffer was reset meanwhile";
	}
	/* Unlike strerror(), neither translated nor shared between threads. */
	text = strerrordesc_np(error);
	return text ? text : "unknown error";
}
