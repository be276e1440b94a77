// SPDX-License-Identifier: GPL-2.0-only
/* stress: those who disturb, each in a process of its own, until told to stop. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "map.h"

static bool goes_on(const struct stress *stress)
{
	return !is_set(&stress->shared->stop_disturbers);
}

static int any_cpu(const struct stress *stress, struct dice *dice)
{
	return stress->cpus[throw_dice(dice, stress->nr_cpus)];
}

/* The counters of a ring that nobody resets only grow. */
static void watch_meta(const struct map *map, struct role *role, bool resets)
{
	const struct trace_buffer_meta *meta = map->meta;
	uint64_t entries = load_u64(&meta->entries), overrun = load_u64(&meta->overrun);
	uint64_t read = load_u64(&meta->read);

	for (int i = 0; i < 200; i++) {
		uint64_t entries2 = load_u64(&meta->entries);
		uint64_t overrun2 = load_u64(&meta->overrun);
		uint64_t read2 = load_u64(&meta->read);

		if (!resets &&
		    (entries2 < entries || overrun2 < overrun || read2 < read)) {
			role_fail(role, "a counter of the meta-page went back");
			return;
		}
		if (meta->subbuf_size != map->subbuf_size ||
		    meta->nr_subbufs != map->nr_subbufs ||
		    load_u32(&meta->reader.id) >= map->nr_subbufs) {
			role_fail(role, "the geometry on the meta-page changed");
			return;
		}
		entries = entries2;
		overrun = overrun2;
		read = read2;
	}
}

void run_observer(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);
	bool resets = stress->phase->with & WITH_RESETS;

	while (goes_on(stress)) {
		struct map map;
		int cpu = any_cpu(stress, &dice), r;

		r = open_map(&map, stress, cpu);
		if (r < 0) {
			role_fail(role, "cpu%d: mapping: %s", cpu, strerror(-r));
			nap_us(10000);
			continue;
		}
		watch_meta(&map, role, resets);
		close_map(&map);
		role->rounds++;
		nap_us(throw_dice(&dice, 3000));
	}
}

static bool is_mapped(const void *address)
{
	unsigned char resident;

	return mincore((void *)address, sysconf(_SC_PAGESIZE), &resident) == 0;
}

/* The child looks at what it has, then waits for the parent's end of the pipe. */
static _Noreturn void be_child(const struct map *map, const int *pipe, bool inherits)
{
	char byte;
	bool right = is_mapped(map->meta) == inherits &&
		     (!inherits || map->meta->subbuf_size == map->subbuf_size);

	close(pipe[1]);
	if (read(pipe[0], &byte, 1) < 0)
		right = false;
	if (inherits && map->meta->subbuf_size != map->subbuf_size)
		right = false;
	_exit(!right);
}

/*
 * With MADV_DOFORK the child has the mapping too, for longer than the parent. Linux
 * before the fix of CVE-2026-23380 miscounts that and complains, so only where it is
 * known to be right.
 */
static void fork_once(struct stress *stress, struct role *role, struct dice *dice)
{
	bool inherits = false;
	int pipe[2], status, r;
	struct map map;
	pid_t pid;

	r = open_map(&map, stress, any_cpu(stress, dice));
	if (r < 0 || pipe2(pipe, O_CLOEXEC) < 0) {
		role_fail(role, "mapping or pipe: %s", strerror(r < 0 ? -r : errno));
		return;
	}
	if (stress->patched && throw_dice(dice, 2))
		inherits = madvise(map.address, map.size, MADV_DOFORK) == 0;
	pid = fork();
	if (pid == 0)
		be_child(&map, pipe, inherits);
	if (throw_dice(dice, 2))
		drop_map(&map);
	close(pipe[0]);
	close(pipe[1]);
	if (pid < 0)
		role_fail(role, "fork: %s", strerror(errno));
	else if (waitpid(pid, &status, 0) != pid || status)
		role_fail(role, "a child %s MADV_DOFORK: status %x",
			  inherits ? "with" : "without", status);
	close_map(&map);
	role->rounds++;
}

void run_forks(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);

	while (goes_on(stress)) {
		fork_once(stress, role, &dice);
		nap_us(throw_dice(&dice, 5000));
	}
}

static void toggle(struct stress *stress, struct role *role, const char *value)
{
	int r = write_in(stress, value, "tracing_on");

	if (r < 0)
		role_fail(role, "tracing_on: %s", strerror(-r));
	role->rounds++;
}

void run_toggles(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);

	while (goes_on(stress)) {
		toggle(stress, role, "0");
		nap_us(throw_dice(&dice, 1500));
		toggle(stress, role, "1");
		nap_us(throw_dice(&dice, 15000));
	}
}

static void switch_cpu(struct stress *stress, struct role *role, int cpu, bool online)
{
	int r = set_cpu_online(cpu, online);

	while (r == -EBUSY && goes_on(stress)) {
		nap_us(1000);
		r = set_cpu_online(cpu, online);
	}
	if (r < 0 && r != -EBUSY)
		role_fail(role, "cpu%d %s: %s", cpu, online ? "online" : "offline",
			  strerror(-r));
	else
		role->rounds++;
}

void run_hotplug(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);

	while (goes_on(stress)) {
		int index = throw_dice(&dice, stress->nr_cpus);

		if (!stress->removable[index])
			continue;
		switch_cpu(stress, role, stress->cpus[index], false);
		nap_us(throw_dice(&dice, 100000));
		switch_cpu(stress, role, stress->cpus[index], true);
		nap_us(throw_dice(&dice, 100000));
	}
}

/* Opening "trace" to be written, and emptied, is what "echo > trace" does. */
static int reset(struct stress *stress, struct dice *dice)
{
	int fd;

	if (throw_dice(dice, 3) == 0)
		fd = open_in(stress, O_WRONLY | O_TRUNC, "trace");
	else
		fd = open_in(stress, O_WRONLY | O_TRUNC, "per_cpu/cpu%d/trace",
			     any_cpu(stress, dice));
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

void run_resets(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);

	while (goes_on(stress)) {
		int r = reset(stress, &dice);

		if (r < 0)
			role_fail(role, "trace: %s", strerror(-r));
		role->rounds++;
		nap_us(throw_dice(&dice, 60000));
	}
}

/* The trace file looks at the same rings without consuming. */
void run_trace_file(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);
	char text[4096];

	while (goes_on(stress)) {
		int fd = open_in(stress, O_RDONLY, "per_cpu/cpu%d/trace",
				 any_cpu(stress, &dice));

		if (fd < 0 || read(fd, text, sizeof(text)) < 0)
			role_fail(role, "trace: %s", strerror(fd < 0 ? -fd : errno));
		if (fd >= 0)
			close(fd);
		role->rounds++;
		nap_us(throw_dice(&dice, 30000));
	}
}
