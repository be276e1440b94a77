/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tracefs/tracefs.h>
#include <unistd.h>

#include <check.h>

#include "fake-tracefs.h"

static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static void make_directory(const struct fake_tracefs *fake, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", fake->path, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_ring(struct fake_tracefs *fake, int cpu)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "per_cpu/cpu%d", cpu);
	make_directory(fake, path);
	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/trace_pipe_raw", fake->path,
		 cpu);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	/* Also open for reading: without a reader it could not be opened, nor filled.
	 */
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	fake->cpus[fake->nr_cpus] = cpu;
	fake->fds[fake->nr_cpus++] = fd;
}

void fake_tracefs_open(struct fake_tracefs *fake, const int *cpus, size_t nr_cpus)
{
	const char *base = getenv("TMPDIR");

	*fake = (struct fake_tracefs){ 0 };
	snprintf(fake->path, sizeof(fake->path), "%s/rbmap-test-XXXXXX",
		 base && strlen(base) < 32 ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(fake->path));
	make_directory(fake, "events");
	make_directory(fake, "per_cpu");
	fake_tracefs_file(fake, "events/header_page", header_page);
	for (size_t i = 0; i < nr_cpus; i++)
		make_ring(fake, cpus[i]);
	fake->instance = tracefs_instance_alloc(fake->path, NULL);
	ck_assert_ptr_nonnull(fake->instance);
}

static int remove_one(const char *path, const struct stat *stat, int type,
		      struct FTW *ftw)
{
	return remove(path);
}

void fake_tracefs_close(struct fake_tracefs *fake)
{
	for (size_t i = 0; i < fake->nr_cpus; i++)
		close(fake->fds[i]);
	tracefs_instance_free(fake->instance);
	nftw(fake->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fake_tracefs_file(struct fake_tracefs *fake, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fake->path, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

void fake_tracefs_send(struct fake_tracefs *fake, size_t index, const void *bytes,
		       size_t size)
{
	ck_assert_int_eq(write(fake->fds[index], bytes, size), (ssize_t)size);
}
