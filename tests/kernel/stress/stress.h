/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stress: the parts it is made of. A phase runs processes, each with a role, on the
 * rings of one private instance; they share one piece of memory with the supervisor,
 * which checks after the phase what they found.
 */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "record.h"

#define MAX_CPUS 64
#define MAX_ROLES (MAX_CPUS + 16)

/* Numbers of a writer in a phase; at two bits each that is 16 MB a writer. */
#define MAX_SEQ (1u << 26)

/* How far back it is known when a copy was taken; a power of two. */
#define EPOCHS (1u << 20)

/* What a phase is made of. */
enum {
	/* Roles. */
	WITH_READ = 1 << 0,
	WITH_SPLICE = 1 << 1,
	WITH_OBSERVERS = 1 << 2,
	WITH_FORKS = 1 << 3,
	WITH_ATTEMPTS = 1 << 4,
	WITH_TOGGLES = 1 << 5,
	WITH_HOTPLUG = 1 << 6,
	WITH_RESETS = 1 << 7,
	WITH_TRACE_FILE = 1 << 8,
	/* Manners. */
	LAPS = 1 << 16, /* The reader lags, the writers do not wait: events are lost. */
	PACED = 1 << 17,    /* The writers wait for the reader: none is lost. */
	REFUSING = 1 << 18, /* overwrite=0: a full ring refuses. */
	TURNS = 1 << 19,    /* Consumers of a ring take turns, and remap it. */
	TOGETHER = 1 << 20, /* Consumers of a ring do not wait for each other. */
};

struct phase {
	const char *name;
	unsigned int with;
	unsigned int ring_kb;
	unsigned int weight;
};

enum consumer_kind {
	BY_MAPPING,
	BY_READ,
	BY_SPLICE,
	NR_CONSUMERS
};

struct role {
	char name[24];
	int index;
	pid_t pid;
	bool ended;
	uint64_t rounds;
	uint64_t errors;
	char first_error[200];
};

struct writer {
	uint64_t accepted;
	uint64_t refused;
};

struct ring {
	/* Consumers of this ring take turns by it, where the phase says so. */
	pthread_mutex_t turn;
	/* GET_READER calls so far. */
	uint32_t calls;
	/* The mapping reader's last number and its events; a paced writer looks. */
	uint64_t delivered;
	uint64_t records;
	/* Loss that the sub-buffers told of, and marks without a count. */
	uint64_t told;
	uint64_t marks;
	uint64_t marks_without_count;
	/* Numbers that were missing, and those that no mark told of rightly. */
	uint64_t missing;
	uint64_t untold;
	/* The meta-page after the last GET_READER. */
	uint64_t entries, overrun, read;
};

struct consumer_result {
	uint64_t records;
	uint64_t twice;
	uint64_t disorder;
	uint64_t corrupt;
	/* Sub-buffers that a reset took away while they were looked at. */
	uint64_t withdrawn;
	/* Taken by a copy since the last GET_READER: not the mapping reader's. */
	uint64_t others;
};

struct shared {
	int stop_disturbers;
	int stop_writers;
	int stop_consumers;
	int mapped;
	struct role roles[MAX_ROLES];
	struct writer writers[MAX_CPUS];
	struct ring rings[MAX_CPUS];
	struct consumer_result consumers[NR_CONSUMERS];
};

struct stress {
	unsigned int seconds;
	double phase_seconds;
	uint64_t seed;
	bool patched;
	bool no_hotplug;
	const char *tracefs;
	char instance[128];
	int cpus[MAX_CPUS];
	bool removable[MAX_CPUS];
	int nr_cpus;
	int nr_removable;

	const struct phase *phase;
	struct shared *shared;
	int nr_roles;
	/* For each writer: two bits a number, and the calls[] when a copy was taken. */
	uint8_t *taken[MAX_CPUS];
	uint32_t *epochs[MAX_CPUS];

	/* After the phase. */
	bool resized;
	bool removed;
	char leftover[200];
};

typedef void (*role_function)(struct stress *stress, struct role *role);

/* files.c */
struct counters {
	uint64_t entries, overrun, commit_overrun, dropped, read;
};

int open_in(const struct stress *stress, int flags, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int write_in(const struct stress *stress, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool exists_in(const struct stress *stress, const char *name);
int read_counters(const struct stress *stress, int cpu, struct counters *ret);
int set_cpu_online(int cpu, bool online);
void put_cpus_online(const struct stress *stress);
void find_cpus(struct stress *stress);

/* role.c */
void role_fail(struct role *role, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool is_set(const int *flag);
void set_flag(int *flag);
void nap_us(unsigned int microseconds);
uint64_t monotonic_ns(void);

struct dice {
	uint64_t state;
};

struct dice role_dice(const struct stress *stress, const struct role *role);
uint32_t throw_dice(struct dice *dice, uint32_t sides);

/*
 * phase.c. run_phase(): 0, or the number of the signal that ended it. The
 * instance is there until end_phase(), what was found until forget_phase().
 */
int run_phase(struct stress *stress, const struct phase *phase);
void end_phase(struct stress *stress);
void forget_phase(struct stress *stress);

/* writers.c */
void run_writer(struct stress *stress, struct role *role);

/* mapping.c */
void run_mapping_reader(struct stress *stress, struct role *role);

/* copies.c */
void run_read_reader(struct stress *stress, struct role *role);
void run_splice_reader(struct stress *stress, struct role *role);

/* disturb.c */
void run_observer(struct stress *stress, struct role *role);
void run_forks(struct stress *stress, struct role *role);
void run_toggles(struct stress *stress, struct role *role);
void run_hotplug(struct stress *stress, struct role *role);
void run_resets(struct stress *stress, struct role *role);
void run_trace_file(struct stress *stress, struct role *role);

/* attempts.c */
void run_attempts(struct stress *stress, struct role *role);

/* check.c */
unsigned int count_checks(const struct phase *phase);
void check_phase(struct stress *stress);
void skip_phase(const struct phase *phase, const char *reason);
unsigned int failed_checks(void);

#endif
