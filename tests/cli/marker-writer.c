// SPDX-License-Identifier: GPL-2.0-only
/*
 * marker-writer INSTANCE FIRST LAST [MOST_UNREAD [PAUSE]]: on every CPU at once, writes
 * the numbers FIRST to LAST as "NUMBER cpuC" to the trace_marker of the instance's
 * directory. With MOST_UNREAD (0: no matter) a CPU whose ring buffer holds more unread
 * events than that waits for them to be consumed; with PAUSE it sleeps for so many
 * microseconds after every 64. Prints how many the kernel refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Reading the counters costs a hundred times what a marker does. */
#define LOOK_EVERY 64

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "marker-writer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_file(const char *instance, const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	return fd;
}

/* "entries: N" is the first line of per_cpu/cpuN/stats. */
static long unread(int stats)
{
	char text[64] = "";

	if (pread(stats, text, sizeof(text) - 1, 0) < 0)
		fail("stats");
	return atol(text + strcspn(text, "0123456789"));
}

static void wait_for_consumer(int stats, long most_unread)
{
	struct timespec pause = { .tv_nsec = 500 * 1000 };

	while (unread(stats) > most_unread)
		nanosleep(&pause, NULL);
}

static long write_numbers(int marker, int cpu, long first, long last)
{
	char text[64];
	long refused = 0;
	int size;

	for (long number = first; number <= last; number++) {
		size = snprintf(text, sizeof(text), "%ld cpu%d\n", number, cpu);
		if (write(marker, text, size) == size)
			continue;
		/* The ring buffer is full and must not overwrite, or this CPU is off.
		 */
		if (errno != EBADF)
			fail("trace_marker");
		refused++;
	}
	return refused;
}

static long write_paced(int marker, int stats, int cpu, const long *range)
{
	struct timespec pause = { .tv_nsec = range[3] * 1000 };
	long refused = 0;

	for (long from = range[0]; from <= range[1]; from += LOOK_EVERY) {
		long to = from + LOOK_EVERY - 1;

		if (range[2])
			wait_for_consumer(stats, range[2]);
		if (range[3])
			nanosleep(&pause, NULL);
		refused +=
			write_numbers(marker, cpu, from, to < range[1] ? to : range[1]);
	}
	return refused;
}

/* @range: first, last, most unread (0: does not matter), pause. */
static _Noreturn void write_on(int cpu, const char *instance, const long *range)
{
	char name[64];
	cpu_set_t cpus;
	int marker, stats;
	long refused;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		fail("sched_setaffinity");
	marker = open_file(instance, "trace_marker", O_WRONLY);
	snprintf(name, sizeof(name), "per_cpu/cpu%d/stats", cpu);
	stats = open_file(instance, name, O_RDONLY);
	refused = range[2] || range[3] ? write_paced(marker, stats, cpu, range) :
					 write_numbers(marker, cpu, range[0], range[1]);
	printf("cpu%d refused %ld\n", cpu, refused);
	exit(0);
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	int status, failed = 0;

	if (argc < 4 || argc > 6) {
		fprintf(stderr, "usage: marker-writer INSTANCE FIRST LAST "
				"[MOST_UNREAD [PAUSE]]\n");
		return 2;
	}
	long range[] = { atol(argv[2]), atol(argv[3]), argc > 4 ? atol(argv[4]) : 0,
			 argc > 5 ? atol(argv[5]) : 0 };

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		fail("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && fork() == 0)
			write_on(cpu, argv[1], range);
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
