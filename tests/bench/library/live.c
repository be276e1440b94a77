// SPDX-License-Identifier: GPL-2.0-only
/*
 * PROGRAM INSTANCE BUFFER_KB: makes the instance, says "ready" on standard output once
 * events are recorded, hands them to the tool until SIGINT, removes the instance, and
 * prints the CPU time and what the tool found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rbmap/stats.h>
#include <tracefs.h>

#include "harness.h"
#include "tool.h"

volatile int harness_stop;

static int tracing_on;

static void on_signal(int signal)
{
	(void)signal;
	harness_stop = 1;
}

void harness_die(const char *what, int error)
{
	fprintf(stderr, "%s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(1);
}

static void set(struct harness *harness, const char *file, const char *value)
{
	if (tracefs_instance_file_write(harness->instance, file, value) < 0)
		harness_die(file, errno);
}

static void set_number(struct harness *harness, const char *file, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	set(harness, file, text);
}

static void make_instance(struct harness *harness, const char *name, long buffer_kb)
{
	harness->name = name;
	harness->instance = tracefs_instance_create(name);
	if (!harness->instance)
		harness_die(name, errno);
	tracing_on =
		tracefs_instance_file_open(harness->instance, "tracing_on", O_WRONLY);
	if (tracing_on < 0)
		harness_die("tracing_on", errno);
	harness_end();
	set_number(harness, "buffer_size_kb", buffer_kb);
	set_number(harness, "set_event_notrace_pid", getpid());
	set(harness, "events/sched/sched_switch/enable", "1");
	if (TOOL_WAKINGS)
		set(harness, "events/sched/sched_waking/enable", "1");
}

void harness_start(struct harness *harness)
{
	getrusage(RUSAGE_SELF, &harness->before);
	set(harness, "tracing_on", "1");
	puts("ready");
	fflush(stdout);
}

void harness_end(void)
{
	ssize_t written = write(tracing_on, "0", 1);

	/* If it failed, events are lost: the row says so. */
	(void)written;
}

static uint64_t count_written(struct harness *harness)
{
	struct rbmap_counters counters;
	uint64_t written = 0;

	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++)
		if (rbmap_counters_read(&counters, harness->instance, cpu) == 0)
			written += counters.unread + counters.read + counters.overrun +
				   counters.commit_overrun + counters.dropped;
	return written;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct harness harness = { .name = NULL };
	struct rusage after;
	uint64_t written;

	if (argc != 3)
		harness_die("usage: PROGRAM INSTANCE BUFFER_KB", 0);
	/* Without SA_RESTART, so that it ends a wait. */
	sigaction(SIGINT, &action, NULL);
	make_instance(&harness, argv[1], atol(argv[2]));
	source_open(&harness);
	source_run(&harness);
	getrusage(RUSAGE_SELF, &after);
	written = count_written(&harness);
	source_close(&harness);
	close(tracing_on);
	/* It can still be busy for a moment. */
	for (int tries = 0; tracefs_instance_destroy(harness.instance); tries++) {
		if (tries == 100)
			harness_die(harness.name, errno);
		usleep(10000);
	}
	tracefs_instance_free(harness.instance);
	tool_report(&harness.before, &after, written);
	return 0;
}
