// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "cage-filter.h"

/* The struct in the number of TCGETS2. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NR(array) (sizeof(array) / sizeof(*(array)))

/* Those that the kernel of an architecture does not have, libseccomp passes over. */
static const int allowed[] = {
	/* The file and the output. */
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(close),
	/* Memory. */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(sysinfo),
	/* Threads. */
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(gettid),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(exit),
	/* Signals and the end. */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(exit_group),
	/* Others of the C library. */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
};

static const int sanitizer_allowed[] = {
	SCMP_SYS(open),	      SCMP_SYS(openat),	    SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(readlink),   SCMP_SYS(readlinkat),
	SCMP_SYS(getdents),   SCMP_SYS(getdents64), SCMP_SYS(fcntl),
	SCMP_SYS(lstat),      SCMP_SYS(access),	    SCMP_SYS(mmap),
	SCMP_SYS(mprotect),   SCMP_SYS(prctl),	    SCMP_SYS(prlimit64),
	SCMP_SYS(clone),      SCMP_SYS(ptrace),	    SCMP_SYS(wait4),
	SCMP_SYS(waitid),     SCMP_SYS(getppid),    SCMP_SYS(kill),
	SCMP_SYS(tgkill),     SCMP_SYS(pipe),	    SCMP_SYS(pipe2),
	SCMP_SYS(dup),	      SCMP_SYS(nanosleep),  SCMP_SYS(clock_nanosleep),
};

/* What the C library does without: it then takes another way, or leaves it. */
static const struct {
	int call, error;
} refused[] = {
	/* Its flags are in memory. */
	{ SCMP_SYS(clone3), ENOSYS },
	/* malloc() looks whether memory is overcommitted. */
	{ SCMP_SYS(open), EACCES },
	{ SCMP_SYS(openat), EACCES },
	{ SCMP_SYS(openat2), ENOSYS },
	{ SCMP_SYS(statx), ENOSYS },
	/* Names of threads, and of memory. */
	{ SCMP_SYS(prctl), EPERM },
};

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t nr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < nr; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return r;
}

static int refuse(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NR(refused); i++) {
		if (CAGE_SANITIZED && refused[i].error != ENOSYS)
			continue;
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(refused[i].error),
				     refused[i].call, 0);
	}
	return r;
}

/* Source of the places of arguments: the man pages mmap(2), clone(2) and others. */
static int allow_some(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp data = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
#ifdef __s390__
	const struct scmp_arg_cmp thread =
		SCMP_A1(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
#else
	const struct scmp_arg_cmp thread =
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
#endif
	const struct {
		int call;
		struct scmp_arg_cmp if_so;
	} some[] = {
		{ SCMP_SYS(mmap), data },
		{ SCMP_SYS(mmap2), data },
		{ SCMP_SYS(mprotect), data },
		{ SCMP_SYS(clone), thread },
		/* To itself, as abort() does. */
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()) },
		/* Whether the output is a terminal. */
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, TCGETS) },
#ifdef TCGETS2
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, TCGETS2) },
#endif
		/* fstat() of some C libraries. */
		{ SCMP_SYS(newfstatat),
		  SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH) },
		/* Limits are read, not set. */
		{ SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0) },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < NR(some); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, some[i].call, 1,
				     some[i].if_so);
	return r;
}

int cage_filter_load(void)
{
	scmp_filter_ctx filter;
	int r;

	/* Source: prctl(2), PR_GET_SECCOMP. */
	if (prctl(PR_GET_SECCOMP) < 0)
		return -EOPNOTSUPP;
	filter = seccomp_init(SCMP_ACT_TRAP);
	if (!filter)
		return -ENOMEM;
	r = allow_all(filter, allowed, NR(allowed));
	if (r == 0)
		r = allow_some(filter);
	if (r == 0 && CAGE_SANITIZED)
		r = allow_all(filter, sanitizer_allowed, NR(sanitizer_allowed));
	if (r == 0)
		r = refuse(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	/* The kernel has seccomp, but no filters. */
	return r == -EINVAL ? -EOPNOTSUPP : r;
}
