// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/record.h>
#include <rbmap/stats.h>

#include "common.h"
#include "flight-dump.h"
#include "record-file.h"

#define NS_PER_MS 1000000
#define SPANS 128

/*
 * How long an event is waited for that has fired and is not in the ring yet. The event
 * that an interrupt fires while its CPU writes another one shows in the ring only when
 * that is written, and so after the interrupt.
 */
#define WAIT_FOR_FIRED_NS (50 * NS_PER_MS)

/* One dump of one CPU after the other. */
struct dump {
	const struct recorder *recorder;
	const struct flight_call *call;
	uint64_t begun;
	struct tracefs_instance *instance;
	struct rbmap_layout layout;
	struct record_file file;
	/* What is earlier is left out, in the units of the trace clock; 0: nothing is.
	 */
	uint64_t from;
	/* Of the CPU at work: what is in the file so far, and the latest time seen. */
	uint64_t cpu_events;
	uint64_t latest;
	uint64_t events;
};

/* Where in the span what is kept begins. */
static uint32_t find_begin(const struct dump *dump, const struct rbmap_span *span)
{
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;

	if (rbmap_walk_span(&walk, &dump->layout, span) < 0)
		return span->to;
	while (rbmap_walk_next(&walk, &record) == 1)
		if (record.time_stamp >= dump->from)
			return record.offset - dump->layout.data_offset;
	return span->to;
}

/* Cuts the spans of one turn to the time that is asked for; returns how many are left.
 */
static int cut(const struct dump *dump, struct rbmap_span *spans, int nr)
{
	int kept = 0;

	for (int i = 0; i < nr; i++) {
		if (spans[i].time_stamp < dump->from) {
			uint32_t begin = find_begin(dump, &spans[i]);

			spans[i].from = begin > spans[i].from ? begin : spans[i].from;
			spans[i].lost = 0;
		}
		if (spans[i].from < spans[i].to)
			spans[kept++] = spans[i];
	}
	return kept;
}

static uint64_t count(struct dump *dump, const struct rbmap_span *span)
{
	struct rbmap_tally tally = { 0 };
	struct rbmap_walk walk = { 0 };

	if (rbmap_walk_span(&walk, &dump->layout, span) == 0)
		rbmap_walk_tally(&walk, &tally);
	if (tally.records)
		dump->latest = tally.last;
	return tally.records;
}

/* The sink gives up what comes before a gap: only what goes on to the end is of use. */
static void note_stored(struct dump *dump, const struct rbmap_span *spans,
			const uint64_t *counts, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (spans[i].lost || spans[i].flags & RBMAP_SPAN_TORN)
			dump->cpu_events = 0;
		if (!(spans[i].flags & RBMAP_SPAN_TORN))
			dump->cpu_events += counts[i];
	}
}

static int store(struct dump *dump, struct rbmap_session *session,
		 struct rbmap_span *spans, int taken)
{
	struct rbmap_span kept[SPANS];
	uint64_t counts[SPANS];
	int stored = 0, nr, r = 0;

	memcpy(kept, spans, taken * sizeof(*kept));
	nr = dump->from ? cut(dump, kept, taken) : taken;
	for (int i = 0; i < nr; i++)
		counts[i] = count(dump, &kept[i]);
	while (r >= 0 && stored < nr) {
		r = dump->file.sink.ops->put(dump->file.sink.self, kept + stored,
					     nr - stored);
		stored += r > 0 ? r : 0;
	}
	if (rbmap_session_settle(session, spans, taken) > 0 && r >= 0) {
		/* What was cut off has no slot; the rest is the last of the turn. */
		for (int i = 0; i < nr; i++) {
			kept[i].flags = spans[taken - nr + i].flags;
			kept[i].lost = spans[taken - nr + i].lost;
		}
		r = dump->file.sink.ops->discard(dump->file.sink.self, kept, nr);
	}
	note_stored(dump, kept, counts, stored);
	return r < 0 ? common_fail("%s: %s", dump->file.output.path,
				   rbmap_strerror(r)) :
		       COMMON_OK;
}

static int take_all(struct dump *dump, struct rbmap_session *session)
{
	struct rbmap_span spans[SPANS];
	int status = COMMON_OK, nr;

	do {
		nr = rbmap_session_take(session, spans, recorder_turn(session, SPANS));
		if (nr < 0)
			return common_fail("the ring buffer could not be read: %s",
					   rbmap_strerror(nr));
		if (nr > 0)
			status = store(dump, session, spans, nr);
	} while (nr > 0 && status == COMMON_OK);
	return status;
}

/*
 * Is something known to have fired on this CPU that may not be in the ring yet? Where
 * the event is not recorded, or is the latest of its CPU, nothing later shows: so this
 * ends by the clock as well.
 */
static bool is_to_come(const struct dump *dump, int cpu)
{
	return dump->call->fired &&
	       dump->latest < watch_latest(dump->recorder->watch, cpu) &&
	       recorder_now() - dump->begun < WAIT_FOR_FIRED_NS;
}

static int dump_session(struct dump *dump, struct rbmap_session *session, int cpu)
{
	struct timespec pause = { .tv_nsec = NS_PER_MS };
	int status = take_all(dump, session);

	while (status == COMMON_OK && is_to_come(dump, cpu)) {
		nanosleep(&pause, NULL);
		rbmap_session_wake_all(session);
		status = take_all(dump, session);
	}
	return status;
}

/* By itself, and quickly, since the writer is about to overwrite the oldest. */
static int dump_cpu(struct dump *dump, int cpu)
{
	struct rbmap_session_options options = {
		.size = sizeof(options),
		.instance = dump->instance,
		.cpus = &cpu,
		.nr_cpus = 1,
		.engine = RBMAP_ENGINE_OBSERVE,
		.log = common_log(dump->recorder->config->verbosity),
	};
	struct rbmap_session *session;
	int status, r;

	r = rbmap_session_open(&session, &options);
	if (r < 0)
		return common_fail("CPU %d: the ring buffer could not be opened: %s",
				   cpu, rbmap_strerror(r));
	dump->cpu_events = 0;
	dump->latest = 0;
	status = dump_session(dump, session, cpu);
	dump->events += dump->cpu_events;
	rbmap_session_close(session);
	return status;
}

static uint64_t time_before(uint64_t time, uint64_t ns)
{
	return time > ns ? time - ns : 0;
}

/* By the time at which the dump was asked for, or the event fired. */
static int find_from(struct dump *dump)
{
	uint64_t last = dump->recorder->config->last_ns;
	struct rbmap_counters now;
	const int *cpus;
	int r;

	if (!last)
		return COMMON_OK;
	if (dump->call->fired) {
		dump->from = time_before(dump->call->fired->time_stamp, last);
		return COMMON_OK;
	}
	rbmap_session_cpus(dump->recorder->session, &cpus);
	r = rbmap_counters_read(&now, dump->instance, cpus[0]);
	if (r < 0)
		return common_fail("per_cpu/cpu%d/stats: %s", cpus[0],
				   rbmap_strerror(r));
	dump->from = time_before(now.now_ns, last);
	return COMMON_OK;
}

/* Before the writer overwrites what fired. */
static size_t find_first(const struct dump *dump, const int *cpus, size_t nr)
{
	const struct watch_fired *fired = dump->call->fired;

	for (size_t i = 0; fired && i < nr; i++)
		if (cpus[i] == fired->cpu)
			return i;
	return 0;
}

static int dump_rings(struct dump *dump)
{
	const int *cpus;
	size_t nr = rbmap_session_cpus(dump->recorder->session, &cpus);
	size_t first = find_first(dump, cpus, nr);
	int status = COMMON_OK, r;

	for (size_t i = 0; status == COMMON_OK && i < nr; i++) {
		status = dump_cpu(dump, cpus[(first + i) % nr]);
		if (status == COMMON_OK && output_is_out_of_room(&dump->file.output))
			status = common_fail("%s: %s; earlier data is kept",
					     dump->file.output.path, strerror(ENOSPC));
	}
	r = dump->file.sink.ops->finish(dump->file.sink.self);
	if (r < 0 && status == COMMON_OK)
		status = common_fail("%s: could not be completed: %s",
				     dump->file.output.path, rbmap_strerror(r));
	return status;
}

static int open_dump(struct dump *dump, const char *path)
{
	struct sink_source source = {
		.config = dump->recorder->config,
		.selection = dump->recorder->selection,
		.layout = &dump->layout,
		.instance = dump->instance,
		.stop_fd = dump->recorder->signal_fd,
	};
	int status = output_open(&dump->file.output, path, false);

	source.nr_cpus = rbmap_session_cpus(dump->recorder->session, &source.cpus);
	return status == COMMON_OK ? record_file_begin(&dump->file, &source) : status;
}

static void print_what_was_dumped(const struct dump *dump)
{
	char events[COMMON_FORMAT_SIZE], bytes[COMMON_FORMAT_SIZE];
	struct sink_work work;

	if (dump->recorder->config->verbosity < 0)
		return;
	dump->file.sink.ops->work(dump->file.sink.self, &work);
	fprintf(stderr, "%s: %s events, %s, %s\n", dump->file.output.path,
		common_format_count(events, dump->events),
		common_format_bytes(bytes, work.bytes), dump->call->why);
}

int flight_dump_write(const struct recorder *recorder, const struct flight_call *call,
		      const char *path, bool *made, struct file_id *id)
{
	struct dump dump = {
		.recorder = recorder,
		.call = call,
		.begun = recorder_now(),
		.instance = target_instance(recorder->target),
		.layout = *rbmap_session_layout(recorder->session),
		.file = RECORD_FILE_NONE,
	};
	int status;

	status = find_from(&dump);
	if (status == COMMON_OK)
		status = open_dump(&dump, path);
	*made = dump.file.output.fd > STDERR_FILENO &&
		(status == COMMON_OK || dump.file.output.created);
	*id = file_id_of(dump.file.output.fd);
	if (status == COMMON_OK)
		status = dump_rings(&dump);
	if (status == COMMON_OK)
		print_what_was_dumped(&dump);
	if (record_file_close(&dump.file) && status == COMMON_OK)
		status = COMMON_FAILURE;
	return status;
}
