/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the two sides of the queue share. */
#ifndef RBMAP_TRACEDAT_WRITE_QUEUE_ENTRY_H
#define RBMAP_TRACEDAT_WRITE_QUEUE_ENTRY_H

#include <pthread.h>
#include <stdbool.h>

#include "tracedat/write/queue.h"

/* @done: bytes, also those before the error; @calls: system calls */
struct write_result {
	uint64_t done;
	uint64_t calls;
	int error;
};

/*
 * A push, from when it is accepted until it is carried out.
 *
 * @next: the one pushed after it
 * @call: what to call instead of writing
 * @size: of what is to be written
 * @room: how much of the queue's capacity it has
 * @bytes: memory of the queue's; NULL: it lies where @parts say
 * @mapped: @bytes is from mmap(2)
 * @awaited: the pusher waits for it, and frees it
 * @done, @result: it is carried out, and how it ended
 */
struct write_entry {
	struct write_entry *next;
	struct write_request request;
	void (*call)(void *context, uint64_t offset, uint64_t size);
	void *context;
	size_t size;
	size_t room;
	void *bytes;
	bool mapped;
	bool awaited;
	bool done;
	struct write_result result;
	int nr_parts;
	struct iovec parts[];
};

/*
 * @now: what is in the file
 * @covered: what the file says it has
 * @marks: what was in the file before each write of data since @covered
 */
struct write_owner {
	struct write_progress now, covered;
	size_t nr, room;
	struct write_progress *marks;
};

/*
 * @lock: for all that follows, and for the entries. What a pusher stored before it
 *	unlocked (an entry, the bytes of a copy) is what the writing thread loads after
 *	it has locked; and what that thread has read is let go of in the same way. The
 *	one memory that is read without it are the parts of an entry that is written in
 *	place: the pusher holds them until the entry is done or has a copy, and with a
 *	copy, it does not matter what was read.
 * @pushed: there is an entry, or it ends
 * @progressed: an entry is done
 * @running: a thread carries out what is pushed
 * @ended: it is to return once there is nothing left
 * @cancelled: nobody waits for it any more
 * @waiting: the room that is taken
 * @copies: entries that had to be copied and are not yet written
 * @error: the first failure
 */
struct write_queue {
	struct write_queue_options options;
	pthread_mutex_t lock;
	pthread_cond_t pushed, progressed;
	bool running;
	bool ended;
	bool cancelled;
	struct write_entry *first, *last;
	uint64_t waiting;
	uint64_t copies;
	int error;
	struct write_queue_work work;
	struct write_owner *owners;
};

/* tracedat/write/queue-run.c; without the lock; @parts are used up. */
struct write_result rbmap_write_parts(const struct write_queue *queue,
				      const struct write_request *request,
				      struct iovec *parts, int nr);

/* tracedat/write/queue-progress.c; with the lock held, as the rest. */

/* Adds it to what is counted. */
void rbmap_write_queue_note(struct write_queue *queue,
			    const struct write_request *request,
			    const struct write_result *result);
/* A correction that was not written: the data that it is for are not to be shown. */
void rbmap_write_queue_take_back(struct write_queue *queue,
				 const struct write_request *request);

void rbmap_write_queue_give_room(struct write_queue *queue, size_t size);

void rbmap_write_entry_free(struct write_entry *entry);

#endif
