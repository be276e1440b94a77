// SPDX-License-Identifier: GPL-2.0-only
/* Several mappings, and what happens to them with the processes that have them. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static int touch(struct ring *ring)
{
	(void)*(volatile const uint32_t *)&ring->meta->nr_subbufs;
	return 0;
}

/* Unmaps, and says what GET_READER thinks then: ENODEV. */
static int after_unmap(struct ring *ring)
{
	int error = unmap_ring(ring);

	REQUIRE(!error, "munmap: %s", outcome_name(error));
	return get_reader(ring->fd);
}

static int two_mappings(struct ring *ring, int fd)
{
	struct ring other = *ring;
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	other.fd = fd;
	if (!error)
		error = map_ring(&other);
	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, 10);
	REQUIRE(!error, "trace_marker: %s", outcome_name(error));
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.last == 10, "%lu of 10 markers", tally.events);
	REQUIRE(other.meta->read == 10, "the other meta-page has %llu read",
		(unsigned long long)other.meta->read);
	error = after_unmap(&other);
	REQUIRE(!error, "GET_READER with one of two mappings left: %s",
		outcome_name(error));
	touch(ring);
	return after_unmap(ring);
}

static int same_file(struct ring *ring, const struct contract *contract)
{
	return two_mappings(ring, ring->fd);
}

static int another_file(struct ring *ring, const struct contract *contract)
{
	int fd = open_raw(ring, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? -fd : two_mappings(ring, fd);
}

static int map_in_child(struct ring *ring)
{
	int fd = open_raw(ring, O_RDONLY | O_NONBLOCK);

	return fd < 0 ? -fd : two_mappings(ring, fd);
}

static int another_process(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	/* The last mapping is here, so the child never sees ENODEV. */
	outcome = in_child(ring, map_in_child);
	REQUIRE(!outcome, "in the other process: %s", outcome_name(outcome));
	REQUIRE(!get_reader(ring->fd), "the mapping is gone with the other process");
	return after_unmap(ring);
}

static int hang(struct ring *ring)
{
	int error = map_ring(ring);

	if (error)
		return error;
	while (pause() < 0)
		;
	return 0;
}

static void kill_when_mapped(struct ring *ring, pid_t child)
{
	if (get_reader(ring->fd) != ENODEV)
		kill(child, SIGKILL);
}

static int killed(struct ring *ring, const struct contract *contract)
{
	pid_t child = start(ring, hang);
	int outcome;

	if (child < 0)
		return errno;
	outcome = finish_while(child, kill_when_mapped, ring);
	REQUIRE(outcome == SIGNALLED + SIGKILL, "the process ended with %s",
		outcome_name(outcome));
	return get_reader(ring->fd);
}

static int become_another(struct ring *ring)
{
	int error = map_ring(ring);

	if (error)
		return error;
	if (dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO) < 0)
		return errno;
	execl("/proc/self/exe", "mapping-contract", "--help", NULL);
	return errno;
}

static int executed(struct ring *ring, const struct contract *contract)
{
	int outcome = in_child(ring, become_another);

	REQUIRE(!outcome, "the process ended with %s", outcome_name(outcome));
	return get_reader(ring->fd);
}

static int forked(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	outcome = in_child(ring, touch);
	REQUIRE(!get_reader(ring->fd), "the mapping is gone with the child");
	touch(ring);
	return outcome;
}

/*
 * A kernel may refuse MADV_DOFORK. One that does not has given the child a mapping,
 * which counts as long as the child lives.
 */
static int forked_with_copy(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	if (madvise((void *)ring->meta, ring->size, MADV_DOFORK) < 0) {
		REQUIRE(errno == EINVAL, "MADV_DOFORK: %s", outcome_name(errno));
		return after_unmap(ring);
	}
	if (!ring->may_warn)
		return skipped("%s", contract->may_warn);
	outcome = in_child(ring, touch);
	REQUIRE(!outcome, "the child's copy: %s", outcome_name(outcome));
	REQUIRE(!get_reader(ring->fd), "the mapping is gone with the child");
	touch(ring);
	return after_unmap(ring);
}

static void kill_sleeper(struct ring *ring, pid_t child)
{
	kill(child, SIGKILL);
}

static int sleep_on(struct ring *ring)
{
	touch(ring);
	while (pause() < 0)
		;
	return 0;
}

/* The parent unmaps first; the copy is then the only mapping. */
static int outlived_by_copy(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;
	pid_t child;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	if (madvise((void *)ring->meta, ring->size, MADV_DOFORK) < 0)
		return skipped("this kernel refuses MADV_DOFORK: %s",
			       outcome_name(errno));
	if (!ring->may_warn)
		return skipped("%s", contract->may_warn);
	child = start(ring, sleep_on);
	if (child < 0)
		return errno;
	outcome = after_unmap(ring);
	REQUIRE(!outcome, "GET_READER while the child has its copy: %s",
		outcome_name(outcome));
	error = write_file(ring, "buffer_size_kb", "128");
	REQUIRE(error == EBUSY, "buffer_size_kb while the child has its copy: %s",
		outcome_name(error));
	finish_while(child, kill_sleeper, ring);
	return get_reader(ring->fd);
}

#define COPY_WARNS \
	"a released kernel warns in its log: the child's mapping is not counted as one " \
	"against snapshots"

const struct contract process_cases[] = {
	{ "two mappings of one file, both unmapped", same_file, .right = ENODEV },
	{ "two mappings of two files, both unmapped", another_file, .right = ENODEV },
	{ "mappings in two processes, all unmapped", another_process, .right = ENODEV },
	{ "a process that is killed leaves no mapping", killed, .right = ENODEV },
	{ "execve leaves no mapping", executed, .right = ENODEV },
	{ "fork: the child touches the mapping", forked, .right = SIGNALLED + SIGSEGV },
	{ "MADV_DOFORK and fork, then unmapped", forked_with_copy, .right = ENODEV,
	  .may_warn = COPY_WARNS },
	{ "MADV_DOFORK and fork, the child outlives the mapping", outlived_by_copy,
	  .right = ENODEV, .may_warn = COPY_WARNS },
	{ .name = NULL },
};
