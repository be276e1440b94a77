/* SPDX-License-Identifier: GPL-2.0-only */
/* What has to stay as it was set during a recording, and was changed by others. */
#ifndef RECORD_SETTINGS_H
#define RECORD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "selection.h"

#define SETTINGS_MOST 4

struct settings {
	char *cpumask;
	char *clock;
	/* The files that were found changed. */
	const char *changed[SETTINGS_MOST];
	size_t nr_changed;
};

/* All is set up, and tracing is on. */
void settings_note(struct settings *settings, struct tracefs_instance *instance);

/* Before anything is put back. Prints what was changed since. */
void settings_compare(struct settings *settings, struct tracefs_instance *instance,
		      const struct selection *selection);

void settings_free(struct settings *settings);

#endif
