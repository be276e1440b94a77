// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "priority.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "common.h"

static int set_realtime(const struct config *config)
{
	struct sched_param param = { .sched_priority = config->rt_priority };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0)
		return COMMON_OK;
	if (errno == EPERM)
		return common_fail(
			"--rt-priority %d: not permitted; run as root, or raise the "
			"limit of the user (ulimit -r) or of the cgroup "
			"(cpu.rt_runtime_us)",
			config->rt_priority);
	return common_fail("--rt-priority %d: %s", config->rt_priority,
			   strerror(errno));
}

static int set_cpus(const struct config *config)
{
	const struct common_cpus *cpus = &config->drain_cpus;
	int nr = cpus->cpus[cpus->nr - 1] + 1;
	cpu_set_t *set = CPU_ALLOC(nr);
	int r;

	if (!set)
		return common_fail("--drain-cpus: %s", strerror(ENOMEM));
	CPU_ZERO_S(CPU_ALLOC_SIZE(nr), set);
	for (size_t i = 0; i < cpus->nr; i++)
		CPU_SET_S(cpus->cpus[i], CPU_ALLOC_SIZE(nr), set);
	r = sched_setaffinity(0, CPU_ALLOC_SIZE(nr), set) < 0 ? -errno : 0;
	CPU_FREE(set);
	if (r == -EINVAL)
		return common_fail("--drain-cpus: none of these CPUs is online and "
				   "in the cpuset of rbmap-record");
	return r < 0 ? common_fail("--drain-cpus: %s", strerror(-r)) : COMMON_OK;
}

int priority_set(const struct config *config)
{
	int status = COMMON_OK;

	if (config->drain_cpus.nr)
		status = set_cpus(config);
	if (status != COMMON_OK)
		return status;
	if (config->rt_priority)
		return set_realtime(config);
	/* To format events could take a CPU from others. */
	if (config->format == FORMAT_DAT)
		common_raise_priority();
	return COMMON_OK;
}

int priority_begin_thread(const struct config *config)
{
	int status = priority_set(config);

	return status == COMMON_OK ? common_drop_privileges(NULL, 0) : status;
}
