// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress: what must be refused while a ring is mapped is tried again and again, by a
 * process that has it mapped. Which errno each has is mapping-contract's business.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map.h"

struct attempt {
	const char *what;
	/* Whether the answer was right; a kernel that lacks it is. */
	bool (*is_right)(struct stress *stress, struct map *map, int cpu);
	/* Linux up to 7.3 lets it pass, or complains. */
	bool patched_only;
	/* It stops tracing for a moment, and the close of a trace file at that very
	 * moment starts it once too often (WARNING in tracing_start_tr(), 6.1 to 6.12
	 * at least).
	 */
	bool not_beside_trace_file;
};

static bool try_write_access(struct stress *stress, struct map *map, int cpu)
{
	return mprotect(map->address, map->size, PROT_READ | PROT_WRITE) < 0;
}

static bool try_exec(struct stress *stress, struct map *map, int cpu)
{
	return mprotect(map->address, map->size, PROT_READ | PROT_EXEC) < 0;
}

static bool try_growing(struct stress *stress, struct map *map, int cpu)
{
	void *grown = mremap(map->address, map->size, map->size * 2, MREMAP_MAYMOVE);

	if (grown == MAP_FAILED)
		return true;
	map->address = grown;
	map->size *= 2;
	return false;
}

static bool try_unmapping_piece(struct stress *stress, struct map *map, int cpu)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return munmap((char *)map->address + page, page) < 0;
}

static bool try_resize(struct stress *stress, struct map *map, int cpu)
{
	char kb[24];

	snprintf(kb, sizeof(kb), "%u", stress->phase->ring_kb * 2);
	return write_in(stress, kb, "per_cpu/cpu%d/buffer_size_kb", cpu) < 0;
}

static bool try_subbuf_size(struct stress *stress, struct map *map, int cpu)
{
	if (!exists_in(stress, "buffer_subbuf_size_kb"))
		return true;
	return write_in(stress, "16", "buffer_subbuf_size_kb") < 0;
}

static bool try_snapshot(struct stress *stress, struct map *map, int cpu)
{
	if (!exists_in(stress, "snapshot"))
		return true;
	return write_in(stress, "1", "snapshot") < 0;
}

static bool try_rmdir(struct stress *stress, struct map *map, int cpu)
{
	return rmdir(stress->instance) < 0;
}

/* May be refused or not, as long as the ring is where the mapping is then. */
static bool try_moving(struct stress *stress, struct map *map, int cpu)
{
	void *moved, *target = mmap(NULL, map->size, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (target == MAP_FAILED)
		return false;
	moved = mremap(map->address, map->size, map->size,
		       MREMAP_MAYMOVE | MREMAP_FIXED, target);
	if (moved == MAP_FAILED) {
		/* It may have been unmapped before the ring was found not to move. */
		munmap(target, map->size);
	} else {
		map->address = moved;
		map->meta = moved;
	}
	return map->meta->subbuf_size == map->subbuf_size;
}

static const struct attempt attempts[] = {
	{ "mprotect(PROT_WRITE)", try_write_access, false, false },
	{ "mprotect(PROT_EXEC)", try_exec, true, false },
	{ "mremap to twice the size", try_growing, false, false },
	{ "munmap of one page", try_unmapping_piece, false, false },
	{ "per_cpu/cpuN/buffer_size_kb", try_resize, false, true },
	{ "buffer_subbuf_size_kb", try_subbuf_size, false, true },
	{ "snapshot", try_snapshot, false, false },
	{ "rmdir of the instance", try_rmdir, false, false },
	{ "mremap to elsewhere", try_moving, true, false },
};

#define NR_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

static bool is_for(const struct attempt *attempt, const struct stress *stress)
{
	return (stress->patched || !attempt->patched_only) &&
	       !(attempt->not_beside_trace_file &&
		 stress->phase->with & WITH_TRACE_FILE);
}

void run_attempts(struct stress *stress, struct role *role)
{
	struct dice dice = role_dice(stress, role);

	while (!is_set(&stress->shared->stop_disturbers)) {
		int cpu = stress->cpus[throw_dice(&dice, stress->nr_cpus)];
		struct map map;
		int r = open_map(&map, stress, cpu);

		if (r < 0) {
			role_fail(role, "cpu%d: mapping: %s", cpu, strerror(-r));
			nap_us(10000);
			continue;
		}
		for (int i = 0; i < 4; i++) {
			const struct attempt *attempt =
				&attempts[throw_dice(&dice, NR_ATTEMPTS)];

			if (!is_for(attempt, stress))
				continue;
			if (!attempt->is_right(stress, &map, cpu))
				role_fail(role, "%s: not as it must be", attempt->what);
			role->rounds++;
		}
		close_map(&map);
		nap_us(throw_dice(&dice, 3000));
	}
}
