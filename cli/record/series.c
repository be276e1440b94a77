// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "series.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

char *series_path(const char *name, uint64_t number)
{
	char *path;

	if (asprintf(&path, "%s.%lu", name, (unsigned long)number) >= 0)
		return path;
	common_error("%s", strerror(ENOMEM));
	return NULL;
}

int series_add(struct series *series, const struct series_file *file)
{
	struct series_file *larger;

	larger = reallocarray(series->files, series->nr_files + 1, sizeof(*larger));
	if (!larger)
		return common_fail("%s", strerror(ENOMEM));
	series->files = larger;
	series->files[series->nr_files++] = *file;
	series->bytes += file->bytes;
	return COMMON_OK;
}

/* Only what this run has written. */
static void remove_file(const struct series_file *file, const char *path)
{
	int r = file_id_remove(&file->id, path);

	if (r == -ESTALE)
		common_error("%s: is another file by now, and not removed", path);
	else if (r < 0 && r != -ENOENT)
		common_error("%s: %s", path, strerror(-r));
}

static void remove_oldest(struct series *series)
{
	const struct series_file *oldest = &series->files[0];
	char *path = series_path(series->name, oldest->number);

	if (path)
		remove_file(oldest, path);
	free(path);
	series->bytes -= oldest->bytes;
	series->removed++;
	series->nr_files--;
	memmove(series->files, series->files + 1,
		series->nr_files * sizeof(*series->files));
}

bool series_is_over(const struct series *series, uint64_t bytes)
{
	return series->nr_files &&
	       (series->nr_files >= series->keep ||
		(series->max_bytes && series->bytes + bytes > series->max_bytes));
}

void series_trim(struct series *series, uint64_t bytes)
{
	while (series_is_over(series, bytes))
		remove_oldest(series);
}

void series_free(struct series *series)
{
	free(series->files);
	*series = (struct series){ 0 };
}
