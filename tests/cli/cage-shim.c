// SPDX-License-Identifier: GPL-2.0-only
/* A plugin of libtraceevent that leaves a file where it is loaded. */
#include <fcntl.h>
#include <unistd.h>

struct tep_handle;

int tep_plugin_loader(struct tep_handle *tep);

int tep_plugin_loader(struct tep_handle *tep)
{
	close(open("plugin-was-loaded", O_CREAT | O_WRONLY, 0666));
	return 0;
}
