/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rbmap/rbmap.h>
#include <tracefs.h>

/* A call of each, as a caller hands instances of libtracefs to the library. */
static int needs_tracefs(void)
{
	struct rbmap_layout layout;

	if (tracefs_instance_get_name(NULL))
		return -EINVAL;
	return rbmap_layout_read(&layout, NULL);
}

int main(int argc, char **argv)
{
	char built[32];

	(void)argv;
	snprintf(built, sizeof(built), "%d.%d.%d", RBMAP_VERSION_MAJOR,
		 RBMAP_VERSION_MINOR, RBMAP_VERSION_PATCH);
	printf("%s\n", rbmap_version());
	if (argc > 1)
		printf("%s\n", rbmap_strerror(needs_tracefs()));
	return strcmp(built, rbmap_version()) != 0;
}
