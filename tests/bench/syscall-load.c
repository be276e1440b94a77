// SPDX-License-Identifier: GPL-2.0-only
/*
 * syscall-load CPU CALLS: calls getppid(2) CALLS times on CPU, which makes 2 * CALLS
 * events of raw_syscalls. Prints the seconds that it took.
 * syscall-load number: prints the number of that system call.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

int main(int argc, char **argv)
{
	unsigned long calls;
	double start;

	if (argc == 2 && !strcmp(argv[1], "number")) {
		printf("%d\n", SYS_getppid);
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: syscall-load CPU CALLS\n");
		return 2;
	}
	if (pin_to(atoi(argv[1])) < 0) {
		perror("syscall-load: the CPU cannot be had");
		return 1;
	}
	calls = strtoul(argv[2], NULL, 10);
	start = now();
	/* Through syscall(2): a C library may remember what getppid() said. */
	while (calls--)
		syscall(SYS_getppid);
	printf("%.6f\n", now() - start);
	return 0;
}
