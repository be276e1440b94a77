/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * latency [FILE]: how long tasks waited from their wake-up until they ran, as a
 * histogram: from now until Ctrl-C, or in a trace.dat that has sched_waking and
 * sched_switch.
 */
#include <errno.h>
#include <fcntl.h>
#include <rbmap/rbmap.h>
#include <signal.h>
#include <stdio.h>
#include <tracefs.h>
#include <unistd.h>

/* The kernel's limit. Memory that is not used costs nothing. */
#define TASKS (4 << 20)

static uint64_t woken[TASKS], lost_until;
static unsigned long histogram[64], pairs, losses;
static double total_ns;
static struct rbmap_field *pid_field, *next_pid_field;
static struct rbmap_follow *follow; /* a signal handler has no argument for it */

static void on_signal(int number)
{
	rbmap_follow_stop(follow);
}

static int on_waking(const struct rbmap_follow_record *followed, void *data)
{
	uint64_t pid;

	if (rbmap_field_u64(pid_field, &followed->record, &pid) < 0 || pid >= TASKS)
		return -EBADMSG;
	woken[pid] = followed->record.time_stamp;
	return 0;
}

static int on_switch(const struct rbmap_follow_record *followed, void *data)
{
	uint64_t pid, ns;

	if (rbmap_field_u64(next_pid_field, &followed->record, &pid) < 0 ||
	    pid >= TASKS)
		return -EBADMSG;
	/* After a loss, the wake-up may be one that was answered long ago. */
	if (woken[pid] > lost_until) {
		ns = followed->record.time_stamp - woken[pid];
		histogram[ns ? 63 - __builtin_clzll(ns) : 0]++;
		total_ns += ns;
		pairs++;
	}
	woken[pid] = 0;
	return 0;
}

static int on_lost(const struct rbmap_follow_record *followed, void *data)
{
	lost_until = followed->record.time_stamp;
	losses++;
	return 0;
}

/* The sources are there: now their fields can be found, and events can come. */
static int run(struct tracefs_instance *instance)
{
	struct rbmap_events *events = rbmap_follow_events(follow, 0);
	int r = rbmap_field_open(&pid_field, events, "sched", "sched_waking", "pid");

	if (r == 0)
		r = rbmap_field_open(&next_pid_field, events, "sched", "sched_switch",
				     "next_pid");
	if (r == 0)
		r = rbmap_follow_event(follow, "sched", "sched_waking", on_waking,
				       NULL);
	if (r == 0)
		r = rbmap_follow_event(follow, "sched", "sched_switch", on_switch,
				       NULL);
	if (r == 0)
		r = rbmap_follow_lost(follow, on_lost, NULL);
	if (r == 0 && instance &&
	    (tracefs_event_enable(instance, "sched", "sched_waking") < 0 ||
	     tracefs_event_enable(instance, "sched", "sched_switch") < 0))
		r = -errno;
	return r < 0 ? r : rbmap_follow_run(follow);
}

int main(int argc, char **argv)
{
	struct tracefs_instance *instance = NULL;
	int fd = -1, r = rbmap_follow_open(&follow, NULL);

	if (r < 0)
		return fprintf(stderr, "latency: %s\n", rbmap_strerror(r)), 1;
	signal(SIGINT, on_signal); /* before there is something to remove */
	signal(SIGTERM, on_signal);
	if (argc == 2)
		fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	else
		instance = tracefs_instance_create("rbmap-latency");
	if (fd < 0 && !instance)
		return perror(argc == 2 ? argv[1] : "instances/rbmap-latency"), 1;
	r = instance ? rbmap_follow_add_instance(follow, instance, NULL) :
		       rbmap_follow_add_file(follow, fd);
	if (r >= 0)
		r = run(instance);
	signal(SIGINT, SIG_IGN); /* There will be nothing to stop. */
	signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < 64; i++)
		if (histogram[i] != 0)
			printf("from %12.3f us: %lu\n",
			       (double)(UINT64_C(1) << i) / 1e3, histogram[i]);
	printf("%lu wake-ups, mean %.3f us; events were lost %lu times\n", pairs,
	       pairs ? total_ns / pairs / 1e3 : 0.0, losses);
	rbmap_field_close(pid_field);
	rbmap_field_close(next_pid_field);
	rbmap_follow_close(follow); /* A mapped instance cannot be removed. */
	if (instance)
		tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	if (r < 0)
		return fprintf(stderr, "latency: %s\n", rbmap_strerror(r)), 1;
	return 0;
}
