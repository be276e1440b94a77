// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"
#include "ring/session-cpus.h"
#include "tracefs/tracefs.h"

static int compare(const void *a, const void *b)
{
	const int *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int append(int **cpus, size_t *nr, int cpu)
{
	int *larger = reallocarray(*cpus, *nr + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	larger[(*nr)++] = cpu;
	*cpus = larger;
	return 0;
}

static int read_directory(DIR *directory, int **cpus, size_t *nr)
{
	struct dirent *entry;
	int cpu, end, r = 0;

	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (sscanf(entry->d_name, "cpu%d%n", &cpu, &end) == 1 &&
		    !entry->d_name[end] && cpu >= 0)
			r = append(cpus, nr, cpu);
	return r < 0 ? r : -errno;
}

static int list_rings(struct tracefs_instance *instance, int **cpus, size_t *nr)
{
	DIR *directory;
	int r;

	r = rbmap_fd_directory(rbmap_tracefs_open(instance, "per_cpu",
						  O_RDONLY | O_DIRECTORY),
			       &directory);
	if (r < 0)
		return r;
	r = read_directory(directory, cpus, nr);
	closedir(directory);
	return r;
}

static int copy_given(const struct rbmap_session_options *options, int **cpus,
		      size_t *nr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->nr_cpus; i++)
		r = append(cpus, nr, options->cpus[i]);
	return r;
}

int rbmap_session_list_cpus(const struct rbmap_session_options *options, int **ret,
			    size_t *ret_nr)
{
	int *cpus = NULL;
	size_t nr = 0;
	int r;

	if (options->cpus)
		r = copy_given(options, &cpus, &nr);
	else
		r = list_rings(options->instance, &cpus, &nr);
	if (r == 0 && nr == 0)
		r = -EINVAL;
	if (r == 0)
		qsort(cpus, nr, sizeof(*cpus), compare);
	for (size_t i = 1; r == 0 && i < nr; i++)
		if (cpus[i] == cpus[i - 1])
			r = -EINVAL;
	if (r < 0) {
		free(cpus);
		return r;
	}
	*ret = cpus;
	*ret_nr = nr;
	return 0;
}
