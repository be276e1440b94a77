// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain read|splice INSTANCE BUFFER_KB SUBBUF_KB OUTPUT SUMMARY: what can be had with
 * nothing but poll(2) and read(2) and write(2), or splice(2), on trace_pipe_raw. Makes
 * the directory INSTANCE in tracefs' instances, records raw_syscalls until SIGINT into
 * OUTPUT.cpuN, writes the kernel's counters to SUMMARY, removes INSTANCE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)
#define STORE_SIZE (1 << 20)
#define MAX_CPUS 4096

struct ring {
	int cpu;
	int fd;
	int output;
	int pipe[2];
};

struct plain {
	const char *instance;
	bool splice;
	size_t subbuf_size;
	char *store;
	size_t stored;
	struct ring *rings;
	struct pollfd *polls;
	int nr;
};

struct counters {
	unsigned long long entries, overrun, commit_overrun, dropped, read;
};

static void die(const char *what)
{
	fprintf(stderr, "plain: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void set(const struct plain *plain, const char *name, const char *value)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", plain->instance, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

static void set_number(const struct plain *plain, const char *name, unsigned long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", value);
	set(plain, name, text);
}

static void set_up(const struct plain *plain, const char *buffer_kb)
{
	if (mkdir(plain->instance, 0750) < 0)
		die(plain->instance);
	set(plain, "tracing_on", "0");
	/* Older kernels have no such file, and pages for sub-buffers. */
	if (plain->subbuf_size != (size_t)sysconf(_SC_PAGESIZE))
		set_number(plain, "buffer_subbuf_size_kb", plain->subbuf_size / 1024);
	set(plain, "buffer_size_kb", buffer_kb);
	set_number(plain, "set_event_notrace_pid", getpid());
	set(plain, "events/raw_syscalls/enable", "1");
}

static bool open_ring(const struct plain *plain, struct ring *ring, const char *output)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/trace_pipe_raw", plain->instance,
		 ring->cpu);
	ring->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (ring->fd < 0 && errno == ENOENT)
		return false;
	if (ring->fd < 0)
		die(path);
	snprintf(path, sizeof(path), "%s.cpu%d", output, ring->cpu);
	ring->output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (ring->output < 0)
		die(path);
	if (!plain->splice)
		return true;
	if (pipe2(ring->pipe, O_CLOEXEC) < 0 ||
	    fcntl(ring->pipe[0], F_SETPIPE_SZ, PIPE_SIZE) < 0)
		die("pipe");
	return true;
}

static void open_rings(struct plain *plain, const char *output)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (cpus < 1 || cpus > MAX_CPUS)
		cpus = MAX_CPUS;
	plain->rings = calloc(cpus, sizeof(*plain->rings));
	plain->polls = calloc(cpus + 1, sizeof(*plain->polls));
	plain->store = malloc(STORE_SIZE);
	if (!plain->rings || !plain->polls || !plain->store)
		die("memory");
	for (int cpu = 0; cpu < cpus; cpu++) {
		struct ring *ring = &plain->rings[plain->nr];

		ring->cpu = cpu;
		if (open_ring(plain, ring, output))
			plain->polls[plain->nr++] =
				(struct pollfd){ .fd = ring->fd, .events = POLLIN };
	}
}

static void empty_store(struct plain *plain, int output)
{
	size_t done = 0;
	ssize_t n;

	while (done < plain->stored) {
		n = write(output, plain->store + done, plain->stored - done);
		if (n < 0)
			die("write");
		done += n;
	}
	plain->stored = 0;
}

static bool is_dry(ssize_t n, const char *what)
{
	if (n < 0 && errno != EAGAIN)
		die(what);
	return n <= 0;
}

static void drain_by_read(struct plain *plain, const struct ring *ring)
{
	ssize_t n;

	for (;;) {
		n = read(ring->fd, plain->store + plain->stored, plain->subbuf_size);
		if (is_dry(n, "read"))
			break;
		plain->stored += n;
		if (plain->stored + plain->subbuf_size > STORE_SIZE)
			empty_store(plain, ring->output);
	}
	empty_store(plain, ring->output);
}

static void drain_by_splice(const struct ring *ring)
{
	const unsigned int flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
	ssize_t in, out;

	for (;;) {
		in = splice(ring->fd, NULL, ring->pipe[1], NULL, PIPE_SIZE, flags);
		if (is_dry(in, "splice"))
			return;
		for (; in > 0; in -= out) {
			out = splice(ring->pipe[0], NULL, ring->output, NULL, in,
				     SPLICE_F_MOVE);
			if (out <= 0)
				die("splice to the output");
		}
	}
}

static void drain(struct plain *plain, const struct ring *ring)
{
	if (plain->splice)
		drain_by_splice(ring);
	else
		drain_by_read(plain, ring);
}

static void record(struct plain *plain, int signal_fd)
{
	plain->polls[plain->nr] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
	set(plain, "tracing_on", "1");
	while (!plain->polls[plain->nr].revents) {
		if (poll(plain->polls, plain->nr + 1, -1) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < plain->nr; i++)
			if (plain->polls[i].revents)
				drain(plain, &plain->rings[i]);
	}
	set(plain, "tracing_on", "0");
	/* splice(2) leaves the last sub-buffer, which is not full, to read(2). */
	for (int i = 0; i < plain->nr; i++) {
		drain(plain, &plain->rings[i]);
		drain_by_read(plain, &plain->rings[i]);
	}
}

static void add_counters(const struct plain *plain, int cpu, struct counters *sum)
{
	char path[PATH_MAX], line[128];
	unsigned long long value;
	FILE *file;

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/stats", plain->instance, cpu);
	file = fopen(path, "re");
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "entries: %llu", &value) == 1)
			sum->entries += value;
		else if (sscanf(line, "overrun: %llu", &value) == 1)
			sum->overrun += value;
		else if (sscanf(line, "commit overrun: %llu", &value) == 1)
			sum->commit_overrun += value;
		else if (sscanf(line, "dropped events: %llu", &value) == 1)
			sum->dropped += value;
		else if (sscanf(line, "read events: %llu", &value) == 1)
			sum->read += value;
	}
	fclose(file);
}

static void finish(const struct plain *plain, const char *summary)
{
	struct counters sum = { 0 };
	FILE *file = fopen(summary, "we");

	if (!file)
		die(summary);
	for (int i = 0; i < plain->nr; i++) {
		add_counters(plain, plain->rings[i].cpu, &sum);
		close(plain->rings[i].fd);
	}
	fprintf(file, "{\"written\": %llu, \"delivered\": %llu, \"lost\": %llu}\n",
		sum.entries + sum.read + sum.overrun + sum.dropped + sum.commit_overrun,
		sum.read, sum.overrun + sum.dropped + sum.commit_overrun + sum.entries);
	if (fclose(file))
		die(summary);
	if (rmdir(plain->instance) < 0)
		die(plain->instance);
}

int main(int argc, char **argv)
{
	struct plain plain = { 0 };
	sigset_t signals;
	int signal_fd;

	if (argc != 7 || (strcmp(argv[1], "read") && strcmp(argv[1], "splice"))) {
		fprintf(stderr, "usage: plain read|splice INSTANCE BUFFER_KB SUBBUF_KB "
				"OUTPUT SUMMARY\n");
		return 2;
	}
	plain.splice = !strcmp(argv[1], "splice");
	plain.instance = argv[2];
	plain.subbuf_size = strtoul(argv[4], NULL, 10) * 1024;
	if (plain.subbuf_size < 1024 || plain.subbuf_size > STORE_SIZE) {
		fprintf(stderr, "plain: %s KB: not the size of a sub-buffer\n",
			argv[4]);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (signal_fd < 0)
		die("signalfd");
	set_up(&plain, argv[3]);
	open_rings(&plain, argv[5]);
	record(&plain, signal_fd);
	finish(&plain, argv[6]);
	return 0;
}
