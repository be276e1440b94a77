// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress: a writer for each CPU. Its marks are numbered from 1 without a hole: a number
 * that the kernel refused is tried again, so a hole in what is read is a loss.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

/* Fewer than fit into the rings of a paced phase, whatever their sizes. */
#define MOST_UNREAD 2000

/* More than 2^27 ns, which a record's own time delta cannot hold. */
#define LONG_PAUSE_US 150000

struct pen {
	struct stress *stress;
	struct role *role;
	struct writer *writer;
	int index;
	int fd;
	uint64_t seq;
	struct dice dice;
	struct mark mark;
};

/* A CPU that went offline took the affinity with it. */
static void stay_on_cpu(const struct pen *pen)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(pen->stress->cpus[pen->index], &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static bool write_one(struct pen *pen)
{
	ssize_t n;

	make_mark(&pen->mark, pen->index, pen->seq,
		  throw_dice(&pen->dice, 16) ? throw_dice(&pen->dice, 100) :
					       throw_dice(&pen->dice, MARK_BODY));
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
	const struct ring *ring = &pen->stress->shared->rings[pen->index];
	uint64_t delivered = __atomic_load_n(&ring->delivered, __ATOMIC_ACQUIRE);

	return pen->stress->phase->with & PACED &&
	       (int64_t)(pen->writer->accepted - delivered) > MOST_UNREAD;
}

static void write_burst(struct pen *pen)
{
	uint32_t length = 1 + throw_dice(&pen->dice, 2000);

	for (uint32_t i = 0; i < length && pen->seq < MAX_SEQ; i++) {
		if (is_ahead(pen) || !write_one(pen))
			return;
	}
}

void run_writer(struct stress *stress, struct role *role)
{
	struct pen pen = {
		.stress = stress, .role = role, .index = role->index, .seq = 1
	};

	pen.writer = &stress->shared->writers[role->index];
	pen.dice = role_dice(stress, role);
	pen.fd = open_in(stress, O_WRONLY, "trace_marker_raw");
	if (pen.fd < 0) {
		role_fail(role, "trace_marker_raw: %s", strerror(-pen.fd));
		return;
	}
	while (!is_set(&stress->shared->stop_writers)) {
		stay_on_cpu(&pen);
		write_burst(&pen);
		role->rounds++;
		if (throw_dice(&pen.dice, 100) == 0)
			nap_us(LONG_PAUSE_US);
		else
			nap_us(throw_dice(&pen.dice, 2000));
	}
	close(pen.fd);
}
