/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk that a test can hold up, and a queue of writes before it. What waits, waits
 * for the test to go on, never for an amount of time.
 */
#ifndef TEST_HELD_DISK_H
#define TEST_HELD_DISK_H

#include <pthread.h>
#include <stdbool.h>

#include "tracedat/write/queue-entry.h"

#define DISK_SIZE 65536
#define NR_OWNERS 4
#define NEVER (UINT64_C(1) << 60)
#define MOST_CALLS 4096

struct call {
	uint64_t offset;
	uint64_t size;
	const void *from;
};

/*
 * @held: nothing is written; @inside: a write waits for that to end
 * @fails_in: calls until all fail, @partly after so many bytes; -1: none
 * @once: only one fails
 */
struct disk {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool held, inside;
	bool once;
	int fails_in;
	size_t partly;
	int error;
	_Alignas(8) unsigned char bytes[DISK_SIZE];
	struct call calls[MOST_CALLS];
	int nr_calls;
};

extern struct disk disk;

void hold_disk(void);
/* A write waits for the disk. */
bool is_inside(void);
void release_disk(void);
/* The writes after @in more, when @partly more bytes are written. -1: none. */
void let_fail(int in, size_t partly, int error);

struct write_queue *make_queue(uint64_t capacity, uint64_t stall_ns);
/* Returns once the thread carries out what is pushed. */
void start_queue(pthread_t *thread, struct write_queue *queue);
void join_thread(pthread_t thread);

struct write_request write_at(uint64_t offset);
struct write_request data_of(size_t owner, uint64_t offset, uint32_t unit,
			     uint32_t spans);
int push_copy(struct write_queue *queue, struct write_request request, char c,
	      size_t size);
int push_owned(struct write_queue *queue, struct write_request request, char c,
	       size_t size);
int push_in_place(struct write_queue *queue, struct write_request request,
		  const void *bytes, size_t size, uint64_t *done);
void assert_filled(uint64_t offset, size_t size, char c);
struct write_queue_work work_of(struct write_queue *queue);
struct write_progress progress_of(struct write_queue *queue, size_t owner);
/* So many pushes have waited for room, or do so. */
void wait_until_full(struct write_queue *queue, uint64_t nr);

struct pusher {
	pthread_t thread;
	struct write_queue *queue;
	struct write_request request;
	const void *bytes;
	size_t size;
	uint64_t done;
	int r;
};

/* In a thread of its own: what @bytes has in place, or a copy of so many 'p'. */
void start_push(struct pusher *pusher);

void fill_words(uint64_t *words, size_t nr, uint64_t word);
uint64_t word_on_disk(uint64_t offset);

#endif
