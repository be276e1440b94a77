/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was delivered and what was lost, CPU by CPU. While the rings are drained, each
 * CPU is used by one thread at a time, and different CPUs by different threads.
 */
#ifndef RECORD_TALLY_H
#define RECORD_TALLY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/record.h>
#include <rbmap/session.h>
#include <rbmap/stats.h>

struct tracefs_instance;

/* A stretch of time in which events of a CPU were lost. */
struct lost_stretch {
	int cpu;
	/* Time stamps of the events before and after it; before 0: there was none. */
	uint64_t after;
	uint64_t before;
	/* RBMAP_LOST_UNKNOWN where the kernel did not say. */
	uint64_t events;
};

/* Aligned, so that threads do not wait for each other's cache lines. */
struct tally_cpu {
	_Alignas(128) int cpu;
	struct rbmap_walk walk;
	uint64_t last_time_stamp;
	/* These two also count while others look: tally_events(), tally_lost(). */
	_Atomic uint64_t events;
	_Atomic uint64_t lost_in_place;
	/* Of the events, those that did not get into a file after all. */
	_Atomic uint64_t taken_back;
	/* Stretches with an unknown number, and the last of them. */
	uint64_t nr_unknown;
	size_t last_unknown;
	/* The events before the first of them. */
	uint64_t before_unknown;
	struct rbmap_counters begin;
	struct rbmap_account account;
	/* Result of rbmap_account_fill(); -ESTALE: it was reset. */
	int identity;
	/* Of a ring that was reset: what was delivered before, as far as it is known.
	 */
	uint64_t before_reset;
	/* By reset_emptied_ns(), at the begin. */
	uint64_t emptied_ns;
	bool corrupt;
	/* Its counters could not be read at the end: the loss is not known. */
	bool unchecked;
};

struct tally {
	struct tracefs_instance *instance;
	/* Nothing is consumed: what is lost, the kernel does not count. */
	bool observed;
	/* The rings are mapped, which shows when they are reset. */
	bool mapped;
	/* Set before the end: something failed, and not all that there was was taken.
	 */
	bool incomplete;
	struct rbmap_layout layout;
	struct tally_cpu *cpus;
	size_t nr_cpus;
	/* Of all CPUs, in the order in which they were found; under the lock. */
	pthread_mutex_t lock;
	struct lost_stretch *stretches;
	size_t nr_stretches;
	/* Stretches beyond those that are kept: of too many, or without memory. */
	uint64_t more_stretches;
	struct rbmap_account total;
	/* Where nothing is consumed: what others have consumed meanwhile. */
	uint64_t consumed;
	/* CPUs of which it is not known what was lost, or that they were not recorded.
	 */
	size_t nr_unchecked;
	/* Events of CPUs that are not recorded, since they came online too late. */
	uint64_t not_recorded;
};

/* Takes the counters as they are, before anything is taken. Prints its errors. */
int tally_open(struct tally *tally, const struct rbmap_session *session,
	       struct tracefs_instance *instance);

/* The records of a span, to be counted once it is known to be whole. */
struct tally_span {
	struct rbmap_tally records;
	bool corrupt;
};

/* Walks spans before they are settled; @ret has an entry for each of them. */
void tally_count(struct tally *tally, const struct rbmap_span *spans, int nr,
		 struct tally_span *ret);

/* Counts spans that are settled and stored. */
void tally_put(struct tally *tally, const struct rbmap_span *spans,
	       const struct tally_span *counted, int nr);

/*
 * What CPUs that are not recorded have written: those that came online meanwhile. For
 * instances of our own and all CPUs. Says which they are.
 */
void tally_find_unrecorded(struct tally *tally);

/* The writers have stopped and all was taken. Prints its errors; an exit code. */
int tally_end(struct tally *tally);

/*
 * Events of a CPU that were put did not get into the file. May be called while others
 * are put.
 */
void tally_take_back(struct tally *tally, int cpu, uint64_t events);

/* After tally_end(): those were not delivered. */
void tally_correct(struct tally *tally);

/* The events that were delivered so far. As the next two, for any thread. */
uint64_t tally_events(const struct tally *tally);

/* The lost events whose place a stretch gives. */
uint64_t tally_lost_in_place(const struct tally *tally);

/* All that was lost so far, as far as it is known before the end. */
uint64_t tally_lost(const struct tally *tally);

void tally_close(struct tally *tally);

#endif
