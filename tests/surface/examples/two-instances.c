/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * two-instances: rare events in one ring buffer and frequent ones in another, so that the
 * latter never overwrite the former; printed as lines, all in one order, until Ctrl-C.
 */
#include <errno.h>
#include <event-parse.h>
#include <rbmap/rbmap.h>
#include <signal.h>
#include <stdio.h>
#include <trace-seq.h>
#include <tracefs.h>
#include <unistd.h>

static struct rbmap_follow *follow; /* a signal handler has no argument for it */

static void on_signal(int number)
{
	rbmap_follow_stop(follow);
}

static int print(const struct rbmap_follow_record *followed, void *data)
{
	struct trace_seq *line = data;
	int r;

	trace_seq_reset(line);
	r = rbmap_events_text(followed->events, &followed->record, line);
	if (r < 0)
		return r;
	trace_seq_terminate(line);
	if (printf("%s:%s\n", rbmap_follow_name(follow, followed->source),
		   line->buffer) < 0)
		return -errno; /* nobody reads them any more */
	return 0;
}

static int print_lost(const struct rbmap_follow_record *followed, void *data)
{
	if (printf("%s: CPU %d: events were lost\n",
		   rbmap_follow_name(follow, followed->source),
		   followed->record.cpu) < 0)
		return -errno;
	return 0;
}

static struct tracefs_instance *make(const char *name)
{
	struct tracefs_instance *instance = tracefs_instance_create(name);
	char pid[16];

	/* Printing makes events, too: with these, it would never come to an end. */
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (instance)
		tracefs_instance_file_write(instance, "set_event_notrace_pid", pid);
	else
		perror(name);
	return instance;
}

static int run(struct tracefs_instance *rare, struct tracefs_instance *frequent)
{
	struct trace_seq line;
	int r = rbmap_follow_add_instance(follow, rare, NULL);

	if (r >= 0)
		r = rbmap_follow_add_instance(follow, frequent, NULL);
	if (r < 0)
		return r;
	trace_seq_init(&line);
	r = rbmap_follow_event(follow, NULL, NULL, print, &line); /* all events */
	if (r == 0)
		r = rbmap_follow_lost(follow, print_lost, NULL);
	if (r == 0 && (tracefs_event_enable(rare, "sched", "sched_process_exec") < 0 ||
		       tracefs_event_enable(frequent, "sched", "sched_switch") < 0))
		r = -errno;
	if (r == 0)
		r = rbmap_follow_run(follow);
	trace_seq_destroy(&line);
	return r;
}

int main(void)
{
	struct tracefs_instance *rare, *frequent;
	int r = rbmap_follow_open(&follow, NULL);

	if (r < 0)
		return fprintf(stderr, "two-instances: %s\n", rbmap_strerror(r)), 1;
	signal(SIGINT, on_signal); /* before there is something to remove */
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN); /* printf() fails instead */
	rare = make("rbmap-rare");
	frequent = make("rbmap-frequent");
	if (rare && frequent)
		r = run(rare, frequent);
	signal(SIGINT, SIG_IGN); /* There will be nothing to stop. */
	signal(SIGTERM, SIG_IGN);
	rbmap_follow_close(follow); /* A mapped instance cannot be removed. */
	if (rare)
		tracefs_instance_destroy(rare);
	if (frequent)
		tracefs_instance_destroy(frequent);
	tracefs_instance_free(rare);
	tracefs_instance_free(frequent);
	if (r < 0)
		fprintf(stderr, "two-instances: %s\n", rbmap_strerror(r));
	return r < 0 || !rare || !frequent || fflush(stdout) != 0;
}
