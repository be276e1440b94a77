/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel that maps ring buffers owes its users, as data: each case does one
 * thing and says what came of it; the table says what that has to be, and what kernels
 * as released are known to do instead.
 */
#ifndef MAPPING_CONTRACT_H
#define MAPPING_CONTRACT_H

#include "ring/uapi/trace_mmap.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What came of a case: 0, an errno, one of these (it has to fit an exit status), or
 * SIGNALLED + the signal. */
enum outcome {
	WRONG = 0xfe,
	SKIPPED,
	SIGNALLED
};

enum need {
	NEEDS_SNAPSHOT = 1,
	NEEDS_SUBBUF_SIZE = 2,
	NEEDS_FUNCTION_TRACER = 4,
	NEEDS_LATENCY_TRACER = 8,
};

struct ring {
	char instance[256];
	int cpu;
	/* per_cpu/cpuN/trace_pipe_raw, O_NONBLOCK */
	int fd;
	size_t page;
	const struct trace_buffer_meta *meta;
	size_t size;
	/* How far GET_READER's data was looked at. */
	uint32_t id, read;
	bool patched, may_warn;
};

/* A place in the mapping, or a length of it. */
struct place {
	int metas, subbufs, everything, pages;
	long bytes;
};

struct attempt {
	int open, prot, flags;
	struct place offset, length;
};

struct contract {
	const char *name;
	int (*run)(struct ring *ring, const struct contract *contract);
	int right;
	/* What kernels as released come to, where that is something else, and why. */
	int released;
	const char *why;
	/* Why a released kernel would warn in its log: then the case is left out. */
	const char *warns;
	/* The same where the kernel may refuse first: the case itself finds out. */
	const char *may_warn;
	unsigned needs;
	/* For those cases that share their run. */
	struct attempt attempt;
	int (*act)(struct ring *ring);
};

/* 6.12.117 and others of its time; 6.12.107 does not. */
#define READ_ENDS_WHY "read(2) says 0, as at the end of a file, where all is read"

/* Each ends with a nameless case. */
extern const struct contract mmap_cases[];
extern const struct contract vma_cases[];
extern const struct contract process_cases[];
extern const struct contract busy_cases[];
extern const struct contract ioctl_cases[];
extern const struct contract layout_cases[];
extern const struct contract loss_cases[];
extern const struct contract reader_cases[];

/* Both keep a line for the report, and return what a case returns then. */
int wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
int skipped(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define REQUIRE(condition, ...) \
	do { \
		if (!(condition)) \
			return wrong(__VA_ARGS__); \
	} while (0)

/* "EBUSY", "SIGBUS" */
const char *outcome_name(int outcome);

#endif
