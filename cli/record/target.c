// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "own-instance.h"
#include "sizes.h"
#include "target.h"
#include "tracing-file.h"
#include "undo.h"

struct target {
	struct tracefs_instance *instance;
	struct undo_list *undo;
	/* Of tracefs; it lives for good. */
	const char *dir;
	int lock;
	bool own;
	bool has_triggers;
	/* What tracing_on said, and what it was set to. */
	bool tracing_was_on;
	bool tracing_is_on;
	bool has_pids;
	bool lets_threads_go;
	pthread_t letting_go;
};

static int open_own(struct target *target, const char *dir)
{
	int r;

	own_instances_clean(dir);
	r = own_instance_create(&target->instance, &target->lock, dir);
	if (r == -EACCES || r == -EPERM)
		return common_fail(
			"%s/instances: %s; run as root, or use -B with an instance "
			"that you can write to",
			dir, strerror(-r));
	if (r < 0)
		return common_fail("%s/instances: an instance could not be created: %s",
				   dir, strerror(-r));
	target->own = true;
	return COMMON_OK;
}

/*
 * Two recorders cannot share one: each would consume a part of the events, and neither
 * can put settings back that the other one still needs.
 */
static int open_named(struct target *target, const char *name)
{
	int status = common_instance_open(&target->instance, name);

	if (status != COMMON_OK)
		return status;
	target->lock = instance_lock(target->instance);
	if (target->lock == -EWOULDBLOCK)
		return common_fail("-B %s: another rbmap-record is recording in this "
				   "instance; wait for its end, or omit -B",
				   name);
	return target->lock < 0 ? common_fail("-B %s: could not be locked: %s", name,
					      strerror(-target->lock)) :
				  COMMON_OK;
}

static int open_parts(struct target *target, const char *name)
{
	int status;

	target->undo = undo_new();
	if (!target->undo)
		return common_fail("%s", strerror(ENOMEM));
	status = common_tracefs_check(&target->dir);
	if (status != COMMON_OK)
		return status;
	return name ? open_named(target, name) : open_own(target, target->dir);
}

int target_open(struct target **ret, const char *name)
{
	struct target *target = calloc(1, sizeof(*target));
	int status;

	if (!target)
		return common_fail("%s", strerror(ENOMEM));
	target->lock = -1;
	status = open_parts(target, name);
	if (status != COMMON_OK) {
		target_close(target);
		return status;
	}
	*ret = target;
	return COMMON_OK;
}

struct tracefs_instance *target_instance(const struct target *target)
{
	return target->instance;
}

struct undo_list *target_undo(const struct target *target)
{
	return target->own ? NULL : target->undo;
}

bool target_is_own(const struct target *target)
{
	return target->own;
}

/* "local [global] counter" with the brackets taken away. */
static char *known_clocks(struct target *target)
{
	char *text = tracing_read(target->instance, "trace_clock");
	size_t to = 0;

	for (size_t from = 0; text && text[from]; from++)
		if (text[from] != '[' && text[from] != ']')
			text[to++] = text[from];
	if (text)
		text[to] = '\0';
	return text;
}

static int set_clock(struct target *target, const struct config *config)
{
	char *before, *clocks;
	int r;

	if (!config->clock)
		return COMMON_OK;
	if (!target->own) {
		before = tracefs_get_clock(target->instance);
		if (before && !strcmp(before, config->clock)) {
			free(before);
			return COMMON_OK;
		}
		r = before ? undo_add(target->undo, "trace_clock", before) : -errno;
		free(before);
		if (r < 0)
			return common_fail("trace_clock: %s", strerror(-r));
	}
	r = tracing_write(target->instance, "trace_clock", config->clock);
	if (r == 0)
		return COMMON_OK;
	if (r != -EINVAL)
		return common_fail("-C %s: %s", config->clock, strerror(-r));
	clocks = known_clocks(target);
	common_usage_error("-C '%s': no such trace clock; choose from %s",
			   config->clock, clocks ? clocks : "?");
	free(clocks);
	return COMMON_USAGE;
}

/* As the kernel takes a CPU mask: 32 CPUs a group in hex, the highest first. */
static char *cpu_mask(const struct common_cpus *cpus)
{
	int groups = cpus->cpus[cpus->nr - 1] / 32 + 1;
	uint32_t *bits = calloc(groups, sizeof(*bits));
	char *text = malloc(groups * 9 + 1), *end = text;

	for (size_t i = 0; bits && i < cpus->nr; i++)
		bits[cpus->cpus[i] / 32] |= UINT32_C(1) << cpus->cpus[i] % 32;
	for (int i = groups - 1; bits && text && i >= 0; i--)
		end += sprintf(end, "%08x%s", bits[i], i ? "," : "");
	free(bits);
	return text;
}

static int set_cpus(struct target *target, const struct config *config,
		    const struct common_cpus *cpus)
{
	char *mask;
	int r;

	if (!config->cpus)
		return COMMON_OK;
	mask = cpu_mask(cpus);
	r = mask ? undo_set(target_undo(target), target->instance, "tracing_cpumask",
			    mask) :
		   -ENOMEM;
	free(mask);
	if (r < 0)
		return common_fail("-M %s: %s", config->cpus, strerror(-r));
	return COMMON_OK;
}

/*
 * Adds numbers of threads, separated by spaces; they are removed in the end. In one
 * write, since for each the kernel waits until no CPU uses the earlier list.
 */
static int add_pids(struct target *target, const char *file, const char *pids)
{
	char *before;
	int r = 0;

	if (!target->own) {
		before = tracing_read(target->instance, file);
		r = before ? undo_add_threads(target->undo, file, before, pids) :
			     -errno;
		free(before);
	}
	return r < 0 ? r : tracing_append(target->instance, file, pids);
}

static int set_pids(struct target *target, const struct config *config)
{
	char *pids;
	int r;

	if (!config->pids)
		return COMMON_OK;
	target->has_pids = true;
	pids = strdup(config->pids);
	for (char *c = pids; c && (c = strchr(c, ',')); c++)
		*c = ' ';
	r = pids ? add_pids(target, "set_event_pid", pids) : -ENOMEM;
	free(pids);
	if (r < 0)
		return common_fail("-P %s: %s", config->pids, strerror(-r));
	if (!config->children)
		return COMMON_OK;
	r = undo_set(target_undo(target), target->instance, "options/event-fork", "1");
	if (r < 0)
		return common_fail("-c: options/event-fork: %s", strerror(-r));
	return COMMON_OK;
}

/* "17 42" */
static char *thread_list(const pid_t *threads, size_t nr)
{
	char *text = malloc((nr + 1) * 12);
	char *end = text;

	if (!text)
		return NULL;
	end += sprintf(end, "%d", (int)gettid());
	for (size_t i = 0; i < nr; i++)
		end += sprintf(end, " %d", (int)threads[i]);
	return text;
}

static int leave_trace(struct target *target, const pid_t *threads, size_t nr)
{
	char *list = thread_list(threads, nr);
	int r = list ? add_pids(target, "set_event_notrace_pid", list) : -ENOMEM;

	free(list);
	if (r == -ENOENT) {
		common_error("set_event_notrace_pid: not supported by this kernel; the "
			     "trace will contain the recorder's own events");
		return COMMON_OK;
	}
	if (r < 0)
		return common_fail("set_event_notrace_pid: %s", strerror(-r));
	return COMMON_OK;
}

static int note_tracing(struct target *target)
{
	int on = tracefs_trace_is_on(target->instance);

	if (on < 0)
		return common_fail("tracing_on: %s", strerror(errno));
	target->tracing_was_on = on;
	target->tracing_is_on = on;
	/* What is set up in our own instance must not be traced half done. */
	return target->own ? target_set_tracing(target, false) : COMMON_OK;
}

int target_set_up(struct target *target, const struct config *config,
		  const struct common_cpus *cpus, const pid_t *threads, size_t nr)
{
	int status = note_tracing(target);

	for (size_t i = 0; i < config->events.nr; i++)
		target->has_triggers |= config->events.options[i].nr_triggers > 0;
	if (status == COMMON_OK)
		status = sizes_set(target->instance, target_undo(target), config);
	if (status == COMMON_OK)
		status = set_clock(target, config);
	if (status == COMMON_OK)
		status = set_cpus(target, config, cpus);
	if (status == COMMON_OK)
		status = set_pids(target, config);
	if (status == COMMON_OK)
		status = leave_trace(target, threads, nr);
	return status;
}

static int copy_clock(struct target *target, const struct target *from)
{
	char *clock = tracefs_get_clock(from->instance);
	int r = clock ? tracing_write(target->instance, "trace_clock", clock) : -errno;

	free(clock);
	return r < 0 ? common_fail("trace_clock: %s", strerror(-r)) : COMMON_OK;
}

/* Where the kernel lacks the file, that was reported, or the file is not needed. */
static int copy_file(struct target *target, const struct target *from, const char *file)
{
	char *text = tracing_read(from->instance, file);
	int r = text ? tracing_write(target->instance, file, text) : -errno;

	free(text);
	if (r < 0 && r != -ENOENT)
		return common_fail("%s: %s", file, strerror(-r));
	return COMMON_OK;
}

int target_set_up_beside(struct target *target, const struct target *recorded)
{
	/* Children before threads: none that is born meanwhile is left out. */
	static const char *const files[] = { "tracing_cpumask", "options/event-fork",
					     "set_event_pid", "set_event_notrace_pid" };
	int status = note_tracing(target);

	if (status == COMMON_OK)
		status = sizes_set_least(target->instance, recorded->instance);
	if (status == COMMON_OK)
		status = copy_clock(target, recorded);
	for (size_t i = 0; status == COMMON_OK && i < sizeof(files) / sizeof(files[0]);
	     i++)
		status = copy_file(target, recorded, files[i]);
	return status;
}

int target_set_tracing(struct target *target, bool on)
{
	int r = tracing_write(target->instance, "tracing_on", on ? "1" : "0");

	if (r < 0)
		return common_fail("tracing_on: %s", strerror(-r));
	target->tracing_is_on = on;
	return COMMON_OK;
}

static void *let_threads_go(void *self)
{
	const struct target *target = self;
	int fd = tracefs_instance_file_open(target->instance, "set_event_notrace_pid",
					    O_WRONLY | O_TRUNC | O_CLOEXEC);

	/* Where that fails, the removal of the instance does the same. */
	if (fd >= 0)
		close(fd);
	return NULL;
}

/*
 * The kernel waits until no CPU uses the list of threads any more (35 ms), then again
 * until none uses the events: the first wait can pass while the file is completed.
 * With a list of traced threads as well it would be one wait more, not one less.
 */
static void start_to_let_go(struct target *target)
{
	if (!target->own || target->has_pids || target->lets_threads_go)
		return;
	target->lets_threads_go =
		pthread_create(&target->letting_go, NULL, let_threads_go, target) == 0;
}

void target_settle(struct target *target)
{
	if (!target->own)
		undo_settle(target->undo, target->instance);
}

int target_stop(struct target *target)
{
	int status;

	/* Another program has switched it off, which stays; unless that was a trigger.
	 */
	if (!target->own && !target->has_triggers &&
	    tracefs_trace_is_on(target->instance) == 0)
		target->tracing_was_on = false;
	status = target_set_tracing(target, false);
	if (status == COMMON_OK)
		start_to_let_go(target);
	return status;
}

static void put_back(struct target *target)
{
	if (target->undo)
		undo_run(target->undo, target->instance);
	if (target->tracing_is_on != target->tracing_was_on)
		target_set_tracing(target, target->tracing_was_on);
	/* Not before: the next recorder restores what it finds. */
	if (target->lock >= 0)
		close(target->lock);
}

void target_close(struct target *target)
{
	if (!target)
		return;
	if (target->lets_threads_go)
		pthread_join(target->letting_go, NULL);
	if (target->own) {
		own_instance_remove(target->instance, target->lock, target->dir);
	} else {
		put_back(target);
		tracefs_instance_free(target->instance);
	}
	undo_free(target->undo);
	free(target);
}
