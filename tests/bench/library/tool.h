/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two tools. TOOL_LATENCY: from the wake-up of a thread until it runs, as a
 * histogram, with three fields of each event. TOOL_WHO_RAN: how long each thread ran,
 * by one field of each event, and its name once.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#define TOOL_PIDS 65536
#define TOOL_CPUS 4096
#define TOOL_COMM 16

#ifdef TOOL_LATENCY
#define TOOL_WAKINGS 1
#else
#define TOOL_WAKINGS 0
#endif

struct tool_task {
	uint64_t ns;
	char comm[TOOL_COMM];
};

struct tool {
	uint64_t events;
	/* Of latency: wake-ups with a switch, and their time; of who-ran: switches. */
	uint64_t results;
	uint64_t ns;
	uint64_t moved;
	uint64_t real_time;
	uint64_t histogram[64];
	uint64_t woken[TOOL_PIDS];
	uint64_t since[TOOL_CPUS];
	struct tool_task tasks[TOOL_PIDS];
};

extern struct tool tool;

void tool_report(const struct rusage *before, const struct rusage *after,
		 uint64_t written);

static inline void tool_waking(uint64_t time, int cpu, uint32_t pid, int prio,
			       int target_cpu)
{
	tool.events++;
	tool.woken[pid % TOOL_PIDS] = time;
	tool.moved += target_cpu != cpu;
	tool.real_time += prio < 100;
}

static inline void tool_latency(uint64_t time, uint32_t prev_pid, int64_t prev_state,
				uint32_t next_pid)
{
	uint64_t *woken = &tool.woken[next_pid % TOOL_PIDS];

	tool.events++;
	/* It was preempted: it waits from now on. */
	if (prev_state == 0 && prev_pid != 0)
		tool.woken[prev_pid % TOOL_PIDS] = time;
	if (*woken == 0 || *woken > time)
		return;
	time -= *woken;
	*woken = 0;
	tool.results++;
	tool.ns += time;
	tool.histogram[time ? 63 - __builtin_clzll(time) : 0]++;
}

/* Returns the task, which has no name yet if this is its first switch. */
static inline struct tool_task *tool_ran(uint64_t time, int cpu, uint32_t prev_pid)
{
	struct tool_task *task = &tool.tasks[prev_pid % TOOL_PIDS];
	uint64_t *since = &tool.since[cpu % TOOL_CPUS];

	tool.events++;
	if (*since) {
		tool.results++;
		tool.ns += time - *since;
		task->ns += time - *since;
	}
	*since = time;
	return task;
}

static inline void tool_name(struct tool_task *task, const char *comm, size_t length)
{
	length = length < TOOL_COMM ? length : TOOL_COMM - 1;
	memcpy(task->comm, comm, length);
	task->comm[length] = '\0';
}

#endif
