// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tracefs.h>

#include "reset.h"

/* 0: not known. */
static uint64_t emptied_ns(struct tracefs_instance *instance, const char *file)
{
	char *path = tracefs_instance_get_file(instance, file);
	struct stat st = { .st_size = 0 };

	if (path && stat(path, &st) < 0)
		memset(&st, 0, sizeof(st));
	tracefs_put_tracing_file(path);
	return st.st_mtim.tv_sec * UINT64_C(1000000000) + st.st_mtim.tv_nsec;
}

uint64_t reset_emptied_ns(struct tracefs_instance *instance, int cpu)
{
	char file[48];
	uint64_t all = emptied_ns(instance, "trace"), one;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/trace", cpu);
	one = emptied_ns(instance, file);
	return one > all ? one : all;
}

uint64_t reset_account(struct rbmap_account *account, const struct rbmap_counters *end,
		       bool observed, uint64_t before)
{
	struct rbmap_account since = { .written = 0 };
	struct rbmap_counters zero = { .read = 0 };
	uint64_t *rest = observed ? &since.torn : &since.others;
	uint64_t delivered;

	if (observed)
		rbmap_account_fill_observed(&since, &zero, end);
	else
		rbmap_account_fill(&since, &zero, end);
	delivered = account->delivered;
	if (before <= delivered && delivered - before < *rest)
		delivered -= before;
	if (delivered > *rest)
		delivered = *rest;
	*rest -= delivered;
	before = account->delivered - delivered;
	since.delivered = account->delivered;
	since.written += before;
	*account = since;
	return before;
}
