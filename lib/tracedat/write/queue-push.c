// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracedat/write/queue-entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "span/shared-load.h"

#define NS_PER_SECOND UINT64_C(1000000000)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static size_t size_of(const struct iovec *parts, int nr)
{
	size_t size = 0;

	for (int i = 0; i < nr; i++)
		size += parts[i].iov_len;
	return size;
}

static struct write_entry *new_entry(const struct write_request *request,
				     const struct iovec *parts, int nr)
{
	struct write_entry *entry = calloc(1, sizeof(*entry) + nr * sizeof(*parts));

	if (!entry)
		return NULL;
	entry->request = *request;
	entry->size = size_of(parts, nr);
	entry->nr_parts = nr;
	for (int i = 0; i < nr; i++)
		entry->parts[i] = parts[i];
	return entry;
}

static void add_entry(struct write_queue *queue, struct write_entry *entry)
{
	if (queue->last)
		queue->last->next = entry;
	else
		queue->first = entry;
	queue->last = entry;
	pthread_cond_signal(&queue->pushed);
}

static bool take_room(struct write_queue *queue, size_t size)
{
	if (size && queue->waiting && queue->waiting + size > queue->options.capacity)
		return false;
	queue->waiting += size;
	if (queue->waiting > queue->work.high)
		queue->work.high = queue->waiting;
	return true;
}

/* One more turn of waiting for room; *@begun: 0 before the first. */
static void wait_while_full(struct write_queue *queue, uint64_t *begun)
{
	if (!*begun) {
		*begun = now_ns();
		queue->work.full_nr++;
	}
	pthread_cond_wait(&queue->progressed, &queue->lock);
}

static void end_wait(struct write_queue *queue, uint64_t begun)
{
	if (begun)
		queue->work.full_ns += now_ns() - begun;
}

static int wait_for_room(struct write_queue *queue, size_t size)
{
	uint64_t begun = 0;

	while (!queue->error && !take_room(queue, size))
		wait_while_full(queue, &begun);
	end_wait(queue, begun);
	return queue->error;
}

static int write_now(struct write_queue *queue, const struct write_request *request,
		     struct iovec *parts, int nr, uint64_t *ret_done)
{
	struct write_result result;

	*ret_done = 0;
	if (rbmap_write_queue_is_cancelled(queue))
		return -ECANCELED;
	result = rbmap_write_parts(queue, request, parts, nr);
	pthread_mutex_lock(&queue->lock);
	rbmap_write_queue_note(queue, request, &result);
	pthread_mutex_unlock(&queue->lock);
	*ret_done = result.done;
	return result.error;
}

static bool is_running(struct write_queue *queue)
{
	bool running;

	pthread_mutex_lock(&queue->lock);
	running = queue->running;
	pthread_mutex_unlock(&queue->lock);
	return running;
}

static void copy_parts(void *bytes, const struct iovec *parts, int nr)
{
	for (int i = 0; i < nr; i++) {
		memcpy(bytes, parts[i].iov_base, parts[i].iov_len);
		bytes = (char *)bytes + parts[i].iov_len;
	}
}

/* With its room; the writing thread frees it. */
static void hand_over(struct write_queue *queue, struct write_entry *entry)
{
	pthread_mutex_lock(&queue->lock);
	entry->room = entry->size;
	add_entry(queue, entry);
	pthread_mutex_unlock(&queue->lock);
}

static int get_room(struct write_queue *queue, size_t size)
{
	int r;

	pthread_mutex_lock(&queue->lock);
	r = wait_for_room(queue, size);
	pthread_mutex_unlock(&queue->lock);
	return r;
}

/* Takes the entry over, with the bytes that it has or that @parts have. */
static int push_bytes(struct write_queue *queue, struct write_entry *entry,
		      const struct iovec *parts, int nr)
{
	int r = get_room(queue, entry->size);

	if (r == 0 && parts) {
		entry->bytes = malloc(entry->size ? entry->size : 1);
		if (entry->bytes) {
			copy_parts(entry->bytes, parts, nr);
		} else {
			pthread_mutex_lock(&queue->lock);
			rbmap_write_queue_give_room(queue, entry->size);
			pthread_mutex_unlock(&queue->lock);
			r = -ENOMEM;
		}
	}
	if (r == 0)
		hand_over(queue, entry);
	else
		rbmap_write_entry_free(entry);
	return r;
}

int rbmap_write_queue_push_copy(struct write_queue *queue,
				const struct write_request *request,
				struct iovec *parts, int nr)
{
	struct write_entry *entry;
	uint64_t done;
	int r = -ENOMEM;

	if (!is_running(queue))
		return write_now(queue, request, parts, nr, &done);
	entry = new_entry(request, NULL, 0);
	if (entry) {
		entry->size = size_of(parts, nr);
		r = push_bytes(queue, entry, parts, nr);
	}
	if (r < 0 && request->kind == WRITE_CORRECTION) {
		pthread_mutex_lock(&queue->lock);
		rbmap_write_queue_take_back(queue, request);
		pthread_mutex_unlock(&queue->lock);
	}
	return r;
}

int rbmap_write_queue_push_owned(struct write_queue *queue,
				 const struct write_request *request, void *bytes,
				 size_t size)
{
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	struct write_entry *entry = NULL;
	uint64_t done;
	int r;

	if (is_running(queue)) {
		entry = new_entry(request, NULL, 0);
		r = -ENOMEM;
	} else {
		r = write_now(queue, request, &part, 1, &done);
	}
	if (!entry) {
		free(bytes);
		return r;
	}
	entry->size = size;
	entry->bytes = bytes;
	return push_bytes(queue, entry, NULL, 0);
}

int rbmap_write_queue_push_call(struct write_queue *queue,
				void (*call)(void *context, uint64_t offset,
					     uint64_t size),
				void *context, uint64_t offset, uint64_t size)
{
	struct write_request request = { .offset = offset };
	struct write_entry *entry;
	int r;

	if (!is_running(queue)) {
		if (rbmap_write_queue_is_cancelled(queue))
			return -ECANCELED;
		call(context, offset, size);
		return 0;
	}
	r = get_room(queue, 0);
	entry = r == 0 ? new_entry(&request, NULL, 0) : NULL;
	if (!entry)
		return r < 0 ? r : -ENOMEM;
	entry->call = call;
	entry->context = context;
	pthread_mutex_lock(&queue->lock);
	entry->size = size;
	add_entry(queue, entry);
	pthread_mutex_unlock(&queue->lock);
	return 0;
}

/*
 * The kernel may be overwriting it: the loads pair with the stores of its writers, and
 * the engine's settle says afterwards whether the copy is good.
 */
static void *copy_shared(const struct iovec *parts, int nr, size_t size)
{
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	char *at = bytes;

	if (bytes == MAP_FAILED)
		return NULL;
	for (int i = 0; i < nr; i++) {
		shared_copy(at, parts[i].iov_base, parts[i].iov_len);
		at += parts[i].iov_len;
	}
	return bytes;
}

/* The room is taken. Nothing is left to do where it was written meanwhile. */
static bool leave_copy(struct write_queue *queue, struct write_entry *entry,
		       const struct iovec *parts, int nr)
{
	void *copy;

	pthread_mutex_unlock(&queue->lock);
	copy = copy_shared(parts, nr, entry->size);
	pthread_mutex_lock(&queue->lock);
	if (copy && !entry->done) {
		entry->bytes = copy;
		entry->mapped = true;
		entry->room = entry->size;
		entry->awaited = false;
		queue->copies++;
		queue->work.copied += entry->size;
		return true;
	}
	rbmap_write_queue_give_room(queue, entry->size);
	if (copy)
		munmap(copy, entry->size);
	return false;
}

static void wait_for_disk(struct write_queue *queue, const struct write_entry *entry)
{
	uint64_t until_ns = now_ns() + queue->options.stall_ns;
	struct timespec until = { .tv_sec = until_ns / NS_PER_SECOND,
				  .tv_nsec = until_ns % NS_PER_SECOND };
	int r = 0;

	while (!entry->done && !queue->cancelled && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&queue->progressed, &queue->lock, &until);
}

/* False once it is written; true if a copy is left to be written. */
static bool wait_or_copy(struct write_queue *queue, struct write_entry *entry,
			 const struct iovec *parts, int nr)
{
	bool can_copy = entry->size <= queue->options.capacity;
	uint64_t begun = 0;
	bool copied = false;

	/* Behind copies, it will not be written soon. */
	if (!queue->copies)
		wait_for_disk(queue, entry);
	while (!entry->done && !copied && !queue->cancelled) {
		if (can_copy && take_room(queue, entry->size)) {
			copied = leave_copy(queue, entry, parts, nr);
			/* Either it is done, or there is no memory. */
			can_copy = false;
		} else {
			wait_while_full(queue, &begun);
		}
	}
	end_wait(queue, begun);
	return copied;
}

int rbmap_write_queue_push_in_place(struct write_queue *queue,
				    const struct write_request *request,
				    struct iovec *parts, int nr, uint64_t *ret_done)
{
	struct write_entry *entry;
	int r;

	*ret_done = 0;
	if (!is_running(queue))
		return write_now(queue, request, parts, nr, ret_done);
	entry = new_entry(request, parts, nr);
	if (!entry)
		return -ENOMEM;
	pthread_mutex_lock(&queue->lock);
	r = queue->error;
	if (r == 0) {
		entry->awaited = true;
		*ret_done = entry->size;
		add_entry(queue, entry);
		if (wait_or_copy(queue, entry, parts, nr)) {
			entry = NULL;
		} else if (entry->done) {
			*ret_done = entry->result.done;
			r = entry->result.error;
		} else {
			/* Cancelled: it may be being written, and stay so. */
			entry->awaited = false;
			entry = NULL;
			*ret_done = 0;
			r = queue->error;
		}
	}
	pthread_mutex_unlock(&queue->lock);
	if (entry)
		rbmap_write_entry_free(entry);
	return r;
}
