// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "undo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "tracing-file.h"

struct undo {
	char *file;
	char *text;
	bool replace;
};

struct undo_list {
	struct undo *entries;
	size_t nr;
};

struct undo_list *undo_new(void)
{
	return calloc(1, sizeof(struct undo_list));
}

static int add(struct undo_list *undo, const char *file, const char *text, bool replace)
{
	struct undo *larger =
		reallocarray(undo->entries, undo->nr + 1, sizeof(*larger));
	struct undo *entry;

	if (!larger)
		return -ENOMEM;
	undo->entries = larger;
	entry = &larger[undo->nr];
	*entry = (struct undo){ strdup(file), strdup(text), replace };
	if (!entry->file || !entry->text) {
		free(entry->file);
		free(entry->text);
		return -ENOMEM;
	}
	undo->nr++;
	return 0;
}

int undo_add(struct undo_list *undo, const char *file, const char *text)
{
	return add(undo, file, text, false);
}

int undo_add_replace(struct undo_list *undo, const char *file, const char *text)
{
	return add(undo, file, text, true);
}

void undo_run(struct undo_list *undo, struct tracefs_instance *instance)
{
	struct undo *entry;
	int r;

	while (undo->nr) {
		entry = &undo->entries[--undo->nr];
		r = entry->replace ?
			    tracing_replace(instance, entry->file, entry->text) :
			    tracing_write(instance, entry->file, entry->text);
		if (r < 0)
			common_error("%s: could not be restored to '%s': %s",
				     entry->file, entry->text, strerror(-r));
		free(entry->file);
		free(entry->text);
	}
}

void undo_free(struct undo_list *undo)
{
	if (!undo)
		return;
	for (size_t i = 0; i < undo->nr; i++) {
		free(undo->entries[i].file);
		free(undo->entries[i].text);
	}
	free(undo->entries);
	free(undo);
}
