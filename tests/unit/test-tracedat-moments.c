/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace.dat is valid at every moment: whatever changes the file is followed by a look
 * at all of it, as if the writer had been killed there. A write stops at each page,
 * where a signal may stop the kernel.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "dat-file.h"
#include "dat-read.h"
#include "run.h"
#include "tracedat/write/writer.h"

#define SIZE 4096
#define RECORDS 400
#define BYTES (RECORDS * 8)
#define NR_CPUS 3

static char tree[TREE_PATH];
static char path[64];
static int fd;
static struct rbmap_tracedat_writer *writer;
static const struct rbmap_layout layout = { SIZE, 16, 8, 8, false };
static const int cpus[NR_CPUS] = { 0, 1, 3 };

/*
 * Records of each CPU that are in the file for certain, and those that were put.
 * @moving: some may be hidden for a moment
 */
static struct {
	bool on;
	bool moving;
	size_t told[NR_CPUS];
	size_t put[NR_CPUS];
	unsigned int moments;
} watch;

static void look(void)
{
	static struct dat_found found;

	if (!watch.on)
		return;
	watch.moments++;
	for (int i = 0; i < NR_CPUS; i++) {
		dat_read_cpu(path, &layout, cpus[i], &found);
		dat_check_numbers(&found, 0, 0, found.nr);
		if (found.nr > watch.put[i] ||
		    (found.nr < watch.told[i] && !(watch.moving && !found.nr)))
			ck_abort_msg("moment %u: CPU %d has %zu of %zu to %zu records",
				     watch.moments, cpus[i], found.nr, watch.told[i],
				     watch.put[i]);
	}
}

/* Up to the next page. */
ssize_t pwrite(int to, const void *bytes, size_t size, off_t offset)
{
	size_t left = SIZE - offset % SIZE;
	ssize_t r;

	r = syscall(SYS_pwrite64, to, bytes,
		    watch.on && to == fd && size > left ? left : size, offset);
	look();
	return r;
}

ssize_t pwritev(int to, const struct iovec *parts, int nr, off_t offset)
{
	for (int i = 0; i < nr; i++)
		if (parts[i].iov_len)
			return pwrite(to, parts[i].iov_base, parts[i].iov_len, offset);
	return 0;
}

int fallocate(int of, int mode, off_t offset, off_t size)
{
	int r = syscall(SYS_fallocate, of, mode, offset, size);

	look();
	return r;
}

int ftruncate(int of, off_t size)
{
	int r = syscall(SYS_ftruncate, of, size);

	look();
	return r;
}

ssize_t copy_file_range(int from, off_t *in, int to, off_t *out, size_t size,
			unsigned int flags)
{
	ssize_t r = syscall(SYS_copy_file_range, from, in, to, out,
			    size > SIZE ? SIZE : size, flags);

	look();
	return r;
}

static void begin(const char *dir, const struct rbmap_tracedat_options *more)
{
	struct rbmap_tracedat_options options = *more;
	struct tracedat_source source = { 0 };

	memset(&watch, 0, sizeof(watch));
	dat_make_tree(tree);
	source.instance_dir = strdup(tree);
	source.top_dir = strdup(tree);
	source.kallsyms = strdup("/nowhere");
	snprintf(path, sizeof(path), "%s/rbmap-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	options.size = sizeof(options);
	options.layout = &layout;
	options.cpus = cpus;
	options.nr_cpus = NR_CPUS;
	ck_assert_int_eq(rbmap_tracedat_open(&writer, fd, &options, &source), 0);
	watch.on = true;
	look();
}

static void end(void)
{
	watch.on = false;
	rbmap_tracedat_writer_close(writer);
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}

static void put(int index, int nr, bool settled)
{
	static unsigned char memory[32][SIZE];
	struct rbmap_span spans[32];

	ck_assert_int_le(nr, 32);
	for (int i = 0; i < nr; i++) {
		uint64_t seq = watch.put[index] / RECORDS;

		dat_fill(&layout, memory[i], BYTES, watch.put[index]);
		spans[i] = dat_span(&layout, memory[i], cpus[index], seq, BYTES);
		watch.put[index] += RECORDS;
	}
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, nr), nr);
	if (settled)
		ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, nr), 0);
}

static void flush(void)
{
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	memcpy(watch.told, watch.put, sizeof(watch.told));
}

/* Few fit where the first ones are, more need the room behind these. */
static void name_commands(int nr)
{
	char text[128 * 32];
	size_t used = 0;
	uint32_t odd = 1;

	for (int i = 0; i < nr; i++) {
		odd = odd * 1664525 + 1013904223;
		used += snprintf(text + used, sizeof(text) - used, "%u c-%08x\n", i + 1,
				 odd);
	}
	dat_put_file(tree, "saved_cmdlines", text);
}

static void record(const char *dir, const struct rbmap_tracedat_options *options,
		   int nr_commands)
{
	if (access(dir, W_OK) < 0)
		return;
	begin(dir, options);
	put(0, 4, true);
	put(1, 9, false);
	flush();
	rbmap_tracedat_writer_set_level(writer, cpus[1], RBMAP_TRACEDAT_STORED);
	put(1, 20, true);
	put(2, 1, false);
	ck_assert_int_eq(rbmap_tracedat_writer_flush_cpu(writer, cpus[1]), 0);
	watch.told[1] = watch.put[1];
	put(0, 3, false);
	flush();
	put(2, 5, false);
	name_commands(nr_commands);
	watch.moving = true;
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	watch.moving = false;
	memcpy(watch.told, watch.put, sizeof(watch.told));
	look();
	ck_assert_uint_gt(watch.moments, 20);
	end();
}

/* On file systems that can collapse a range and on those that cannot. */
static void record_everywhere(const struct rbmap_tracedat_options *options)
{
	static const int nr_commands[] = { 2, 200 };

	for (int i = 0; i < 2; i++) {
		record("/tmp", options, nr_commands[i]);
		record("/dev/shm", options, nr_commands[i]);
	}
}

START_TEST(compressed)
{
	record_everywhere(&(struct rbmap_tracedat_options){ 0 });
}
END_TEST

START_TEST(plain)
{
	record_everywhere(&(struct rbmap_tracedat_options){ .compression = "none" });
}
END_TEST

START_TEST(version_6)
{
	record_everywhere(&(struct rbmap_tracedat_options){ .version = 6 });
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { compressed, plain, version_6 };

	return RUN_TESTS("tracedat-moments", tests);
}
