// SPDX-License-Identifier: GPL-2.0-only
/*
 * libtracefs: tracefs_iterate_raw_events(), in order of time. ITERATE_FOLLOW: with a
 * callback for each event, by tracefs_follow_event(); otherwise with one for all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include <tracefs.h>

#include "fields.h"
#include "harness.h"

#ifdef ITERATE_FOLLOW

static int on_waking(struct tep_event *event, struct tep_record *record, int cpu,
		     void *context)
{
	(void)event, (void)cpu, (void)context;
	use_waking(record);
	return 0;
}

static int on_switch(struct tep_event *event, struct tep_record *record, int cpu,
		     void *context)
{
	(void)event, (void)cpu, (void)context;
	use_switch(record);
	return 0;
}

static void follow(struct harness *harness)
{
	int r = tracefs_follow_event(harness->tep, harness->instance, "sched",
				     "sched_switch", on_switch, NULL);

	if (TOOL_WAKINGS && r == 0)
		r = tracefs_follow_event(harness->tep, harness->instance, "sched",
					 "sched_waking", on_waking, NULL);
	if (r < 0)
		harness_die("tracefs_follow_event", errno);
}

#define CALLBACK NULL

#else

static int on_event(struct tep_event *event, struct tep_record *record, int cpu,
		    void *context)
{
	(void)event, (void)cpu, (void)context;
	use(record);
	return 0;
}

static void follow(struct harness *harness)
{
	(void)harness;
}

#define CALLBACK on_event

#endif

static void run_round(struct harness *harness)
{
	/* Fails if there is nothing to read, which is nothing to complain of. */
	tracefs_iterate_raw_events(harness->tep, harness->instance, NULL, 0, CALLBACK,
				   NULL);
}

void source_open(struct harness *harness)
{
	static const char *const systems[] = { "sched", NULL };

	harness->tep = tracefs_local_events_system(NULL, systems);
	if (!harness->tep)
		harness_die("tracefs_local_events_system", errno);
	fields_open(NULL, harness->tep);
	follow(harness);
}

void source_run(struct harness *harness)
{
	/* As often as librbmap looks. */
	const struct timespec interval = { .tv_nsec = 100000000 };

	harness_start(harness);
	while (!harness_stop) {
		nanosleep(&interval, NULL);
		run_round(harness);
	}
	harness_end();
	run_round(harness);
}

void source_close(struct harness *harness)
{
	tep_free(harness->tep);
}
