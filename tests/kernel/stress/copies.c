// SPDX-License-Identifier: GPL-2.0-only
/* stress: consumers that take copies, read(2) and splice(2), each of all CPUs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consume.h"

/* Smaller than a sub-buffer, larger than any record: takes some of the events in one.
 */
#define SMALL_READ 1024

#define PIPE_SUBBUFS 4

struct copier {
	struct consumer consumer;
	struct dice *dice;
	int cpu;
	int fd;
	int pipe[2];
	uint8_t *copy;
	size_t subbuf_size;
};

static void take_copy(struct copier *copier, size_t size)
{
	const struct subbuf *subbuf = (const struct subbuf *)copier->copy;
	uint32_t commit = subbuf->commit & COMMIT_MASK;

	copier->consumer.call = copier->consumer.ring->calls;
	if (size < SUBBUF_HEADER || commit > size - SUBBUF_HEADER) {
		role_fail(copier->consumer.role,
			  "cpu%d: %u bytes of data in a copy of %zu", copier->cpu,
			  commit, size);
		return;
	}
	copier->consumer.loss = subbuf_loss(subbuf, size);
	consume(&copier->consumer, subbuf->data, commit, 0, commit);
}

/* A read of less than a sub-buffer leaves the rest of its copy, which has no events. */
static bool skip_rest(struct copier *copier, size_t left)
{
	while (left) {
		ssize_t n = read(copier->fd, copier->copy, left);

		if (n <= 0)
			return false;
		left -= n;
	}
	return true;
}

static bool take_by_read(struct copier *copier)
{
	size_t size = throw_dice(copier->dice, 4) ? copier->subbuf_size : SMALL_READ;
	ssize_t n = read(copier->fd, copier->copy, size);

	if (n > 0)
		take_copy(copier, n);
	if (n < 0 && errno != EAGAIN)
		role_fail(copier->consumer.role, "cpu%d: read: %s", copier->cpu,
			  strerror(errno));
	if (n > 0 && !skip_rest(copier, copier->subbuf_size - n))
		role_fail(copier->consumer.role, "cpu%d: rest of a read", copier->cpu);
	return n > 0;
}

static bool take_by_splice(struct copier *copier)
{
	ssize_t n = splice(copier->fd, NULL, copier->pipe[1], NULL,
			   PIPE_SUBBUFS * copier->subbuf_size,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno != EAGAIN)
		role_fail(copier->consumer.role, "cpu%d: splice: %s", copier->cpu,
			  strerror(errno));
	for (ssize_t done = 0; done < n; done += copier->subbuf_size) {
		if (read(copier->pipe[0], copier->copy, copier->subbuf_size) !=
		    (ssize_t)copier->subbuf_size) {
			role_fail(copier->consumer.role, "cpu%d: pipe: %zd bytes",
				  copier->cpu, n);
			return false;
		}
		take_copy(copier, copier->subbuf_size);
	}
	return n > 0;
}

static bool take(struct copier *copier)
{
	if (copier->consumer.kind == BY_READ)
		return take_by_read(copier);
	return take_by_splice(copier);
}

static bool take_in_turn(struct copier *copier)
{
	pthread_mutex_t *turn = &copier->consumer.ring->turn;
	bool new;

	if (!(copier->consumer.stress->phase->with & TURNS))
		return take(copier);
	pthread_mutex_lock(turn);
	new = take(copier);
	pthread_mutex_unlock(turn);
	return new;
}

static int open_copier(struct copier *copier, struct stress *stress)
{
	copier->subbuf_size = sysconf(_SC_PAGESIZE);
	copier->copy = malloc(copier->subbuf_size);
	copier->fd = open_in(stress, O_RDONLY | O_NONBLOCK,
			     "per_cpu/cpu%d/trace_pipe_raw", copier->cpu);
	if (copier->fd < 0)
		return copier->fd;
	if (pipe2(copier->pipe, O_CLOEXEC) < 0)
		return -errno;
	return copier->copy ? 0 : -ENOMEM;
}

static void run_copier(struct stress *stress, struct role *role,
		       enum consumer_kind kind)
{
	struct copier *copiers = calloc(stress->nr_cpus, sizeof(*copiers));
	struct dice dice = role_dice(stress, role);
	bool any;

	for (int i = 0; i < stress->nr_cpus; i++) {
		int r;

		init_consumer(&copiers[i].consumer, stress, role, kind, i);
		copiers[i].cpu = stress->cpus[i];
		copiers[i].dice = &dice;
		r = open_copier(&copiers[i], stress);
		if (r < 0) {
			role_fail(role, "cpu%d: %s", copiers[i].cpu, strerror(-r));
			return;
		}
	}
	do {
		any = false;
		for (int i = 0; i < stress->nr_cpus; i++)
			any |= take_in_turn(&copiers[i]);
		role->rounds++;
		nap_us(throw_dice(&dice, any ? 300 : 2000));
	} while (any || !is_set(&stress->shared->stop_consumers));
}

void run_read_reader(struct stress *stress, struct role *role)
{
	run_copier(stress, role, BY_READ);
}

void run_splice_reader(struct stress *stress, struct role *role)
{
	run_copier(stress, role, BY_SPLICE);
}
