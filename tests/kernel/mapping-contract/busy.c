// SPDX-License-Identifier: GPL-2.0-only
/* What a mapping and other users of the ring keep from each other. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An event and a function that all but never come. */
#define RARE_TRIGGER "events/signal/signal_generate/trigger"
#define RARE_EVENT "snapshot if sig == 12345"
/* Without the end of the line it is only looked at when the file is closed. */
#define RARE_FUNCTION "reboot_pid_ns:snapshot\n"

/* With the mapping there, does what the table says. */
static int while_mapped(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;
	struct tally tally = { .events = 0 };
	long size = read_number(ring, "buffer_size_kb");

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	outcome = contract->act(ring);
	REQUIRE(!outcome || read_number(ring, "buffer_size_kb") == size,
		"%s, but buffer_size_kb is now %ld", outcome_name(outcome),
		read_number(ring, "buffer_size_kb"));
	error = mark(ring, 1, 10);
	if (!error)
		error = take_all(ring, &tally);
	REQUIRE(!error && tally.last == 10, "afterwards %lu of 10 markers: %s",
		tally.events, outcome_name(error));
	return outcome;
}

static int act_size(struct ring *ring)
{
	return write_file(ring, "buffer_size_kb", "128");
}

static int act_size_of_cpu(struct ring *ring)
{
	return write_file(ring, cpu_file(ring, "buffer_size_kb"), "128");
}

static int act_shrink(struct ring *ring)
{
	return write_file(ring, cpu_file(ring, "buffer_size_kb"), "16");
}

static int act_subbuf_size(struct ring *ring)
{
	return write_file(ring, "buffer_subbuf_size_kb", "8");
}

/* Closing free_buffer shrinks the ring to its least. */
static int act_free_buffer(struct ring *ring)
{
	return write_file(ring, "free_buffer", "");
}

static int act_clock(struct ring *ring)
{
	return write_file(ring, "trace_clock", "mono");
}

static int act_snapshot(struct ring *ring)
{
	return take_snapshot(ring);
}

static int act_no_snapshot(struct ring *ring)
{
	return write_file(ring, "snapshot", "0");
}

static int act_trigger(struct ring *ring)
{
	int outcome = write_file(ring, RARE_TRIGGER, RARE_EVENT);

	if (!outcome)
		write_file(ring, RARE_TRIGGER, "!" RARE_EVENT);
	return outcome;
}

static int act_probe(struct ring *ring)
{
	int outcome = write_file(ring, "set_ftrace_filter", RARE_FUNCTION);

	if (!outcome)
		write_file(ring, "set_ftrace_filter", "!" RARE_FUNCTION);
	return outcome;
}

/* The trace event's trigger holds the snapshot for as long as it is there. */
static int snapshot_armed(struct ring *ring, const struct contract *contract)
{
	int error = write_file(ring, RARE_TRIGGER, RARE_EVENT), outcome;

	REQUIRE(!error, RARE_TRIGGER ": %s", outcome_name(error));
	outcome = map_ring(ring);
	error = write_file(ring, RARE_TRIGGER, "!" RARE_EVENT);
	REQUIRE(!error, RARE_TRIGGER ", to remove it: %s", outcome_name(error));
	error = map_ring(ring);
	REQUIRE(!error, "mmap without the trigger: %s", outcome_name(error));
	return outcome;
}

/* Memory for a snapshot alone is no obstacle. */
static int snapshot_there(struct ring *ring, const struct contract *contract)
{
	int error = take_snapshot(ring);

	REQUIRE(!error, "snapshot: %s", outcome_name(error));
	return map_ring(ring);
}

static const char *latency_tracer(const struct ring *ring)
{
	char text[1024] = "";

	read_file(ring, "available_tracers", text, sizeof(text));
	return strstr(text, "wakeup") ? "wakeup" : "irqsoff";
}

static int tracer_first(struct ring *ring, const struct contract *contract)
{
	int error, outcome;

	close(ring->fd);
	error = write_file(ring, "current_tracer", latency_tracer(ring));
	REQUIRE(!error, "current_tracer: %s", outcome_name(error));
	ring->fd = open_raw(ring, O_RDONLY | O_NONBLOCK);
	outcome = map_ring(ring);
	close(ring->fd);
	error = write_file(ring, "current_tracer", "nop");
	REQUIRE(!error, "current_tracer, back to nop: %s", outcome_name(error));
	return outcome;
}

static int act_latency_tracer(struct ring *ring)
{
	return write_file(ring, "current_tracer", latency_tracer(ring));
}

static int tracer_while_open(struct ring *ring, const struct contract *contract)
{
	char text[1024] = "";

	read_file(ring, "available_tracers", text, sizeof(text));
	if (!strstr(text, "function"))
		return skipped("this kernel has no function tracer");
	return write_file(ring, "current_tracer", "function");
}

static int remove_mapped(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	outcome = rmdir(ring->instance) < 0 ? errno : 0;
	REQUIRE(outcome == EBUSY, "with the file open: %s", outcome_name(outcome));
	close(ring->fd);
	outcome = rmdir(ring->instance) < 0 ? errno : 0;
	/* Without the file the mapping still is one. */
	REQUIRE(*(volatile const uint32_t *)&ring->meta->nr_subbufs,
		"the meta-page is empty");
	return outcome;
}

static int other_cpu_sized(struct ring *ring, const struct contract *contract)
{
	char name[64];
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	snprintf(name, sizeof(name), "per_cpu/cpu%d/buffer_size_kb", !ring->cpu);
	if (!has_file(ring, name))
		return skipped("there is one CPU");
	return write_file(ring, name, "128");
}

static int act_event(struct ring *ring)
{
	int error = write_file(ring, "events/signal/signal_generate/enable", "1");

	write_file(ring, "events/signal/signal_generate/enable", "0");
	return error;
}

#define SIZE_WHY "a refused resize says that memory is short"

const struct contract busy_cases[] = {
	{ "mapped: buffer_size_kb", while_mapped, .right = EBUSY, .act = act_size,
	  .released = ENOMEM, .why = SIZE_WHY },
	{ "mapped: buffer_size_kb of the CPU", while_mapped, .right = EBUSY,
	  .act = act_size_of_cpu, .released = ENOMEM, .why = SIZE_WHY },
	{ "mapped: a smaller buffer_size_kb of the CPU", while_mapped, .right = EBUSY,
	  .act = act_shrink, .released = ENOMEM, .why = SIZE_WHY },
	{ "mapped: buffer_size_kb of another CPU", other_cpu_sized, .right = 0 },
	{ "mapped: buffer_subbuf_size_kb", while_mapped, .right = EBUSY,
	  .act = act_subbuf_size, .needs = NEEDS_SUBBUF_SIZE },
	{ "mapped: free_buffer", while_mapped, .act = act_free_buffer },
	{ "mapped: trace_clock", while_mapped, .act = act_clock },
	{ "mapped: an event is enabled", while_mapped, .act = act_event },
	{ "mapped: snapshot", while_mapped, .right = EBUSY, .act = act_snapshot,
	  .needs = NEEDS_SNAPSHOT },
	{ "mapped: free the snapshot", while_mapped, .act = act_no_snapshot,
	  .needs = NEEDS_SNAPSHOT },
	{ "mapped: a snapshot trigger", while_mapped, .right = EBUSY,
	  .act = act_trigger, .needs = NEEDS_SNAPSHOT },
	{ "mapped: a snapshot by function", while_mapped, .right = EBUSY,
	  .act = act_probe, .needs = NEEDS_SNAPSHOT | NEEDS_FUNCTION_TRACER },
	{ "mapped: a latency tracer", while_mapped, .right = EBUSY,
	  .act = act_latency_tracer, .needs = NEEDS_LATENCY_TRACER },
	{ "mmap with a snapshot trigger", snapshot_armed, .right = EBUSY,
	  .needs = NEEDS_SNAPSHOT },
	{ "mmap with a snapshot taken", snapshot_there, .needs = NEEDS_SNAPSHOT },
	{ "mmap with a latency tracer", tracer_first, .right = EBUSY,
	  .needs = NEEDS_LATENCY_TRACER },
	{ "current_tracer while trace_pipe_raw is open", tracer_while_open,
	  .right = EBUSY },
	{ "rmdir while mapped, the file open and closed", remove_mapped,
	  .right = EBUSY },
	{ .name = NULL },
};
