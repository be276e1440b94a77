// SPDX-License-Identifier: GPL-2.0-only
#include "balance.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* Eight idle or moderately busy CPUs take a small part of a CPU. */
#define CPUS_A_THREAD 8
/* To drain a CPU that does nothing but write events takes up to a half of another. */
#define LEAST_CPUS_A_THREAD 2
/* For few CPUs one each, if need be. */
#define THREADS_FOR_FEW 4

/*
 * A ring that is more than half full when it is looked at would have been lapped had
 * the look come twice as late. The kernel wakes a consumer when a ring is half full, so
 * that this is normal there.
 */
#define HOT 50
#define HOT_WOKEN_LATE 75
/* The first one may be a burst after a long sleep. */
#define HOT_ROUNDS 2

/* In percent of the time; two of these make no busy thread. */
#define CALM_LOAD 15
#define CALM_NS (5 * NS_PER_SECOND)
#define MEASURED_NS NS_PER_SECOND

size_t balance_first(size_t nr_cpus)
{
	return (nr_cpus + CPUS_A_THREAD - 1) / CPUS_A_THREAD;
}

size_t balance_most(size_t nr_cpus)
{
	size_t most = nr_cpus / LEAST_CPUS_A_THREAD;

	if (most < THREADS_FOR_FEW)
		most = THREADS_FOR_FEW;
	return most < nr_cpus ? most : nr_cpus;
}

static bool is_hot(const struct balance_look *look)
{
	return look->pressure > (look->is_woken_late ? HOT_WOKEN_LATE : HOT);
}

static void measure_anew(struct balance *balance, const struct balance_look *look)
{
	balance->begun = look->now;
	balance->waited = look->waited;
}

/* True once in a second or more, while it is calm for long. */
static bool is_calm(struct balance *balance, const struct balance_look *look)
{
	uint64_t begun = balance->begun, time = look->now - begun;

	if (time < MEASURED_NS)
		return false;
	balance->load = 100 - 100 * (look->waited - balance->waited) / time;
	measure_anew(balance, look);
	if (balance->load >= CALM_LOAD)
		balance->calm_since = 0;
	else if (!balance->calm_since)
		balance->calm_since = begun;
	return balance->calm_since && look->now - balance->calm_since >= CALM_NS;
}

enum balance_advice balance_judge(struct balance *balance,
				  const struct balance_look *look)
{
	bool hot = is_hot(look), calm = is_calm(balance, look);

	if (look->round_is_over)
		balance->hot_rounds = hot ? balance->hot_rounds + 1 : 0;
	if (balance->hot_rounds >= HOT_ROUNDS)
		return BALANCE_HURRY;
	if (hot)
		return BALANCE_SHARE;
	return calm ? BALANCE_RELAX : BALANCE_KEEP;
}

bool balance_has_room(unsigned int load, unsigned int other)
{
	return load + other < 2 * CALM_LOAD;
}

void balance_restart(struct balance *balance, const struct balance_look *look)
{
	balance->hot_rounds = 0;
	balance->calm_since = 0;
	measure_anew(balance, look);
}
