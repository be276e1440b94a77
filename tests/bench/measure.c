// SPDX-License-Identifier: GPL-2.0-only
/*
 * measure PIDFILE USAGE COMMAND [ARG]...: runs COMMAND in a process group of its own,
 * writes its process id to PIDFILE, and when it has ended its user and system CPU
 * seconds, those of all its children included, its exit status, how much memory the
 * largest of them had in KB, and the seconds from start to end to USAGE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	return 1;
}

static int run(char **command)
{
	setpgid(0, 0);
	/* A shell starts what is in the background with SIGINT ignored. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	execvp(command[0], command);
	fail(command[0]);
	_exit(127);
}

static int tell(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return fail(path);
	fputs(text, file);
	return fclose(file) ? fail(path) : 0;
}

static double seconds(struct timeval time)
{
	return time.tv_sec + time.tv_usec * 1e-6;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	char text[128];
	double start;
	int status;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: measure PIDFILE USAGE COMMAND [ARG]...\n");
		return 2;
	}
	start = now();
	pid = fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0)
		return run(argv + 3);
	snprintf(text, sizeof(text), "%d\n", (int)pid);
	if (tell(argv[1], text))
		return 1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("waitpid");
	getrusage(RUSAGE_CHILDREN, &usage);
	snprintf(text, sizeof(text), "%.6f %.6f %d %ld %.6f\n", seconds(usage.ru_utime),
		 seconds(usage.ru_stime),
		 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		 usage.ru_maxrss, now() - start);
	return tell(argv[2], text);
}
