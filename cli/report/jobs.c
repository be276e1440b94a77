// SPDX-License-Identifier: GPL-2.0-only
/*
 * Printing on several cores. The main thread reads the records in their order and puts
 * them into batches; workers print batches into texts, each its own; the main thread
 * writes the texts in the order of the batches. So nothing that depends on the order is
 * done anywhere else, and what is printed is the same for any number of threads.
 *
 * The batches are a ring, so that memory does not grow with the file. Where all of them
 * are in use the main thread prints one, too, instead of waiting: of N jobs it is one.
 */
#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Some thousand records: to wake a thread for fewer costs more than it helps. With
 * their text they stay in a core's cache.
 */
#define BATCH_SIZE (256 * 1024)
/* No kernel's records make so much of a batch; those of a made file may make any. */
#define TEXT_FULL (2 * 1024 * 1024)
/* Batches a job: who is done with one has the next. */
#define BATCHES 4

/* A batch belongs to one thread at a time; under the lock it changes hands. */
struct job {
	struct rbmap_batch *batch;
	struct trace_seq text;
	/* So many of its records are in the text, or were. */
	size_t nr_put;
	int error;
	bool printed;
};

struct jobs {
	struct report_printer *printer;
	struct job *ring;
	size_t nr_ring;
	pthread_t *threads;
	size_t nr_threads;
	bool started;

	/* The rest, and which of the jobs are printed, is under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t filled_one, printed_one;
	/* How many so far: those of a thread's turn, in the order of the ring. */
	uint64_t filled, taken, written;
	bool stop;
};

static struct job *job_at(const struct jobs *jobs, uint64_t number)
{
	return &jobs->ring[number % jobs->nr_ring];
}

/*
 * What changes with each record is this thread's alone meanwhile: other jobs lie in the
 * same cache lines, and those that use them would wait for each other.
 */
static void print_job(const struct jobs *jobs, struct job *job)
{
	struct rbmap_batch *batch = job->batch;
	struct trace_seq text = job->text;
	size_t nr = rbmap_batch_count(batch), i = job->nr_put;
	struct report_record record;
	int r = 0;

	for (; r == 0 && i < nr && text.len < TEXT_FULL; i++) {
		record.record = *rbmap_batch_record(batch, i, &record.buffer);
		r = printer_put(jobs->printer, &record, batch, i, &text);
	}
	job->text = text;
	job->nr_put = i;
	job->error = r;
}

/* With the lock held, which is given up meanwhile; there is one to be taken. */
static void print_next(struct jobs *jobs)
{
	struct job *job = job_at(jobs, jobs->taken++);

	pthread_mutex_unlock(&jobs->lock);
	print_job(jobs, job);
	pthread_mutex_lock(&jobs->lock);
	job->printed = true;
}

static void *work(void *context)
{
	struct jobs *jobs = context;

	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		while (jobs->taken == jobs->filled && !jobs->stop)
			pthread_cond_wait(&jobs->filled_one, &jobs->lock);
		if (jobs->stop)
			break;
		print_next(jobs);
		pthread_cond_signal(&jobs->printed_one);
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

/* Fewer threads print the same. */
static void start_threads(struct jobs *jobs)
{
	const struct config *config = &jobs->printer->report->config;
	size_t wanted = config->jobs - 1;
	int error = 0;

	jobs->started = true;
	while (error == 0 && jobs->nr_threads < wanted) {
		error = pthread_create(&jobs->threads[jobs->nr_threads], NULL, work,
				       jobs);
		jobs->nr_threads += error == 0;
	}
	if (error && config->verbosity >= 0)
		common_error("--jobs %u: only %zu of %u threads could be started: %s",
			     config->jobs, jobs->nr_threads + 1, config->jobs,
			     strerror(error));
}

static int write_job(struct jobs *jobs, struct job *job)
{
	int r = printer_write(jobs->printer, &job->text);

	/* What the text had no room for. */
	while (r == 0 && job->error == 0 &&
	       job->nr_put < rbmap_batch_count(job->batch)) {
		print_job(jobs, job);
		r = printer_write(jobs->printer, &job->text);
	}
	if (r == 0)
		r = job->error;
	rbmap_batch_clear(job->batch);
	job->nr_put = 0;
	job->printed = false;
	return r;
}

/* Writes what is printed, and waits, or prints, until no more than that are left. */
static int write_out(struct jobs *jobs, uint64_t most_left)
{
	struct job *oldest;
	int r = 0;

	pthread_mutex_lock(&jobs->lock);
	while (r == 0 && jobs->written < jobs->filled) {
		oldest = job_at(jobs, jobs->written);
		if (oldest->printed) {
			pthread_mutex_unlock(&jobs->lock);
			r = write_job(jobs, oldest);
			pthread_mutex_lock(&jobs->lock);
			jobs->written++;
		} else if (jobs->filled - jobs->written <= most_left) {
			break;
		} else if (jobs->taken < jobs->filled) {
			print_next(jobs);
		} else {
			pthread_cond_wait(&jobs->printed_one, &jobs->lock);
		}
	}
	pthread_mutex_unlock(&jobs->lock);
	return r;
}

/* Gives the batch away that was filled; no more than that many are left then. */
static int hand_over(struct jobs *jobs, uint64_t most_left)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->filled++;
	pthread_cond_signal(&jobs->filled_one);
	pthread_mutex_unlock(&jobs->lock);
	return write_out(jobs, most_left);
}

/* 1 where the batch that is being filled took the record, 0 where it is full. */
static int add(struct jobs *jobs, const struct report_record *record)
{
	struct rbmap_events *events =
		rbmap_tracedat_reader_events(jobs->printer->report->reader,
					     record->buffer);

	struct rbmap_batch *batch = job_at(jobs, jobs->filled)->batch;

	if (record->has_exit)
		return rbmap_batch_add_leaf(batch, events, &record->record,
					    &record->exit, record->buffer);
	return rbmap_batch_add(batch, events, &record->record, record->buffer);
}

/* A file that has no more than one batch needs no threads. */
static int hand_over_full(struct jobs *jobs)
{
	if (!jobs->started)
		start_threads(jobs);
	return hand_over(jobs, jobs->nr_ring - 1);
}

/* 0, or what reading said; *ret_failed: what writing and printing said. */
static int read_all(struct jobs *jobs, int *ret_failed)
{
	struct report_record record;
	int r;

	while ((r = printer_next(jobs->printer, &record)) > 0) {
		r = add(jobs, &record);
		if (r == 0) {
			*ret_failed = hand_over_full(jobs);
			if (*ret_failed < 0)
				return 0;
			r = add(jobs, &record);
		}
		if (r < 0)
			break;
	}
	return r;
}

static int print_all(struct jobs *jobs)
{
	int failed = 0, r;

	printer_put_begin(jobs->printer, &job_at(jobs, 0)->text);
	r = read_all(jobs, &failed);
	/* What came before an error is printed. */
	if (failed == 0)
		failed = hand_over(jobs, 0);
	return failed < 0 ? failed : r;
}

static void end_threads(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->stop = true;
	pthread_cond_broadcast(&jobs->filled_one);
	pthread_mutex_unlock(&jobs->lock);
	for (size_t i = 0; i < jobs->nr_threads; i++)
		pthread_join(jobs->threads[i], NULL);
}

static int make_ring(struct jobs *jobs)
{
	const struct config *config = &jobs->printer->report->config;
	int r;

	jobs->ring = calloc(config->jobs * BATCHES, sizeof(*jobs->ring));
	jobs->threads = calloc(config->jobs, sizeof(*jobs->threads));
	if (!jobs->ring || !jobs->threads)
		return -ENOMEM;
	for (; jobs->nr_ring < config->jobs * BATCHES; jobs->nr_ring++) {
		struct job *job = &jobs->ring[jobs->nr_ring];

		r = rbmap_batch_open(&job->batch,
				     config->format == REPORT_JSON ? RBMAP_BATCH_JSON :
								     RBMAP_BATCH_TEXT,
				     BATCH_SIZE);
		if (r < 0)
			return r;
		trace_seq_init(&job->text);
	}
	return 0;
}

static void free_ring(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->nr_ring; i++) {
		rbmap_batch_close(jobs->ring[i].batch);
		trace_seq_destroy(&jobs->ring[i].text);
	}
	free(jobs->ring);
	free(jobs->threads);
}

int jobs_print(struct report_printer *printer)
{
	struct jobs jobs = {
		.printer = printer,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.filled_one = PTHREAD_COND_INITIALIZER,
		.printed_one = PTHREAD_COND_INITIALIZER,
	};
	int r = make_ring(&jobs);

	if (r == 0) {
		r = print_all(&jobs);
		end_threads(&jobs);
	}
	free_ring(&jobs);
	return r;
}
