/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many threads drain the rings, and how much effort each puts into compression. Few
 * while it is calm, since each wakes up on its own; more before a ring overflows.
 */
#ifndef RECORD_BALANCE_H
#define RECORD_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Threads for so many rings: at first, and at most. */
size_t balance_first(size_t nr_cpus);
size_t balance_most(size_t nr_cpus);

/* What a thread had better do. */
enum balance_advice {
	BALANCE_KEEP,
	/* Share its rings with another one, while the round goes on. */
	BALANCE_SHARE,
	/* Likewise; where it cannot, compress faster. */
	BALANCE_HURRY,
	/* Compress better again, or else give its rings to another one. */
	BALANCE_RELAX
};

/* Of one thread; starts zeroed. Times are in nanoseconds. */
struct balance {
	/* Rounds in a row that found a ring too full. */
	unsigned int hot_rounds;
	/* What is measured now: since when, and how long it had waited before that. */
	uint64_t begun;
	uint64_t waited;
	uint64_t calm_since;
	/* Of the time measured before, in percent. */
	unsigned int load;
};

/* One round, or part of it. */
struct balance_look {
	uint64_t now;
	/* All the time that the thread has waited so far. */
	uint64_t waited;
	/* rbmap_session_pressure(); does the engine wait until a ring fills up? */
	unsigned int pressure;
	bool is_woken_late;
	bool round_is_over;
};

enum balance_advice balance_judge(struct balance *balance,
				  const struct balance_look *look);

/* Has another one room for the rings of one with this load? */
bool balance_has_room(unsigned int load, unsigned int other);

/* It was done, or cannot be: judge anew. */
void balance_restart(struct balance *balance, const struct balance_look *look);

#endif
