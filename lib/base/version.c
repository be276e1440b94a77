// SPDX-License-Identifier: LGPL-2.1-only
#include <rbmap/version.h>

#include "base/internal.h"

#define TEXT(number) #number
#define DOTTED(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

RBMAP_PUBLIC const char *rbmap_version(void)
{
	return DOTTED(RBMAP_VERSION_MAJOR, RBMAP_VERSION_MINOR, RBMAP_VERSION_PATCH);
}
