// SPDX-License-Identifier: GPL-2.0-only
/* Other ways to read a ring that is mapped, and the CPU that goes away. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MARKERS 1500UL

static int all_once(const struct tally *tally, unsigned long written)
{
	REQUIRE(!tally->out_of_order && !tally->untold_gaps && !tally->losses,
		"%u markers out of order, %u gaps, %u losses told", tally->out_of_order,
		tally->untold_gaps, tally->losses);
	REQUIRE(tally->events == written, "%lu of %lu markers", tally->events, written);
	return 0;
}

static int by_read_alone(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, MARKERS);
	while (!error)
		error = take_by_read(ring, ring->fd, &tally);
	REQUIRE(error == EAGAIN || error == ENODATA, "read(2): %s",
		outcome_name(error));
	if (all_once(&tally, MARKERS) == WRONG)
		return WRONG;
	return error == EAGAIN ? 0 : error;
}

static int in_turns(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int fd = open_raw(ring, O_RDONLY | O_NONBLOCK), error = map_ring(ring);

	REQUIRE(fd >= 0 && !error, "mmap: %s", outcome_name(error));
	for (unsigned long number = 1; number < 3000 && !error; number += 100) {
		error = mark(ring, number, number + 99);
		REQUIRE(!error, "trace_marker: %s", outcome_name(error));
		if (number / 100 % 2)
			error = take_all(ring, &tally);
		else
			while (!(error = take_by_read(ring, fd, &tally)))
				;
		/* What read(2) has had of a sub-buffer, GET_READER has too. */
		if (error == EAGAIN) {
			error = get_reader(ring->fd);
			ring->id = ring->meta->reader.id;
			ring->read = ring->meta->reader.read;
		}
	}
	REQUIRE(!error, "reading: %s", outcome_name(error));
	return all_once(&tally, 3000);
}

/* 0, or what splice(2) ended with before the full sub-buffers were through. */
static int splice_all(struct ring *ring, struct tally *tally)
{
	uint32_t size = ring->meta->subbuf_size;
	char copy[65536];
	int pipes[2], error = 0;

	if (size > sizeof(copy) || pipe2(pipes, O_NONBLOCK | O_CLOEXEC) < 0)
		return EINVAL;
	while (splice(ring->fd, NULL, pipes[1], NULL, size, SPLICE_F_NONBLOCK) > 0) {
		if (read(pipes[0], copy, size) != size) {
			error = EIO;
			break;
		}
		tally_loss(tally, copy, size);
		tally_subbuf(tally, copy, 0, committed(copy));
	}
	if (!error)
		error = errno;
	close(pipes[0]);
	close(pipes[1]);
	return error;
}

static int spliced(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);
	unsigned long by_splice;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, MARKERS);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	error = splice_all(ring, &tally);
	REQUIRE(error == EAGAIN, "splice(2): %s", outcome_name(error));
	by_splice = tally.events;
	/* The last sub-buffer is not full, so it is left to others. */
	error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	error = all_once(&tally, MARKERS);
	/* A sub-buffer has less than 200 of these markers. */
	return error || by_splice > MARKERS - 200 ? error : EAGAIN;
}

static int spliced_in_turns(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	for (unsigned long number = 1; number < 5000 && !error; number += 500) {
		error = mark(ring, number, number + 499);
		REQUIRE(!error, "trace_marker: %s", outcome_name(error));
		error = splice_all(ring, &tally);
		REQUIRE(error == EAGAIN, "splice(2): %s", outcome_name(error));
		error = take_all(ring, &tally);
	}
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	return all_once(&tally, 5000);
}

/* Lines of text, as trace and trace_pipe have them, end in the number. */
static void tally_text(struct tally *tally, char *text)
{
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *number = strstr(line, ": 0");

		if (*line == '#' || !number)
			continue;
		tally->last = strtoul(number + 2, NULL, 10);
		tally->events++;
	}
}

static int by_trace(struct ring *ring, struct tally *tally)
{
	size_t size = 1UL << 20;
	char *text = malloc(size);
	ssize_t length;

	if (!text)
		return ENOMEM;
	*tally = (struct tally){ .events = 0 };
	length = read_file(ring, cpu_file(ring, "trace"), text, size);
	if (length > 0)
		tally_text(tally, text);
	free(text);
	return length < 0 ? -length : 0;
}

/* Shows what is unread and takes nothing, also past a sub-buffer that tells of loss. */
static int text_of_mapped(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 }, text;
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, 5000);
	if (!error)
		error = by_trace(ring, &text);
	REQUIRE(!error, "trace: %s", outcome_name(error));
	REQUIRE(text.last == 5000 && text.events + read_stat(ring, "overrun") == 5000,
		"trace has %lu markers up to %lu, overrun %ld", text.events, text.last,
		read_stat(ring, "overrun"));
	error = take(ring, &tally);
	REQUIRE(!error && tally.losses == 1, "GET_READER: %s, %u losses told",
		outcome_name(error), tally.losses);
	error = by_trace(ring, &text);
	REQUIRE(!error, "trace: %s", outcome_name(error));
	REQUIRE(text.last == 5000 && text.events + tally.events + tally.lost == 5000,
		"then trace has %lu markers up to %lu; %lu were taken, %lu lost",
		text.events, text.last, tally.events, tally.lost);
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.events + tally.lost == 5000 && !tally.out_of_order,
		"GET_READER: %s, %lu markers, %lu lost", outcome_name(error),
		tally.events, tally.lost);
	return 0;
}

/* Consumes; what it has had nobody else gets. */
static int pipe_of_mapped(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	char path[512], text[4096];
	ssize_t length;
	int fd, error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, MARKERS);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	snprintf(path, sizeof(path), "%s/%s", ring->instance,
		 cpu_file(ring, "trace_pipe"));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	REQUIRE(fd >= 0, "trace_pipe: %s", outcome_name(errno));
	length = read(fd, text, sizeof(text) - 1);
	REQUIRE(length > 0, "trace_pipe: %s", outcome_name(errno));
	text[length] = '\0';
	close(fd);
	tally_text(&tally, text);
	REQUIRE(tally.events && tally.events == tally.last, "%lu markers up to %lu",
		tally.events, tally.last);
	get_reader(ring->fd);
	return tally.last < ring->meta->read ?
		       0 :
		       wrong("%lu markers, but read %llu", tally.events,
			     (unsigned long long)ring->meta->read);
}

/* Only a test machine, which runs from memory, may lose a CPU for this. */
static bool may_take_cpu_away(void)
{
	struct statfs root;

	return statfs("/", &root) == 0 &&
	       (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC);
}

static int set_online(int cpu, const char *state)
{
	char path[64];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, state, 1) < 0)
		error = errno;
	close(fd);
	return error;
}

static int mark_there(struct ring *ring)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(ring->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		return errno;
	/* ring->read is not used in this child: the first number stands there. */
	return mark(ring, ring->read, ring->read + 99);
}

static int mark_hundred(const struct ring *ring, unsigned long first)
{
	struct ring there = *ring;

	there.read = first;
	return in_child(&there, mark_there);
}

static int take_and_check(struct ring *ring, struct tally *tally, unsigned long last)
{
	int error = take_all(ring, tally);

	REQUIRE(!error && tally->last == last && tally->events == last,
		"%s, %lu markers, not %lu", outcome_name(error), tally->events, last);
	return 0;
}

static int through_offline(struct ring *ring)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark_hundred(ring, 1);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	error = set_online(ring->cpu, "0");
	REQUIRE(!error, "offline: %s", outcome_name(error));
	error = take_and_check(ring, &tally, 100);
	if (error)
		return error;
	/* Mapped anew while the CPU is away. */
	error = unmap_ring(ring);
	if (!error)
		error = map_ring(ring);
	REQUIRE(!error, "mmap while offline: %s", outcome_name(error));
	error = write_file(ring, cpu_file(ring, "buffer_size_kb"), "128");
	REQUIRE(error == EBUSY || error == ENOMEM, "buffer_size_kb while offline: %s",
		outcome_name(error));
	error = set_online(ring->cpu, "1");
	REQUIRE(!error, "online: %s", outcome_name(error));
	error = mark_hundred(ring, 101);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	error = take_and_check(ring, &tally, 200);
	return error ? error : unmap_ring(ring);
}

static int cpu_goes(struct ring *ring, const struct contract *contract)
{
	struct ring other = *ring;
	int outcome;

	if (!may_take_cpu_away())
		return skipped("CPUs are taken away only in a machine that runs from "
			       "memory");
	other.cpu = sysconf(_SC_NPROCESSORS_CONF) - 1;
	if (other.cpu == ring->cpu)
		other.cpu--;
	other.fd = open_raw(&other, O_RDONLY | O_NONBLOCK);
	if (other.fd < 0)
		return skipped("there is one CPU");
	outcome = through_offline(&other);
	set_online(other.cpu, "1");
	return outcome;
}

const struct contract reader_cases[] = {
	{ "read(2) of a mapped ring gets everything", by_read_alone, .right = 0,
	  .released = ENODATA, .why = READ_ENDS_WHY },
	{ "read(2) and GET_READER in turns get each event once", in_turns, .right = 0 },
	{ "splice(2) of a mapped ring gets all full sub-buffers", spliced,
	  .released = EAGAIN,
	  .why = "it wants whole sub-buffers and the mapped ones are copied: it stalls" },
	{ "splice(2) and GET_READER in turns get each event once", spliced_in_turns,
	  .right = 0 },
	{ "trace of a mapped ring shows what is unread", text_of_mapped, .right = 0 },
	{ "trace_pipe of a mapped ring", pipe_of_mapped, .right = 0 },
	{ "a CPU goes offline and comes back while mapped", cpu_goes, .right = 0 },
	{ .name = NULL },
};
