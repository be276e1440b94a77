// SPDX-License-Identifier: GPL-2.0-only
/* librbmap: rbmap_follow(3), in order of time, of an instance or of a file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <rbmap/rbmap.h>

#include "fields.h"
#include "harness.h"

static struct rbmap_follow *follow;
static struct rbmap_events *events;

static int on_waking(const struct rbmap_follow_record *followed, void *data)
{
	(void)data;
	use_waking(&followed->record);
	return 0;
}

static int on_switch(const struct rbmap_follow_record *followed, void *data)
{
	(void)data;
	use_switch(&followed->record);
	return 0;
}

static void add_callbacks(struct rbmap_events *of)
{
	int r = rbmap_follow_event(follow, "sched", "sched_switch", on_switch, NULL);

	if (TOOL_WAKINGS && r == 0)
		r = rbmap_follow_event(follow, "sched", "sched_waking", on_waking,
				       NULL);
	if (r < 0)
		harness_die("rbmap_follow_event", -r);
	fields_open(of, rbmap_events_tep(of));
}

static void on_signal(int number)
{
	(void)number;
	/* What comes after the stop would count as lost. */
	harness_end();
	rbmap_follow_stop(follow);
}

void source_open(struct harness *harness)
{
	static const char *const systems[] = { "sched", NULL };
	const struct rbmap_events_options options = {
		.size = sizeof(options),
		.instance = harness->instance,
		.systems = systems,
	};
	int r = rbmap_events_open(&events, &options);

	if (r == 0)
		r = rbmap_follow_open(&follow, NULL);
	if (r == 0)
		r = rbmap_follow_add_instance(follow, harness->instance, events);
	if (r < 0)
		harness_die("rbmap_follow", -r);
	add_callbacks(events);
	signal(SIGINT, on_signal);
}

void source_run(struct harness *harness)
{
	int r;

	harness_start(harness);
	r = rbmap_follow_run(follow);
	if (r < 0)
		harness_die("rbmap_follow_run", -r);
}

void source_close(struct harness *harness)
{
	(void)harness;
	fields_close();
	rbmap_follow_close(follow);
	rbmap_events_close(events);
}

void source_file(struct harness *harness, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		harness_die(path, errno);
	r = rbmap_follow_open(&follow, NULL);
	if (r == 0)
		r = rbmap_follow_add_file(follow, fd);
	if (r < 0)
		harness_die(path, -r);
	add_callbacks(rbmap_follow_events(follow, 0));
	harness_start(harness);
	r = rbmap_follow_run(follow);
	if (r < 0)
		harness_die(path, -r);
	fields_close();
	rbmap_follow_close(follow);
	close(fd);
}
