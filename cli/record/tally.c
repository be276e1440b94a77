// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/error.h>

#include "common.h"
#include "reset.h"
#include "tally.h"

/* A ring that is lapped for hours must not fill the memory with its gaps. */
#define MOST_STRETCHES 100000

int tally_open(struct tally *tally, const struct rbmap_session *session,
	       struct tracefs_instance *instance)
{
	const int *cpus;
	int r;

	*tally = (struct tally){
		.instance = instance,
		.layout = *rbmap_session_layout(session),
		.nr_cpus = rbmap_session_cpus(session, &cpus),
		.observed = !rbmap_engine_consumes(rbmap_session_engine(session)),
		.mapped = rbmap_engine_maps(rbmap_session_engine(session)),
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	tally->cpus = aligned_alloc(_Alignof(struct tally_cpu),
				    tally->nr_cpus * sizeof(*tally->cpus));
	if (!tally->cpus)
		return common_fail("%s", strerror(ENOMEM));
	memset(tally->cpus, 0, tally->nr_cpus * sizeof(*tally->cpus));
	for (size_t i = 0; i < tally->nr_cpus; i++) {
		tally->cpus[i].cpu = cpus[i];
		tally->cpus[i].emptied_ns = reset_emptied_ns(instance, cpus[i]);
		r = rbmap_counters_read(&tally->cpus[i].begin, instance, cpus[i]);
		if (r < 0)
			return common_fail("per_cpu/cpu%d/stats: %s", cpus[i],
					   rbmap_strerror(r));
	}
	return COMMON_OK;
}

static struct tally_cpu *find_cpu(struct tally *tally, int cpu)
{
	size_t low = 0, high = tally->nr_cpus;

	while (low + 1 < high) {
		size_t middle = (low + high) / 2;

		if (tally->cpus[middle].cpu <= cpu)
			low = middle;
		else
			high = middle;
	}
	return &tally->cpus[low];
}

static bool has_room_for_stretch(struct tally *tally)
{
	size_t room = tally->nr_stretches ? 2 * tally->nr_stretches : 1;
	struct lost_stretch *larger;

	if (tally->nr_stretches == MOST_STRETCHES)
		return false;
	if ((tally->nr_stretches & (tally->nr_stretches - 1)) != 0)
		return true;
	larger = reallocarray(tally->stretches, room, sizeof(*larger));
	if (larger)
		tally->stretches = larger;
	return larger;
}

/* After the first that is not kept none is: a CPU knows the place of its last one. */
static void add_stretch(struct tally *tally, const struct lost_stretch *stretch)
{
	if (tally->more_stretches || !has_room_for_stretch(tally))
		tally->more_stretches++;
	else
		tally->stretches[tally->nr_stretches++] = *stretch;
}

/* A counter that one thread adds to and others read. */
static void add(_Atomic uint64_t *counter, uint64_t number)
{
	uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, now + number, memory_order_relaxed);
}

/* @before: the events before it. */
static void put_stretch(struct tally *tally, struct tally_cpu *cpu,
			const struct lost_stretch *stretch, uint64_t before)
{
	pthread_mutex_lock(&tally->lock);
	if (stretch->events != RBMAP_LOST_UNKNOWN) {
		add(&cpu->lost_in_place, stretch->events);
	} else {
		if (!cpu->nr_unknown++)
			cpu->before_unknown = before;
		cpu->last_unknown = tally->nr_stretches;
	}
	add_stretch(tally, stretch);
	pthread_mutex_unlock(&tally->lock);
}

void tally_count(struct tally *tally, const struct rbmap_span *spans, int nr,
		 struct tally_span *ret)
{
	for (int i = 0; i < nr; i++) {
		struct tally_cpu *cpu = find_cpu(tally, spans[i].cpu);

		ret[i] = (struct tally_span){ .corrupt = false };
		if (rbmap_walk_span(&cpu->walk, &tally->layout, &spans[i]) < 0 ||
		    rbmap_walk_tally(&cpu->walk, &ret[i].records) < 0)
			ret[i].corrupt = true;
	}
}

static void put_span(struct tally *tally, const struct rbmap_span *span,
		     const struct tally_span *span_counted)
{
	const struct rbmap_tally *counted = &span_counted->records;
	struct tally_cpu *cpu = find_cpu(tally, span->cpu);
	struct lost_stretch stretch = { span->cpu, cpu->last_time_stamp,
					span->time_stamp, span->lost };

	if (span->flags & RBMAP_SPAN_TORN)
		return;
	cpu->corrupt |= span_counted->corrupt;
	if (span->lost) {
		if (counted->records)
			stretch.before = counted->first;
		put_stretch(tally, cpu, &stretch, cpu->events);
	}
	add(&cpu->events, counted->records);
	if (counted->records)
		cpu->last_time_stamp = counted->last;
}

void tally_put(struct tally *tally, const struct rbmap_span *spans,
	       const struct tally_span *counted, int nr)
{
	for (int i = 0; i < nr; i++)
		put_span(tally, &spans[i], &counted[i]);
}

static bool is_recorded(struct tally *tally, int cpu)
{
	return find_cpu(tally, cpu)->cpu == cpu;
}

static bool find_written(struct tally *tally, int cpu, uint64_t *ret)
{
	struct rbmap_counters now;
	int r;

	if (is_recorded(tally, cpu))
		return false;
	r = rbmap_counters_read(&now, tally->instance, cpu);
	if (r < 0 && r != -ENOENT) {
		tally->nr_unchecked++;
		common_error("CPU %d: whether it came online during the recording is "
			     "unknown: per_cpu/cpu%d/stats: %s",
			     cpu, cpu, rbmap_strerror(r));
	}
	if (r < 0)
		return false;
	*ret = now.unread + now.overrun + now.read + now.dropped + now.commit_overrun;
	return *ret;
}

void tally_find_unrecorded(struct tally *tally)
{
	struct common_cpus possible;
	uint64_t written;
	int r = common_cpus_read(&possible, "possible");

	if (r < 0) {
		tally->nr_unchecked++;
		common_error("whether CPUs came online during the recording is "
			     "unknown: /sys/devices/system/cpu/possible: %s",
			     strerror(-r));
		return;
	}
	for (size_t i = 0; i < possible.nr; i++) {
		if (!find_written(tally, possible.cpus[i], &written))
			continue;
		common_error(
			"CPU %d: came online during the recording; %lu of its events "
			"were not recorded",
			possible.cpus[i], (unsigned long)written);
		tally->not_recorded += written;
	}
	common_cpus_free(&possible);
}

/* Where one number only is not known, that is what the others leave. */
static void fill_in_unknown(struct tally *tally, const struct tally_cpu *cpu)
{
	uint64_t lost = cpu->account.overrun + cpu->account.torn;

	if (cpu->identity == 0 && cpu->nr_unknown == 1 &&
	    cpu->last_unknown < tally->nr_stretches && lost > cpu->lost_in_place)
		tally->stretches[cpu->last_unknown].events = lost - cpu->lost_in_place;
}

/* In doubt an observer reports a gap; the counters may show that there was none. */
static void drop_empty_stretches(struct tally *tally, const struct tally_cpu *cpu)
{
	size_t kept = 0;

	if (cpu->unchecked || cpu->identity != 0 || cpu->account.torn ||
	    cpu->lost_in_place)
		return;
	for (size_t i = 0; i < tally->nr_stretches; i++)
		if (tally->stretches[i].cpu != cpu->cpu)
			tally->stretches[kept++] = tally->stretches[i];
	tally->nr_stretches = kept;
}

/*
 * Counters that are reset fall, or what was delivered before is more than they have
 * counted since. But they may have passed again where they began; then the file shows
 * it, unless the clock was changed. Who reads through the mapping comes across a reset
 * as well, so that delivering twice is not taken for one.
 */
static bool was_reset(const struct tally *tally, const struct tally_cpu *cpu,
		      const struct rbmap_counters *end, int identity)
{
	bool any = end->unread || end->overrun || end->read;

	if (identity == -ESTALE ||
	    reset_emptied_ns(tally->instance, cpu->cpu) > cpu->emptied_ns)
		return true;
	return identity == -EBADMSG && (!tally->mapped || cpu->nr_unknown || !any);
}

static void account_reset(const struct tally *tally, struct tally_cpu *cpu,
			  const struct rbmap_counters *end)
{
	/* An observer's only gap is where it was reset. */
	bool is_gap = tally->observed && cpu->nr_unknown == 1;

	cpu->before_reset = reset_account(&cpu->account, end, tally->observed,
					  is_gap ? cpu->before_unknown : UINT64_MAX);
}

static int fill_account(const struct tally *tally, struct tally_cpu *cpu,
			const struct rbmap_counters *end)
{
	struct rbmap_account *account = &cpu->account;
	int r = tally->observed ?
			rbmap_account_fill_observed(account, &cpu->begin, end) :
			rbmap_account_fill(account, &cpu->begin, end);

	if (was_reset(tally, cpu, end, r)) {
		account_reset(tally, cpu, end);
		r = -ESTALE;
	}
	/* Seen and not stored, or never looked at: lost by the output, not the ring. */
	if (tally->observed && tally->incomplete) {
		account->others = account->torn;
		account->torn = 0;
	}
	/* Missed, and not a word of it, though no one else has consumed it. */
	if (r == 0 && tally->observed && account->torn && !cpu->nr_unknown &&
	    end->read == cpu->begin.read)
		r = -EBADMSG;
	return r;
}

/* Without the counters: what the data show. */
static void account_unchecked(struct tally *tally, struct tally_cpu *cpu)
{
	struct rbmap_account *account = &cpu->account;

	*(tally->observed ? &account->torn : &account->overrun) = cpu->lost_in_place;
	account->written = account->delivered + cpu->lost_in_place;
	cpu->unchecked = true;
	tally->nr_unchecked++;
}

static int end_cpu(struct tally *tally, struct tally_cpu *cpu)
{
	struct rbmap_counters end;
	int r = rbmap_counters_read(&end, tally->instance, cpu->cpu);

	cpu->account.delivered = cpu->events;
	if (r < 0) {
		account_unchecked(tally, cpu);
	} else {
		cpu->identity = fill_account(tally, cpu, &end);
		if (tally->observed && cpu->identity == 0)
			tally->consumed += end.read - cpu->begin.read;
		fill_in_unknown(tally, cpu);
	}
	rbmap_account_add(&tally->total, &cpu->account);
	return r;
}

int tally_end(struct tally *tally)
{
	int failed = 0, failed_cpu = 0, r;

	for (size_t i = 0; i < tally->nr_cpus; i++) {
		r = end_cpu(tally, &tally->cpus[i]);
		if (r < 0 && failed == 0) {
			failed = r;
			failed_cpu = tally->cpus[i].cpu;
		}
	}
	/* Those that are filled in have their places until then. */
	for (size_t i = 0; tally->observed && i < tally->nr_cpus; i++)
		drop_empty_stretches(tally, &tally->cpus[i]);
	if (failed == 0)
		return COMMON_OK;
	return common_fail("the loss on %zu of %zu CPUs is unknown: "
			   "per_cpu/cpu%d/stats: %s",
			   tally->nr_unchecked, tally->nr_cpus, failed_cpu,
			   rbmap_strerror(failed));
}

void tally_take_back(struct tally *tally, int cpu, uint64_t events)
{
	add(&find_cpu(tally, cpu)->taken_back, events);
}

void tally_correct(struct tally *tally)
{
	for (size_t i = 0; i < tally->nr_cpus; i++) {
		struct tally_cpu *cpu = &tally->cpus[i];

		cpu->account.delivered -= cpu->taken_back;
		cpu->account.others += cpu->taken_back;
		tally->total.delivered -= cpu->taken_back;
		tally->total.others += cpu->taken_back;
	}
}

uint64_t tally_events(const struct tally *tally)
{
	uint64_t events = 0;

	for (size_t i = 0; i < tally->nr_cpus; i++)
		events += atomic_load_explicit(&tally->cpus[i].events,
					       memory_order_relaxed) -
			  atomic_load_explicit(&tally->cpus[i].taken_back,
					       memory_order_relaxed);
	return events;
}

uint64_t tally_lost_in_place(const struct tally *tally)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < tally->nr_cpus; i++)
		lost += atomic_load_explicit(&tally->cpus[i].lost_in_place,
					     memory_order_relaxed);
	return lost;
}

uint64_t tally_lost(const struct tally *tally)
{
	uint64_t known = tally_lost_in_place(tally);
	uint64_t counted = rbmap_account_lost(&tally->total);

	return counted > known ? counted : known;
}

void tally_close(struct tally *tally)
{
	free(tally->cpus);
	free(tally->stretches);
	*tally = (struct tally){ 0 };
}
