/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * who-ran [FILE]: how long each task ran, from now until Ctrl-C, or in a trace.dat that
 * has sched_switch.
 */
#include <errno.h>
#include <fcntl.h>
#include <rbmap/rbmap.h>
#include <signal.h>
#include <stdio.h>
#include <tracefs.h>
#include <unistd.h>

/* The kernel's limits. Memory that is not used costs nothing. */
#define TASKS (4 << 20)
#define CPUS 8192

static struct {
	uint64_t ns;
	char comm[16];
} tasks[TASKS];
static uint64_t since[CPUS];
static unsigned long losses;
static struct rbmap_field *prev_pid, *prev_comm;
static struct rbmap_follow *follow; /* a signal handler has no argument for it */

static void on_signal(int number)
{
	rbmap_follow_stop(follow);
}

static int on_switch(const struct rbmap_follow_record *followed, void *data)
{
	const struct rbmap_record *record = &followed->record;
	const char *comm;
	size_t length;
	uint64_t pid;

	if (rbmap_field_u64(prev_pid, record, &pid) < 0 || pid >= TASKS ||
	    rbmap_field_text(prev_comm, record, &comm, &length) < 0 ||
	    record->cpu >= CPUS)
		return -EBADMSG;
	if (since[record->cpu] != 0 && pid != 0) { /* 0 is idle. */
		tasks[pid].ns += record->time_stamp - since[record->cpu];
		/* It may have got another name. */
		snprintf(tasks[pid].comm, sizeof(tasks[pid].comm), "%.*s", (int)length,
			 comm);
	}
	since[record->cpu] = record->time_stamp;
	return 0;
}

/* Comes before the first record after the loss: who ran until then is not known. */
static int on_lost(const struct rbmap_follow_record *followed, void *data)
{
	if (followed->record.cpu < CPUS)
		since[followed->record.cpu] = 0;
	losses++;
	return 0;
}

/* The sources are there: now their fields can be found, and events can come. */
static int run(struct tracefs_instance *instance)
{
	struct rbmap_events *events = rbmap_follow_events(follow, 0);
	int r = rbmap_field_open(&prev_pid, events, "sched", "sched_switch",
				 "prev_pid");

	if (r == 0)
		r = rbmap_field_open(&prev_comm, events, "sched", "sched_switch",
				     "prev_comm");
	if (r == 0)
		r = rbmap_follow_event(follow, "sched", "sched_switch", on_switch,
				       NULL);
	if (r == 0)
		r = rbmap_follow_lost(follow, on_lost, NULL);
	if (r == 0 && instance &&
	    tracefs_event_enable(instance, "sched", "sched_switch") < 0)
		r = -errno;
	return r < 0 ? r : rbmap_follow_run(follow);
}

int main(int argc, char **argv)
{
	struct tracefs_instance *instance = NULL;
	int fd = -1, r = rbmap_follow_open(&follow, NULL);

	if (r < 0)
		return fprintf(stderr, "who-ran: %s\n", rbmap_strerror(r)), 1;
	signal(SIGINT, on_signal); /* before there is something to remove */
	signal(SIGTERM, on_signal);
	if (argc == 2)
		fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	else
		instance = tracefs_instance_create("rbmap-who-ran");
	if (fd < 0 && !instance)
		return perror(argc == 2 ? argv[1] : "instances/rbmap-who-ran"), 1;
	r = instance ? rbmap_follow_add_instance(follow, instance, NULL) :
		       rbmap_follow_add_file(follow, fd);
	if (r >= 0)
		r = run(instance);
	signal(SIGINT, SIG_IGN); /* There will be nothing to stop. */
	signal(SIGTERM, SIG_IGN);
	for (int pid = 0; pid < TASKS; pid++)
		if (tasks[pid].ns != 0)
			printf("%14.6f ms  %s-%d\n", tasks[pid].ns / 1e6,
			       tasks[pid].comm, pid);
	printf("events were lost %lu times\n", losses);
	rbmap_field_close(prev_pid);
	rbmap_field_close(prev_comm);
	rbmap_follow_close(follow); /* A mapped instance cannot be removed. */
	if (instance)
		tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	if (r < 0)
		return fprintf(stderr, "who-ran: %s\n", rbmap_strerror(r)), 1;
	return 0;
}
