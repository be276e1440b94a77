// SPDX-License-Identifier: GPL-2.0-only
/*
 * Not with a trigger of the kernel: "traceoff" stops what is to go on, "snapshot"
 * excludes the mapping and is not built into every kernel, and none of them wakes
 * anybody. Nor by looking for the event in the rings that are recorded: to walk all
 * that is written there would cost what the flight recorder saves, and the event need
 * not be recorded at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/error.h>
#include <rbmap/record.h>
#include <rbmap/session.h>

#include "common.h"
#include "selection.h"
#include "tracing-file.h"
#include "watch.h"

#define SPANS 16
/* The kernel reports each event; this is how often the rings are read anyway. */
#define LOOK_MS 1000

struct watch {
	struct target *target;
	struct selection selection;
	/* Of each event of the selection, what its records begin with. */
	uint16_t *ids;
	struct rbmap_session *session;
	struct watch_fired fired;
	/* By the number of the CPU. */
	uint64_t *latest;
	int nr_cpus;
};

static int read_id(const struct watch *watch, const struct selected_event *event,
		   uint16_t *ret)
{
	char path[600];
	uint64_t id;
	char *text;
	int r;

	snprintf(path, sizeof(path), "events/%.255s/%.255s/id", event->system,
		 event->name);
	text = tracing_read(target_instance(watch->target), path);
	if (!text)
		return common_fail("%s: %s", path, strerror(errno));
	r = common_parse_number(&id, text);
	free(text);
	if (r < 0 || id > UINT16_MAX)
		return common_fail("%s: not an event number", path);
	*ret = id;
	return COMMON_OK;
}

static int read_ids(struct watch *watch)
{
	int status = COMMON_OK;

	watch->ids = calloc(watch->selection.nr, sizeof(*watch->ids));
	if (!watch->ids)
		return common_fail("%s", strerror(ENOMEM));
	for (size_t i = 0; status == COMMON_OK && i < watch->selection.nr; i++)
		status = read_id(watch, &watch->selection.events[i], &watch->ids[i]);
	return status;
}

/* The kernel reads this when a waiter queues, as the rings are opened. */
static int wake_at_each_event(const struct watch *watch)
{
	int r = tracing_write(target_instance(watch->target), "buffer_percent", "0");

	if (r < 0)
		return common_fail("buffer_percent: %s", strerror(-r));
	return COMMON_OK;
}

static int open_session(struct watch *watch, const struct config *config,
			const struct common_cpus *cpus)
{
	struct rbmap_session_options options = {
		.size = sizeof(options),
		.instance = target_instance(watch->target),
		.cpus = cpus->cpus,
		.nr_cpus = cpus->nr,
		/* For the few that fire, and without messages about it. */
		.engine = RBMAP_ENGINE_READ,
		.log = common_log(config->verbosity < 0 ? -1 : 0),
		.latency_ms = LOOK_MS,
	};
	int r = rbmap_session_open(&watch->session, &options);

	if (r < 0)
		return common_fail("--dump-on: the ring buffer could not be opened: %s",
				   rbmap_strerror(r));
	watch->nr_cpus = cpus->cpus[cpus->nr - 1] + 1;
	watch->latest = calloc(watch->nr_cpus, sizeof(*watch->latest));
	return watch->latest ? COMMON_OK : common_fail("%s", strerror(ENOMEM));
}

/*
 * The kernel serves those that enabled an event in the order in which they did: enabled
 * here after the recording, it is recorded before it is reported here.
 */
static int open_parts(struct watch *watch, const struct config *config,
		      const struct target *recorded, const struct common_cpus *cpus)
{
	struct tracefs_instance *instance;
	int status = target_open(&watch->target, NULL);

	if (status != COMMON_OK)
		return status;
	instance = target_instance(watch->target);
	status = selection_find_once(&watch->selection, instance, &config->dump_on);
	if (status == COMMON_OK)
		status = target_set_up_beside(watch->target, recorded);
	if (status == COMMON_OK)
		status = read_ids(watch);
	if (status == COMMON_OK)
		status = selection_enable(&watch->selection, instance, NULL);
	if (status == COMMON_OK)
		status = wake_at_each_event(watch);
	return status == COMMON_OK ? open_session(watch, config, cpus) : status;
}

int watch_open(struct watch **ret, const struct config *config,
	       const struct target *recorded, const struct common_cpus *cpus)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int status;

	if (!watch)
		return common_fail("%s", strerror(ENOMEM));
	status = open_parts(watch, config, recorded, cpus);
	if (status != COMMON_OK)
		watch_close(watch);
	else
		*ret = watch;
	return status;
}

int watch_start(struct watch *watch)
{
	return target_set_tracing(watch->target, true);
}

int watch_fd(const struct watch *watch)
{
	return rbmap_session_fd(watch->session);
}

/* NULL for an event that another program has written there. */
static const struct selected_event *find_event(const struct watch *watch,
					       const struct rbmap_record *record)
{
	uint16_t id;

	if (record->size < sizeof(id))
		return NULL;
	memcpy(&id, record->data, sizeof(id));
	for (size_t i = 0; i < watch->selection.nr; i++)
		if (watch->ids[i] == id)
			return &watch->selection.events[i];
	return NULL;
}

static void note_record(struct watch *watch, const struct rbmap_record *record)
{
	struct watch_fired *fired = &watch->fired;
	const struct selected_event *event;

	if (fired->event && record->time_stamp >= fired->time_stamp)
		return;
	event = find_event(watch, record);
	if (event)
		*fired = (struct watch_fired){ event, record->time_stamp, record->cpu };
}

static void note_span(struct watch *watch, const struct rbmap_span *span)
{
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;

	if (rbmap_walk_span(&walk, rbmap_session_layout(watch->session), span) < 0)
		return;
	while (rbmap_walk_next(&walk, &record) == 1) {
		note_record(watch, &record);
		watch->latest[record.cpu] = record.time_stamp;
	}
}

static int take_all(struct watch *watch)
{
	struct rbmap_span spans[SPANS];
	int nr;

	do {
		nr = rbmap_session_take(watch->session, spans, SPANS);
		for (int i = 0; i < nr; i++)
			note_span(watch, &spans[i]);
		if (nr > 0)
			rbmap_session_settle(watch->session, spans, nr);
	} while (nr > 0);
	return nr;
}

int watch_take(struct watch *watch, struct watch_fired *ret)
{
	int r = rbmap_session_wait(watch->session, 0);

	watch->fired = (struct watch_fired){ 0 };
	memset(watch->latest, 0, watch->nr_cpus * sizeof(*watch->latest));
	if (r == -EINTR)
		r = 0;
	if (r > 0)
		r = take_all(watch);
	if (r < 0)
		return common_fail("--dump-on: the ring buffer could not be read: %s",
				   rbmap_strerror(r));
	*ret = watch->fired;
	return COMMON_OK;
}

uint64_t watch_latest(const struct watch *watch, int cpu)
{
	return cpu < watch->nr_cpus ? watch->latest[cpu] : 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	rbmap_session_close(watch->session);
	selection_free(&watch->selection);
	target_close(watch->target);
	free(watch->latest);
	free(watch->ids);
	free(watch);
}
