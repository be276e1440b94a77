// SPDX-License-Identifier: GPL-2.0-only
/*
 * get-reader-cost [--json]: what it takes to consume a ring by GET_READER, and by
 * read(2) and splice(2) for comparison, with more and more events in a sub-buffer. A
 * ring of a private instance is filled and drained by each in turn; only the draining
 * is timed. Medians of five rounds. Nothing is asserted about time: it says what it
 * found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "ring/uapi/trace_mmap.h"

#define ROUNDS 5
#define RING_KB "1024"
#define IDLE_CALLS 2000

/* Small against the ring: looked at between two refusals. */
#define BURST 256

enum method {
	GET_READER,
	READ,
	SPLICE,
	NR_METHODS
};

static const char *const method_names[] = { "GET_READER", "read", "splice" };

/* What fills the ring. A marker cannot be smaller than 32 bytes on Linux 6.1. */
struct load {
	const char *name;
	size_t marker;
};

static const struct load loads[] = {
	{ "marker", 180 },
	{ "marker", 56 },
	{ "marker", 12 },
	{ "sys_enter_getppid", 0 },
};

#define NR_LOADS (sizeof(loads) / sizeof(loads[0]))
#define GETPPID "events/syscalls/sys_enter_getppid/enable"

struct cost {
	/* Of one round. */
	uint64_t ns;
	uint64_t calls;
	uint64_t events;
	uint64_t subbufs;
};

struct result {
	struct cost rounds[ROUNDS];
	uint64_t system_us;
};

struct bench {
	char instance[128];
	int cpu;
	int marker;
	int fd;
	int pipe[2];
	int null;
	size_t page;
	uint8_t *copy;
	void *map;
	size_t map_size;
	struct result results[NR_LOADS][NR_METHODS];
	uint64_t idle_ns;
};

static struct bench bench;

static _Noreturn void fail(const char *what)
{
	int error = errno;

	printf("1..1\nnot ok 1 - get-reader-cost: %s: %s\n", what, strerror(error));
	fflush(stdout);
	exit(1);
}

static void clean_up(void)
{
	if (bench.map)
		munmap(bench.map, bench.map_size);
	close(bench.fd);
	close(bench.marker);
	rmdir(bench.instance);
}

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", bench.instance, name);
	return path;
}

static int open_file(const char *name, int flags)
{
	int fd = open(path_of(name), flags | O_CLOEXEC);

	if (fd < 0)
		fail(path_of(name));
	return fd;
}

static void set(const char *name, const char *value)
{
	int fd = open_file(name, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		fail(path_of(name));
	close(fd);
}

static bool has(const struct load *load)
{
	return load->marker || access(path_of(GETPPID), F_OK) == 0;
}

static uint64_t counter(const char *name)
{
	char file[64], line[128];
	uint64_t value = 0;
	FILE *stats;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", bench.cpu);
	stats = fopen(path_of(file), "re");
	if (!stats)
		fail(path_of(file));
	while (fgets(line, sizeof(line), stats))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, 10);
	fclose(stats);
	return value;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static uint64_t system_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_stime.tv_sec * 1000000ull + usage.ru_stime.tv_usec;
}

/* With overwrite=0 a full ring refuses, and holds as much as it can until then. */
static uint64_t fill(const struct load *load)
{
	static const uint8_t marker[256] = { 1 };
	uint64_t refused = counter("dropped events");

	if (load->marker) {
		while (write(bench.marker, marker, load->marker) > 0)
			;
		if (errno != EBADF)
			fail("trace_marker_raw");
	} else {
		set(GETPPID, "1");
		while (counter("dropped events") == refused)
			for (int i = 0; i < BURST; i++)
				syscall(SYS_getppid);
		set(GETPPID, "0");
	}
	return counter("entries");
}

static void make_map(void)
{
	const struct trace_buffer_meta *meta =
		mmap(NULL, bench.page, PROT_READ, MAP_SHARED, bench.fd, 0);

	if (meta == MAP_FAILED)
		fail("mmap");
	bench.map_size =
		meta->meta_page_size + (size_t)meta->subbuf_size * meta->nr_subbufs;
	munmap((void *)meta, bench.page);
	bench.map = mmap(NULL, bench.map_size, PROT_READ, MAP_SHARED, bench.fd, 0);
	if (bench.map == MAP_FAILED) {
		bench.map = NULL;
		fail("mmap");
	}
}

static void drop_map(void)
{
	munmap(bench.map, bench.map_size);
	bench.map = NULL;
}

/* The kernel stores these two when it refreshes the meta-page. */
static uint64_t position(void)
{
	const struct trace_buffer_meta *meta = bench.map;

	return (uint64_t)__atomic_load_n(&meta->reader.id, __ATOMIC_ACQUIRE) << 32 |
	       __atomic_load_n(&meta->reader.read, __ATOMIC_ACQUIRE);
}

static void drain_by_get_reader(struct cost *cost)
{
	uint64_t before, after = position(), started = now();

	do {
		before = after;
		if (ioctl(bench.fd, TRACE_MMAP_IOCTL_GET_READER) < 0)
			fail("GET_READER");
		after = position();
		cost->calls++;
	} while (after != before);
	cost->ns = now() - started;
	cost->subbufs = cost->calls - 1;
}

/* The smallest of the rounds: nothing makes a call do less than nothing. */
static void time_idle_calls(void)
{
	uint64_t started = now(), ns;

	for (int i = 0; i < IDLE_CALLS; i++)
		if (ioctl(bench.fd, TRACE_MMAP_IOCTL_GET_READER) < 0)
			fail("GET_READER");
	ns = (now() - started) / IDLE_CALLS;
	if (!bench.idle_ns || ns < bench.idle_ns)
		bench.idle_ns = ns;
}

static void drain_by_read(struct cost *cost)
{
	uint64_t started = now();
	ssize_t n;

	do {
		n = read(bench.fd, bench.copy, bench.page);
		cost->calls++;
	} while (n > 0);
	cost->ns = now() - started;
	cost->subbufs = cost->calls - 1;
	if (n < 0 && errno != EAGAIN)
		fail("read");
}

/* splice(2) leaves the last sub-buffer, which is not full. */
static void drain_by_splice(struct cost *cost)
{
	const unsigned int flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
	struct cost rest = { .ns = 0 };
	uint64_t started = now();
	ssize_t n;

	for (;;) {
		n = splice(bench.fd, NULL, bench.pipe[1], NULL, 16 * bench.page, flags);
		cost->calls++;
		if (n <= 0)
			break;
		cost->subbufs += n / bench.page;
		if (splice(bench.pipe[0], NULL, bench.null, NULL, n, SPLICE_F_MOVE) !=
		    n)
			fail("splice to /dev/null");
	}
	if (n < 0 && errno != EAGAIN)
		fail("splice");
	cost->ns = now() - started;
	cost->events -= counter("entries");
	drain_by_read(&rest);
}

static void run_round(int load, enum method method, int round)
{
	struct result *result = &bench.results[load][method];
	struct cost *cost = &result->rounds[round];
	uint64_t before;

	cost->events = fill(&loads[load]);
	if (method == GET_READER)
		make_map();
	before = system_us();
	if (method == GET_READER)
		drain_by_get_reader(cost);
	else if (method == READ)
		drain_by_read(cost);
	else
		drain_by_splice(cost);
	result->system_us += system_us() - before;
	if (method == GET_READER) {
		time_idle_calls();
		drop_map();
	}
	if (counter("entries") != 0 || cost->subbufs == 0) {
		errno = EPROTO;
		fail("the ring was not drained");
	}
}

static int compare_costs(const void *a, const void *b)
{
	const struct cost *left = a, *right = b;
	double difference =
		(double)left->ns / left->events - (double)right->ns / right->events;

	return (difference > 0) - (difference < 0);
}

/* The round in the middle, by the time for an event. */
static const struct cost *middle(int load, enum method method)
{
	struct cost *rounds = bench.results[load][method].rounds;

	qsort(rounds, ROUNDS, sizeof(*rounds), compare_costs);
	return &rounds[ROUNDS / 2];
}

static void set_up(void)
{
	static const char *const tracefs[] = { "/sys/kernel/tracing",
					       "/sys/kernel/debug/tracing" };
	char file[64];
	cpu_set_t cpus;

	bench.page = sysconf(_SC_PAGESIZE);
	bench.copy = malloc(bench.page);
	bench.cpu = sched_getcpu();
	CPU_ZERO(&cpus);
	CPU_SET(bench.cpu, &cpus);
	if (!bench.copy || sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		fail("pinning to a CPU");
	for (size_t i = 0; i < 2; i++) {
		snprintf(bench.instance, sizeof(bench.instance),
			 "%s/instances/rbmap-KTEST-%d", tracefs[i], (int)getpid());
		if (mkdir(bench.instance, 0750) == 0)
			break;
		if (i == 1) {
			puts("1..0 # SKIP no instance can be made; this needs root and "
			     "tracefs");
			exit(77);
		}
	}
	atexit(clean_up);
	set("buffer_size_kb", RING_KB);
	set("options/overwrite", "0");
	snprintf(file, sizeof(file), "%d", (int)getpid());
	set("set_event_pid", file);
	bench.marker = open_file("trace_marker_raw", O_WRONLY);
	snprintf(file, sizeof(file), "per_cpu/cpu%d/trace_pipe_raw", bench.cpu);
	bench.fd = open_file(file, O_RDONLY | O_NONBLOCK);
	bench.null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (bench.null < 0 || pipe2(bench.pipe, O_CLOEXEC) < 0)
		fail("pipe");
	if (ioctl(bench.fd, TRACE_MMAP_IOCTL_GET_READER) < 0 && errno != ENODEV) {
		puts("1..0 # SKIP this kernel cannot map ring buffers");
		exit(77);
	}
}

static double ns_per_event(const struct cost *cost)
{
	return (double)cost->ns / cost->events;
}

static void print_row(int load, enum method method)
{
	const struct cost *cost = middle(load, method);

	printf("# %-18s %6.0f  %-10s %8.0f %9.0f %9.2f %6.2f %9llu\n", loads[load].name,
	       (double)cost->events / cost->subbufs, method_names[method],
	       (double)cost->ns / cost->calls, (double)cost->ns / cost->subbufs,
	       ns_per_event(cost),
	       ns_per_event(cost) / ns_per_event(middle(load, READ)),
	       (unsigned long long)bench.results[load][method].system_us);
}

static void print_json_row(int load, enum method method)
{
	const struct cost *cost = middle(load, method);

	printf("%s{\"load\": \"%s\", \"events_per_subbuf\": %.0f, \"method\": \"%s\", "
	       "\"ns_per_call\": %.0f, \"ns_per_subbuf\": %.0f, \"ns_per_event\": %.2f, "
	       "\"times_read\": %.2f, \"system_us\": %llu}",
	       load || method ? ", " : "", loads[load].name,
	       (double)cost->events / cost->subbufs, method_names[method],
	       (double)cost->ns / cost->calls, (double)cost->ns / cost->subbufs,
	       ns_per_event(cost),
	       ns_per_event(cost) / ns_per_event(middle(load, READ)),
	       (unsigned long long)bench.results[load][method].system_us);
}

static void print_all(bool json)
{
	struct utsname kernel;

	uname(&kernel);
	if (json)
		printf("{\"kernel\": \"%s\", \"subbuf_size\": %zu, \"rounds\": %d, "
		       "\"idle_ns_per_call\": %llu, \"rows\": [",
		       kernel.release, bench.page, ROUNDS,
		       (unsigned long long)bench.idle_ns);
	else
		printf("1..1\n# Linux %s; sub-buffers of %zu bytes; medians of %d; "
		       "GET_READER of an empty ring: %llu ns\n"
		       "# %-18s %6s  %-10s %8s %9s %9s %6s %9s\n",
		       kernel.release, bench.page, ROUNDS,
		       (unsigned long long)bench.idle_ns, "EVENTS", "/SUBB.", "METHOD",
		       "NS/CALL", "NS/SUBB.", "NS/EVENT", "/READ", "SYSTEM US");
	for (int load = 0; load < (int)NR_LOADS; load++)
		for (int method = 0; has(&loads[load]) && method < NR_METHODS; method++)
			json ? print_json_row(load, method) : print_row(load, method);
	puts(json ? "]}" : "ok 1 - get-reader-cost: each ring was drained by each");
}

int main(int argc, char **argv)
{
	static const char usage[] = "usage: get-reader-cost [--json]\n";
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option != 'j') {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
		json = true;
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	set_up();
	for (int round = 0; round < ROUNDS; round++)
		for (int load = 0; load < (int)NR_LOADS; load++)
			for (int method = 0; has(&loads[load]) && method < NR_METHODS;
			     method++)
				run_round(load, method, round);
	print_all(json);
	return 0;
}
