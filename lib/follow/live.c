// SPDX-License-Identifier: LGPL-2.1-only
/* Instances: their sessions, in rounds that all of them take part in. */
#define _GNU_SOURCE
#include <stdlib.h>

#include <tracefs/tracefs.h>

#include "base/internal.h"
#include "follow/follow.h"
#include "tracefs/clock.h"
#include "tracefs/instance.h"

#define SPANS 64
/* At the end, unless another program keeps tracing. */
#define MOST_LAST_ROUNDS 8

static int open_session(struct rbmap_follow *follow, struct follow_source *source,
			struct tracefs_instance *instance)
{
	struct rbmap_session_options options = {
		.size = sizeof(options),
		.instance = instance,
		.cpus = follow->cpus,
		.nr_cpus = follow->nr_cpus,
		.engine = follow->engine,
		.latency_ms = follow->latency_ms,
		.log = follow->log,
	};

	return rbmap_session_open(&source->session, &options);
}

static int open_events(struct rbmap_follow *follow, struct follow_source *source,
		       struct tracefs_instance *instance)
{
	struct rbmap_events_options options = {
		.size = sizeof(options),
		.instance = instance,
		.systems = (const char *const *)follow->systems,
		.log = follow->log,
	};
	int r;

	if (source->events)
		return 0;
	r = rbmap_events_open(&source->events, &options);
	source->owns_events = r == 0;
	return r;
}

static int check_clock(struct rbmap_follow *follow, struct tracefs_instance *instance)
{
	char *clock;
	int r = rbmap_clock_read(instance, &clock);

	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	r = rbmap_follow_check_clock(follow, clock);
	free(clock);
	return r;
}

/* In the merge the source has the same number, as it is the last step that fails. */
static int add_session(struct rbmap_follow *follow, struct follow_source *source)
{
	int r = rbmap_follow_add_source(follow, source);

	if (r < 0)
		return r;
	r = rbmap_follow_watch(follow, rbmap_session_fd(source->session));
	if (r == 0)
		r = rbmap_merge_add(follow->merge, source->session);
	if (r < 0)
		follow->nr_sources--;
	return r;
}

/* Takes over what the source has. */
static int add(struct rbmap_follow *follow, struct follow_source *source,
	       struct tracefs_instance *instance)
{
	const char *name = instance ? tracefs_instance_get_name(instance) : NULL;
	int r = check_clock(follow, instance);

	source->instance = instance;
	source->name = strdup(name ? name : "");
	if (r == 0)
		r = source->name ? open_events(follow, source, instance) : -ENOMEM;
	if (r == 0)
		r = open_session(follow, source, instance);
	if (r == 0) {
		source->before_error =
			rbmap_follow_read_counters(source, &source->before);
		r = add_session(follow, source);
	}
	if (r < 0)
		rbmap_follow_free_source(source);
	return r;
}

static int check_live(const struct rbmap_follow *follow)
{
	if (follow->nr_files)
		return -EINVAL;
	return follow->begun ? -EBUSY : 0;
}

RBMAP_PUBLIC int rbmap_follow_add_instance(struct rbmap_follow *follow,
					   struct tracefs_instance *instance,
					   struct rbmap_events *events)
{
	struct follow_source source = { .events = events };
	int r = check_live(follow);

	return r < 0 ? r : add(follow, &source, instance);
}

RBMAP_PUBLIC int rbmap_follow_add_instance_name(struct rbmap_follow *follow,
						const char *name,
						struct rbmap_events *events)
{
	struct follow_source source = { .events = events };
	struct tracefs_instance *instance = NULL;
	int r = check_live(follow);

	if (r == 0)
		r = rbmap_instance_select(&source.opened, &instance, name);
	return r < 0 ? r : add(follow, &source, instance);
}

static int take(struct rbmap_follow *follow, size_t source)
{
	struct rbmap_session *session = follow->sources[source].session;
	struct rbmap_span spans[SPANS];
	int nr, r, settled;

	nr = rbmap_session_take(session, spans, SPANS);
	if (nr <= 0)
		return nr;
	follow->took = true;
	r = rbmap_merge_put(follow->merge, source, spans, nr);
	settled = rbmap_session_settle(session, spans, nr);
	if (r == 0)
		r = settled < 0 ? settled :
				  rbmap_merge_discard(follow->merge, source, spans, nr);
	return r < 0 ? r : nr;
}

/* The others as well, when one session wakes up. */
static void begin_round(struct rbmap_follow *follow)
{
	for (size_t i = 0; i < follow->nr_sources; i++) {
		struct follow_source *source = &follow->sources[i];

		if (!source->woken)
			rbmap_session_wake_all(source->session);
		source->woken = false;
	}
	follow->in_round = true;
	follow->took = false;
	follow->next_source = 0;
}

/* Of a single ring the records come at once, while they are in the cache. */
static bool is_single(const struct rbmap_follow *follow)
{
	return follow->merge->sorter.nr_streams == 1;
}

/* Returns 1 when the round is over, 0 if there are records before. */
static int go_on_with_round(struct rbmap_follow *follow)
{
	int r;

	while (follow->next_source < follow->nr_sources) {
		r = take(follow, follow->next_source);
		if (r < 0)
			return r;
		if (r == 0)
			follow->next_source++;
		else if (is_single(follow))
			return 0;
	}
	follow->in_round = false;
	return 1;
}

/* All of a round; returns as rbmap_merge_end_round(). */
static int run_round(struct rbmap_follow *follow)
{
	int r;

	begin_round(follow);
	do
		r = go_on_with_round(follow);
	while (r == 0);
	return r < 0 ? r : rbmap_merge_end_round(follow->merge);
}

/* Until a round brings nothing: what was written before the end was wanted. */
static int run_last_rounds(struct rbmap_follow *follow)
{
	int r = 0;

	follow->took = true;
	for (int i = 0; r >= 0 && follow->took && i < MOST_LAST_ROUNDS; i++)
		r = run_round(follow);
	if (r < 0)
		return r;
	rbmap_merge_end(follow->merge);
	follow->ended = true;
	return 0;
}

/* Whether a round is due: at the first time, and when a session wakes up. */
static int is_due(struct rbmap_follow *follow)
{
	bool due = !follow->begun;
	int r;

	follow->begun = true;
	for (size_t i = 0; i < follow->nr_sources; i++) {
		r = rbmap_session_wait(follow->sources[i].session, 0);
		if (r < 0 && r != -EINTR)
			return r;
		follow->sources[i].woken = r > 0;
		due |= r > 0;
	}
	return due;
}

/* Looks into the rings: 0 where that may have brought records, or -EAGAIN. */
static int look(struct rbmap_follow *follow)
{
	int r;

	if (!follow->in_round) {
		if (!follow->may_look)
			return -EAGAIN;
		r = is_due(follow);
		if (r <= 0)
			return r < 0 ? r : -EAGAIN;
		follow->may_look = false;
		begin_round(follow);
	}
	r = go_on_with_round(follow);
	if (r <= 0)
		return r;
	r = rbmap_merge_end_round(follow->merge);
	/* Not at the next tick: the records would come a tick late. */
	if (r > 0)
		r = run_round(follow);
	return r < 0 ? r : 0;
}

/* Whether there is a record already. */
static inline bool get_record(struct rbmap_follow *follow)
{
	const struct sorter_stream *stream = sorter_next(&follow->merge->sorter);

	if (!stream)
		return false;
	follow->record.record = stream->record;
	follow->record.events = follow->sources[stream->source].events;
	follow->record.source = stream->source;
	follow->sources[stream->source].delivered++;
	return true;
}

/* There is no record: 1 where that may have changed, or as rbmap_follow_next_live(). */
static __attribute__((noinline)) int fetch(struct rbmap_follow *follow)
{
	int r;

	if (follow->ended)
		return 0;
	if (!follow->in_round && atomic_load(&follow->stop))
		r = run_last_rounds(follow);
	else
		r = look(follow);
	return r < 0 ? r : 1;
}

int rbmap_follow_next_live(struct rbmap_follow *follow)
{
	int r = 1;

	while (r > 0 && !get_record(follow))
		r = fetch(follow);
	return r;
}
