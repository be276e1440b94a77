/* SPDX-License-Identifier: GPL-2.0-only */
#include "held-disk.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

struct disk disk = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
	.fails_in = -1,
};

static size_t store(const struct iovec *parts, int nr, uint64_t offset, size_t most)
{
	size_t done = 0;

	for (int i = 0; i < nr; i++)
		for (size_t at = 0; at < parts[i].iov_len && done < most; at++) {
			const unsigned char *from = parts[i].iov_base;

			disk.bytes[offset + done++] =
				__atomic_load_n(from + at, __ATOMIC_RELAXED);
		}
	return done;
}

static ssize_t disk_pwritev(int fd, const struct iovec *parts, int nr, off_t offset)
{
	ssize_t done = -1;
	int error = 0;

	pthread_mutex_lock(&disk.lock);
	disk.inside = true;
	pthread_cond_broadcast(&disk.changed);
	while (disk.held)
		pthread_cond_wait(&disk.changed, &disk.lock);
	disk.inside = false;
	ck_assert_int_lt(disk.nr_calls, MOST_CALLS);
	disk.calls[disk.nr_calls] =
		(struct call){ .offset = offset, .from = parts[0].iov_base };
	if (disk.fails_in == 0 && !disk.partly) {
		error = disk.error;
		disk.fails_in = disk.once ? -1 : 0;
	} else {
		done = store(parts, nr, offset,
			     disk.fails_in == 0 ? disk.partly : DISK_SIZE);
		disk.partly -= disk.fails_in == 0 ? done : 0;
		disk.calls[disk.nr_calls].size = done;
	}
	disk.fails_in -= !error && disk.fails_in > 0;
	disk.nr_calls++;
	pthread_mutex_unlock(&disk.lock);
	errno = error;
	return done;
}

void hold_disk(void)
{
	pthread_mutex_lock(&disk.lock);
	disk.held = true;
	disk.inside = false;
	pthread_mutex_unlock(&disk.lock);
}

bool is_inside(void)
{
	bool inside;

	pthread_mutex_lock(&disk.lock);
	inside = disk.inside;
	pthread_mutex_unlock(&disk.lock);
	return inside;
}

void release_disk(void)
{
	pthread_mutex_lock(&disk.lock);
	disk.held = false;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
}

void let_fail(int in, size_t partly, int error)
{
	disk.fails_in = in;
	disk.partly = partly;
	disk.error = error;
}

static void *run(void *queue)
{
	ck_assert_int_eq(rbmap_write_queue_run(queue), 0);
	return NULL;
}

struct write_queue *make_queue(uint64_t capacity, uint64_t stall_ns)
{
	struct write_queue_options options = { .capacity = capacity,
					       .nr_owners = NR_OWNERS,
					       .stall_ns = stall_ns,
					       .pwritev = disk_pwritev };
	struct write_queue *queue;

	ck_assert_int_eq(rbmap_write_queue_open(&queue, &options), 0);
	return queue;
}

static bool is_running(struct write_queue *queue)
{
	bool running;

	pthread_mutex_lock(&queue->lock);
	running = queue->running;
	pthread_mutex_unlock(&queue->lock);
	return running;
}

void start_queue(pthread_t *thread, struct write_queue *queue)
{
	ck_assert_int_eq(pthread_create(thread, NULL, run, queue), 0);
	while (!is_running(queue))
		sched_yield();
}

void join_thread(pthread_t thread)
{
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

struct write_request write_at(uint64_t offset)
{
	return (struct write_request){ .offset = offset };
}

struct write_request data_of(size_t owner, uint64_t offset, uint32_t unit,
			     uint32_t spans)
{
	return (struct write_request){ .kind = WRITE_DATA,
				       .owner = owner,
				       .offset = offset,
				       .unit = unit,
				       .spans = spans };
}

int push_copy(struct write_queue *queue, struct write_request request, char c,
	      size_t size)
{
	char bytes[256];
	struct iovec parts[2] = {
		{ .iov_base = bytes, .iov_len = size / 2 },
		{ .iov_base = bytes + size / 2, .iov_len = size - size / 2 },
	};

	memset(bytes, c, sizeof(bytes));
	return rbmap_write_queue_push_copy(queue, &request, parts, 2);
}

int push_owned(struct write_queue *queue, struct write_request request, char c,
	       size_t size)
{
	void *bytes = malloc(size);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, c, size);
	return rbmap_write_queue_push_owned(queue, &request, bytes, size);
}

int push_in_place(struct write_queue *queue, struct write_request request,
		  const void *bytes, size_t size, uint64_t *done)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };

	return rbmap_write_queue_push_in_place(queue, &request, &part, 1, done);
}

void assert_filled(uint64_t offset, size_t size, char c)
{
	for (size_t i = 0; i < size; i++)
		ck_assert_int_eq(disk.bytes[offset + i], c);
}

struct write_queue_work work_of(struct write_queue *queue)
{
	struct write_queue_work work;

	rbmap_write_queue_work(queue, &work);
	return work;
}

struct write_progress progress_of(struct write_queue *queue, size_t owner)
{
	struct write_progress progress;

	rbmap_write_queue_progress(queue, owner, &progress);
	return progress;
}

void wait_until_full(struct write_queue *queue, uint64_t nr)
{
	while (work_of(queue).full_nr < nr)
		sched_yield();
}

static void *push_in_thread(void *context)
{
	struct pusher *pusher = context;

	if (pusher->bytes)
		pusher->r = push_in_place(pusher->queue, pusher->request, pusher->bytes,
					  pusher->size, &pusher->done);
	else
		pusher->r =
			push_copy(pusher->queue, pusher->request, 'p', pusher->size);
	return NULL;
}

void start_push(struct pusher *pusher)
{
	ck_assert_int_eq(pthread_create(&pusher->thread, NULL, push_in_thread, pusher),
			 0);
}

void fill_words(uint64_t *words, size_t nr, uint64_t word)
{
	for (size_t i = 0; i < nr; i++)
		__atomic_store_n(&words[i], word, __ATOMIC_RELEASE);
}

uint64_t word_on_disk(uint64_t offset)
{
	uint64_t word;

	memcpy(&word, disk.bytes + offset, sizeof(word));
	return word;
}
