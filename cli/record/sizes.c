// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "sizes.h"
#include "tracing-file.h"
#include "undo.h"

/*
 * Measured (tests/bench/defaults.sh) with every CPU of the machine busy writing events:
 * rings of 16 MB lost some in one run of several, where writing to the disk stalled;
 * those of 32 MB did not. When the kernel wakes the recorder made no difference, so
 * buffer_percent stays as it is.
 */
#define DEFAULT_BUFFER_KB (32 * 1024)
/* The kernel's own, which an instance has from the start. */
#define KERNEL_BUFFER_KB 1408
/*
 * Measured likewise: 64 KB take 0.6 of the CPU seconds that 4 KB take, since there are
 * fewer system calls; 128 KB win no more.
 */
#define DEFAULT_SUBBUF_KB 64
/* A ring of fewer sub-buffers loses too much at once. */
#define SUBBUFS_OF_SMALL_RING 8
/* The rings of all CPUs together take no more than this part of what is free. */
#define DEFAULT_MEMORY_PART 32
/*
 * What waits for the disk may take this part: two seconds of two busy CPUs, not
 * compressed, are 600 MB. It is taken only while the disk stalls.
 */
#define QUEUE_MEMORY_PART 16
/* What the user asks for may take more, but never all. */
#define LARGEST_MEMORY_PART 2

static uint64_t available_kb(void)
{
	uint64_t kb = 0;
	char line[128];
	FILE *meminfo = fopen("/proc/meminfo", "re");

	while (meminfo && fgets(line, sizeof(line), meminfo))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kb) == 1)
			break;
	if (meminfo)
		fclose(meminfo);
	return kb;
}

static size_t count_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_CONF);
}

/*
 * "7 (expanded: 1408)" is a ring that gets its size with the first event, which may be
 * ours: the size to go back to is the one that it would have got.
 */
static char *read_buffer_size(struct tracefs_instance *instance, const char *file)
{
	static const char expanded[] = " (expanded: ";
	char *text = tracing_read(instance, file);
	char *size = text ? strstr(text, expanded) : NULL;

	if (size) {
		size += sizeof(expanded) - 1;
		size[strcspn(size, ")")] = '\0';
		memmove(text, size, strlen(size) + 1);
	}
	return text;
}

/* Rings of different sizes make the one file for all say "X". */
static int note_buffer_size(struct tracefs_instance *instance, struct undo_list *undo)
{
	char *before = read_buffer_size(instance, "buffer_size_kb");
	bool same = before && strcmp(before, "X");
	struct common_cpus cpus = { 0 };
	char file[64];
	int r;

	r = !before ? -errno : same ? undo_add(undo, "buffer_size_kb", before) : 0;
	free(before);
	if (r == 0 && !same)
		r = common_cpus_read(&cpus, "possible");
	for (size_t i = 0; r == 0 && i < cpus.nr; i++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%d/buffer_size_kb",
			 cpus.cpus[i]);
		before = read_buffer_size(instance, file);
		if (before)
			r = undo_add(undo, file, before);
		else if (errno != ENOENT)
			r = -errno;
		free(before);
	}
	common_cpus_free(&cpus);
	return r;
}

static int write_buffer_size(struct tracefs_instance *instance, struct undo_list *undo,
			     uint64_t kb)
{
	char text[32], size[COMMON_FORMAT_SIZE];
	int r;

	snprintf(text, sizeof(text), "%lu", (unsigned long)kb);
	r = undo ? note_buffer_size(instance, undo) : 0;
	if (r == 0)
		r = tracing_write(instance, "buffer_size_kb", text);
	if (r == -EBUSY)
		return common_fail("-b %s: the ring buffer is mapped or being read by "
				   "another program; omit -b, or stop that program",
				   text);
	if (r < 0)
		return common_fail("-b %s: %s for %zu CPUs could not be allocated: %s",
				   text,
				   common_format_bytes(size, kb * 1024 * count_cpus()),
				   count_cpus(), strerror(-r));
	return COMMON_OK;
}

static uint64_t default_buffer_kb(const struct config *config)
{
	uint64_t kb = available_kb() / DEFAULT_MEMORY_PART / count_cpus();

	/* What is printed live is brought into order in as much memory again. */
	if (config->format != FORMAT_DAT)
		kb /= 2;

	return kb > DEFAULT_BUFFER_KB ? DEFAULT_BUFFER_KB : kb;
}

static int check_buffer_size(uint64_t kb)
{
	char size[COMMON_FORMAT_SIZE], free_memory[COMMON_FORMAT_SIZE];
	uint64_t available = available_kb();
	uint64_t largest = available / LARGEST_MEMORY_PART / count_cpus();

	if (!available || kb <= largest)
		return COMMON_OK;
	return common_fail(
		"-b %lu: %s for each of %zu CPUs is too much for %s of available "
		"memory; choose %lu or less",
		(unsigned long)kb, common_format_bytes(size, kb << 10), count_cpus(),
		common_format_bytes(free_memory, available << 10),
		(unsigned long)largest);
}

/*
 * Another size of the sub-buffers rounds the size of the rings, so that is noted first:
 * it is put back last.
 */
static int set_subbuf_size(struct tracefs_instance *instance, struct undo_list *undo,
			   uint64_t kb)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "%lu", (unsigned long)kb);
	r = undo ? note_buffer_size(instance, undo) : 0;
	if (r == 0)
		r = undo_set(undo, instance, "buffer_subbuf_size_kb", text);
	if (r == -ENOENT && kb * 1024 == (uint64_t)sysconf(_SC_PAGESIZE))
		return COMMON_OK;
	if (r == -ENOENT)
		return common_fail(
			"--subbuf-size %s: this kernel supports only sub-buffers of "
			"one page; omit the option",
			text);
	if (r == -EINVAL)
		return common_usage_error(
			"--subbuf-size %s: must be a page times a power of two", text);
	if (r < 0)
		return common_fail("--subbuf-size %s: %s", text, strerror(-r));
	return COMMON_OK;
}

/*
 * As large as serves the ring. A kernel that has no such size, or no memory in such
 * pieces, keeps its own.
 */
static void set_default_subbuf_size(struct tracefs_instance *instance,
				    uint64_t buffer_kb)
{
	uint64_t kb = DEFAULT_SUBBUF_KB;
	char text[32];

	while (kb * 1024 > (uint64_t)sysconf(_SC_PAGESIZE)) {
		snprintf(text, sizeof(text), "%lu", (unsigned long)kb);
		if (kb * SUBBUFS_OF_SMALL_RING <= buffer_kb &&
		    tracing_write(instance, "buffer_subbuf_size_kb", text) == 0)
			return;
		kb /= 2;
	}
}

/* Less where so much cannot be had; the kernel's own is there already. */
static void set_default_buffer_size(struct tracefs_instance *instance, uint64_t kb)
{
	char text[32];

	for (; kb > KERNEL_BUFFER_KB; kb /= 2) {
		snprintf(text, sizeof(text), "%lu", (unsigned long)kb);
		if (tracing_write(instance, "buffer_size_kb", text) == 0)
			return;
	}
}

int sizes_set(struct tracefs_instance *instance, struct undo_list *undo,
	      const struct config *config)
{
	bool own = !undo;
	uint64_t kb = config->buffer_kb;
	int status = COMMON_OK;

	if (kb)
		status = check_buffer_size(kb);
	else if (own)
		kb = default_buffer_kb(config);
	if (status != COMMON_OK)
		return status;
	if (config->subbuf_kb)
		status = set_subbuf_size(instance, undo, config->subbuf_kb);
	else if (own)
		set_default_subbuf_size(instance, kb);
	if (status == COMMON_OK && config->buffer_kb)
		status = write_buffer_size(instance, undo, kb);
	else if (status == COMMON_OK && own)
		set_default_buffer_size(instance, kb);
	return status;
}

int sizes_queue(uint64_t *ret, const struct config *config)
{
	char size[COMMON_FORMAT_SIZE], free_memory[COMMON_FORMAT_SIZE];
	uint64_t available = available_kb() << 10;
	uint64_t largest = available / LARGEST_MEMORY_PART;

	if (config->format != FORMAT_DAT || config->flight)
		*ret = 0;
	else if (config->queue_bytes == CONFIG_QUEUE_DEFAULT)
		*ret = available / QUEUE_MEMORY_PART;
	else if (!available || config->queue_bytes <= largest)
		*ret = config->queue_bytes;
	else
		return common_fail(
			"--queue-size: %s is too much for %s of available memory; "
			"choose %luK or less",
			common_format_bytes(size, config->queue_bytes),
			common_format_bytes(free_memory, available),
			(unsigned long)(largest >> 10));
	return COMMON_OK;
}

int sizes_set_least(struct tracefs_instance *instance, struct tracefs_instance *like)
{
	char *kb = tracing_read(like, "buffer_subbuf_size_kb");
	int r;

	/* The ring first: as many larger sub-buffers as it had may be too much. */
	r = tracing_write(instance, "buffer_size_kb", "1");
	if (r == 0 && kb)
		r = tracing_write(instance, "buffer_subbuf_size_kb", kb);
	if (r == 0 && kb)
		r = tracing_write(instance, "buffer_size_kb", "1");
	free(kb);
	if (r < 0)
		return common_fail("the second ring buffer could not be allocated: %s",
				   strerror(-r));
	return COMMON_OK;
}
