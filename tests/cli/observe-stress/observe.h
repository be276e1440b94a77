/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * observe-stress: the parts it is made of. A variant is a ring, the way in which it is
 * observed, and what goes on beside. Each role is a process; they share one piece of
 * memory with the supervisor, which checks afterwards what the observer found.
 */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <rbmap/record.h>

#include "../../kernel/stress/stress.h"

/* Of a variant, beside those of stress.h. */
enum {
	COPIES = 1 << 24,      /* RBMAP_SESSION_COPIES, else in place */
	TINY = 1 << 25,	       /* Lapped again and again: events have to be lost. */
	ROOMY = 1 << 26,       /* The writers wait for the observer: none may be. */
	WITH_READER = 1 << 27, /* A consumer with GET_READER. */
	REOPENS = 1 << 28,     /* The observer begins anew, on a ring that is full. */
	IMPATIENT = 1 << 29,   /* The observer never pauses, but stumbles. */
};

/* Who takes events away, so that what is missing at the end cannot be told from it. */
#define DISTURBED (WITH_READ | WITH_READER | WITH_RESETS | REOPENS)

struct variant {
	const char *name;
	unsigned int with;
	/* Of a sub-buffer; of the ring, in sub-buffers, without the reader's. */
	unsigned int subbuf_kb;
	unsigned int subbufs;
};

/* What the observer found on one CPU. */
struct found {
	/* The last number; what the writer of a roomy ring looks at. */
	uint64_t last;
	uint64_t delivered;
	uint64_t missing;
	/* Holes in the numbers, and those of them that nobody told of. */
	uint64_t holes;
	uint64_t untold;
	/* Told, but nothing was missing: allowed, and counted. */
	uint64_t in_vain;
	/* Not larger than the number before: twice, or out of order. */
	uint64_t backwards;
	uint64_t time_backwards;
	uint64_t corrupt;
	/* Spans that do not go on where the last one ended, or headers unlike them. */
	uint64_t misplaced;
	uint64_t spans;
	uint64_t torn;
	uint64_t sessions;
	char first_error[200];
};

struct common {
	int stop_disturbers;
	int stop_writers;
	int finish;
	int opened;
	struct role roles[MAX_ROLES];
	struct writer writers[MAX_CPUS];
	struct found found[MAX_CPUS];
};

struct observe {
	/* What the shared pieces of the kernel's stress test look at. */
	struct stress stress;
	struct phase phase;

	const struct variant *variant;
	struct common *common;
	uint64_t guard_ns;
	/* The size of sub-buffers can be chosen. */
	bool resizable;
	const char *only;
	/* The kernel's own counters after the variant. */
	struct counters counters[MAX_CPUS];
};

typedef void (*observe_role)(struct observe *observe, struct role *role);

/* variants.c */
extern const struct variant variants[];
extern const unsigned int nr_variants;

/*
 * run.c. 0, or the number of the signal that ended it. The instance and all processes
 * are gone then; what was found is there until forget_variant().
 */
int run_variant(struct observe *observe, const struct variant *variant);
void forget_variant(struct observe *observe);

/* roles.c */
void run_full_speed(struct observe *observe, struct role *role);
void run_hog(struct observe *observe, struct role *role);
void run_read_consumer(struct observe *observe, struct role *role);
void run_reset_now_and_then(struct observe *observe, struct role *role);

/* verdict.c: whether all that the variant is there for did happen by now. */
bool has_been_tried(const struct observe *observe);

/* watch.c */
void run_watcher(struct observe *observe, struct role *role);
void run_reader_consumer(struct observe *observe, struct role *role);

/*
 * judge.c: what is read of a span before it is settled, and what is said of it behind
 * that. One of a CPU at a time.
 */
struct note {
	uint64_t number; /* 0: no record of the writer's. */
	uint64_t time_stamp;
};

struct notes {
	struct note *list;
	uint32_t nr;
	uint32_t room;
	bool broken; /* The bytes are no records. */
};

struct place {
	bool begun;
	/* Nothing was delivered yet by a session that began on a full ring. */
	bool anywhere;
	bool told;
	/* The sub-buffer before: its number, where it ended, what was lost before it.
	 */
	uint64_t seq;
	uint32_t to;
	uint32_t flags;
	uint64_t lost;
	uint64_t next;
	uint64_t time_stamp;
};

void take_notes(struct notes *notes, struct rbmap_walk *walk,
		const struct rbmap_layout *layout, const struct rbmap_span *span,
		uint32_t writer);
void judge_span(struct found *found, struct place *place,
		const struct rbmap_layout *layout, const struct rbmap_span *span,
		const struct notes *notes);
/* The session is a new one. */
void judge_anew(struct found *found, struct place *place, bool full);

/* verdict.c */
unsigned int checks_of_variant(void);
void check_variant(struct observe *observe);
void skip_variant(const struct variant *variant, const char *reason);
unsigned int failed_so_far(void);

#endif
