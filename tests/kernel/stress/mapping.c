// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress: the mapping reader, one process for all CPUs. What GET_READER made visible is
 * copied first and used only if the sub-buffer is the same after the copy: a reset, and
 * without turns another consumer, may take it away at any time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "consume.h"
#include "map.h"

/* So that one busy ring does not starve the others. */
#define MOST_LOOKS 64

/* In naps of 10 ms; a ring whose CPU is offline is not lapped. */
#define MOST_LAG 200

struct reader {
	struct consumer consumer;
	struct map map;
	int cpu;
	uint32_t id;
	uint32_t read;
	uint64_t time_stamp;
	uint8_t *copy;
};

static bool takes_turns(const struct reader *reader)
{
	return reader->consumer.stress->phase->with & TURNS;
}

static bool is_alone(const struct reader *reader)
{
	return !(reader->consumer.stress->phase->with & (TURNS | TOGETHER));
}

/* What was consumed before the mapping was made is not this reader's. */
static void begin(struct reader *reader)
{
	const struct trace_buffer_meta *meta = reader->map.meta;

	reader->id = load_u32(&meta->reader.id);
	reader->read = load_u32(&meta->reader.read);
	reader->time_stamp = 0;
	if (reader->id < reader->map.nr_subbufs)
		reader->time_stamp =
			load_u64(&map_subbuf(&reader->map, reader->id)->time_stamp);
}

/*
 * False where the sub-buffer went back to the writer: that sets its commit to 0 first,
 * then its time stamp, then writes records, then commits them.
 */
static bool copy_subbuf(struct reader *reader, const struct subbuf *subbuf,
			uint32_t read, uint32_t *size)
{
	uint64_t time_stamp = load_u64(&subbuf->time_stamp);
	uint32_t before = load_u64(&subbuf->commit) & COMMIT_MASK, after;

	if (before < read || before + SUBBUF_HEADER > reader->map.subbuf_size)
		return false;
	memcpy(reader->copy, subbuf->data, before);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	after = load_u64(&subbuf->commit) & COMMIT_MASK;
	*size = before;
	return after >= before && load_u64(&subbuf->time_stamp) == time_stamp;
}

static void withdraw(struct reader *reader, uint32_t id, uint32_t read)
{
	reader->consumer.result->withdrawn++;
	if (is_alone(reader))
		role_fail(reader->consumer.role,
			  "cpu%d: %u bytes of sub-buffer %u changed while it was read",
			  reader->cpu, read, id);
}

/*
 * A sub-buffer that the writer has not left cannot tell in its header what was lost
 * before it; the patched kernel then says so on the meta-page, where others always say
 * 0.
 */
static struct loss find_loss(const struct reader *reader, const struct subbuf *subbuf)
{
	struct loss loss = subbuf_loss(subbuf, reader->map.subbuf_size);
	uint64_t lost = load_u64(&reader->map.meta->reader.lost_events);

	if (!lost)
		return loss;
	if (loss.counted && loss.count != lost)
		role_fail(
			reader->consumer.role,
			"cpu%d: lost events: the sub-buffer says %llu, the meta-page %llu",
			reader->cpu, (unsigned long long)loss.count,
			(unsigned long long)lost);
	return (struct loss){ .told = true, .counted = true, .count = lost };
}

/* Whether there was something new. */
static bool take(struct reader *reader, uint32_t id, uint32_t read)
{
	const struct subbuf *subbuf = map_subbuf(&reader->map, id);
	uint64_t time_stamp = load_u64(&subbuf->time_stamp);
	uint32_t size, from = 0;

	if (id == reader->id && time_stamp == reader->time_stamp &&
	    read >= reader->read)
		from = reader->read;
	reader->id = id;
	reader->read = read;
	reader->time_stamp = time_stamp;
	if (from == read)
		return false;
	if (!copy_subbuf(reader, subbuf, read, &size)) {
		withdraw(reader, id, read);
		return true;
	}
	if (from == 0)
		reader->consumer.loss = find_loss(reader, subbuf);
	consume(&reader->consumer, reader->copy, size, from, read);
	return true;
}

static bool look(struct reader *reader)
{
	const struct trace_buffer_meta *meta = reader->map.meta;
	struct consumer *consumer = &reader->consumer;
	uint32_t id, read;

	consumer->call = ++consumer->ring->calls;
	if (ioctl(reader->map.fd, TRACE_MMAP_IOCTL_GET_READER) < 0) {
		role_fail(consumer->role, "cpu%d: GET_READER: %s", reader->cpu,
			  strerror(errno));
		return false;
	}
	id = load_u32(&meta->reader.id);
	read = load_u32(&meta->reader.read);
	if (id >= reader->map.nr_subbufs || read > reader->map.subbuf_size) {
		role_fail(consumer->role, "cpu%d: the meta-page says id %u, read %u",
			  reader->cpu, id, read);
		return false;
	}
	return take(reader, id, read);
}

static bool look_in_turn(struct reader *reader)
{
	pthread_mutex_t *turn = &reader->consumer.ring->turn;
	bool new;

	if (!takes_turns(reader))
		return look(reader);
	pthread_mutex_lock(turn);
	new = look(reader);
	pthread_mutex_unlock(turn);
	return new;
}

/* Until GET_READER shows nothing new. */
static bool drain(struct reader *reader, int looks)
{
	const struct consumer *consumer = &reader->consumer;
	bool any = false;

	while (looks-- && look_in_turn(reader)) {
		any = true;
		__atomic_store_n(&consumer->ring->delivered,
				 consumer->last[consumer->index], __ATOMIC_RELEASE);
	}
	return any;
}

static void remap(struct reader *reader)
{
	pthread_mutex_t *turn = &reader->consumer.ring->turn;
	int r;

	if (takes_turns(reader))
		pthread_mutex_lock(turn);
	drop_map(&reader->map);
	r = make_map(&reader->map);
	if (r == 0)
		begin(reader);
	if (takes_turns(reader))
		pthread_mutex_unlock(turn);
	if (r < 0) {
		role_fail(reader->consumer.role, "cpu%d: mapping again: %s",
			  reader->cpu, strerror(-r));
		_exit(1);
	}
}

static struct reader *open_readers(struct stress *stress, struct role *role)
{
	struct reader *readers = calloc(stress->nr_cpus, sizeof(*readers));

	for (int i = 0; readers && i < stress->nr_cpus; i++) {
		struct reader *reader = &readers[i];
		int r;

		reader->cpu = stress->cpus[i];
		init_consumer(&reader->consumer, stress, role, BY_MAPPING, i);
		r = open_map(&reader->map, stress, reader->cpu);
		if (r == 0) {
			reader->copy = malloc(reader->map.subbuf_size);
			begin(reader);
		}
		if (r < 0 || !reader->copy) {
			role_fail(role, "cpu%d: mapping: %s", reader->cpu,
				  strerror(-r));
			return NULL;
		}
	}
	return readers;
}

static void close_readers(struct reader *readers, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct ring *ring = readers[i].consumer.ring;

		ring->entries = readers[i].map.meta->entries;
		ring->overrun = readers[i].map.meta->overrun;
		ring->read = readers[i].map.meta->read;
		close_map(&readers[i].map);
		free(readers[i].copy);
	}
	free(readers);
}

/* A process that has mappings forks, and its child has none of them. */
static void fork_once(struct role *role)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		role_fail(role, "fork: %s", strerror(errno));
	else
		waitpid(pid, NULL, 0);
}

static void wait_for_more(const struct reader *readers, int nr)
{
	struct pollfd polls[MAX_CPUS];

	for (int i = 0; i < nr; i++)
		polls[i] = (struct pollfd){ .fd = readers[i].map.fd, .events = POLLIN };
	poll(polls, nr, 10);
}

/* Until the writer of one ring has lapped it, however slow the machine is. */
static void lag(const struct stress *stress, const struct reader *reader)
{
	struct counters before, after;

	if (read_counters(stress, reader->cpu, &before) < 0)
		return;
	for (int i = 0; i < MOST_LAG && !is_set(&stress->shared->stop_consumers); i++) {
		nap_us(10000);
		if (read_counters(stress, reader->cpu, &after) < 0 ||
		    after.overrun != before.overrun)
			return;
	}
}

static void pause_reader(const struct stress *stress, const struct reader *readers,
			 struct dice *dice)
{
	uint32_t side = throw_dice(dice, 8);

	if (side == 0)
		lag(stress, &readers[throw_dice(dice, stress->nr_cpus)]);
	else if (side == 1)
		nap_us(throw_dice(dice, 150000));
}

static void read_until_stopped(struct reader *readers, struct stress *stress,
			       struct role *role)
{
	struct dice dice = role_dice(stress, role);

	while (!is_set(&stress->shared->stop_consumers)) {
		struct reader *one = &readers[throw_dice(&dice, stress->nr_cpus)];
		bool any = false;

		for (int i = 0; i < stress->nr_cpus; i++)
			any |= drain(&readers[i], MOST_LOOKS);
		role->rounds++;
		if (stress->phase->with & WITH_FORKS && throw_dice(&dice, 300) == 0)
			fork_once(role);
		if (!is_alone(one) && throw_dice(&dice, 20) == 0)
			remap(one);
		if (stress->phase->with & LAPS)
			pause_reader(stress, readers, &dice);
		if (!any)
			wait_for_more(readers, stress->nr_cpus);
	}
}

void run_mapping_reader(struct stress *stress, struct role *role)
{
	struct reader *readers = open_readers(stress, role);

	if (!readers)
		return;
	set_flag(&stress->shared->mapped);
	read_until_stopped(readers, stress, role);
	for (int i = 0; i < stress->nr_cpus; i++)
		drain(&readers[i], -1);
	close_readers(readers, stress->nr_cpus);
}
