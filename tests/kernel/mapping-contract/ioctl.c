// SPDX-License-Identifier: GPL-2.0-only
/* trace_pipe_raw's ioctl, and waiting. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* GET_READER of the patches' 19th version, and TCGETS of every terminal. */
#define OLD_GET_READER _IO('T', 0x1)
#define UNKNOWN _IO('R', 0x21)
#define WAKE_WAITERS 0

static int control(int fd, unsigned int command, unsigned long argument)
{
	return ioctl(fd, command, argument) < 0 ? errno : 0;
}

static int unmapped(struct ring *ring, const struct contract *contract)
{
	return contract->act(ring);
}

static int mapped(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	return contract->act(ring);
}

static int act_get_reader(struct ring *ring)
{
	return get_reader(ring->fd);
}

static int act_argument(struct ring *ring)
{
	return control(ring->fd, TRACE_MMAP_IOCTL_GET_READER, 0x1234);
}

static int act_unknown(struct ring *ring)
{
	return control(ring->fd, UNKNOWN, 0);
}

static int act_old(struct ring *ring)
{
	char terminal[64];

	return control(ring->fd, OLD_GET_READER, (unsigned long)terminal);
}

static int act_wake(struct ring *ring)
{
	return control(ring->fd, WAKE_WAITERS, 0);
}

static int act_other_cpu(struct ring *ring)
{
	struct ring other = *ring;
	int outcome;

	other.cpu = !ring->cpu;
	other.fd = open_raw(&other, O_RDONLY | O_NONBLOCK);
	if (other.fd < 0)
		return skipped("there is one CPU");
	outcome = get_reader(other.fd);
	close(other.fd);
	return outcome;
}

/* The system call of a 32-bit process. */
static int compat_control(int fd, unsigned int command)
{
#ifdef __x86_64__
	register long result __asm__("rax") = 54; /* ioctl */

	__asm__ volatile("int $0x80"
			 : "+r"(result)
			 : "b"(fd), "c"(command), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result < 0 ? -(int)result : 0;
#else
	return ENOSYS;
#endif
}

static int act_compat(struct ring *ring)
{
	return compat_control(ring->fd, TRACE_MMAP_IOCTL_GET_READER);
}

static int act_compat_wake(struct ring *ring)
{
	return compat_control(ring->fd, WAKE_WAITERS);
}

static int act_compat_unknown(struct ring *ring)
{
	return compat_control(ring->fd, UNKNOWN);
}

static int compat(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	/* The child has no mapping, and needs none. */
	outcome = in_child(ring, contract->act);
	if (outcome >= SIGNALLED || outcome == ENOSYS)
		return skipped("this kernel runs no 32-bit system calls");
	return outcome;
}

static void ignore(int signal)
{
}

static int wait_in_get_reader(struct ring *ring)
{
	int fd = open_raw(ring, O_RDONLY);

	return fd < 0 ? -fd : get_reader(fd);
}

static int wait_in_poll(struct ring *ring)
{
	struct pollfd entry = { .fd = ring->fd, .events = POLLIN };

	if (poll(&entry, 1, -1) < 0)
		return errno;
	return entry.revents & POLLIN ? 0 : EIO;
}

static void signal_child(struct ring *ring, pid_t child)
{
	kill(child, SIGUSR1);
}

static void wake_child(struct ring *ring, pid_t child)
{
	act_wake(ring);
}

static void mark_once(struct ring *ring, pid_t child)
{
	if (read_stat(ring, "entries") == 0)
		mark(ring, 1, 1);
}

static int wait_while(struct ring *ring, int (*wait)(struct ring *ring),
		      void (*something)(struct ring *ring, pid_t child))
{
	int error = map_ring(ring);
	pid_t child;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	child = start(ring, wait);
	return child < 0 ? errno : finish_while(child, something, ring);
}

static int interrupted_unmapped(struct ring *ring, const struct contract *contract)
{
	const struct sigaction action = { .sa_handler = ignore };
	pid_t child;

	sigaction(SIGUSR1, &action, NULL);
	child = start(ring, wait_in_get_reader);
	return child < 0 ? errno : finish_while(child, signal_child, ring);
}

static int interrupted(struct ring *ring, const struct contract *contract)
{
	const struct sigaction action = { .sa_handler = ignore };

	/* Before the child is there: the first signal may find it anywhere. */
	sigaction(SIGUSR1, &action, NULL);
	return wait_while(ring, wait_in_get_reader, signal_child);
}

static int woken(struct ring *ring, const struct contract *contract)
{
	return wait_while(ring, wait_in_get_reader, wake_child);
}

static int reader_sees_event(struct ring *ring, const struct contract *contract)
{
	int error = write_file(ring, "buffer_percent", "0");

	REQUIRE(!error, "buffer_percent: %s", outcome_name(error));
	return wait_while(ring, wait_in_get_reader, mark_once);
}

static int poll_sees_event(struct ring *ring, const struct contract *contract)
{
	int error = write_file(ring, "buffer_percent", "0");

	REQUIRE(!error, "buffer_percent: %s", outcome_name(error));
	return wait_while(ring, wait_in_poll, mark_once);
}

static int poll_after_taking(struct ring *ring, const struct contract *contract)
{
	struct pollfd entry = { .fd = ring->fd, .events = POLLIN };
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	write_file(ring, "buffer_percent", "0");
	REQUIRE(!error, "mmap: %s", outcome_name(error));
	REQUIRE(poll(&entry, 1, 0) == 0, "an empty ring polls ready");
	mark(ring, 1, 1000);
	REQUIRE(poll(&entry, 1, 0) == 1, "a ring with events polls not ready");
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.last == 1000, "%lu of 1000 markers", tally.events);
	return poll(&entry, 1, 0) == 0 ? 0 : wrong("all is taken and it polls ready");
}

const struct contract ioctl_cases[] = {
	{ "GET_READER: not mapped", unmapped, .right = ENODEV, .act = act_get_reader },
	{ "GET_READER: not mapped, a file that blocks", interrupted_unmapped,
	  .right = ENODEV, .released = EINTR,
	  .why = "it waits, until a signal, for events that it could not take" },
	{ "GET_READER: mapped, nothing new", mapped, .act = act_get_reader },
	{ "GET_READER: with an argument", mapped, .act = act_argument },
	{ "GET_READER: another CPU's ring is mapped", mapped, .right = ENODEV,
	  .act = act_other_cpu },
	{ "GET_READER: from 32 bits", compat, .act = act_compat, .released = ENOTTY,
	  .why = "there is no compat_ioctl, so a 32-bit process cannot consume" },
	{ "ioctl: wake waiters, from 32 bits", compat, .act = act_compat_wake,
	  .released = ENOTTY, .why = "there is no compat_ioctl" },
	{ "ioctl: unknown, from 32 bits", compat, .right = ENOTTY,
	  .act = act_compat_unknown },
	{ "GET_READER: blocked, a signal", interrupted, .right = EINTR },
	{ "GET_READER: blocked, then the waiters are woken", woken, .right = 0 },
	{ "GET_READER: blocked, then an event", reader_sees_event, .right = 0 },
	{ "ioctl: wake waiters, not mapped", unmapped, .act = act_wake },
	{ "ioctl: unknown, not mapped", unmapped, .right = ENOTTY, .act = act_unknown },
	{ "ioctl: unknown, mapped", mapped, .right = ENOTTY, .act = act_unknown },
	{ "ioctl: TCGETS, not mapped", unmapped, .right = ENOTTY, .act = act_old },
	{ "ioctl: TCGETS, mapped", mapped, .right = ENOTTY, .act = act_old },
	{ "poll: blocked, then an event", poll_sees_event, .right = 0 },
	{ "poll: ready, and not when all is taken", poll_after_taking, .right = 0 },
	{ .name = NULL },
};
