// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Each clock is read between two looks at CLOCK_MONOTONIC, several times. Each time
 * bounds the offset between the two, and all bounds together are tighter than any one:
 * the kernel prints its clock rounded to a microsecond, and these roundings differ.
 */
#define _GNU_SOURCE
#include "tracefs/anchor.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <rbmap/stats.h>

#include "base/internal.h"

#define NS_PER_S INT64_C(1000000000)
#define TRIES 16
#define STATS_SIZE 1024

/* Read from per_cpu/cpuN/stats, as no clock of user space is the same. */
#define BY_STATS -1

/*
 * @rounding: by how much a value that is read may be off: half of the last digit of
 * stats (ns2usecs() in kernel/trace/trace.c), or nothing.
 *
 * Source: trace_clocks[] in kernel/trace/trace.c. Those that it has besides count no
 * nanoseconds; that is so for uptime, too, although it is flagged otherwise there: it
 * counts hundredths of a second.
 */
static const struct source {
	const char *clock;
	clockid_t id;
	int64_t rounding;
} sources[] = {
	{ "local", BY_STATS, 500 },    { "global", BY_STATS, 500 },
	{ "perf", BY_STATS, 500 },     { "mono", CLOCK_MONOTONIC, 0 },
	{ "boot", CLOCK_BOOTTIME, 0 }, { "mono_raw", CLOCK_MONOTONIC_RAW, 0 },
	{ "tai", CLOCK_TAI, 0 },
};

/* What is to be added to CLOCK_MONOTONIC, from and to. */
struct offset {
	int64_t low;
	int64_t high;
};

static const struct source *find(const char *clock)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (!strcmp(clock, sources[i].clock))
			return &sources[i];
	return NULL;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec time = { 0 };

	clock_gettime(id, &time);
	return time.tv_sec * NS_PER_S + time.tv_nsec;
}

/* The kernel reads its clock anew for each read(2) from the begin. */
static int read_stats(int fd, int64_t *ret)
{
	struct rbmap_counters counters;
	char text[STATS_SIZE];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	int r;

	if (got < 0)
		return -errno;
	text[got] = '\0';
	r = rbmap_counters_parse(&counters, text);
	if (r < 0)
		return r;
	if (counters.now_ns > INT64_MAX / 2)
		return -EBADMSG;
	*ret = (int64_t)counters.now_ns;
	return 0;
}

static int measure_once(const struct source *source, int fd, struct offset *ret)
{
	int64_t before = read_clock(CLOCK_MONOTONIC), value, after;
	int r = 0;

	if (source->id == BY_STATS)
		r = read_stats(fd, &value);
	else
		value = read_clock(source->id);
	after = read_clock(CLOCK_MONOTONIC);
	if (r < 0)
		return r;
	ret->low = value - source->rounding - after;
	ret->high = value + source->rounding - before;
	return 0;
}

static int64_t width(const struct offset *offset)
{
	return offset->high - offset->low;
}

/* Bounds that exclude each other: one of the clocks was set, or does not run evenly. */
static void narrow(struct offset *offset, const struct offset *next)
{
	struct offset both = *offset;

	if (next->low > both.low)
		both.low = next->low;
	if (next->high < both.high)
		both.high = next->high;
	if (both.low <= both.high)
		*offset = both;
	else if (width(next) < width(offset))
		*offset = *next;
}

static int measure(const struct source *source, int fd, struct offset *ret)
{
	struct offset next;
	int r = 0;

	*ret = (struct offset){ 0 };
	if (source->id == CLOCK_MONOTONIC)
		return 0;
	for (int i = 0; r == 0 && i < TRIES; i++) {
		r = measure_once(source, fd, &next);
		if (r == 0 && i == 0)
			*ret = next;
		else if (r == 0)
			narrow(ret, &next);
	}
	return r;
}

static uint64_t middle(int64_t monotonic, const struct offset *offset)
{
	int64_t value = monotonic + offset->low + width(offset) / 2;

	return value < 0 ? 0 : value;
}

static int take(struct rbmap_anchor *ret, const struct source *source, int fd)
{
	static const struct source wall = { .id = CLOCK_REALTIME };
	struct offset realtime, trace;
	int64_t now;
	int r = measure(source, fd, &trace);

	if (r < 0)
		return r;
	measure(&wall, -1, &realtime);
	now = read_clock(CLOCK_MONOTONIC);
	ret->trace = middle(now, &trace);
	ret->realtime = middle(now, &realtime);
	ret->monotonic = now;
	ret->uncertainty = (width(&trace) + 1) / 2 + (width(&realtime) + 1) / 2;
	return 0;
}

int rbmap_anchor_take(struct rbmap_anchor *ret, const char *instance_dir,
		      const char *clock, int cpu)
{
	const struct source *source = find(clock);
	char path[PATH_MAX];
	int fd = -1, r;

	if (!source)
		return -ENODATA;
	if (source->id == BY_STATS) {
		if ((size_t)snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/stats",
				     instance_dir, cpu) >= sizeof(path))
			return -ENAMETOOLONG;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	r = take(ret, source, fd);
	if (fd >= 0)
		close(fd);
	return r;
}
