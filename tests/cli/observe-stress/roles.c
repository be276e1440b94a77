// SPDX-License-Identifier: GPL-2.0-only
/* observe-stress: who writes, and who is in the way. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "observe.h"

/* Far fewer than a roomy ring holds. */
#define MOST_AHEAD 4000

struct pen {
	struct observe *observe;
	struct role *role;
	struct writer *writer;
	int fd;
	uint64_t seq;
	struct dice dice;
	struct mark mark;
};

static bool goes_on(const struct observe *observe)
{
	return !is_set(&observe->common->stop_disturbers);
}

static bool stay_on_cpu(const struct observe *observe, const struct role *role)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(observe->stress.cpus[role->index], &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) == 0;
}

static uint32_t any_size(struct dice *dice)
{
	return throw_dice(dice, 16) ? throw_dice(dice, 100) :
				      throw_dice(dice, MARK_BODY);
}

/* A number that a reset refused is tried again: a hole is a loss. */
static bool write_one(struct pen *pen)
{
	ssize_t n;

	make_mark(&pen->mark, pen->role->index, pen->seq, any_size(&pen->dice));
	n = write(pen->fd, &pen->mark, pen->mark.size);
	if (n == pen->mark.size) {
		__atomic_store_n(&pen->writer->accepted, pen->seq++, __ATOMIC_RELEASE);
		return true;
	}
	if (n < 0 && errno == EBADF)
		pen->writer->refused++;
	else
		role_fail(pen->role, "trace_marker_raw, %u bytes: wrote %zd, %s",
			  pen->mark.size, n, strerror(errno));
	return false;
}

static bool is_ahead(const struct pen *pen)
{
	const struct found *found = &pen->observe->common->found[pen->role->index];
	uint64_t last = __atomic_load_n(&found->last, __ATOMIC_ACQUIRE);

	return pen->observe->variant->with & ROOMY &&
	       (int64_t)(pen->writer->accepted - last) > MOST_AHEAD;
}

static void write_burst(struct pen *pen)
{
	uint32_t length = 1 + throw_dice(&pen->dice, 20000);

	for (uint32_t i = 0; i < length; i++) {
		if (is_set(&pen->observe->common->stop_writers))
			return;
		while (is_ahead(pen) && !is_set(&pen->observe->common->stop_writers))
			nap_us(100);
		if (!write_one(pen))
			return;
	}
}

void run_full_speed(struct observe *observe, struct role *role)
{
	struct pen pen = { .observe = observe, .role = role, .seq = 1 };

	pen.writer = &observe->common->writers[role->index];
	pen.dice = role_dice(&observe->stress, role);
	pen.fd = open_in(&observe->stress, O_WRONLY, "trace_marker_raw");
	if (pen.fd < 0 || !stay_on_cpu(observe, role)) {
		role_fail(role, "trace_marker_raw, or its CPU: %s",
			  strerror(pen.fd < 0 ? -pen.fd : errno));
		return;
	}
	while (!is_set(&observe->common->stop_writers)) {
		write_burst(&pen);
		role->rounds++;
		/* So that the observer gets to the end of the ring, too. */
		if (throw_dice(&pen.dice, 4) == 0)
			nap_us(throw_dice(&pen.dice, 2000));
	}
	close(pen.fd);
}

/* Takes the CPU away from the observer wherever that is. */
void run_hog(struct observe *observe, struct role *role)
{
	struct dice dice = role_dice(&observe->stress, role);

	if (!stay_on_cpu(observe, role))
		role_fail(role, "sched_setaffinity: %s", strerror(errno));
	while (goes_on(observe)) {
		uint64_t end = monotonic_ns() + throw_dice(&dice, 8000) * 1000ull;

		while (monotonic_ns() < end)
			role->rounds++;
		nap_us(throw_dice(&dice, 3000));
	}
}

static int any_cpu(const struct observe *observe, struct dice *dice)
{
	return observe->stress.cpus[throw_dice(dice, observe->stress.nr_cpus)];
}

static void consume_some(struct observe *observe, struct role *role, struct dice *dice,
			 void *memory, size_t size)
{
	uint32_t times = 1 + throw_dice(dice, throw_dice(dice, 4) ? 3 : 100);
	int fd = open_in(&observe->stress, O_RDONLY | O_NONBLOCK,
			 "per_cpu/cpu%d/trace_pipe_raw", any_cpu(observe, dice));
	ssize_t n = fd;

	for (uint32_t i = 0; fd >= 0 && n >= 0 && i < times; i++) {
		/* Less than a sub-buffer leaves the rest of it for the next. */
		n = read(fd, memory, throw_dice(dice, 8) ? size : size / 4);
		if (n > 0)
			role->rounds++;
	}
	if (n < 0 && fd >= 0 && errno != EAGAIN)
		role_fail(role, "read: %s", strerror(errno));
	if (fd < 0)
		role_fail(role, "trace_pipe_raw: %s", strerror(-fd));
	else
		close(fd);
}

void run_read_consumer(struct observe *observe, struct role *role)
{
	struct dice dice = role_dice(&observe->stress, role);
	size_t size = observe->variant->subbuf_kb * 1024;
	void *memory = malloc(size);

	if (!memory)
		role_fail(role, "no memory");
	while (memory && goes_on(observe)) {
		consume_some(observe, role, &dice, memory, size);
		nap_us(throw_dice(&dice, throw_dice(&dice, 8) ? 2000 : 50000));
	}
	free(memory);
}

/* "echo > trace", of one CPU or of all. */
void run_reset_now_and_then(struct observe *observe, struct role *role)
{
	struct dice dice = role_dice(&observe->stress, role);

	while (goes_on(observe)) {
		int fd, flags = O_WRONLY | O_TRUNC;

		nap_us(throw_dice(&dice, throw_dice(&dice, 4) ? 30000 : 200000));
		if (throw_dice(&dice, 2))
			fd = open_in(&observe->stress, flags, "trace");
		else
			fd = open_in(&observe->stress, flags, "per_cpu/cpu%d/trace",
				     any_cpu(observe, &dice));
		if (fd < 0) {
			role_fail(role, "trace: %s", strerror(-fd));
			continue;
		}
		close(fd);
		role->rounds++;
	}
}
