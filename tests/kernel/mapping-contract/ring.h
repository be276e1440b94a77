/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring buffer of the private instance, through nothing but system calls. Functions
 * that return an int return 0 or an errno, unless they say otherwise.
 */
#ifndef MAPPING_CONTRACT_RING_H
#define MAPPING_CONTRACT_RING_H

#include "contract.h"

/* What the markers that were found say about order and loss. */
struct tally {
	unsigned long events, last;
	/* Told by the loss bits. */
	unsigned long lost;
	unsigned int losses, without_count;
	/* Of a loss that was told and not yet met. */
	bool gap_allowed;
	unsigned int out_of_order, untold_gaps;
};

bool has_file(const struct ring *ring, const char *name);
int write_file(const struct ring *ring, const char *name, const char *text);
/* Fails with a negative errno. */
ssize_t read_file(const struct ring *ring, const char *name, char *text, size_t size);
long read_number(const struct ring *ring, const char *name);
/* A line "NAME: NUMBER" of per_cpu/cpuN/stats; -1 without it. */
long read_stat(const struct ring *ring, const char *name);
/* Takes a snapshot, and waits until the kernel is done with all that follows. */
int take_snapshot(const struct ring *ring);
/* Of per_cpu/cpuN; returned in a static buffer. */
const char *cpu_file(const struct ring *ring, const char *name);

/* A file descriptor or a negative errno. */
int open_raw(const struct ring *ring, int flags);
/*
 * tracefs is mounted noexec in most systems, which would answer for the kernel: takes
 * that away for this process.
 */
int allow_exec(struct ring *ring);
/* Writes the numbers FIRST to LAST as markers. */
int mark(const struct ring *ring, unsigned long first, unsigned long last);
/* The same, with so many digits. */
int mark_wide(const struct ring *ring, int digits, unsigned long first,
	      unsigned long last);

size_t place_bytes(const struct ring *ring, const struct place *place);
int map_ring(struct ring *ring);
int unmap_ring(struct ring *ring);
const void *subbuf(const struct ring *ring, uint32_t id);
int get_reader(int fd);

/* Commit, without what the other bits say. */
uint32_t committed(const void *subbuf);
/* Markers in bytes FROM to TO of a sub-buffer's data. */
void tally_subbuf(struct tally *tally, const void *subbuf, uint32_t from, uint32_t to);
void tally_loss(struct tally *tally, const void *subbuf, uint32_t subbuf_size);
/* One GET_READER; 0, or ENODATA when there was nothing new. */
int take(struct ring *ring, struct tally *tally);
int take_all(struct ring *ring, struct tally *tally);
/* read(2) of one sub-buffer; 0, or an errno. */
int take_by_read(struct ring *ring, int fd, struct tally *tally);

/* A child that ends with this process and whose exit status is work()'s result. */
pid_t start(struct ring *ring, int (*work)(struct ring *ring));
int finish(pid_t child);
/* The same, in one. */
int in_child(struct ring *ring, int (*work)(struct ring *ring));
/* Does something to a sleeping child, again and again, until it ends. */
int finish_while(pid_t child, void (*something)(struct ring *ring, pid_t child),
		 struct ring *ring);

#endif
