// SPDX-License-Identifier: GPL-2.0-only
/* stress: files of the instance, and CPUs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

static void path_in(const struct stress *stress, char *path, const char *format,
		    va_list arguments)
{
	int length = snprintf(path, PATH_MAX, "%s/", stress->instance);

	vsnprintf(path + length, PATH_MAX - length, format, arguments);
}

int open_in(const struct stress *stress, int flags, const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;
	int fd;

	va_start(arguments, format);
	path_in(stress, path, format, arguments);
	va_end(arguments);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		r = -errno;
	close(fd);
	return r;
}

int write_in(const struct stress *stress, const char *value, const char *format, ...)
{
	char path[PATH_MAX];
	va_list arguments;

	va_start(arguments, format);
	path_in(stress, path, format, arguments);
	va_end(arguments);
	return write_file(path, value);
}

bool exists_in(const struct stress *stress, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", stress->instance, name);
	return access(path, F_OK) == 0;
}

int read_counters(const struct stress *stress, int cpu, struct counters *ret)
{
	unsigned long long value;
	char path[PATH_MAX], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/stats", stress->instance, cpu);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	memset(ret, 0, sizeof(*ret));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "entries: %llu", &value) == 1)
			ret->entries = value;
		else if (sscanf(line, "overrun: %llu", &value) == 1)
			ret->overrun = value;
		else if (sscanf(line, "commit overrun: %llu", &value) == 1)
			ret->commit_overrun = value;
		else if (sscanf(line, "dropped events: %llu", &value) == 1)
			ret->dropped = value;
		else if (sscanf(line, "read events: %llu", &value) == 1)
			ret->read = value;
	}
	fclose(file);
	return 0;
}

static void online_path(char *path, size_t size, int cpu)
{
	snprintf(path, size, "/sys/devices/system/cpu/cpu%d/online", cpu);
}

int set_cpu_online(int cpu, bool online)
{
	char path[64];

	online_path(path, sizeof(path), cpu);
	return write_file(path, online ? "1" : "0");
}

void put_cpus_online(const struct stress *stress)
{
	for (int i = 0; i < stress->nr_cpus; i++)
		if (stress->removable[i])
			set_cpu_online(stress->cpus[i], true);
}

void find_cpus(struct stress *stress)
{
	cpu_set_t cpus;
	char path[64];

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && stress->nr_cpus < MAX_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		online_path(path, sizeof(path), cpu);
		stress->cpus[stress->nr_cpus] = cpu;
		/* CPU 0 stays: some kernels offer its file all the same. */
		if (cpu > 0 && !stress->no_hotplug && access(path, W_OK) == 0) {
			stress->removable[stress->nr_cpus] = true;
			stress->nr_removable++;
		}
		stress->nr_cpus++;
	}
}
