/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Writes that another thread carries out, in the order in which they were pushed: a
 * disk that takes nothing for a while holds up that thread, and not those that drain
 * the rings. While no thread does so, a push carries out its write itself.
 *
 * Pushes may come at the same time from several threads. Those of one thread are
 * carried out in their order, and so are those of several where one waits for another.
 */
#ifndef RBMAP_TRACEDAT_WRITE_QUEUE_H
#define RBMAP_TRACEDAT_WRITE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct write_queue;

/*
 * @capacity: the bytes that may wait; 0: each push carries out its write itself. One
 *	write alone may be larger
 * @nr_owners: whose data are counted apart
 * @stall_ns: so long is memory of the ring's waited for before it is copied
 * @pwritev: pwritev(2), or what a test has in its place
 */
struct write_queue_options {
	uint64_t capacity;
	size_t nr_owners;
	uint64_t stall_ns;
	ssize_t (*pwritev)(int fd, const struct iovec *parts, int nr, off_t offset);
};

enum write_kind {
	/* Neither of the following. */
	WRITE_OTHER,
	/* The next data of an owner. */
	WRITE_DATA,
	/*
	 * Over data of the same owner: carried out after a failure too, if these are
	 * in the file.
	 */
	WRITE_CORRECTION,
	/* Makes the data of the owner that were pushed before part of the file. */
	WRITE_TABLE,
};

/*
 * @unit: where data are written in part, as many whole units are in the file, and each
 *	is a span; 0: all of them or nothing
 * @spans: how many spans the data are; with no bytes at all, nothing is written, and
 *	they only count
 */
struct write_request {
	enum write_kind kind;
	int fd;
	size_t owner;
	uint64_t offset;
	uint32_t unit;
	uint32_t spans;
};

/*
 * Data of an owner that are in the file, which has them in order: nothing that was
 * pushed after the first failure.
 * @writes: how many pushes they came with, those of no bytes left out
 * @end: the offset behind them
 */
struct write_progress {
	uint64_t spans;
	uint64_t writes;
	uint64_t bytes;
	uint64_t end;
};

/*
 * @calls: system calls that wrote
 * @high: the most bytes that waited at one time
 * @copied: bytes of the ring's that had to be copied
 * @full_nr, @full_ns: how many pushes waited for room, and for how long in all
 */
struct write_queue_work {
	uint64_t calls;
	uint64_t high;
	uint64_t copied;
	uint64_t full_nr;
	uint64_t full_ns;
};

/* @options: borrowed during the call. */
int rbmap_write_queue_open(struct write_queue **ret,
			   const struct write_queue_options *options);

/* As rbmap_write_queue_end(), then frees it; NULL is fine. */
void rbmap_write_queue_close(struct write_queue *queue);

/*
 * Carries out what is pushed, until rbmap_write_queue_end(). Returns 0, or -EBUSY if
 * another thread does so already.
 */
int rbmap_write_queue_run(struct write_queue *queue);

/*
 * Waits until all is carried out and the thread has returned from
 * rbmap_write_queue_run(). No other call may be going on meanwhile. From then on, a
 * push carries out its write itself, also after a failure.
 *
 * Returns 0 or the first failure.
 */
int rbmap_write_queue_end(struct write_queue *queue);

/*
 * @parts are used up. These return 0, -ENOMEM, the failure of the write where it was
 * carried out at once, or the first failure of an earlier one: nothing is accepted
 * then.
 */

/* Of @parts, all is copied. */
int rbmap_write_queue_push_copy(struct write_queue *queue,
				const struct write_request *request,
				struct iovec *parts, int nr);

/* @bytes: from malloc(3), taken over, on failure too. */
int rbmap_write_queue_push_owned(struct write_queue *queue,
				 const struct write_request *request, void *bytes,
				 size_t size);

/*
 * Memory that is written as it is, if the disk takes it soon, and copied otherwise; in
 * both cases the caller may let go of it afterwards. Its parts are aligned to 8 bytes
 * and multiples of that in size. What changes during the call may be in the file as it
 * was at any time of it.
 * @ret_done: the bytes accepted, on failure too
 */
int rbmap_write_queue_push_in_place(struct write_queue *queue,
				    const struct write_request *request,
				    struct iovec *parts, int nr, uint64_t *ret_done);

/*
 * Has @call made in its turn, by whichever thread writes then; not after a failure.
 * @context is borrowed until rbmap_write_queue_end().
 */
int rbmap_write_queue_push_call(struct write_queue *queue,
				void (*call)(void *context, uint64_t offset,
					     uint64_t size),
				void *context, uint64_t offset, uint64_t size);

/*
 * Nothing more is written, but for what is being written now: pushes fail with
 * -ECANCELED, and those that wait return. rbmap_write_queue_end() does not wait for the
 * thread from then on, but rbmap_write_queue_close() does. For any thread, at any time.
 */
void rbmap_write_queue_cancel(struct write_queue *queue);
bool rbmap_write_queue_is_cancelled(struct write_queue *queue);

/* The first failure, or 0. */
int rbmap_write_queue_error(struct write_queue *queue);

/* tracedat/write/queue-progress.c */
void rbmap_write_queue_progress(struct write_queue *queue, size_t owner,
				struct write_progress *ret);
/* As of the last WRITE_TABLE that was carried out. */
void rbmap_write_queue_covered(struct write_queue *queue, size_t owner,
			       struct write_progress *ret);
/* Gives up the last write of data; false if the file says it has what there is. */
bool rbmap_write_queue_step_back(struct write_queue *queue, size_t owner);
void rbmap_write_queue_work(struct write_queue *queue, struct write_queue_work *ret);

#endif
