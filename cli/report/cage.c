// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cage.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rbmap/tracedat.h>

#include "cage-filter.h"
#include "common-json.h"
#include "common.h"

/* The user that owns nothing, whatever the system calls it. */
#define NOBODY 65534
/* Beside what the reader takes: texts and counters. */
#define FOR_PRINTING ((rlim_t)128 << 20)
/* Arenas of malloc(), each of which takes so many addresses while it is made. */
#define MOST_ARENAS 4
#define ARENA_SIZE ((rlim_t)128 << 20)
/* Of a thread: its stack, and its batches with their texts. */
#define THREAD_SIZE ((rlim_t)32 << 20)

/* Shared by both processes: the system call that was denied; -1: none. */
static volatile int *denied;
static pid_t parent;

static void note_denied(int number, siginfo_t *info, void *context)
{
	*denied = info->si_syscall;
	_exit(COMMON_FAILURE);
}

static int report_denied(const char *file)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, *denied);

	common_error("%s: reading it was stopped at the system call %s, which printing "
		     "does not need; the output is incomplete. Is the file malicious?",
		     file, name ? name : "of unknown name");
	free(name);
	return COMMON_FAILURE;
}

/* As if there were only one process. */
static int end_by(const char *file, int number)
{
	switch (number) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
	case SIGALRM:
	case SIGUSR1:
	case SIGUSR2:
	case SIGXCPU:
		signal(number, SIG_DFL);
		raise(number);
		break;
	case SIGKILL:
		return common_fail("%s: reading it was killed, perhaps for lack of "
				   "memory; the output is incomplete",
				   file);
	}
	return common_fail(
		"%s: reading it crashed (%s); the output is incomplete. Please "
		"report this, with the file",
		file, strsignal(number));
}

static int wait_for(pid_t pid, const char *file)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return common_fail("%s: waiting for its reader: %s", file,
					   strerror(errno));
	if (*denied >= 0)
		return report_denied(file);
	if (WIFSIGNALED(status))
		return end_by(file, WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* What is read once, and then known. */
static int read_early(void)
{
	struct json_object *object = json_object_new_object();
	int r = -ENOMEM;

	tzset();
	/* The first one makes a random number. */
	if (object && json_object_object_add(object, "key", NULL) == 0)
		r = 0;
	json_object_put(object);
	return r;
}

/* Addresses in use so far; 0 where that cannot be read. */
static rlim_t used_addresses(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%llu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static int limit_memory(unsigned int jobs)
{
	rlim_t arenas = jobs < MOST_ARENAS ? jobs : MOST_ARENAS;
	rlim_t most = RBMAP_TRACEDAT_READER_MEMORY + FOR_PRINTING;
	struct rlimit limit;

	if (CAGE_SANITIZED)
		return 0;
	/* It would look how many CPUs there are. */
	mallopt(M_ARENA_MAX, arenas);
	if (jobs > 1)
		most += arenas * ARENA_SIZE + jobs * THREAD_SIZE;
	most += used_addresses();
	if (getrlimit(RLIMIT_AS, &limit))
		return -errno;
	if (limit.rlim_cur < most)
		return 0;
	limit.rlim_cur = limit.rlim_max = most;
	return setrlimit(RLIMIT_AS, &limit) ? -errno : 0;
}

/* It stays root in a user namespace without uid 65534, or without the right. */
static int leave_root(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return errno == EPERM || errno == EINVAL ? 0 : -errno;
	return 0;
}

static int clear_bounding_set(void)
{
	if (capng_get_caps_process() < 0)
		return -errno;
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) < 0 ? -errno : 0;
}

/* After the change of the user, which resets both. */
static int tie_to_parent(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	if (getppid() != parent)
		_exit(COMMON_FAILURE);
	/* LSan traces its own process, which only a dumpable one allows. */
	return CAGE_SANITIZED && prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

static int give_up_rights(void)
{
	int r = clear_bounding_set();

	if (r == 0)
		r = leave_root();
	if (r < 0)
		return common_fail("the privileges could not be dropped: %s",
				   strerror(-r));
	return common_drop_privileges(NULL, 0);
}

int cage_run(const char *file, int (*work)(void *context), void *context)
{
	int status;
	pid_t pid;

	denied = mmap(NULL, sizeof(*denied), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (denied == MAP_FAILED)
		return common_fail("%s: %s", file, strerror(errno));
	*denied = -1;
	parent = getpid();
	pid = fork();
	if (pid < 0)
		return common_fail("%s: a process to read it cannot be started: %s",
				   file, strerror(errno));
	if (pid == 0)
		exit(work(context));
	/* The same user as the child, whom the kernel lets end it. */
	status = give_up_rights();
	return common_worse(wait_for(pid, file), status);
}

static int set_limits(unsigned int jobs)
{
	const struct rlimit none = { 0, 0 };
	int r = limit_memory(jobs);

	return r == 0 && setrlimit(RLIMIT_CORE, &none) ? -errno : r;
}

static int confine(int verbosity)
{
	struct sigaction action = { .sa_sigaction = note_denied,
				    .sa_flags = SA_SIGINFO };
	int r = tie_to_parent();

	if (r < 0)
		return r;
	if (sigaction(SIGSYS, &action, NULL))
		return -errno;
	r = cage_filter_load();
	if (r != -EOPNOTSUPP)
		return r;
	if (verbosity > 0)
		common_error("the kernel has no seccomp filters: the process that "
			     "reads the file may make all system calls of its user");
	return 0;
}

int cage_enter(unsigned int jobs, int verbosity)
{
	int r;

#ifdef CAGE_OPEN
	return COMMON_OK;
#endif
	r = read_early();
	if (r == 0)
		r = set_limits(jobs);
	if (r == 0) {
		if (give_up_rights() != COMMON_OK)
			return COMMON_FAILURE;
		r = confine(verbosity);
	}
	if (r < 0)
		return common_fail("the process that reads the file cannot be "
				   "confined: %s",
				   strerror(-r));
	return COMMON_OK;
}
