// SPDX-License-Identifier: GPL-2.0-only
/* librbmap: spans of a session and their records, CPU by CPU. */
#include <errno.h>
#include <stdbool.h>

#include <rbmap/rbmap.h>

#include "fields.h"
#include "harness.h"

#define SPANS 64

static struct rbmap_session *session;
static struct rbmap_events *events;

static void use_span(struct rbmap_walk *walk, const struct rbmap_span *span)
{
	struct rbmap_record record;
	int r = rbmap_walk_span(walk, rbmap_session_layout(session), span);

	while (r >= 0 && (r = rbmap_walk_next(walk, &record)) > 0)
		use(&record);
	if (r < 0)
		harness_die("records", -r);
}

static bool run_round(void)
{
	static struct rbmap_walk walks[TOOL_CPUS];
	struct rbmap_span spans[SPANS];
	bool any = false;
	int nr;

	while ((nr = rbmap_session_take(session, spans, SPANS)) > 0) {
		for (int i = 0; i < nr; i++)
			use_span(&walks[spans[i].cpu % TOOL_CPUS], &spans[i]);
		rbmap_session_settle(session, spans, nr);
		any = true;
	}
	if (nr < 0)
		harness_die("rbmap_session_take", -nr);
	return any;
}

void source_open(struct harness *harness)
{
	static const char *const systems[] = { "sched", NULL };
	const struct rbmap_events_options events_options = {
		.size = sizeof(events_options),
		.instance = harness->instance,
		.systems = systems,
	};
	/* The engine as it comes; a span that is overwritten would have to be undone.
	 */
	const struct rbmap_session_options options = {
		.size = sizeof(options),
		.instance = harness->instance,
		.flags = RBMAP_SESSION_COPIES,
	};
	int r = rbmap_events_open(&events, &events_options);

	if (r == 0)
		r = rbmap_session_open(&session, &options);
	if (r < 0)
		harness_die("librbmap", -r);
	fields_open(events, rbmap_events_tep(events));
}

void source_run(struct harness *harness)
{
	int r;

	harness_start(harness);
	while (!harness_stop) {
		r = rbmap_session_wait(session, -1);
		if (r < 0 && r != -EINTR)
			harness_die("rbmap_session_wait", -r);
		run_round();
	}
	harness_end();
	do
		rbmap_session_wake_all(session);
	while (run_round());
}

void source_close(struct harness *harness)
{
	(void)harness;
	fields_close();
	rbmap_session_close(session);
	rbmap_events_close(events);
}
