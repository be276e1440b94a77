// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracedat/write/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "tracedat/write/queue-entry.h"

static void pass_parts(struct iovec **parts, int *nr, size_t done)
{
	while (*nr && done >= (*parts)->iov_len) {
		done -= (*parts)->iov_len;
		(*parts)++;
		(*nr)--;
	}
	if (done) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + done;
		(*parts)->iov_len -= done;
	}
}

struct write_result rbmap_write_parts(const struct write_queue *queue,
				      const struct write_request *request,
				      struct iovec *parts, int nr)
{
	struct write_result result = { 0 };

	pass_parts(&parts, &nr, 0);
	while (nr && !result.error) {
		ssize_t done = queue->options.pwritev(request->fd, parts, nr,
						      request->offset + result.done);

		result.calls++;
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			result.error = done < 0 ? -errno : -EIO;
			break;
		}
		result.done += done;
		pass_parts(&parts, &nr, done);
	}
	return result;
}

void rbmap_write_queue_give_room(struct write_queue *queue, size_t size)
{
	queue->waiting -= size;
	pthread_cond_broadcast(&queue->progressed);
}

void rbmap_write_entry_free(struct write_entry *entry)
{
	if (entry->mapped)
		munmap(entry->bytes, entry->size);
	else
		free(entry->bytes);
	free(entry);
}

/* A correction of what is in the file: what it corrects would be seen. */
static bool is_still_due(const struct write_queue *queue,
			 const struct write_request *request)
{
	return request->kind == WRITE_CORRECTION &&
	       request->offset < queue->owners[request->owner].now.end;
}

static void write_entry(struct write_queue *queue, struct write_entry *entry)
{
	struct write_result *result = &entry->result;
	uint64_t calls = 0;
	void *bytes;

	do {
		struct iovec copy = { .iov_base = entry->bytes,
				      .iov_len = entry->size };

		bytes = entry->bytes;
		pthread_mutex_unlock(&queue->lock);
		*result = rbmap_write_parts(queue, &entry->request,
					    bytes ? &copy : entry->parts,
					    bytes ? 1 : entry->nr_parts);
		calls += result->calls;
		pthread_mutex_lock(&queue->lock);
		/*
		 * Copied meanwhile: the pusher let go of the memory that was written
		 * from, so that anything may have got into the file.
		 */
	} while (entry->bytes != bytes);
	result->calls = calls;
}

static void carry_out(struct write_queue *queue, struct write_entry *entry)
{
	if (queue->error && !is_still_due(queue, &entry->request)) {
		entry->result.error = queue->error;
		return;
	}
	if (entry->call) {
		pthread_mutex_unlock(&queue->lock);
		entry->call(entry->context, entry->request.offset, entry->size);
		pthread_mutex_lock(&queue->lock);
		return;
	}
	write_entry(queue, entry);
	rbmap_write_queue_note(queue, &entry->request, &entry->result);
	if (!queue->error)
		queue->error = entry->result.error;
}

static void carry_out_first(struct write_queue *queue)
{
	struct write_entry *entry = queue->first;

	carry_out(queue, entry);
	queue->first = entry->next;
	if (!queue->first)
		queue->last = NULL;
	if (entry->awaited) {
		entry->done = true;
		pthread_cond_broadcast(&queue->progressed);
		return;
	}
	queue->copies -= entry->mapped;
	rbmap_write_queue_give_room(queue, entry->room);
	/* Not with the lock held: to give back a large one takes a while. */
	pthread_mutex_unlock(&queue->lock);
	rbmap_write_entry_free(entry);
	pthread_mutex_lock(&queue->lock);
}

int rbmap_write_queue_run(struct write_queue *queue)
{
	int r = 0;

	pthread_mutex_lock(&queue->lock);
	if (queue->running)
		r = -EBUSY;
	else if (queue->options.capacity && !queue->ended)
		queue->running = true;
	else
		r = 1;
	while (r == 0 && (queue->first || !queue->ended)) {
		if (queue->first)
			carry_out_first(queue);
		else
			pthread_cond_wait(&queue->pushed, &queue->lock);
	}
	if (r == 0) {
		queue->running = false;
		pthread_cond_broadcast(&queue->progressed);
	}
	pthread_mutex_unlock(&queue->lock);
	return r < 0 ? r : 0;
}

int rbmap_write_queue_error(struct write_queue *queue)
{
	int r;

	pthread_mutex_lock(&queue->lock);
	r = queue->error;
	pthread_mutex_unlock(&queue->lock);
	return r;
}

void rbmap_write_queue_work(struct write_queue *queue, struct write_queue_work *ret)
{
	pthread_mutex_lock(&queue->lock);
	*ret = queue->work;
	pthread_mutex_unlock(&queue->lock);
}

int rbmap_write_queue_open(struct write_queue **ret,
			   const struct write_queue_options *options)
{
	struct write_queue *queue = calloc(1, sizeof(*queue));
	pthread_condattr_t attributes;

	if (!queue)
		return -ENOMEM;
	queue->options = *options;
	queue->owners = calloc(options->nr_owners, sizeof(*queue->owners));
	if (!queue->owners) {
		free(queue);
		return -ENOMEM;
	}
	/* With default attributes and this clock, none of them can fail on Linux. */
	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->pushed, &attributes);
	pthread_cond_init(&queue->progressed, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret = queue;
	return 0;
}

/* With the lock held. */
static void wait_for_end(struct write_queue *queue, bool whatever)
{
	queue->ended = true;
	pthread_cond_signal(&queue->pushed);
	while (queue->running && (whatever || !queue->cancelled))
		pthread_cond_wait(&queue->progressed, &queue->lock);
}

int rbmap_write_queue_end(struct write_queue *queue)
{
	int r;

	pthread_mutex_lock(&queue->lock);
	wait_for_end(queue, false);
	r = queue->error;
	/* Also what a push would carry out itself. */
	if (!queue->cancelled)
		queue->error = 0;
	pthread_mutex_unlock(&queue->lock);
	return r;
}

void rbmap_write_queue_cancel(struct write_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->cancelled = true;
	if (!queue->error)
		queue->error = -ECANCELED;
	pthread_cond_broadcast(&queue->progressed);
	pthread_mutex_unlock(&queue->lock);
}

bool rbmap_write_queue_is_cancelled(struct write_queue *queue)
{
	bool cancelled;

	pthread_mutex_lock(&queue->lock);
	cancelled = queue->cancelled;
	pthread_mutex_unlock(&queue->lock);
	return cancelled;
}

void rbmap_write_queue_close(struct write_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	wait_for_end(queue, true);
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_destroy(&queue->progressed);
	pthread_cond_destroy(&queue->pushed);
	pthread_mutex_destroy(&queue->lock);
	for (size_t i = 0; i < queue->options.nr_owners; i++)
		free(queue->owners[i].marks);
	free(queue->owners);
	free(queue);
}
