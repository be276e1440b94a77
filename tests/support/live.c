/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs/tracefs.h>
#include <unistd.h>

#include <check.h>

#include "live.h"

/* Of ftrace:print: the text comes after the common fields and the address. */
#define TEXT_OFFSET 16

/* Each test is a process of its own. */
static pid_t program;

bool live_is_possible(void)
{
	char *path = tracefs_get_tracing_file("instances");
	bool possible = geteuid() == 0 && path && access(path, W_OK) == 0;

	tracefs_put_tracing_file(path);
	program = getpid();
	return possible;
}

void live_remove_left(void)
{
	char prefix[64], full[512], *path = tracefs_get_tracing_file("instances");
	DIR *directory = opendir(path);
	struct dirent *entry;

	snprintf(prefix, sizeof(prefix), "rbmap-test-%d-", program);
	while (directory && (entry = readdir(directory))) {
		snprintf(full, sizeof(full), "%s/%s", path, entry->d_name);
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			rmdir(full);
	}
	if (directory)
		closedir(directory);
	tracefs_put_tracing_file(path);
}

void live_open(struct live *live, const char *name)
{
	char full[64], *path;

	snprintf(full, sizeof(full), "rbmap-test-%d-%s", program, name);
	live->instance = tracefs_instance_create(full);
	ck_assert_ptr_nonnull(live->instance);
	/* The same on all CPUs. */
	ck_assert_int_gt(tracefs_instance_file_write(live->instance, "trace_clock",
						     "mono"),
			 0);
	path = tracefs_instance_get_file(live->instance, "trace_marker");
	live->marker_fd = open(path, O_WRONLY | O_CLOEXEC);
	tracefs_put_tracing_file(path);
	ck_assert_int_ge(live->marker_fd, 0);
}

void live_close(struct live *live)
{
	if (!live->instance)
		return;
	close(live->marker_fd);
	tracefs_instance_destroy(live->instance);
	tracefs_instance_free(live->instance);
	live->instance = NULL;
}

int live_cpus(int *cpus, int max)
{
	cpu_set_t set;
	int nr = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && nr < max; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[nr++] = cpu;
	return nr;
}

void live_mark(const struct live *live, int cpu, uint32_t first, uint32_t nr)
{
	cpu_set_t before, set;
	char text[32];
	int length;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	for (uint32_t i = 0; i < nr; i++) {
		length = snprintf(text, sizeof(text), "mark %u", first + i);
		ck_assert_int_eq(write(live->marker_fd, text, length), length);
	}
	ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
}

uint32_t live_number(const void *data, uint32_t size)
{
	char text[32] = { 0 };
	unsigned int number;

	ck_assert_uint_gt(size, TEXT_OFFSET);
	size -= TEXT_OFFSET;
	memcpy(text, (const char *)data + TEXT_OFFSET, size < 31 ? size : 31);
	ck_assert_int_eq(sscanf(text, "mark %u", &number), 1);
	return number;
}
