// SPDX-License-Identifier: GPL-2.0-only
/* stress: the supervisor of a phase: its instance, its processes, its end. */
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

#include "stress.h"

/* A process that has not ended by then never will. */
#define GUARD_NS (120 * 1000000000ull)

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("stress: memory");
		exit(1);
	}
	return memory;
}

static void make_shared(struct stress *stress)
{
	pthread_mutexattr_t attributes;

	stress->nr_roles = 0;
	stress->shared = share(sizeof(*stress->shared));
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	for (int i = 0; i < stress->nr_cpus; i++) {
		pthread_mutex_init(&stress->shared->rings[i].turn, &attributes);
		stress->taken[i] = share(MAX_SEQ / 4);
		stress->epochs[i] = share(EPOCHS * sizeof(uint32_t));
	}
}

void forget_phase(struct stress *stress)
{
	for (int i = 0; i < stress->nr_cpus; i++) {
		munmap(stress->taken[i], MAX_SEQ / 4);
		munmap(stress->epochs[i], EPOCHS * sizeof(uint32_t));
	}
	munmap(stress->shared, sizeof(*stress->shared));
}

static void set(struct stress *stress, const char *name, const char *value)
{
	int r = write_in(stress, value, "%s", name);

	if (r < 0)
		fprintf(stderr, "stress: %s/%s: %s\n", stress->instance, name,
			strerror(-r));
}

static void make_instance(struct stress *stress)
{
	char kb[24];

	if (mkdir(stress->instance, 0750) < 0) {
		fprintf(stderr, "stress: %s: %s\n", stress->instance, strerror(errno));
		exit(1);
	}
	snprintf(kb, sizeof(kb), "%u", stress->phase->ring_kb);
	set(stress, "buffer_size_kb", kb);
	if (exists_in(stress, "buffer_percent"))
		set(stress, "buffer_percent", "0");
	set(stress, "options/overwrite", stress->phase->with & REFUSING ? "0" : "1");
	set(stress, "tracing_on", "1");
}

static void start(struct stress *stress, const char *name, int index, role_function run)
{
	struct role *role = &stress->shared->roles[stress->nr_roles++];
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
	run(stress, role);
	_exit(0);
}

static void start_if(struct stress *stress, unsigned int with, const char *name,
		     int index, role_function run)
{
	if (stress->phase->with & with)
		start(stress, name, index, run);
}

static void start_all(struct stress *stress)
{
	for (int i = 0; i < stress->nr_cpus; i++)
		start(stress, "writer", i, run_writer);
	start_if(stress, WITH_READ, "read(2) reader", 0, run_read_reader);
	start_if(stress, WITH_SPLICE, "splice(2) reader", 0, run_splice_reader);
	start_if(stress, WITH_OBSERVERS, "observer", 0, run_observer);
	start_if(stress, WITH_OBSERVERS, "observer", 1, run_observer);
	start_if(stress, WITH_FORKS, "forks", 0, run_forks);
	start_if(stress, WITH_ATTEMPTS, "attempts", 0, run_attempts);
	start_if(stress, WITH_TOGGLES, "toggles", 0, run_toggles);
	start_if(stress, WITH_RESETS, "resets", 0, run_resets);
	start_if(stress, WITH_TRACE_FILE, "trace file", 0, run_trace_file);
	if (stress->nr_removable)
		start_if(stress, WITH_HOTPLUG, "CPU hotplug", 0, run_hotplug);
}

static void note_end(struct stress *stress, pid_t pid, int status)
{
	for (int i = 0; i < stress->nr_roles; i++) {
		struct role *role = &stress->shared->roles[i];

		if (role->pid != pid)
			continue;
		role->ended = true;
		if (WIFSIGNALED(status))
			role_fail(role, "killed by signal %d", WTERMSIG(status));
		else if (WEXITSTATUS(status))
			role_fail(role, "exit status %d", WEXITSTATUS(status));
	}
}

static void reap(struct stress *stress)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		note_end(stress, pid, status);
}

/* 0 at the time, or as soon as all of the roles [from, to) have ended, or a signal. */
static int wait_until(struct stress *stress, uint64_t end, int from, int to)
{
	const struct timespec tick = { .tv_nsec = 20 * 1000 * 1000 };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	while (monotonic_ns() < end) {
		int running = 0, number = sigtimedwait(&signals, NULL, &tick);

		if (number > 0)
			return number;
		reap(stress);
		for (int i = from; i < to; i++)
			running += !stress->shared->roles[i].ended;
		if (!running)
			return 0;
	}
	return 0;
}

static bool all_took_part(const struct stress *stress)
{
	for (int i = 0; i < stress->nr_roles; i++) {
		const struct role *role = &stress->shared->roles[i];

		if (!role->ended && !__atomic_load_n(&role->rounds, __ATOMIC_RELAXED))
			return false;
	}
	return true;
}

/* An emulated CPU may not come to each of them in time. */
static int wait_for_rounds(struct stress *stress, uint64_t end)
{
	int number = wait_until(stress, end, 0, 1);

	while (!number && !all_took_part(stress) && monotonic_ns() < end + GUARD_NS)
		number = wait_until(stress, monotonic_ns() + 1, 0, 1);
	return number;
}

static int wait_for(struct stress *stress, int from, int to)
{
	int number = wait_until(stress, monotonic_ns() + GUARD_NS, from, to);

	for (int i = from; i < to && !number; i++)
		if (!stress->shared->roles[i].ended)
			role_fail(&stress->shared->roles[i], "does not end");
	return number;
}

static void kill_all(struct stress *stress)
{
	for (int i = 0; i < stress->nr_roles; i++)
		if (!stress->shared->roles[i].ended && stress->shared->roles[i].pid > 0)
			kill(stress->shared->roles[i].pid, SIGKILL);
	for (int i = 0; i < stress->nr_roles; i++) {
		struct role *role = &stress->shared->roles[i];

		if (!role->ended)
			waitpid(role->pid, NULL, 0);
		role->ended = true;
	}
}

/* The mapping reader is role 0, then writers, other consumers and disturbers. */
static int stop_all(struct stress *stress)
{
	int consumers = 1 + stress->nr_cpus, disturbers = consumers, number;

	disturbers += !!(stress->phase->with & WITH_READ);
	disturbers += !!(stress->phase->with & WITH_SPLICE);
	set_flag(&stress->shared->stop_disturbers);
	number = wait_for(stress, disturbers, stress->nr_roles);
	put_cpus_online(stress);
	set_flag(&stress->shared->stop_writers);
	if (!number)
		number = wait_for(stress, 1, consumers);
	set_flag(&stress->shared->stop_consumers);
	if (!number)
		number = wait_for(stress, consumers, disturbers);
	return number ? number : wait_for(stress, 0, 1);
}

static void wait_for_mapping(struct stress *stress)
{
	uint64_t end = monotonic_ns() + GUARD_NS;

	while (!is_set(&stress->shared->mapped) && !stress->shared->roles[0].ended &&
	       monotonic_ns() < end) {
		reap(stress);
		nap_us(1000);
	}
}

/* With all mappings gone nothing may be held that a mapping holds. */
static void release_instance(struct stress *stress)
{
	char kb[24];
	int r;

	snprintf(kb, sizeof(kb), "%u", stress->phase->ring_kb * 2);
	r = write_in(stress, kb, "buffer_size_kb");
	if (r < 0)
		snprintf(stress->leftover, sizeof(stress->leftover),
			 "buffer_size_kb: %s", strerror(-r));
	if (r == 0 && exists_in(stress, "snapshot")) {
		r = write_in(stress, "1", "snapshot");
		if (r < 0)
			snprintf(stress->leftover, sizeof(stress->leftover),
				 "snapshot: %s", strerror(-r));
		write_in(stress, "0", "snapshot");
	}
	stress->resized = r == 0;
}

int run_phase(struct stress *stress, const struct phase *phase)
{
	uint64_t end;
	int number;

	stress->phase = phase;
	make_shared(stress);
	make_instance(stress);
	start(stress, "mapping reader", 0, run_mapping_reader);
	wait_for_mapping(stress);
	start_all(stress);
	end = monotonic_ns() + stress->phase_seconds * 1000000000ull;
	number = wait_for_rounds(stress, end);
	if (!number)
		number = stop_all(stress);
	kill_all(stress);
	put_cpus_online(stress);
	if (number) {
		rmdir(stress->instance);
		return number;
	}
	return 0;
}

void end_phase(struct stress *stress)
{
	release_instance(stress);
	stress->removed = rmdir(stress->instance) == 0;
	if (!stress->removed)
		snprintf(stress->leftover, sizeof(stress->leftover), "rmdir: %s",
			 strerror(errno));
}
