// SPDX-License-Identifier: GPL-2.0-only
/* observe-stress: the supervisor of a variant: its instance, its processes, its end. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "observe.h"

#define KINDS 3
#define TICK_NS (5 * 1000 * 1000)

/* The observer is the first of them all, then come those who stop last. */
enum {
	WATCHER,
	WRITERS,
	DISTURBERS
};

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("observe-stress: memory");
		exit(1);
	}
	return memory;
}

void forget_variant(struct observe *observe)
{
	munmap(observe->common, sizeof(*observe->common));
	observe->common = NULL;
}

static int set(struct observe *observe, const char *name, unsigned int value)
{
	char text[24];

	snprintf(text, sizeof(text), "%u", value);
	return write_in(&observe->stress, text, "%s", name);
}

static int size_rings(struct observe *observe)
{
	const struct variant *variant = observe->variant;
	int r = 0;

	if (observe->resizable)
		r = set(observe, "buffer_subbuf_size_kb", variant->subbuf_kb);
	/* The kernel rounds up, by what is left of a sub-buffer beside its header. */
	if (r == 0)
		r = set(observe, "buffer_size_kb",
			variant->subbufs * variant->subbuf_kb - variant->subbuf_kb / 2);
	if (r == 0)
		r = set(observe, "options/overwrite", 1);
	if (r == 0 && exists_in(&observe->stress, "buffer_percent"))
		r = set(observe, "buffer_percent", 0);
	if (r == 0)
		r = set(observe, "tracing_on", 1);
	return r;
}

static void make_instance(struct observe *observe)
{
	int r = 0;

	if (mkdir(observe->stress.instance, 0750) < 0)
		r = -errno;
	if (r == 0)
		r = size_rings(observe);
	if (r == 0)
		return;
	fprintf(stderr, "observe-stress: %s: %s\n", observe->stress.instance,
		strerror(-r));
	rmdir(observe->stress.instance);
	exit(1);
}

static void start(struct observe *observe, const char *name, int index,
		  observe_role run)
{
	struct role *role = &observe->common->roles[observe->stress.nr_roles++];
	sigset_t none;
	pid_t pid;

	snprintf(role->name, sizeof(role->name), "%s", name);
	role->index = index;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		role_fail(role, "fork: %s", strerror(errno));
		role->ended = true;
	}
	if (pid) {
		role->pid = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	run(observe, role);
	_exit(0);
}

static void start_others(struct observe *observe)
{
	unsigned int with = observe->variant->with;

	for (int i = 0; i < observe->stress.nr_cpus; i++)
		start(observe, "writer", i, run_full_speed);
	for (int i = 0; i < observe->stress.nr_cpus; i++)
		start(observe, "hog", i, run_hog);
	if (with & WITH_READ)
		start(observe, "read(2)", 0, run_read_consumer);
	if (with & WITH_READER)
		start(observe, "GET_READER", 0, run_reader_consumer);
	if (with & WITH_RESETS)
		start(observe, "resets", 0, run_reset_now_and_then);
}

static void note_end(struct observe *observe, pid_t pid, int status)
{
	for (int i = 0; i < observe->stress.nr_roles; i++) {
		struct role *role = &observe->common->roles[i];

		if (role->pid != pid)
			continue;
		role->ended = true;
		if (WIFSIGNALED(status))
			role_fail(role, "killed by signal %d", WTERMSIG(status));
		else if (WEXITSTATUS(status))
			role_fail(role, "exit status %d", WEXITSTATUS(status));
	}
}

static void reap(struct observe *observe)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		note_end(observe, pid, status);
}

static bool have_ended(const struct observe *observe, int from, int to)
{
	for (int i = from; i < to; i++)
		if (!observe->common->roles[i].ended)
			return false;
	return true;
}

/* Until the time, the flag, or the end of the roles [from, to); a signal's number. */
static int wait_until(struct observe *observe, uint64_t end, const int *flag, int from,
		      int to)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	while (monotonic_ns() < end) {
		int number = sigtimedwait(&signals, NULL, &tick);

		if (number > 0)
			return number;
		reap(observe);
		if ((flag && is_set(flag)) || have_ended(observe, from, to))
			break;
	}
	return 0;
}

static int wait_for_end(struct observe *observe, int from, int to)
{
	int number =
		wait_until(observe, monotonic_ns() + observe->guard_ns, NULL, from, to);

	for (int i = from; i < to && !number; i++)
		if (!observe->common->roles[i].ended)
			role_fail(&observe->common->roles[i], "does not end");
	return number;
}

static void kill_all(struct observe *observe)
{
	for (int i = 0; i < observe->stress.nr_roles; i++)
		if (!observe->common->roles[i].ended)
			kill(observe->common->roles[i].pid, SIGKILL);
	for (int i = 0; i < observe->stress.nr_roles; i++) {
		struct role *role = &observe->common->roles[i];

		if (!role->ended)
			waitpid(role->pid, NULL, 0);
		role->ended = true;
	}
}

/* First who disturbs, then who writes; the observer sees all that was written. */
static int stop_all(struct observe *observe)
{
	int first[KINDS] = { 0, 1, 1 + observe->stress.nr_cpus }, number;
	struct common *common = observe->common;

	set_flag(&common->stop_disturbers);
	number = wait_for_end(observe, first[DISTURBERS], observe->stress.nr_roles);
	set_flag(&common->stop_writers);
	if (!number)
		number = wait_for_end(observe, first[WRITERS], first[DISTURBERS]);
	if (!number && set(observe, "tracing_on", 0) < 0)
		role_fail(&common->roles[WATCHER], "tracing_on cannot be set to 0");
	set_flag(&common->finish);
	return number ? number : wait_for_end(observe, WATCHER, first[WRITERS]);
}

/* On a slow machine the time may be over before all that is to be tried was. */
static int wait_until_tried(struct observe *observe)
{
	uint64_t now = monotonic_ns(), last = now + observe->guard_ns;
	uint64_t end = now + observe->stress.phase_seconds * 1000000000;
	int number = wait_until(observe, end, NULL, 0, 1);

	while (!number && !have_ended(observe, 0, 1) && monotonic_ns() < last &&
	       !has_been_tried(observe))
		number = wait_until(observe, monotonic_ns() + TICK_NS, NULL, 0, 1);
	return number;
}

static int run_roles(struct observe *observe)
{
	uint64_t now = monotonic_ns();
	int number;

	start(observe, "observer", 0, run_watcher);
	number = wait_until(observe, now + observe->guard_ns, &observe->common->opened,
			    0, 1);
	if (number)
		return number;
	start_others(observe);
	number = wait_until_tried(observe);
	return number ? number : stop_all(observe);
}

int run_variant(struct observe *observe, const struct variant *variant)
{
	struct stress *stress = &observe->stress;
	int number;

	observe->variant = variant;
	observe->phase = (struct phase){ .name = variant->name };
	stress->phase = &observe->phase;
	stress->nr_roles = 0;
	observe->common = share(sizeof(*observe->common));
	make_instance(observe);
	number = run_roles(observe);
	kill_all(observe);
	for (int i = 0; i < stress->nr_cpus; i++)
		read_counters(stress, stress->cpus[i], &observe->counters[i]);
	stress->removed = rmdir(stress->instance) == 0;
	if (!stress->removed)
		snprintf(stress->leftover, sizeof(stress->leftover), "rmdir: %s",
			 strerror(errno));
	return number;
}
