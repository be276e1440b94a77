// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch-load CPU ROUNDS: two processes on CPU hand a byte to and fro ROUNDS times
 * through pipes, so that each wakes the other and sleeps: two switches a round.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int pin_to(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -1;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int answer(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1)
		if (write(to, &byte, 1) != 1)
			return 1;
	return 0;
}

static int ask(int to, int from, unsigned long rounds)
{
	char byte = 0;

	while (rounds--)
		if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int there[2], back[2], status;
	pid_t pid;

	if (argc != 3) {
		fprintf(stderr, "usage: switch-load CPU ROUNDS\n");
		return 2;
	}
	if (pin_to(atoi(argv[1])) < 0 || pipe(there) < 0 || pipe(back) < 0) {
		perror("switch-load");
		return 1;
	}
	pid = fork();
	if (pid < 0) {
		perror("switch-load: fork");
		return 1;
	}
	if (pid == 0) {
		close(there[1]);
		close(back[0]);
		_exit(answer(there[0], back[1]));
	}
	close(there[0]);
	close(back[1]);
	if (ask(there[1], back[0], strtoul(argv[2], NULL, 10))) {
		perror("switch-load: the pipe broke");
		return 1;
	}
	close(there[1]);
	if (waitpid(pid, &status, 0) < 0 || status) {
		fprintf(stderr, "switch-load: the other process failed\n");
		return 1;
	}
	return 0;
}
