/* SPDX-License-Identifier: LGPL-2.1-only */
/* The parts of a follow: its sources, what is called, and where records come from. */
#ifndef RBMAP_FOLLOW_FOLLOW_H
#define RBMAP_FOLLOW_FOLLOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/follow.h>
#include <rbmap/stats.h>

#include "ring/merge.h"

/* Of files, so that a poll loop gets to its other work. */
#define RECORDS_PER_STEP 4096

struct rbmap_instance;

struct follow_handler {
	rbmap_follow_callback callback;
	void *data;
};

/* What the caller has asked for, for sources that are added later. @event NULL: all. */
struct follow_event {
	char *system;
	char *event;
	struct follow_handler handler;
};

/*
 * @handlers: by the numbers of the events
 * @swap: records are in the other byte order
 * @opened: the instance, where it was given by name
 * @session, @reader: one of the two; the reader is that of the files
 * @before: of all rings, when the session was opened, or why they are not known
 * @delivered: records since then
 * @woken: the session has begun its round
 */
struct follow_source {
	char *name;
	struct rbmap_events *events;
	bool owns_events;
	struct rbmap_instance *opened;
	struct tracefs_instance *instance;
	bool swap;
	struct follow_handler *handlers;
	size_t nr_handlers;
	struct rbmap_session *session;
	bool woken;
	struct rbmap_counters before;
	int before_error;
	uint64_t delivered;
	struct rbmap_tracedat_reader *reader;
};

/*
 * @first: the source of its first buffer
 * @record: the one that is next, where has_record
 */
struct follow_file {
	struct rbmap_tracedat_reader *reader;
	bool owned;
	size_t first;
	bool has_record, ended;
	size_t buffer;
	struct rbmap_record record;
};

/*
 * @wake_fd: readable once it is to stop, and always with files
 * @begun: records were looked for; sources cannot be added any more
 * @may_look: the rings may be read, once in a step
 * @in_round: @next_source is the next one to be read; it @took something
 * @records_left: of files, in this step
 * @last_file: has the record that was returned last
 * @held: the record is to be returned once more, since the callback of the loss before
 *	it has ended the step; the loss is told
 */
struct rbmap_follow {
	struct rbmap_log log;
	enum rbmap_engine engine;
	unsigned int latency_ms;
	int *cpus;
	size_t nr_cpus;
	char **systems;
	char *clock;

	struct follow_source *sources;
	size_t nr_sources;
	struct follow_event *events;
	size_t nr_events;
	struct follow_handler any;
	struct follow_handler lost;

	int epoll_fd;
	int wake_fd;
	atomic_bool stop;
	bool begun;
	bool ended;

	bool may_look;
	bool in_round;
	bool took;
	size_t next_source;
	struct rbmap_merge *merge;

	struct follow_file *files;
	size_t nr_files;
	struct follow_file *last_file;
	unsigned int records_left;

	bool held;
	struct rbmap_follow_record record;
};

/*
 * Gives the source the callbacks and copies it; returns its number. On failure it is
 * still the caller's.
 */
int rbmap_follow_add_source(struct rbmap_follow *follow, struct follow_source *source);
void rbmap_follow_free_source(struct follow_source *source);

/* -EINVAL if it is not that of the sources before. NULL: it is not known. */
int rbmap_follow_check_clock(struct rbmap_follow *follow, const char *clock);

/* Makes the follow's file descriptor readable when this one is. */
int rbmap_follow_watch(struct rbmap_follow *follow, int fd);

/* The sums of the counters of its rings. */
int rbmap_follow_read_counters(const struct follow_source *source,
			       struct rbmap_counters *ret);

/* The callbacks of a new source. */
int rbmap_follow_set_handlers(struct rbmap_follow *follow,
			      struct follow_source *source);
void rbmap_follow_free_handlers(struct rbmap_follow *follow);

/*
 * Puts the next record of the rings into the follow: 1, 0 at the end, -EAGAIN, or
 * another negative errno.
 */
int rbmap_follow_next_live(struct rbmap_follow *follow);
/* Likewise, of the files. */
int rbmap_follow_next_file(struct rbmap_follow *follow);
void rbmap_follow_free_files(struct rbmap_follow *follow);

#endif
