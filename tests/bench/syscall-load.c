// SPDX-License-Identifier: GPL-2.0-only
/*
 * syscall-load CPU CALLS: calls getppid(2) CALLS times on CPU, which makes 2 * CALLS
 * events of raw_syscalls. Prints the seconds that it took.
 * syscall-load all CALLS: does so on every CPU that it may use, at once. Prints the
 * seconds until the last of them was done.
 * syscall-load number: prints the number of that system call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static int pin_to(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -1;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void call(unsigned long calls)
{
	/* Through syscall(2): a C library may remember what getppid() said. */
	while (calls--)
		syscall(SYS_getppid);
}

static int fail(const char *what)
{
	fprintf(stderr, "syscall-load: %s: %s\n", what, strerror(errno));
	return 1;
}

/* A process of one CPU, which begins once the pipe is closed by all who write to it. */
static int run_child(int cpu, unsigned long calls, const int gate[2])
{
	char none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(gate[1]);
	if (pin_to(cpu) < 0)
		return fail("the CPU cannot be had");
	if (read(gate[0], &none, 1) < 0)
		return fail("read");
	call(calls);
	return 0;
}

static int start_children(const cpu_set_t *cpus, unsigned long calls, const int gate[2])
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		pid_t pid;

		if (!CPU_ISSET(cpu, cpus))
			continue;
		pid = fork();
		if (pid < 0)
			return fail("fork");
		if (pid == 0)
			_exit(run_child(cpu, calls, gate));
	}
	return 0;
}

static int wait_for_children(void)
{
	int result = 0, status;

	while (wait(&status) > 0 || errno == EINTR)
		if (status)
			result = 1;
	return result;
}

static int run_on_all(unsigned long calls)
{
	cpu_set_t cpus;
	int gate[2];
	double start;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || pipe(gate) < 0)
		return fail("the CPUs cannot be had");
	if (start_children(&cpus, calls, gate))
		return 1;
	start = now();
	close(gate[1]);
	if (wait_for_children())
		return 1;
	printf("%.6f\n", now() - start);
	return 0;
}

static int run_on(int cpu, unsigned long calls)
{
	double start;

	if (pin_to(cpu) < 0)
		return fail("the CPU cannot be had");
	start = now();
	call(calls);
	printf("%.6f\n", now() - start);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long calls;

	if (argc == 2 && !strcmp(argv[1], "number")) {
		printf("%d\n", SYS_getppid);
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: syscall-load CPU|all CALLS\n");
		return 2;
	}
	calls = strtoul(argv[2], NULL, 10);
	return strcmp(argv[1], "all") ? run_on(atoi(argv[1]), calls) :
					run_on_all(calls);
}
